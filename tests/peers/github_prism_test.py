"""Every REST operation of the GitHub connector against GitHub's own OpenAPI description, as Prism enforces it."""
import json

import pytest

import installation
from definitions import LIST_ACTIONS, operations, parameters_of
from official import Description, must_fit, prism

REST = [o for o in operations("github") if not o.graphql]
CREDENTIALS = {"token": "a-token"}


@pytest.fixture(scope="module")
def description():
    return Description(installation.node_modules() / "@octokit" / "openapi" / "generated" / "api.github.com.json", REST)


@pytest.fixture(scope="module")
def github(description):
    with prism("github", description, "api.github.com") as recorder:
        yield recorder


@pytest.mark.parametrize("every", [False, True], ids=["required", "everything"])
@pytest.mark.parametrize("operation", REST, ids=lambda o: o.name)
def test_request_fits_the_official_description(fairlead, github, description, operation, every):
    github.take()
    result = fairlead.call("github", operation.entity, operation.action, parameters_of(operation, every), url=github.url,
                           credentials=CREDENTIALS)
    exchanges = github.take()
    must_fit(result, exchanges, description, operation)
    if operation.action in LIST_ACTIONS:
        assert result["data"], f"no record was found in {exchanges[0].answer[:500]!r}"
    elif operation.action == "get":
        assert result["data"] == json.loads(exchanges[0].answer)


WRONG = [
    ("issues", "list", {"owner": "octocat", "repo": "hello-world", "per_page": "many"}),
    ("issues", "get", {"owner": "octocat", "repo": "hello-world", "issue_number": "first"}),
    ("labels", "create", {"owner": "octocat", "repo": "hello-world", "name": 7, "color": ["red"]}),
]


@pytest.mark.parametrize("entity, action, params", WRONG, ids=lambda v: v if isinstance(v, str) else "")
def test_a_request_that_breaks_the_description_is_noticed(fairlead, github, entity, action, params):
    """The mock is no yes-man: wrong types are refused, by it or by the engine before anything is sent."""
    github.take()
    result = fairlead.call("github", entity, action, params, url=github.url, credentials=CREDENTIALS)
    assert not result["success"]
    assert result["error"]["kind"] in ("validation", "invalid_parameter")
