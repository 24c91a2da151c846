"""The built program as the tests run it: a server on a state folder of its own, a process, the command line, HTTP calls."""
import contextlib
import json
import os
import pathlib
import random
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

BINARY = pathlib.Path(os.environ.get("FAIRLEAD_BINARY", pathlib.Path(__file__).parents[2] / "build/dev/bin/fairlead")).absolute()


LONGEST = 120  # seconds of one command


@contextlib.contextmanager
def closed_port():
    """A port of 127.0.0.1 at which nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def free_port():
    """For programs that cannot be told port 0. From below the range that the kernel takes for outgoing connections, so that only another
    caller of this function could take it before the program does; who starts such a program tries again when it ends at once."""
    first_outgoing = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(min(10_000, first_outgoing - 1_000), first_outgoing)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(condition, seconds=60, what="condition", pause=0.02):
    """Polls; the only waiting in these tests."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(pause)
    raise AssertionError(f"{what} did not come true in {seconds} s")


def write_secret(path, text):
    """A file that only its owner can read: others are refused on the command line."""
    path = pathlib.Path(path)
    path.touch()
    path.chmod(0o600)
    path.write_text(text)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def http(method, url, body=None, headers=None, timeout=60):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))
    if data is not None and not request.has_header("Content-type"):
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


class Process:
    """A program in the background; its output goes to a file."""

    def __init__(self, command, log, environment=None):
        self.command, self.log = [str(part) for part in command], pathlib.Path(log)
        self.output = open(log, "ab")
        self.log_start = self.output.tell()
        self.process = subprocess.Popen(self.command, stdout=self.output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})

    def said(self):
        """Its output so far."""
        return self.log.read_bytes()[self.log_start:].decode(errors="replace")

    def assert_running(self):
        assert self.process.poll() is None, f"{self.command} ended: {self.said()[-2000:]}"

    def wait_for_output(self, expression):
        """The first match of the expression in its output."""
        def found():
            match = re.search(expression, self.said())
            if not match:
                self.assert_running()
            return match
        return wait_until(found, what=expression)

    def wait_for_port(self):
        """Of `fairlead serve --listen 127.0.0.1:0`: the port that it got."""
        return int(self.wait_for_output(r'"event":"server\.started".*"port":"?(\d+)').group(1))

    def wait_for_http(self, url):
        def answers():
            self.assert_running()
            try:
                return http("GET", url, timeout=5).status == 200
            except OSError:
                return False
        wait_until(answers, what=url)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.output.close()


class Server:
    """`fairlead serve` on a state folder of its own, set up with one organization."""

    def __init__(self, folder, extra=(), database_url=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state = self.folder / "state"
        self.extra = [str(part) for part in extra]
        self.database = ["--database-url", database_url] if database_url else []
        self.client_file = self.folder / "client.json"
        self.log = self.folder / "server.log"
        self.process = None
        if not self.client_file.exists():
            password = self.folder / "password"
            write_secret(password, secrets.token_urlsafe(18))
            run_cli("init", "--state-dir", self.state, *self.database, "--admin-email", "admin@example.com", "--admin-password-file", password,
                    "--client-out", self.client_file, check=0)
        self.client = json.loads(self.client_file.read_text())

    def start(self):
        # Tokens name the public URL: it stays while the port changes from start to start.
        self.process = Process([BINARY, "serve", "--state-dir", self.state, *self.database, "--listen", "127.0.0.1:0",
                                "--public-url", "http://fairlead.test", *self.extra], self.log)
        self.port = self.process.wait_for_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = self.url + "/api/v1"
        self.process.wait_for_http(self.url + "/readyz")
        return self

    def stop(self, how=signal.SIGTERM):
        return self.process.stop(how)

    def token(self):
        answer = http("POST", self.api + "/account/applications/token",
                      {"client_id": self.client["client_id"], "client_secret": self.client["client_secret"]})
        assert answer.status == 200, answer.body
        return answer.json()["access_token"]

    def call(self, method, path, body=None, token=None, headers=None):
        return http(method, self.api + path, body, {"Authorization": f"Bearer {token or self.token()}", **(headers or {})})

    @property
    def client_environment(self):
        """By which the command line finds it and is let in."""
        return {"FAIRLEAD_SERVER": self.url, "FAIRLEAD_CLIENT_ID": self.client["client_id"], "FAIRLEAD_CLIENT_SECRET": self.client["client_secret"],
                "FAIRLEAD_ORGANIZATION_ID": self.client["organization_id"]}

    def cli(self, *arguments, stdin="", environment=None, check=None):
        settings = {"FAIRLEAD_SETTINGS": str(self.folder / "settings.json"), **self.client_environment, **(environment or {})}
        return run_cli(*arguments, stdin=stdin, environment=settings, check=check)


def run_cli(*arguments, stdin="", environment=None, check=None):
    done = subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=LONGEST,
                          env={**{k: v for k, v in os.environ.items() if not k.startswith(("FAIRLEAD_", "AIRBYTE_"))}, **(environment or {})})
    if check is not None:
        assert done.returncode == check, (done.returncode, done.stdout, done.stderr)
    return done


def definition_id(slug):
    text = (pathlib.Path(__file__).parents[2] / "connectors" / slug / "connector.yaml").read_text()
    return re.search(r"x-airbyte-connector-definition-id: *\"?([0-9a-f-]{36})", text).group(1)
