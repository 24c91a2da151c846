"""The disk of the whole server fills up: writes are refused in words, reads go on, nothing acknowledged is lost, and space that comes back is enough."""
import contextlib
import json
import os
import subprocess

import pytest

from support.harness import Server, definition_id, http, run_cli, wait_until, write_secret

TASK = {"workspace_name": "w", "definition_id": definition_id("github"), "validate": False, "credentials": {"token": "ghp_full_disk_0123456789"}}


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds 24 MiB: a file system of its own. Skips where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "fairlead-test", folder], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    yield folder
    wait_until(lambda: subprocess.run(["umount", folder], capture_output=True).returncode == 0, what="umount")


@pytest.fixture
def server(small_disk):
    server = Server(small_disk)
    server.log = small_disk.parent / "server.log"  # a full disk must not silence the log
    server.start()
    yield server
    server.stop()


def fill(folder):
    """Writes until nothing more fits; answers the file."""
    path = folder / "ballast"
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as ballast:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while ballast.write(b"x" * size):
                    pass
    assert os.statvfs(folder).f_bavail == 0
    return path


def test_an_init_whose_client_file_has_no_room_makes_nothing(small_disk, tmp_path):
    write_secret(tmp_path / "password", "correct horse battery")
    arguments = ["init", "--state-dir", tmp_path / "state", "--admin-email", "a@example.com", "--admin-password-file", tmp_path / "password",
                 "--client-out", small_disk / "client.json"]
    ballast = fill(small_disk)
    done = run_cli(*arguments)
    assert done.returncode == 1 and "No space left" in done.stderr and not (tmp_path / "state").exists(), done
    ballast.unlink()
    run_cli(*arguments, check=0)
    assert json.loads((small_disk / "client.json").read_text())["client_secret"]


def add(server, token, name):
    return server.call("POST", "/integrations/connectors", {**TASK, "name": name}, token=token)


def names(server, token):
    return {row["name"] for row in server.call("GET", "/integrations/connectors?workspace_name=w", token=token).json()["data"]}


def fill_by_writing(server, token):
    """Adds connectors until one is refused; answers the names that were acknowledged, and the refusal."""
    acknowledged = set()
    for number in range(20_000):
        answer = add(server, token, f"n{number}")
        if answer.status != 200:
            return acknowledged, answer
        acknowledged.add(f"n{number}")
    raise AssertionError("the disk never filled up")


def test_writes_are_refused_in_words_and_reads_go_on(server, small_disk):
    token = server.token()
    before = add(server, token, "before").json()["id"]
    ballast = fill(small_disk)
    acknowledged, refusal = fill_by_writing(server, token)

    assert refusal.status in (503, 507), refusal.body
    error = refusal.json()["errors"][0]
    assert "disk" in error["message"] and "full" in error["message"] and "free some space" in error["message"], error
    assert str(small_disk) not in refusal.body.decode(), "where the server keeps its files is not the client's business"

    assert server.process.process.poll() is None
    assert http("GET", server.url + "/healthz").status == 200
    for _ in range(20):
        assert server.call("GET", f"/integrations/connectors/{before}", token=token).status == 200
    assert names(server, token) == acknowledged | {"before"}, "what was refused is not there, what was acknowledged is"
    assert server.call("GET", "/integrations/definitions/sources", token=token).status == 200
    assert add(server, token, "still full").status == refusal.status, "it stays a refusal, no crash"

    ballast.unlink()
    wait_until(lambda: add(server, token, "after").status == 200, what="a write once there is space, without a restart")
    assert names(server, token) == acknowledged | {"before", "after"}
    assert http("GET", server.url + "/readyz").status == 200


def test_what_was_acknowledged_outlives_a_kill_on_a_full_disk(server, small_disk):
    token = server.token()
    assert add(server, token, "before").status == 200
    ballast = fill(small_disk)
    acknowledged, _ = fill_by_writing(server, token)
    server.process.process.kill()
    server.process.process.wait()
    ballast.unlink()
    server.start()
    assert names(server, server.token()) == acknowledged | {"before"}


def test_a_start_on_a_full_disk_says_so_or_serves(server, small_disk):
    token = server.token()
    add(server, token, "before")
    assert server.stop() == 0
    ballast = fill(small_disk)
    try:
        server.start()
        assert names(server, server.token()) == {"before"}
        server.stop()
    except AssertionError:
        assert server.process.process.poll() not in (None, -11, -6), "no crash"
        assert "full" in server.log.read_text()
    ballast.unlink()
    server.start()
    assert names(server, server.token()) == {"before"}


def test_executes_go_on_while_the_disk_is_full(small_disk, tmp_path):
    """A call of a service needs no space of ours; only its row in the log of calls does."""
    import http.server
    import threading

    class Upstream(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"id":1,"number":1,"title":"a"}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    server = Server(small_disk, ["--connect-to", f"127.0.0.1:{upstream.server_port}"])
    server.log = tmp_path / "server.log"
    server.start()
    try:
        token = server.token()
        connector = add(server, token, "one").json()["id"]
        ballast = fill(small_disk)
        fill_by_writing(server, token)
        call = {"entity": "issues", "action": "get", "params": {"owner": "a", "repo": "b", "issue_number": 1}}
        answers = [server.call("POST", f"/integrations/connectors/{connector}/execute", call, token=token) for _ in range(10)]
        assert {answer.status for answer in answers} == {200}, answers[0].body
        ballast.unlink()
        wait_until(lambda: add(server, token, "after").status == 200, what="a write once there is space")
        assert server.call("POST", f"/integrations/connectors/{connector}/execute", call, token=token).status == 200
    finally:
        server.stop()
        upstream.shutdown()
