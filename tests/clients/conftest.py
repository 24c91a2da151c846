"""Published clients of Airbyte Agents, installed and pointed at a server of ours. docs/guide/published-clients.md is the reader's side."""
import pathlib
import sys

import pytest

from client_programs import make_connector
from support.harness import free_port, http

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "peers"))  # the emulators


@pytest.fixture
def value(outcomes):
    """What a step of the test's own `outcomes` gave."""
    def of(step):
        assert "value" in outcomes[step], outcomes[step]
        return outcomes[step]["value"]
    return of


@pytest.fixture(scope="module")
def setup(server, sandbox, harbor):
    """Connectors for what users do and for what goes wrong, in a workspace; a service that answers 429 for a while."""
    given = {"url": server.url, "client": server.client, "harbor": harbor, "mail": f"ann{free_port()}@example.com"}
    base = {"base_url": sandbox}
    given["disposable"] = make_connector(server, "harbor", "to be deleted", {"api_key": "hk_sandbox"}, base)
    given["readonly"] = make_connector(server, "harbor", "read only", {"api_key": "hk_readonly"}, base)
    given["badkey"] = make_connector(server, "harbor", "bad key", {"api_key": "hk_unknown"}, base)
    given["away"] = make_connector(server, "harbor", "away", {"api_key": "hk_sandbox"}, {"base_url": f"http://127.0.0.1:{free_port()}"})
    given["stripe"] = make_connector(server, "stripe", "payments", {"api_key": "sk_test_1234567890"})
    for name in ("first team", "second team"):
        make_connector(server, "slack", name, {"token": "xoxb-1234567890"})
    http("POST", sandbox + "/_faults", {"fault": "status=429,retry_after=120", "path": "/v1/orders", "times": 9})
    yield given
    http("DELETE", sandbox + "/_faults")
