"""The Linear connector against a Linear that keeps state (emulate). It knows a part of Linear's schema, so fields are chosen by name;
graphql_schema_test.py checks the default ones against the whole schema."""
import pytest

from emulated import emulate
from recorder import Recorder

ANN = {"api_key": "lin_api_ann"}


@pytest.fixture(scope="module")
def recorder():
    with emulate("linear", "https://api.linear.app") as url, Recorder(url) as recorder:
        yield recorder


@pytest.fixture
def linear(fairlead, recorder):
    def call(entity, action, params=None, credentials=ANN):
        return fairlead.call("linear", entity, action, params, url=recorder.url, credentials=credentials)

    return call


@pytest.mark.parametrize("credentials, header", [(ANN, "lin_api_ann"), ({"access_token": "lin_oauth"}, "Bearer lin_oauth")],
                         ids=["key", "oauth"])
def test_a_key_goes_bare_and_an_access_token_as_bearer(linear, recorder, credentials, header):
    recorder.take()
    linear("viewer", "get", {"fields": ["id"]}, credentials)
    assert recorder.take()[0].headers["authorization"] == header


def test_the_key_says_who_calls(linear):
    assert linear("viewer", "get", {"fields": ["name", "email"]})["data"] == {"name": "Ann Example", "email": "ann@example.com"}


def test_teams_are_found(linear):
    result = linear("teams", "list")
    assert ("ENG", "Engineering") in [(team["key"], team["name"]) for team in result["data"]]
    assert result["meta"]["has_next_page"] is False


def test_an_issue_is_read_and_deleted(linear):
    chosen = {"id": "ENG-1", "fields": ["identifier", "team.key", "state.name"]}
    assert linear("issues", "get", chosen)["data"] == {"identifier": "ENG-1", "team": {"key": "ENG"}, "state": {"name": "Todo"}}
    assert linear("issues", "delete", {"id": "ENG-1"})["success"]
    assert linear("issues", "get", chosen)["data"] is None


def test_what_is_not_there_is_an_error_that_names_it(linear):
    result = linear("comments", "delete", {"id": "no-such-comment"})
    assert not result["success"]
    assert "no-such-comment" in result["error"]["message"]


def test_a_query_that_the_service_refuses_is_an_error(linear):
    result = linear("viewer", "get", {"fields": ["smell"]})
    assert not result["success"]
    assert "smell" in result["error"]["message"]
