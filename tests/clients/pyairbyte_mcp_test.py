"""PyAirbyte's own MCP server, `airbyte-mcp`, unmodified, over stdio: its tools for agents against our server."""
import json
import os
import subprocess

import pytest

import installed


class Mcp:
    """A client that asks one thing after the other."""

    def __init__(self, python, environment):
        # `-m` would need the module's name; the program beside the interpreter is what users start.
        self.process = subprocess.Popen([python, python.parent / "airbyte-mcp"], env={**os.environ, **environment}, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.count = 0
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.count += 1
        self.send({"id": self.count, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line) if line.strip() else {}
            if answer.get("id") == self.count:
                return answer["result"]
        raise AssertionError("airbyte-mcp has ended")

    def tool(self, name, **arguments):
        return self.ask("tools/call", {"name": name, "arguments": arguments})


@pytest.fixture(scope="module")
def mcp(setup, server):
    python = installed.python_with("pyairbyte", "3.11", "3.12", "3.10")
    workspace = next(one["id"] for one in server.call("GET", "/workspaces").json()["data"] if one["name"] == "default")
    client = Mcp(python, {"AIRBYTE_AGENTS_API_URL": server.api, "AIRBYTE_CLOUD_API_URL": server.url + "/v1", "DO_NOT_TRACK": "1",
                          "AIRBYTE_MCP_DOMAINS": "agents", "AIRBYTE_CLOUD_CLIENT_ID": server.client["client_id"],
                          "AIRBYTE_CLOUD_CLIENT_SECRET": server.client["client_secret"], "AIRBYTE_CLOUD_WORKSPACE_ID": workspace,
                          "AIRBYTE_CLOUD_ORGANIZATION_ID": server.client["organization_id"]})
    yield client
    client.process.stdin.close()
    try:
        client.process.wait(20)
    except subprocess.TimeoutExpired:
        client.process.kill()
        client.process.wait()


@pytest.mark.parametrize("name, arguments, expected", [
    ("list_agent_workspaces", {}, ["default"]),
    ("list_agent_connectors", {}, ["berth", "payments"]),
    ("inspect_agent_connector", {"connector_id": "$harbor"}, ["connector-source:"]),
    ("execute_agent_connector_ro", {"connector_id": "$harbor", "entity_type": "customers", "action": "list", "select_fields": ["email"],
                                    "api_args": {"limit": 2}}, ["@", "has_next_page"]),
    ("execute_agent_connector_ro", {"connector_id": "$harbor", "entity_type": "tickets", "action": "search",
                                    "api_args": {"query": "refund"}}, ["efund"]),
    ("execute_agent_connector", {"connector_id": "$harbor", "entity_type": "customers", "action": "create",
                                 "api_args": {"name": "Cy Example", "email": "mcp-$mail"}}, ["Cy Example", "cus_"]),
    ("list_agent_skills", {}, ["connector-source:$harbor"]),
    ("read_agent_skill_docs", {"skill_id": "connector-source:$harbor", "section": "entity:customers"}, ["entity:customers"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_tools(mcp, setup, name, arguments, expected):
    def filled(value):
        return json.loads(json.dumps(value).replace("$harbor", setup["harbor"]).replace("$mail", setup["mail"]))

    answer = mcp.tool(name, **filled(arguments))
    text = json.dumps(answer)
    assert not answer.get("isError") and answer.get("structuredContent", {}).get("status") != "error", text
    for fragment in filled(expected):
        assert fragment in text


def test_a_mistake_is_told(mcp, setup):
    answer = mcp.tool("execute_agent_connector_ro", connector_id=setup["harbor"], entity_type="costumers", action="list")
    assert answer["structuredContent"]["status"] == "error" and "did you mean" in answer["structuredContent"]["message"]
