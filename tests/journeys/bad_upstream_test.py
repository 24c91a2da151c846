"""Services that misbehave, one way each: the caller gets a clear error, quickly, and the server stays well."""
import gzip
import json
import socket
import threading

import pytest

from support.harness import Server, closed_port, http, wait_until


class RawUpstream:
    """Answers every connection with the same bytes, or with what `answer(connection)` does; notes the requests."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.requests, self.answer = [], b""
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(20)
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    request += piece
                self.requests.append(request)
                if callable(self.answer):
                    self.answer(connection)
                else:
                    connection.sendall(self.answer)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def response(status, body=b"", content_type="application/json", extra=""):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n").encode() + body


def endless(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b'10000\r\n' + b" " * 65536 + b"\r\n"
    while True:
        connection.sendall(piece)


def endless_headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: " + b"a" * 1000 + b"\r\n")


@pytest.fixture(scope="module")
def upstream():
    upstream = RawUpstream()
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, upstream):
    server = Server(tmp_path_factory.mktemp("bad"), ["--connect-to", upstream.address]).start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def connector(server):
    answer = server.call("POST", "/integrations/connectors", {"workspace_name": "bad", "connector_type": "github", "credentials": {"token": "ghp_canary"},
                                                              "validate": False})
    assert answer.status == 200, answer.body
    return answer.json()["id"]


def execute(server, connector, entity="issues", action="get", params=None):
    body = {"entity": entity, "action": action, "params": params or {"owner": "a", "repo": "b", "issue_number": 1}}
    return server.call("POST", f"/integrations/connectors/{connector}/execute", body)


bomb = gzip.compress(b" " * (64 << 20))
CASES = {
    # what the service does: (bytes or a function, status of ours, error_code)
    "401": (response(401, {"message": "Bad credentials"}), 403, "provider_auth"),
    "403": (response(403, {"message": "no"}), 403, "provider_auth"),
    "404": (response(404, {"message": "Not Found"}), 404, "provider_not_found"),
    "409": (response(409, {"message": "conflict"}), 400, "provider_rejected"),
    "422": (response(422, {"message": "Validation Failed"}), 400, "provider_rejected"),
    "HTML instead of JSON": (response(200, b"<html>maintenance</html>", "text/html"), 502, "provider_unavailable"),
    "garbage labelled JSON": (response(200, b"\x00\xff not json"), 502, "provider_unavailable"),
    "JSON with a broken tail": (response(200, b'{"id":1,"title":"x"}}'), 502, "provider_unavailable"),
    "no HTTP at all": (b"SSH-2.0-OpenSSH\r\n\r\n\r\n", 502, "provider_unavailable"),
    "a body cut short": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":1}", 502, "provider_unavailable"),
    "an endless body": (endless, 502, "provider_unavailable"),
    "endless headers": (endless_headers, 502, "provider_unavailable"),
    "a gzip bomb": (response(200, bomb, extra="Content-Encoding: gzip\r\n"), 502, "provider_unavailable"),
    "an encoding nobody asked for": (response(200, b"x", extra="Content-Encoding: foo\r\n"), 502, "provider_unavailable"),
    "deeply nested JSON": (response(200, b"[" * 100_000 + b"]" * 100_000), 502, "provider_unavailable"),
    "a closed connection": (lambda connection: connection.close(), 502, "provider_unavailable"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_misbehaviour_is_a_clear_error(server, connector, upstream, name):
    upstream.answer, status, code = CASES[name]
    answer = execute(server, connector)
    error = answer.json()
    assert (answer.status, error["errors"][0]["error_code"]) == (status, code), error
    assert error["message"] and "ghp_canary" not in answer.body.decode()
    assert http("GET", server.url + "/healthz").status == 200


@pytest.fixture
def nobody():
    """An address at which nobody answers."""
    with closed_port() as port:
        yield f"127.0.0.1:{port}"


def test_a_service_that_is_away_is_said_to_be(tmp_path, nobody):
    server = Server(tmp_path, ["--connect-to", nobody]).start()
    body = {"workspace_name": "w", "connector_type": "github", "credentials": {"token": "ghp_canary"}}
    made = server.call("POST", "/integrations/connectors", body)
    assert (made.status, made.json()["status"]) == (200, "unverified"), "nothing is known against the credentials"
    answer = execute(server, made.json()["id"])
    assert (answer.status, answer.json()["errors"][0]["error_code"]) == (502, "provider_unavailable") and b"ghp_canary" not in answer.body
    answer = execute(server, made.json()["id"], action="create", params={"owner": "a", "repo": "b", "title": "t"})
    assert answer.json()["errors"][0]["error_code"] == "provider_unavailable", "nothing was sent, so the outcome is known"
    assert server.stop() == 0


def test_a_limit_is_passed_on_with_its_time(server, connector, upstream):
    upstream.answer = response(429, {"message": "slow down"}, extra="Retry-After: 120\r\n")
    answer = execute(server, connector)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "120")


def test_ten_megabytes_are_read_whole(server, connector, upstream):
    upstream.answer = response(200, {"id": 1, "body": "x" * (10 << 20)})
    answer = execute(server, connector)
    assert answer.status == 200 and len(answer.json()["result"]["body"]) == 10 << 20


def test_a_write_whose_answer_is_lost_is_sent_once_and_said_to_be_unknown(server, connector, upstream):
    for how in (lambda connection: connection.close(), response(503, {"message": "try later"}), response(500, b"oops", "text/plain")):
        upstream.answer, before = how, len(upstream.requests)
        answer = execute(server, connector, action="create", params={"owner": "a", "repo": "b", "title": "t"})
        assert answer.status >= 500 or answer.status == 409
        assert len(upstream.requests) == before + 1


def test_what_the_service_says_of_the_secret_is_masked(server, connector, upstream):
    upstream.answer = response(400, {"message": "bad header: Authorization: Bearer ghp_canary"})
    answer = execute(server, connector)
    assert answer.status == 400 and b"ghp_canary" not in answer.body and b"redacted" in answer.body


def test_a_service_that_is_slow_for_one_does_not_slow_the_others(server, connector, upstream):
    release = threading.Event()

    def stall(connection):
        release.wait(60)
        connection.sendall(response(200, {"id": 1}))

    upstream.answer, asked_before = stall, len(upstream.requests)
    slow = [threading.Thread(target=execute, args=(server, connector), daemon=True) for _ in range(4)]
    for thread in slow:
        thread.start()
    wait_until(lambda: len(upstream.requests) >= asked_before + len(slow), what="the slow calls reaching the service")
    assert http("GET", server.url + "/healthz").status == 200
    assert server.call("GET", f"/integrations/connectors/{connector}").status == 200
    assert all(thread.is_alive() for thread in slow), "the others were answered while these were waiting"
    release.set()
    for thread in slow:
        thread.join()
