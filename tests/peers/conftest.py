"""Fixtures shared by the peer tests. docs/guide/testing-against-real-services.md says what each counterpart proves."""
import pytest

from batch import Batch


@pytest.fixture(scope="session")
def fairlead():
    with Batch() as batch:
        yield batch
