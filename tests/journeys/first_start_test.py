"""The first start by people: a server that nobody has claimed, the code, the page; and a lost admin's way back."""
import concurrent.futures
import json
import os
import socket
import subprocess
import sys

import pytest

from support import browser
from support.harness import BINARY, Process, free_port, http, run_cli, wait_until
from support.postgres import Postgres
from support.terminal import Terminal

PASSWORD = "four random words here"


class Fresh:
    """`fairlead serve` on an empty state folder."""

    def __init__(self, folder, extra=()):
        self.folder, self.state, self.extra = folder, folder / "state", list(extra)
        self.log = folder / "server.log"
        for tries_left in (2, 1, 0):  # another program may take the port before this one does
            self.port = free_port()
            self.url = f"http://127.0.0.1:{self.port}"
            try:
                return self.start()
            except AssertionError:
                if not tries_left or self.process.process.poll() is None:
                    raise

    def start(self):
        self.process = Process([BINARY, "serve", "--state-dir", self.state, "--listen", f"127.0.0.1:{self.port}", *self.extra], self.log)
        self.process.wait_for_http(self.url + "/healthz")

    def stop(self):
        assert self.process.stop() == 0

    def code(self):
        return (self.state / "setup-code").read_text().strip()

    def setup_url(self):
        return run_cli("setup-url", "--state-dir", self.state, check=0).stdout.strip()

    def claim(self, code=None, number=0):
        return http("POST", self.url + "/api/v1/setup", {"code": code or self.code(), "organization_name": "Acme", "admin_email": f"ada{number}@example.com",
                                                         "admin_password": PASSWORD})

    def token(self, client):
        answer = http("POST", self.url + "/api/v1/account/applications/token", {name: client[name] for name in ("client_id", "client_secret")})
        assert answer.status == 200, answer.body
        return answer.json()["access_token"]


@pytest.fixture
def fresh(tmp_path):
    server = Fresh(tmp_path)
    yield server
    server.stop()


def error_code(answer):
    return answer.json()["errors"][0]["error_code"]


def test_an_unclaimed_server_answers_health_and_setup_only(fresh):
    for path in ("/healthz", "/readyz", "/setup"):
        assert http("GET", fresh.url + path).status == 200, path
    for path in ("/docs", "/openapi.json", "/.well-known/jwks.json", "/api/v1/workspaces"):
        answer = http("GET", fresh.url + path)
        assert (answer.status, error_code(answer)) == (503, "setup_required"), path
    answer = http("POST", fresh.url + "/api/v1/account/applications/token", {"client_id": "x", "client_secret": "y"})
    assert (answer.status, error_code(answer)) == (503, "setup_required")
    assert http("GET", fresh.url + "/recover").status == 404


def test_the_code_is_in_its_file_and_in_the_url_and_nowhere_else(fresh):
    code = fresh.code()
    assert len(code) == 22 and (fresh.state / "setup-code").stat().st_mode & 0o777 == 0o600
    assert fresh.setup_url() == f"{fresh.url}/setup#{code}"
    assert code not in fresh.log.read_text() and "setup-url" in fresh.log.read_text(), "standard error was no terminal"
    for path in fresh.state.iterdir():
        if path.name != "setup-code" and path.is_file():
            assert code.encode() not in path.read_bytes(), path
    fresh.stop()
    fresh.start()
    assert fresh.code() == code, "a restart keeps it"
    assert fresh.claim(code).status == 200
    wait_until(lambda: not (fresh.state / "setup-code").exists(), what="the removal of the used code")


def test_a_terminal_is_shown_the_address(tmp_path):
    state, port = tmp_path / "state", free_port()
    server = Terminal([BINARY, "serve", "--state-dir", state, "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL)
    server.wait_for("/setup#")
    server.process.terminate()
    shown, code, _ = server.end()
    assert code == 0
    code = (state / "setup-code").read_text().strip()
    assert f"http://127.0.0.1:{port}/setup#{code}\n" in shown


def test_five_wrong_tries_make_a_new_code(fresh):
    code = fresh.code()
    for _ in range(5):
        answer = fresh.claim("guess")
        assert (answer.status, error_code(answer)) == (403, "code_rejected")
    assert fresh.claim(code).status == 429, "and this address waits a minute"
    wait_until(lambda: fresh.code() != code, what="a new code")
    assert fresh.setup_url().endswith("#" + fresh.code())


def test_a_lost_file_is_no_lost_installation(fresh):
    code = fresh.code()
    (fresh.state / "setup-code").unlink()
    url = fresh.setup_url()
    assert url.endswith("#" + fresh.code()) and fresh.code() != code
    assert fresh.claim(code).status == 403 and fresh.claim().status == 200


def test_a_code_file_that_cannot_be_removed_ends_no_server(fresh):
    code, file = fresh.code(), fresh.state / "setup-code"
    file.unlink()
    (file / "in the way").mkdir(parents=True)
    assert fresh.claim(code).status == 200
    wait_until(lambda: "housekeeping.failed" in fresh.log.read_text(), what="the complaint")
    assert http("GET", fresh.url + "/healthz").status == 200
    (file / "in the way").rmdir()
    wait_until(lambda: not file.exists(), what="the removal")


def race(servers, code, claims):
    with concurrent.futures.ThreadPoolExecutor(claims) as pool:
        return list(pool.map(lambda n: servers[n % len(servers)].claim(code, n), range(claims)))


def judge_race(servers, answers):
    won = [answer.json() for answer in answers if answer.status == 200]
    assert len(won) == 1 and {answer.status for answer in answers} <= {200, 403, 404}, [answer.status for answer in answers]
    for server in servers:
        server.token(won[0])
        for method, path in (("GET", "/setup"), ("POST", "/api/v1/setup"), ("DELETE", "/setup")):
            answer = http(method, server.url + path, {} if method == "POST" else None)
            nothing = http(method, server.url + "/nothing", {} if method == "POST" else None)
            assert (answer.status, answer.body) == (404, nothing.body), "for ever"
        assert run_cli("setup-url", "--state-dir", server.state).returncode == 1


def test_of_fifty_parallel_claims_one_wins(fresh):
    judge_race([fresh], race([fresh], fresh.code(), 50))
    fresh.stop()
    fresh.start()
    assert http("GET", fresh.url + "/setup").status == 404 and not (fresh.state / "setup-code").exists()


def test_of_parallel_claims_on_two_replicas_one_wins(tmp_path):
    postgres = Postgres()
    try:
        database = ["--database-url", postgres.new_database("race")]
        (tmp_path / "one").mkdir()
        (tmp_path / "two" / "state").mkdir(parents=True, mode=0o700)
        one = Fresh(tmp_path / "one", database)
        (tmp_path / "two" / "state" / "root.key").write_bytes((one.state / "root.key").read_bytes())
        (tmp_path / "two" / "state" / "root.key").chmod(0o600)
        two = Fresh(tmp_path / "two", [*database, "--public-url", one.url])
        assert not (two.state / "setup-code").exists(), "one code for both"
        judge_race([one, two], race([one, two], one.code(), 20))
        one.stop()
        two.stop()
    finally:
        postgres.stop()


def test_a_lost_admin_comes_back_by_the_machine_itself(fresh):
    assert "setup-url" in run_cli("admin", "recover", "--state-dir", fresh.state).stderr
    first = fresh.claim().json()
    nobody = run_cli("admin", "recover", "--state-dir", fresh.state, "--email", "eve@example.com")
    assert nobody.returncode == 3
    done = run_cli("admin", "recover", "--state-dir", fresh.state, check=0)
    address, code = done.stdout.strip().split("#")
    assert address == fresh.url + "/recover" and "ada0@example.com" in done.stderr
    assert http("GET", address).status == 200
    assert http("POST", fresh.url + "/api/v1/recover", {"code": code, "admin_password": "short"}).status == 422
    back = http("POST", fresh.url + "/api/v1/recover", {"code": code, "admin_password": "other random words"})
    assert back.status == 200 and back.json()["organization_id"] == first["organization_id"]
    assert fresh.token(back.json()) and fresh.token(first)
    assert http("GET", address).status == 404
    assert http("POST", fresh.url + "/api/v1/recover", {"code": code, "admin_password": "other random words"}).status == 404
    log = fresh.log.read_text()
    assert "admin.recovery_started" in log and "admin.recovered" in log and code not in log and back.json()["client_secret"] not in log


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_another_user_of_the_machine_is_refused(fresh):
    sock = fresh.state / "admin.sock"
    assert sock.stat().st_mode & 0o777 == 0o600
    sock.chmod(0o666)  # as if the folder's mode did not stop them already
    script = """if True:
        import os, socket, sys
        folder = os.open(sys.argv[1], os.O_PATH)
        os.chdir(folder)
        os.setgid(65534); os.setuid(65534)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("admin.sock")
            client.sendall(b'{"command":"setup-url"}\\n')
            print(client.recv(65536).decode())
        """
    os.chmod(fresh.state, 0o711)
    done = subprocess.run([sys.executable, "-c", script, fresh.state], capture_output=True, text=True, timeout=60)
    assert "only the server's own user" in json.loads(done.stdout)["error"], done.stderr


def test_without_a_server_the_commands_say_so(tmp_path):
    for command in (["setup-url"], ["admin", "recover"]):
        done = run_cli(*command, "--state-dir", tmp_path / "nothing")
        assert done.returncode == 1 and "fairlead serve" in json.loads(done.stderr)["message"]


def test_garbage_on_the_socket_harms_nobody(fresh):
    for garbage in (b"", b"\n", b"{}\n", b"[]\n", b'{"command":"format"}\n', b"\xff" * 100_000):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(f"/proc/self/fd/{os.open(fresh.state, os.O_PATH)}/admin.sock")
            try:
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(65536)
            except OSError:  # it was too much, and the server closed
                continue
            assert not answer or "error" in json.loads(answer), garbage
    assert fresh.setup_url()


# --- in a browser


@pytest.fixture
def page():
    if browser.PROGRAM is None:
        pytest.skip("no Chromium on this machine")
    page = browser.Browser()
    yield page
    page.close()


def shown(page, element):
    return page.run(f"(e => e.checkVisibility() && e.textContent)(document.getElementById('{element}'))")


def test_the_page_sets_up_and_shows_the_secret_once(fresh, page):
    page.open(fresh.setup_url())
    assert page.run("document.title") == "Set up Fairlead – Fairlead"
    assert page.run("location.href") == fresh.url + "/setup", "the code does not stay in the address"
    assert page.run("document.getElementById('code').value") == fresh.code()
    assert page.run("document.activeElement.id") == "organization_name"

    page.run("document.getElementById('send').click()")
    assert shown(page, "admin_email-problem") == "Please fill this in."
    assert page.run("document.activeElement.id") == "organization_name"
    page.type("organization_name", "<b>Acme</b>")
    page.type("admin_email", "ada@example.com")
    page.type("admin_password", "password12345")
    page.run("document.getElementById('send').click()")
    page.wait_for("!document.getElementById('send').disabled")
    assert shown(page, "admin_password-problem") not in ("", "Please fill this in.")
    assert page.run("document.getElementById('admin_password').getAttribute('aria-invalid')") == "true"
    assert page.run("document.activeElement.id") == "admin_password"

    page.run("document.getElementById('admin_password').value = ''")
    page.type("admin_password", PASSWORD)
    page.run("document.getElementById('send').click()")
    page.wait_for("document.getElementById('client_secret').textContent")
    client = {name: shown(page, name) for name in ("client_id", "client_secret", "organization_id")}
    assert fresh.token(client)
    assert page.run("document.activeElement.id") == "done-title"
    page.send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(fresh.folder))
    page.run("document.getElementById('download').click()")
    wait_until((fresh.folder / "client.json").exists, what="the download")
    assert json.loads((fresh.folder / "client.json").read_text()) == client
    assert [text for text in page.complaints() if "422" not in text] == []
    assert all(url.startswith((fresh.url, "about:", "blob:")) for url in page.requested())


def test_the_page_says_when_it_is_too_late(fresh, page):
    page.open(fresh.setup_url())
    assert fresh.claim().status == 200
    for element, text in (("organization_name", "Eve"), ("admin_email", "eve@example.com"), ("admin_password", PASSWORD)):
        page.type(element, text)
    page.run("document.getElementById('send').click()")
    page.wait_for("document.getElementById('problem').textContent.includes('already')")


def test_the_page_lets_a_lost_admin_back_in(fresh, page):
    assert fresh.claim().status == 200
    page.open(run_cli("admin", "recover", "--state-dir", fresh.state, check=0).stdout.strip())
    assert shown(page, "title") == "Get back in" and not shown(page, "email-field")
    page.type("admin_password", "other random words")
    page.run("document.getElementById('send').click()")
    page.wait_for("document.getElementById('client_secret').textContent")
    assert fresh.token({name: shown(page, name) for name in ("client_id", "client_secret")})
