"""Start-up on a state folder that is not as it should be: refused, named, and nothing changed."""
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess

import pytest

from support.harness import BINARY, Process, Server, http, run_cli, write_secret


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


def serve(server, *extra, environment=None):
    return subprocess.run([BINARY, "serve", "--state-dir", server.state, "--listen", "127.0.0.1:0", "--public-url", "http://fairlead.test", *extra],
                          capture_output=True, text=True,
                          timeout=60, env={**os.environ, **(environment or {})})


def message_of(done):
    return json.loads(done.stderr.strip().splitlines()[-1])["message"]


def snapshot(server):
    return sorted(path.name for path in server.state.iterdir()), (server.state / "core.db").stat().st_size


@pytest.mark.parametrize("damage, part", [
    (lambda key: key.unlink(), "root.key"),
    (lambda key: key.write_text("short\n"), "root.key"),
    (lambda key: key.chmod(0o644), "root.key"),
    (lambda key: key.write_bytes(b""), "root.key"),
    (lambda key: (key.unlink(), key.mkdir()), "root.key"),
])
def test_an_unfit_root_key_stops_the_start_with_78(server, damage, part):
    key = server.state / "root.key"
    before = key.read_bytes()
    damage(key)
    shape = snapshot(server)
    done = serve(server)
    assert done.returncode == 78, done
    assert part in message_of(done) and before.decode().strip() not in done.stderr
    assert snapshot(server) == shape, "nothing is made beside existing data"


def test_another_root_key_is_refused_and_the_expected_one_is_named(server, tmp_path):
    other = Server(tmp_path / "other")
    shutil.copy(other.state / "root.key", server.state / "root.key")
    done = serve(server)
    assert done.returncode == 78
    expected = json.loads(run_cli("keys", "status", "--state-dir", other.state, check=0).stdout)["root_key"]["id"]
    assert expected in message_of(done) or "expected" in message_of(done)


def test_a_second_process_is_refused_and_told_who_has_the_folder(server):
    server.start()
    done = serve(server)
    assert done.returncode != 0 and str(server.process.process.pid) in message_of(done)
    assert http("GET", server.url + "/healthz").status == 200
    server.stop()


def test_nothing_is_made_for_a_server_that_cannot_listen(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for listen, part in ((f"127.0.0.1:{port}", "Address already in use"), ("192.0.2.1:8300", "Cannot assign requested address")):
            done = subprocess.run([BINARY, "serve", "--state-dir", tmp_path / "state", "--listen", listen, "--public-url", "https://fairlead.test"],
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == 1 and f"cannot listen on {listen}: {part}" in message_of(done), done
            assert not (tmp_path / "state").exists()


def test_a_server_that_is_started_twice_is_told_who_has_the_folder(server):
    server.start()
    done = subprocess.run([BINARY, "serve", "--state-dir", server.state, "--listen", server.url.removeprefix("http://")], capture_output=True, text=True, timeout=60)
    assert str(server.process.process.pid) in message_of(done), done
    server.stop()


def test_a_server_that_is_too_busy_to_be_asked_is_not_pushed_aside(server, monkeypatch):
    """As with PostgreSQL, where no lock of a file is in between."""
    monkeypatch.chdir(server.state)  # an address holds 107 characters
    with socket.socket(socket.AF_UNIX) as busy, contextlib.ExitStack() as callers:
        busy.bind("admin.sock")
        busy.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                caller = callers.enter_context(socket.socket(socket.AF_UNIX))
                caller.setblocking(False)
                caller.connect("admin.sock")
        done = serve(server)
        assert done.returncode == 1 and "another server runs on this state folder" in message_of(done)
        assert (server.state / "admin.sock").is_socket()


def test_a_folder_that_others_can_read_is_refused(server):
    server.state.chmod(0o755)
    done = serve(server)
    assert done.returncode != 0 and "chmod 700" in message_of(done)


def test_the_set_up_is_made_once(server, tmp_path):
    password = tmp_path / "password2"
    write_secret(password, secrets.token_urlsafe(18))
    done = run_cli("init", "--state-dir", server.state, "--admin-email", "b@example.com", "--admin-password-file", password, "--client-out", tmp_path / "second.json")
    assert done.returncode != 0 and not (tmp_path / "second.json").exists()
    done = run_cli("init", "--state-dir", server.state, "--admin-email", "b@example.com", "--admin-password-file", password, "--client-out", server.client_file)
    assert "exists already" in json.loads(done.stderr)["message"]


@pytest.mark.parametrize("arguments, part", [
    (["--admin-email", "not-an-address"], "email"),
    (["--password", "short"], "password"),
])
def test_a_first_start_with_bad_input_says_what_is_wrong(tmp_path, arguments, part):
    email = arguments[1] if arguments[0] == "--admin-email" else "a@example.com"
    password = tmp_path / "password"
    write_secret(password, arguments[1] if arguments[0] == "--password" else secrets.token_urlsafe(18))
    done = run_cli("init", "--state-dir", tmp_path / "state", "--admin-email", email, "--admin-password-file", password, "--client-out", tmp_path / "client.json")
    assert done.returncode == 4 and part in done.stderr.lower() and not (tmp_path / "client.json").exists()


@pytest.mark.parametrize("email, password, out", [
    ("nobody", "correct horse battery", "client.json"),
    ("a@example.com", "short", "client.json"),
    ("a@example.com", "correct horse battery", "no/such/folder/client.json"),
])
def test_an_init_that_cannot_end_well_makes_nothing(tmp_path, email, password, out):
    write_secret(tmp_path / "password", password)
    done = run_cli("init", "--state-dir", tmp_path / "state", "--admin-email", email, "--admin-password-file", tmp_path / "password",
                   "--client-out", tmp_path / out)
    assert done.returncode in (1, 4) and not (tmp_path / "state").exists() and not (tmp_path / out).exists(), done


@pytest.mark.skipif(os.getuid() == 0 and not shutil.which("setpriv"), reason="root writes everywhere")
def test_a_state_folder_that_cannot_be_written_is_named(server):
    become = []
    if os.getuid() == 0:
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for path in (server.state, *server.state.iterdir()):
            os.chown(path, 65534, 65534)
        for folder in server.state.parents:
            if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
                folder.chmod(folder.stat().st_mode | 0o011)
    server.state.chmod(0o500)
    try:
        done = subprocess.run([*become, BINARY, "serve", "--state-dir", server.state, "--listen", "127.0.0.1:0", "--public-url", "http://fairlead.test"],
                              capture_output=True, text=True, timeout=60)
        if "Permission denied" in done.stderr and "setpriv" in done.stderr:
            pytest.skip("another user cannot reach the program here")
        assert done.returncode == 1 and "cannot be written by this user" in message_of(done), done
    finally:
        server.state.chmod(0o700)


def test_a_state_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path):
    (tmp_path / "file").write_text("")
    done = run_cli("serve", "--state-dir", tmp_path / "file" / "state", "--listen", "127.0.0.1:0", "--public-url", "http://fairlead.test")
    assert done.returncode != 0
    for word in (str(tmp_path / "file" / "state"), "Not a directory", "--state-dir"):
        assert word in message_of(done)


def test_files_are_private_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        server = Server(tmp_path / "open").start()
    finally:
        os.umask(old)
    for path in [server.client_file, *server.state.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    server.stop()


def test_an_unclaimed_server_answers_only_health(tmp_path):
    process = Process([BINARY, "serve", "--state-dir", tmp_path / "fresh", "--listen", "127.0.0.1:0", "--public-url", "http://fairlead.test"],
                      tmp_path / "log")
    port = process.wait_for_port()
    process.wait_for_http(f"http://127.0.0.1:{port}/healthz")
    answer = http("POST", f"http://127.0.0.1:{port}/api/v1/account/applications/token", {"client_id": "x", "client_secret": "y"})
    assert answer.status == 503 and answer.json()["errors"][0]["error_code"] == "setup_required"
    assert process.stop() == 0


@pytest.mark.parametrize("extra, part", [
    (["--listen", "nonsense"], "address"),
    (["--listen", "0.0.0.0:0"], "public"),
    (["--connect-to", "10.0.0.1:80"], "loopback"),
    (["--egress-exception", "::::"], "exception"),
    (["--public-url", "ftp://x"], "public"),
    (["--log-level", "loud"], "loud"),
    (["--threads", "-1"], "threads"),
    (["--root-key", "cloud"], "cloud"),
    (["--ca-file", "/nonexistent.pem"], "/nonexistent.pem"),
    (["--database-url", "mysql://x"], "postgres"),
])
def test_a_bad_setting_is_named(server, extra, part):
    done = subprocess.run([BINARY, "serve", "--state-dir", server.state, *extra], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and part in done.stderr, done
