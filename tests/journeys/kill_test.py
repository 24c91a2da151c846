"""A process that is killed at any moment loses nothing that it acknowledged."""
import json
import os
import random
import signal
import threading

from support.harness import Server, definition_id, http


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
    acknowledged = []
    for round_number in range(rounds):
        server.start()
        token = server.token()
        if round_number:
            for connector in new:
                assert server.call("GET", f"/integrations/connectors/{connector}", token=token).status == 200, f"round {round_number}: {connector} is lost"
        new, stop = [], threading.Event()
        writers = [threading.Thread(target=create_until_killed, args=(server, token, new, stop)) for _ in range(3)]
        for writer in writers:
            writer.start()
        wanted = random.randrange(1, 12)
        while len(new) < wanted and any(writer.is_alive() for writer in writers):
            pass
        server.stop(signal.SIGKILL)
        stop.set()
        for writer in writers:
            writer.join()
        acknowledged += new
    server.start()
    token = server.token()
    found = set()
    for workspace in ("w0", "w1", "w2"):
        found |= {row["id"] for row in server.call("GET", f"/integrations/connectors?workspace_name={workspace}", token=token).json()["data"]}
    assert len(acknowledged) > rounds and set(acknowledged) <= found
    assert server.stop() == 0


def test_sigterm_in_the_middle_of_writes_ends_cleanly(tmp_path):
    server = Server(tmp_path).start()
    token, new, stop = server.token(), [], threading.Event()
    writers = [threading.Thread(target=create_until_killed, args=(server, token, new, stop)) for _ in range(4)]
    for writer in writers:
        writer.start()
    while len(new) < 20:
        pass
    assert server.stop(signal.SIGTERM) == 0
    stop.set()
    for writer in writers:
        writer.join()
    server.start()
    token = server.token()
    for connector in new:
        assert server.call("GET", f"/integrations/connectors/{connector}", token=token).status == 200
    server.stop()
