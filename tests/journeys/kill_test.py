"""A process that is killed at any moment loses nothing that it acknowledged."""
import os
import random
import signal
import socket
import threading

import pytest

from support.harness import Server, definition_id, wait_until


def create_until_killed(server, token, acknowledged, stop):
    """Adds connectors as fast as they are answered, and notes the id of each acknowledged one."""
    while not stop.is_set():
        try:
            answer = server.call("POST", "/integrations/connectors",
                                 {"workspace_name": f"w{random.randrange(3)}", "definition_id": definition_id("github"), "validate": False,
                                  "credentials": {"token": f"ghp_{random.random()}"}}, token=token)
        except OSError:
            return
        if answer.status == 200:
            acknowledged.append(answer.json()["id"])


def test_killed_a_hundred_times_nothing_acknowledged_is_lost(tmp_path):
    rounds = int(os.environ.get("FAIRLEAD_KILLS", "100"))
    server = Server(tmp_path)
    acknowledged, new = [], []
    for round_number in range(rounds):
        server.start()
        token = server.token()
        for connector in new:
            assert server.call("GET", f"/integrations/connectors/{connector}", token=token).status == 200, f"round {round_number}: {connector} is lost"
        new, stop = [], threading.Event()
        writers = [threading.Thread(target=create_until_killed, args=(server, token, new, stop), daemon=True) for _ in range(3)]
        for writer in writers:
            writer.start()
        wanted = random.randrange(1, 12)
        wait_until(lambda: len(new) >= wanted or not any(writer.is_alive() for writer in writers), what="the writes", pause=0.001)
        server.stop(signal.SIGKILL)
        stop.set()
        for writer in writers:
            writer.join()
        acknowledged += new
    server.start()
    token = server.token()
    found = set()
    for workspace in ("w0", "w1", "w2"):
        answer = server.call("GET", f"/integrations/connectors?workspace_name={workspace}", token=token)
        assert answer.status in (200, 404), answer.body  # chance may have left one out
        found |= {row["id"] for row in answer.json().get("data", [])}
    assert len(acknowledged) > rounds and set(acknowledged) <= found
    assert server.stop() == 0


def test_sigterm_in_the_middle_of_writes_ends_cleanly(tmp_path):
    server = Server(tmp_path).start()
    token, new, stop = server.token(), [], threading.Event()
    writers = [threading.Thread(target=create_until_killed, args=(server, token, new, stop), daemon=True) for _ in range(4)]
    for writer in writers:
        writer.start()
    wait_until(lambda: len(new) >= 20, what="twenty writes")
    assert server.stop(signal.SIGTERM) == 0
    stop.set()
    for writer in writers:
        writer.join()
    server.start()
    token = server.token()
    for connector in new:
        assert server.call("GET", f"/integrations/connectors/{connector}", token=token).status == 200
    server.stop()


@pytest.mark.parametrize("signals", [1, 2])
def test_a_request_that_runs_when_the_server_stops_ends_with_it(tmp_path, signals):
    """One signal waits for it; a second one does not. Neither crashes."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(60)
    server = Server(tmp_path, ["--connect-to", "127.0.0.1:%d" % listener.getsockname()[1]]).start()
    connector = server.call("POST", "/integrations/connectors", {"workspace_name": "w", "connector_type": "github", "credentials": {"token": "x"},
                                                                 "validate": False}).json()["id"]
    token, answers = server.token(), []

    def execute():
        try:
            answers.append(server.call("POST", f"/integrations/connectors/{connector}/execute", {"entity": "viewer", "action": "get"}, token=token).status)
        except OSError:
            answers.append("closed")

    caller = threading.Thread(target=execute, daemon=True)
    caller.start()
    upstream, _ = listener.accept()
    server.process.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not is_open(server.port), what="the drain")
    if signals == 2:
        code = server.stop(signal.SIGTERM)
    else:
        body = b'{"login":"octocat"}'
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        code = server.process.process.wait(timeout=60)
    caller.join()
    upstream.close()
    assert code == 0 and answers == (["closed"] if signals == 2 else [200])


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
