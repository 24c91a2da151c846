"""A running server, the sandbox service and a connector to it, for all tests of a worker."""
import pytest

from support.harness import BINARY, Process, Server, definition_id


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """Harbor's address."""
    folder = tmp_path_factory.mktemp("sandbox")
    process = Process([BINARY, "sandbox", "--listen", "127.0.0.1:0", "--faults", "--requests-per-minute", "0"], folder / "log")
    yield process.wait_for_output(r"http://127\.0\.0\.1:\d+").group()
    assert process.stop() == 0, process.said()[-20000:]


@pytest.fixture(scope="session")
def server(tmp_path_factory, sandbox):
    port = sandbox.rsplit(":", 1)[1]
    running = Server(tmp_path_factory.mktemp("server"), ["--egress-exception", f"127.0.0.1:{port}+http", "--log-level", "debug"]).start()
    yield running
    assert running.stop() == 0, running.process.said()[-20000:]


@pytest.fixture(scope="session")
def harbor(server, sandbox):
    """The id of a connector to Harbor in the workspace `default`."""
    answer = server.call("POST", "/integrations/connectors",
                         {"workspace_name": "default", "definition_id": definition_id("harbor"), "name": "berth",  # one without a name is called harbor
                          "credentials": {"api_key": "hk_sandbox"}, "environment": {"base_url": sandbox}})
    assert answer.status == 200, answer.body
    return answer.json()["id"]
