"""Everything the server does, at once, on four loops: what makes threads meet. `make test-tsan` runs this on a server that watches for races;
what the watch finds is an exit code other than 0."""
import base64
import hashlib
import html
import itertools
import json
import re
import os
import secrets
import signal
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest

from support.harness import Server, http, run_cli, wait_until
from support.postgres import Postgres

THREADS = "4"
ROUNDS = int(os.environ.get("FAIRLEAD_ROUNDS", "12"))
SLOW = "/v1/orders"  # the part of the sandbox that keeps callers waiting


class Crowd:
    """Threads that each repeat one job, counting from 0; the first unexpected thing that happens to one is kept."""

    def __init__(self):
        self.threads, self.failures, self.done, self.stopping = [], [], 0, threading.Event()

    def add(self, job, rounds=ROUNDS, many=2):
        for _ in range(many):
            self.threads.append(threading.Thread(target=self.work, args=(job, rounds), daemon=True))

    def work(self, job, rounds):
        for number in itertools.count() if rounds is None else range(rounds):
            if self.stopping.is_set():
                return
            try:
                job(f"{threading.get_ident()}-{number}")
            except OSError:
                if not self.stopping.is_set():  # the server went away, as it was told to
                    self.failures.append(f"{job.__name__}: connection lost")
                return
            except AssertionError as failure:
                if not self.stopping.is_set():
                    self.failures.append(f"{job.__name__}: {failure}")
                    return
            self.done += 1

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[:5]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def sign_in(sandbox):
    """What a user does in a browser: allows the sandbox application. Answers the refresh token."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    client = {"client_id": "harbor_sandbox", "redirect_uri": "http://127.0.0.1/callback"}
    asked = {"response_type": "code", "scope": "read write", "state": "s", "code_challenge": challenge, "code_challenge_method": "S256", **client}
    page = http("GET", sandbox + "/oauth/authorize?" + urllib.parse.urlencode(asked)).body.decode()
    form = {"request": html.unescape(re.search(r'name="request" value="([^"]*)"', page).group(1)), "decision": "allow"}
    try:
        urllib.request.build_opener(NoRedirect).open(sandbox + "/oauth/authorize", urllib.parse.urlencode(form).encode(), timeout=60)
        raise AssertionError("no redirect")
    except urllib.error.HTTPError as redirect:
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(redirect.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "client_secret": "hs_sandbox", **client}
    with urllib.request.urlopen(sandbox + "/oauth/token", urllib.parse.urlencode(form).encode(), timeout=60) as answer:
        return json.load(answer)["refresh_token"]


class Jobs:
    """Each is one thing that a client does, and says which answers it takes."""

    def __init__(self, server, sandbox):
        self.server, self.sandbox, self.token = server, sandbox, server.token()
        self.by_key = self.connector("by key", {"api_key": "hk_sandbox"})
        self.by_name = self.connector("by name", {"api_key": "hk_sandbox"}, sandbox.replace("127.0.0.1", "localhost"))
        # No access token yet: those who execute first meet in its renewal, and the refresh token rotates.
        self.by_oauth = self.connector("by oauth", {"client_id": "harbor_sandbox", "client_secret": "hs_sandbox", "refresh_token": sign_in(sandbox)})

    def ask(self, method, path, body=None, *allowed, token=None, headers=None):
        answer = self.server.call(method, path, body, token=token or self.token, headers=headers)
        # 429 and 503 are honest answers of a busy server.
        assert answer.status in {200, 429, 503, *allowed}, f"{method} {path}: {answer.status} {answer.body[:300]}"
        return answer

    def connector(self, name, credentials, address=None):
        answer = self.ask("POST", "/integrations/connectors", {"workspace_name": "crowd", "connector_type": "harbor", "name": name, "validate": False,
                                                               "environment": {"base_url": address or self.sandbox}, "credentials": credentials})
        assert answer.status == 200, answer.body
        return answer.json()["id"]

    def execute(self, _):
        self.ask("POST", f"/integrations/connectors/{self.by_key}/execute", {"entity": "tickets", "action": "list", "params": {"limit": 2}})

    def execute_renewing(self, _):
        self.ask("POST", f"/integrations/connectors/{self.by_oauth}/execute", {"entity": "customers", "action": "list", "params": {"limit": 1}})

    def execute_by_name(self, _):
        self.ask("POST", f"/integrations/connectors/{self.by_name}/execute", {"entity": "account", "action": "get"})

    def execute_once(self, number):
        """Two clients send the same request under the same key."""
        self.ask("POST", f"/integrations/connectors/{self.by_key}/execute", {"entity": "tickets", "action": "create", "params": {"subject": "once"}}, 409,
                 headers={"Idempotency-Key": f"once-{number.rsplit('-', 1)[1]}"})

    def download(self, _):
        answer = self.ask("POST", f"/integrations/connectors/{self.by_key}/execute", {"entity": "files", "action": "download", "params": {"id": "fil_1001"}})
        assert answer.status != 200 or answer.body

    def leave(self, _):
        """A client that does not wait for its answer."""
        body = json.dumps({"entity": "orders", "action": "list"})
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as client:
            client.sendall((f"POST /api/v1/integrations/connectors/{self.by_key}/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n"
                            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    def recover(self, _):
        """Asks by the socket in the state folder, which a thread of its own serves."""
        done = run_cli("admin", "recover", "--state-dir", self.server.state)
        assert done.returncode == 0, done.stderr

    def execute_a_write(self, number):
        self.ask("POST", f"/integrations/connectors/{self.by_key}/execute",
                 {"entity": "tickets", "action": "create", "params": {"subject": f"crowd {number}"}})

    def execute_a_batch(self, _):
        call = {"connector_id": self.by_key, "entity": "tickets", "action": "list", "params": {"limit": 1}}
        self.ask("POST", "/execute/batch", {"calls": [call] * 4})

    def change_credentials(self, number):
        self.ask("PUT", f"/integrations/connectors/{self.by_key}", {"name": f"by key {number}", "credentials": {"api_key": "hk_sandbox"}}, 409)

    def come_and_go(self, number):
        answer = self.ask("POST", "/integrations/connectors", {"workspace_name": "crowd", "connector_type": "harbor", "name": f"short {number}",
                                                               "validate": False, "environment": {"base_url": self.sandbox}, "credentials": {"api_key": "hk_sandbox"}})
        if answer.status == 200:
            self.ask("DELETE", f"/integrations/connectors/{answer.json()['id']}", None, 202, 204)

    def mint_and_revoke(self, number):
        """A scoped token ends with its workspace."""
        scoped = self.ask("POST", "/account/applications/scoped-token", {"workspace_name": f"brief-{number}"})
        if scoped.status != 200:
            return
        token = scoped.json()["token"]
        self.ask("GET", f"/integrations/connectors?workspace_name=brief-{number}", token=token)
        for row in self.ask("GET", f"/workspaces?name_contains=brief-{number}").json().get("data", []):
            if row["name"] == f"brief-{number}":
                self.ask("DELETE", f"/workspaces/{row['id']}", None, 202, 204)
                assert self.ask("GET", "/integrations/connectors", None, 401, 403, 404, token=token).status != 200

    def get_token(self, _):
        self.server.token()

    def present_nonsense(self, _):
        self.ask("GET", "/workspaces", None, 401, token=self.token[:-4] + "AAAA")

    def look_around(self, _):
        for path in ("/workspaces", "/tool-calls?limit=5", f"/integrations/connectors/{self.by_key}/inspect", "/integrations/definitions/sources", "/skills"):
            self.ask("GET", path, None, 400)

    def scrape(self, _):
        for path in ("/metrics", "/readyz", "/healthz", "/.well-known/jwks.json", "/openapi.json"):
            assert http("GET", self.server.url + path).status == 200, path


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def slow_sandbox(sandbox):
    arm = {"fault": "delay_ms=700", "path": SLOW, "times": 1_000}
    assert http("POST", sandbox + "/_faults", arm).status in (200, 201)
    yield sandbox
    assert http("DELETE", sandbox + "/_faults").status in (200, 204)


@pytest.fixture(params=["sqlite", "postgres"])
def crowd_server(request, tmp_path, slow_sandbox):
    port = slow_sandbox.rsplit(":", 1)[1]
    url = request.getfixturevalue("postgres").new_database(f"crowd_{secrets.token_hex(4)}") if request.param == "postgres" else None
    exceptions = [part for host in ("127.0.0.1", "localhost") for part in ("--egress-exception", f"{host}:{port}+http")]
    server = Server(tmp_path, [*exceptions, "--threads", THREADS, "--log-level", "debug"], database_url=url).start()
    yield server
    server.stop()  # a test that passed has done so already


def gather(jobs, rounds=ROUNDS):
    crowd = Crowd()
    for job in (jobs.execute, jobs.execute_renewing, jobs.execute_by_name, jobs.execute_once, jobs.execute_a_write, jobs.execute_a_batch, jobs.download, jobs.leave,
                jobs.change_credentials, jobs.come_and_go, jobs.mint_and_revoke, jobs.get_token, jobs.present_nonsense, jobs.look_around, jobs.scrape, jobs.recover):
        crowd.add(job, rounds)
    crowd.start()
    return crowd


def test_a_crowd_is_served(crowd_server, sandbox):
    gather(Jobs(crowd_server, sandbox)).join()
    assert crowd_server.stop() == 0, crowd_server.process.said()[-20000:]


def test_the_server_stops_in_the_middle_of_a_crowd(crowd_server, sandbox):
    crowd = gather(Jobs(crowd_server, sandbox), rounds=None)
    wait_until(lambda: crowd.done >= 60 or crowd.failures, what="the crowd at work")
    crowd.stopping.set()
    assert crowd_server.stop(signal.SIGTERM) == 0, crowd_server.process.said()[-20000:]
    crowd.join()
