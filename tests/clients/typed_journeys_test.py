"""The typed connectors of the published SDK against services that keep state: SDK, Fairlead, emulator. tests/peers has the emulators."""
import contextlib

import pytest

import installed
from client_programs import make_connector, run_program
from support.harness import Server

CREDENTIALS = {"github": {"token": "gho_ann"}, "slack": {"token": "xoxb-ann"}, "stripe": {"api_key": "sk_test_ann"},
               "linear": {"api_key": "lin_api_ann"}}
HOSTS = {"github": "https://api.github.com", "slack": "https://slack.com", "stripe": "https://api.stripe.com",
         "linear": "https://api.linear.app"}


def emulator(running, service):
    from emulated import emulate  # on the path since conftest.py ran
    from recorder import Recorder
    from slack_emulate_test import as_post

    url = running.enter_context(emulate(service, HOSTS[service]))
    return running.enter_context(Recorder(url, adapt=as_post)).url if service == "slack" else url


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    python = installed.python_with("airbyte-agent-sdk", "3.13")
    with contextlib.ExitStack() as running:
        servers = {}
        for service, credentials in CREDENTIALS.items():
            server = Server(tmp_path_factory.mktemp(service), ["--connect-to", emulator(running, service)]).start()
            running.callback(server.stop)
            make_connector(server, service, service, credentials)
            servers[service] = {"url": server.url, "client": server.client}
        yield run_program(python, "journeys_program.py", {"servers": servers})


def test_github(value):
    issue = value("github_issue")
    assert issue["got"] == "More weeds" and issue["comments"] == ["I saw them"]
    assert "Moles" in issue["open"] and "More weeds" not in issue["open"] and issue["closed"] == ["More weeds"]
    pages = value("github_pages")
    assert len(pages) == len(set(pages)) == issue["both"] >= 2
    assert [sorted(one) for one in value("github_fields")] == [["number", "title"]]
    repository = value("github_repository")
    assert repository["got"] == "garden" and repository["viewer"] == "ann"
    assert all("garden" in repository[way] for way in ("listed", "mine", "found"))


def test_slack(value):
    said = value("slack_messages")
    assert "Apples are ripe" in said["messages"] and said["thread"] == ["Apples are ripe", "So are the pears"]
    assert "harvest" in said["channels"] and "ann" in said["people"]


def test_stripe(value):
    assert value("stripe_customers") == {"got": "ben@example.com", "listed": ["ben@example.com"], "more": True, "gone": True}


def test_linear(value):
    assert "ENG" in value("linear_teams")


@pytest.mark.parametrize("step, error, status", [("github_404", "HTTPStatusError", 404), ("slack_refusal", "ConnectorValidationError", 400)])
def test_failures(outcomes, step, error, status):
    assert (outcomes[step].get("error"), outcomes[step].get("status")) == (error, status), outcomes[step]
