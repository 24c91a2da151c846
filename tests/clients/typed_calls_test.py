"""Every typed method of the published SDK, for the five services that we have definitions of, leads to a request at the service.

The service is a stand-in that says yes to everything: what counts is that no call is refused on the way, whatever names the SDK gives
to entities, actions and parameters. docs/guide/published-clients.md lists what SDK and definitions do not have in common.
"""
import http.server
import json
import threading

import pytest

import installed
from client_programs import make_connector, run_program
from support.harness import Server

SERVICES = {
    "github": {"token": "ghp_1234567890"},
    "linear": {"api_key": "lin_api_1234567890"},
    "notion": {"token": "ntn_1234567890"},
    "slack": {"token": "xoxb-1234567890"},
    "stripe": {"api_key": "sk_test_1234567890"},
}
# Plausible values, where one made from the type is not; null leaves a parameter out.
VALUES = {
    "github": {"": {"states": ["OPEN"], "state": "open", "state_reason": "completed", "issue_number": "7", "fields": ["id"], "after": "2"}},
    # Linear's schema has no field `state` in the input of a project.
    "linear": {"": {"priority": 2}, "projects.create": {"state": None}, "projects.update": {"state": None}},
    "notion": {
        "": {"filter": {"property": "object", "value": "page"}, "sort": {"direction": "ascending", "timestamp": "last_edited_time"},
             "rich_text": [{"text": {"content": "Hello"}}], "title": [{"text": {"content": "Plan"}}], "parent": {"page_id": "p"},
             "cover": {"type": "external", "external": {"url": "https://example.com/a.png"}},
             "icon": {"emoji": "x"}, "children": [{"paragraph": {"rich_text": []}}], "in_trash": False},
        "data_sources.list": {"filter": {"property": "object", "value": "data_source"}},
        # A data source has neither; its database has.
        "data_sources.update": {"cover": None, "description": None},
    },
    # Slack knows `mrkdwn` in chat.postMessage only.
    "slack": {"": {"post_at": 1800000000, "type": "link"}, "ephemeral_messages.create": {"mrkdwn": None},
              "scheduled_messages.create": {"mrkdwn": None}},
    "stripe": {"": {"collection_method": "charge_automatically"}, "invoices.list": {"status": "open"}, "payouts.list": {"status": "paid"},
               "subscriptions.list": {"status": "active", "collection_method": "charge_automatically"},
               "balance_transactions.list": {"type": "charge"}},
}
# Typed methods of the SDK that take none of the parameters which the service demands; execute() is the way there.
WITHOUT_PARAMETERS = {"checkout_sessions.create", "invoices.create", "payment_intents.create", "prices.create", "products.create",
                      "subscriptions.create"}


class YesMan(http.server.BaseHTTPRequestHandler):
    """Answers everything with an empty success of the form that the five services use, and keeps what it was asked."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.headers['Host']}{self.path}")
        body = {"ok": True, "object": "list", "has_more": False, "next_cursor": None, "data": [], "results": [], "items": []}
        if self.path == "/graphql":
            body = {"data": {}}
        if self.headers["Host"] == "api.github.com" and self.path.split("?")[0].endswith("s") and self.command == "GET":
            body = {"items": []} if self.path.startswith("/search") else []
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def service():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), YesMan) as running:
        running.asked = []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="module")
def outcomes(service, tmp_path_factory):
    python = installed.python_with("airbyte-agent-sdk", "3.13")
    server = Server(tmp_path_factory.mktemp("typed"), ["--connect-to", f"http://127.0.0.1:{service.server_port}"]).start()
    try:
        for slug, credentials in SERVICES.items():
            make_connector(server, slug, slug, credentials)
        yield run_program(python, "typed_program.py", {"url": server.url, "client": server.client, "values": VALUES})
    finally:
        server.stop()


@pytest.mark.parametrize("slug, least", [("github", 48), ("linear", 17), ("notion", 15), ("slack", 23), ("stripe", 45)])
def test_every_typed_call_reaches_the_service(outcomes, service, slug, least):
    called = outcomes[slug]
    assert len(called) >= least
    refused = {name: outcome["text"] for name, outcome in called.items() if "error" in outcome and name not in WITHOUT_PARAMETERS}
    assert refused == {}
    host = {"github": "api.github.com", "linear": "api.linear.app", "notion": "api.notion.com", "slack": "slack.com", "stripe": "api.stripe.com"}
    sent = sum(1 for line in service.asked if line.split()[1].startswith(host[slug]))
    assert sent == len([name for name in called if name not in WITHOUT_PARAMETERS])


def test_creations_without_parameters_are_refused_with_what_is_missing(outcomes):
    for name in WITHOUT_PARAMETERS:
        assert outcomes["stripe"][name]["error"] == "ConnectorValidationError" and "Missing" in outcomes["stripe"][name]["text"], name
