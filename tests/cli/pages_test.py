"""Every page of a list: exec-local and the command line against the sandbox, and against services that behave badly."""
import http.server
import json
import signal
import subprocess
import threading
import urllib.parse

import pytest

from support.harness import BINARY, run_cli, wait_until, write_secret

DEFINITION = """openapi: 3.1.0
info:
  title: Leaves
  version: 1.0.0
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls: []
servers: [{url: "https://leaves.example/v1"}]
paths:
  /leaves:
    get:
      x-airbyte-entity: leaves
      x-airbyte-action: list
      x-airbyte-record-extractor: $.data
      x-fairlead-pagination: {style: cursor, inputs: {cursor: after}, outputs: {next_cursor: $.next, has_more: $.more}}
      parameters: [{name: after, in: query, schema: {type: string}}]
  /leaves/{id}:
    get:
      x-airbyte-entity: leaves
      x-airbyte-action: get
      parameters: [{name: id, in: path}]
"""


class Leaves:
    """A service that answers as `answer(cursor)` says: (status, body), or None: not at all."""

    def __init__(self, answer):
        outer = self
        self.asked, self.answer, self.free = [], answer, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                cursor = self.path.partition("after=")[2] or None
                outer.asked.append(cursor)
                answered = outer.answer(cursor)
                if answered is None:
                    outer.free.wait(60)
                    return
                status, body = answered
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.free.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def leaves(tmp_path):
    """Runs exec-local --all against a service, and answers (process, records, error)."""
    (tmp_path / "leaves.yaml").write_text(DEFINITION)
    write_secret(tmp_path / "token.json", '{"token": "t"}')

    def command(service, *more):
        return [BINARY, "exec-local", "--definition", tmp_path / "leaves.yaml", "--entity", "leaves", "--action", "list", "--credentials",
                tmp_path / "token.json", "--connect-to", service.url, "--all", *more]

    def run(service, *more):
        done = subprocess.run(command(service, *more), capture_output=True, text=True, timeout=60)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        notes = [json.loads(line) for line in done.stderr.splitlines()]
        return done.returncode, records, notes

    run.command = command
    return run


def page_of(number, more, following=None):
    return 200, {"data": [{"n": number}], "more": more, "next": following}


def test_all_pages_come_as_lines(leaves):
    pages = {None: page_of(1, True, "b"), "b": (200, {"data": [], "more": True, "next": "c"}), "c": page_of(3, False)}
    with Leaves(pages.get) as service:
        code, records, notes = leaves(service)
    assert (code, records) == (0, [{"n": 1}, {"n": 3}])
    assert service.asked == [None, "b", "c"]
    assert notes == [{"type": "progress", "page": 1, "records": 1}, {"type": "progress", "page": 2, "records": 1},
                     {"type": "progress", "page": 3, "records": 2}]


def test_a_run_begins_at_a_cursor(leaves):
    with Leaves({"c": page_of(3, False)}.get) as service:
        code, records, _ = leaves(service, "--cursor", "c")
    assert (code, records) == (0, [{"n": 3}])


@pytest.mark.parametrize("answer, shown, why, page, cursor", [
    (lambda cursor: page_of(len(cursor or ""), True, "x" if cursor else "xx"), 3, "names a cursor that was used before", 3, "x"),
    (lambda cursor: page_of(7, True, (cursor or "") + "a"), 2, "holds the same records as the one before", 2, "a"),
    (lambda cursor: page_of(1, True), 1, "does not say how to ask for them", 1, None),
    (lambda cursor: page_of(1, True, "b") if cursor is None else (404, {"message": "gone"}), 1, "gone", 2, "b"),
    (lambda cursor: page_of(1, True, "b") if cursor is None else (200, "nonsense"), 2, "", 2, "b"),
], ids=["repeated cursor", "repeated page", "no cursor", "refused midway", "odd page"])
def test_a_run_that_breaks_off_says_where(leaves, answer, shown, why, page, cursor):
    with Leaves(answer) as service:
        code, records, notes = leaves(service)
    if not why:  # a body without records ends the list
        assert code == 0
        return
    assert code != 0 and len(records) == shown
    error = notes[-1]["error"]
    assert why in error["message"]
    assert (error["page"], error["records_shown"], error["cursor"]) == (page, shown, cursor)
    assert cursor is None or f"--cursor '{cursor}'" in error["hint"]


def test_more_than_a_thousand_pages_are_too_many(leaves):
    with Leaves(lambda cursor: page_of(int(cursor or 0), True, str(int(cursor or 0) + 1))) as service:
        code, records, notes = leaves(service)
    assert code == 1 and len(records) == 1000 and len(service.asked) == 1000
    assert "more than 1000 pages" in notes[-1]["error"]["message"]
    assert notes[-1]["error"]["cursor"] == "1000"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_where_to_go_on(leaves, how):
    with Leaves(lambda cursor: page_of(1, True, "b") if cursor is None else None) as service:
        process = subprocess.Popen(leaves.command(service), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: len(service.asked) == 2, what="the second page being asked for")
        process.send_signal(how)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [json.loads(line) for line in out.splitlines()] == [{"n": 1}]
    error = json.loads(err.splitlines()[-1])["error"]
    assert (error["message"], error["page"], error["cursor"]) == ("interrupted", 2, "b")


def test_only_lists_have_pages(leaves):
    with Leaves(lambda cursor: (200, {})) as service:
        code, records, notes = leaves(service, "--action", "get", "--params", '{"id": 1}')
    assert code != 0 and records == []


def test_one_page_tells_of_the_next(leaves):
    with Leaves({None: page_of(1, True, "b")}.get) as service:
        command = [part for part in leaves.command(service) if part != "--all"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["paging"] == {"has_more": True, "end_cursor": "b"}


def test_a_batch_line_tells_only_when_asked(leaves, tmp_path):
    with Leaves({None: page_of(1, True, "b"), "b": page_of(2, False)}.get) as service:
        line = {"definition": str(tmp_path / "leaves.yaml"), "entity": "leaves", "action": "list", "base_url": service.url, "credentials": {"token": "t"}}
        lines = [{"id": 1, **line}, {"id": 2, **line, "paging": True}, {"id": 3, **line, "paging": True, "cursor": "b"},
                 {"id": 4, **line, "cursor": 5}, {"id": 5, **line, "paging": "yes"}]
        done = subprocess.run([BINARY, "exec-local", "--batch"], input="".join(json.dumps(one) + "\n" for one in lines),
                              capture_output=True, text=True, timeout=60)
    answers = [json.loads(text) for text in done.stdout.splitlines()]
    assert "paging" not in answers[0] and answers[0]["result"]["meta"] is None
    assert [answer["paging"] for answer in answers[1:3]] == [{"has_more": True, "end_cursor": "b"}, {"has_more": False, "end_cursor": None}]
    assert answers[2]["result"]["data"] == [{"n": 2}]
    assert all(answer["result"]["error"]["kind"] == "validation" for answer in answers[3:])


# --- The sandbox, through both doors


@pytest.fixture(scope="module")
def every_ticket(server, harbor):
    tickets, params = [], {"limit": 100}
    while True:
        answer = server.call("POST", f"/integrations/connectors/{harbor}/execute", {"entity": "tickets", "action": "list", "params": params}).json()
        tickets += [record["id"] for record in answer["result"]]
        metadata = answer["connector_metadata"]
        assert metadata["has_more"] is metadata["has_next_page"]
        if not metadata["has_more"]:
            assert metadata["end_cursor"] is None
            return tickets
        params["cursor"] = metadata["end_cursor"]


def test_exec_local_reads_the_whole_sandbox(sandbox, every_ticket, tmp_path):
    write_secret(tmp_path / "key.json", '{"api_key": "hk_sandbox"}')
    done = run_cli("exec-local", "--definition", "harbor", "--entity", "tickets", "--action", "list", "--params", '{"limit": 3}', "--all",
                   "--credentials", tmp_path / "key.json", "--config", json.dumps({"base_url": sandbox}), check=0)
    read = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert read == every_ticket and len(read) > 6
    assert json.loads(done.stderr.splitlines()[-1])["page"] == -(-len(read) // 3)


def test_the_command_line_reads_the_whole_sandbox(server, harbor, every_ticket):
    done = server.cli("connectors", "execute", "--id", harbor, "--entity", "tickets", "--action", "list", "--params", '{"limit": 4}', "--all",
                      "--select-fields", "id", check=0)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"id": one} for one in every_ticket]


def test_a_search_by_post_has_pages_too(server, harbor):
    done = server.cli("connectors", "execute", "--id", harbor, "--entity", "tickets", "--action", "search", "--params",
                      '{"query": "order", "limit": 2}', "--all", "--select-fields", "id", check=0)
    ids = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert len(ids) > 2 and len(ids) == len(set(ids))


def test_an_entity_without_pages_ends_at_once(server, harbor, every_ticket):
    for ticket in every_ticket[:2]:
        answer = server.call("POST", f"/integrations/connectors/{harbor}/execute",
                             {"entity": "attachments", "action": "list", "params": {"ticket_id": ticket}}).json()
        if answer["status"] == "success":
            assert (answer["connector_metadata"]["has_more"], answer["connector_metadata"]["end_cursor"]) == (False, None)


@pytest.mark.parametrize("more, part", [
    (["--action", "get", "--params", '{"ticket_id":"tkt_1001"}'], "--all follows the pages of list and search"),
    (["--action", "list", "--plan"], "neither with --plan"),
    (["--action", "list", "--fields", "id"], "--select-fields"),
    (["--action", "list", "-o", "table"], "--output table"),
    (["--action", "list", "--cursor", "forged"], "cursor"),
], ids=["get", "plan", "fields", "table", "forged cursor"])
def test_what_does_not_go_with_all(server, harbor, more, part):
    done = server.cli("connectors", "execute", "--id", harbor, "--entity", "tickets", "--all", *more, check=4)
    assert done.stdout == ""
    assert part in done.stderr


def test_a_run_through_the_server_that_breaks_off_says_where(server, harbor):
    done = server.cli("connectors", "execute", "--id", harbor, "--entity", "tickets", "--action", "list", "--all", "--cursor", "forged", check=4)
    problem = json.loads(done.stderr.splitlines()[-1])
    assert (problem["detail"]["page"], problem["detail"]["records_shown"], problem["detail"]["cursor"]) == (1, 0, "forged")


# --- Our own definitions, against the shapes that their services page in


class Shaped(Leaves):
    """Three pages; `read` finds the cursor in (target, body), `shape` makes the answer of page 0, 1 or 2."""

    def __init__(self, read, shape, cursors=("two", "three")):
        super().__init__(None)
        outer = self
        outer.cursors = [None, *cursors]

        def serve(handler):
            body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
            cursor = read(handler.path, json.loads(body) if body.startswith("{") else body)
            outer.asked.append(cursor)
            number = outer.cursors.index(cursor)
            text = json.dumps(shape(number, outer.cursors[number + 1] if number < 2 else None)).encode()
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(text)))
            handler.end_headers()
            handler.wfile.write(text)

        self.server.RequestHandlerClass.do_GET = serve
        self.server.RequestHandlerClass.do_POST = serve


def in_query(name):
    return lambda target, body: (urllib.parse.parse_qs(target.partition("?")[2]).get(name) or [None])[0]


def linear(member):
    return (lambda target, body: body["variables"].get("after"),
            lambda number, following: {"data": {member: {"nodes": [{"id": str(number)}],
                                                         "pageInfo": {"hasNextPage": following is not None, "endCursor": following or "still here"}}}})


NOTION = (lambda target, body: body.get("start_cursor"),
          lambda number, following: {"results": [{"id": str(number)}], "next_cursor": following, "has_more": following is not None})


@pytest.mark.parametrize("slug, entity, action, params, credentials, shape, cursors", [
    ("linear", "issues", "list", {}, {"api_key": "k"}, linear("issues"), ("two", "three")),
    ("linear", "issues", "search", {"term": "a"}, {"api_key": "k"}, linear("searchIssues"), ("two", "three")),
    ("notion", "pages", "search", {"query": "a"}, {"token": "t"}, NOTION, ("two", "three")),
    ("notion", "users", "list", {}, {"token": "t"}, (in_query("start_cursor"), NOTION[1]), ("two", "three")),
    ("slack", "messages", "search", {"query": "a"}, {"token": "t"},
     (in_query("page"), lambda number, following: {"ok": True, "messages": {"matches": [{"id": str(number)}], "paging": {"page": number + 1, "pages": 3}}}), ("2", "3")),
    ("slack", "messages", "list", {"channel": "C1"}, {"token": "t"},
     (in_query("cursor"), lambda number, following: {"ok": True, "messages": [{"id": str(number)}], "response_metadata": {"next_cursor": following or ""}}),
     ("two", "three")),
    ("stripe", "customers", "search", {"query": "a"}, {"api_key": "k"},
     (in_query("page"), lambda number, following: {"data": [{"id": str(number)}], "has_more": following is not None, "next_page": following}), ("two", "three")),
    ("stripe", "customers", "list", {}, {"api_key": "k"},
     (in_query("starting_after"), lambda number, following: {"data": [{"id": str(number)}], "has_more": following is not None}), ("0", "1")),
    ("github", "discussions", "list", {"owner": "a", "repo": "b"}, {"token": "t"},
     (lambda target, body: body["variables"].get("after"),
      lambda number, following: {"data": {"repository": {"discussions": {"nodes": [{"id": str(number)}],
                                                                         "pageInfo": {"hasNextPage": following is not None, "endCursor": following}}}}}),
     ("two", "three")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_our_definitions_follow_their_services(tmp_path, slug, entity, action, params, credentials, shape, cursors):
    write_secret(tmp_path / "credentials.json", json.dumps(credentials))
    with Shaped(*shape, cursors) as service:
        done = run_cli("exec-local", "--definition", slug, "--entity", entity, "--action", action, "--params", json.dumps(params), "--all",
                       "--credentials", tmp_path / "credentials.json", "--connect-to", service.url, check=0)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["0", "1", "2"]
    assert service.asked == [None, *cursors]


class Impostor:
    """Stands where the server should be: answers as `answer(path, body)` says, (what it sends of the body, the length it announces)."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                pieces, length = ([b'{"access_token": "t"}'], 21) if self.path.endswith("/token") else answer(self.path, body)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.close_connection = True
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                except ConnectionError:
                    pass

            do_GET = do_POST = reply

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def cli(self, *arguments, **expected):
        return run_cli(*arguments, environment={"FAIRLEAD_SERVER": f"http://127.0.0.1:{self.server.server_port}", "FAIRLEAD_CLIENT_ID": "i",
                                                "FAIRLEAD_CLIENT_SECRET": "s", "FAIRLEAD_ORGANIZATION_ID": "o"}, **expected)


def whole(value):
    text = json.dumps(value).encode()
    return [text], len(text)


EXECUTE = ["connectors", "execute", "--id", "x", "--entity", "leaves", "--action", "list"]


def test_an_answer_that_breaks_off_is_a_lost_connection(tmp_path):
    page = {"result": [{"n": 1}], "connector_metadata": {"has_more": True, "end_cursor": "b"}}

    def answer(path, body):
        return ([b'{"result": ['], 1000) if '"b"' in body else whole(page)
    with Impostor(answer) as server:
        for flags in (["--cursor", "b"], ["--cursor", "b", "--output-file", tmp_path / "file"]):
            error = json.loads(server.cli(*EXECUTE, *flags, check=1).stderr)
            assert error["type"] == "connection_error" and error["retryable"] and "broke off" in error["message"], error
        done = server.cli(*EXECUTE, "--all", check=1)
    assert done.stdout == '{"n":1}\n' and list(tmp_path.iterdir()) == []
    error = json.loads(done.stderr.splitlines()[-1])
    assert error["type"] == "connection_error" and error["detail"]["page"] == 2 and "--cursor 'b'" in error["hint"], error


def test_an_answer_without_end_is_not_kept():
    most = 256 << 20
    with Impostor(lambda path, body: ((b" " * (1 << 20) for _ in range(300)), most + (44 << 20))) as server:
        for command in (EXECUTE, ["workspaces", "list"]):
            error = json.loads(server.cli(*command, check=1).stderr)  # one line: it is not asked for again
            assert "longer than 256 MiB" in error["message"] and not error["retryable"]


@pytest.mark.parametrize("first", [{"next": "", "next_cursor": "c"}, {"next": None, "next_cursor": "c"}, {"next": "/api/v1/workspaces?cursor=c"}])
def test_the_pages_of_the_server_s_own_lists_are_joined(first):
    def answer(path, body):
        return whole({"data": [{"id": "2"}]} if "cursor=c" in path else {"data": [{"id": "1"}], **first})
    with Impostor(answer) as server:
        assert json.loads(server.cli("workspaces", "list", check=0).stdout)["data"] == [{"id": "1"}, {"id": "2"}]


def test_a_cursor_below_a_table_may_be_a_number():
    page = {"result": [{"n": 1}], "connector_metadata": {"has_more": True, "end_cursor": 5}}
    with Impostor(lambda path, body: whole(page)) as server:
        assert server.cli(*EXECUTE, "-o", "table", check=0).stdout == "N\n1\n\nThere are more: --cursor '5', or --all\n"


def test_a_document_steers_no_terminal():
    document = {"content": [{"type": "heading", "level": 1, "text": "one\x1b[2Jtwo"}, {"type": "code", "code": "a\nb\x9bc"}]}
    with Impostor(lambda path, body: whole(document)) as server:
        text = server.cli("skills", "docs", "--id", "x", "--format", "markdown", check=0).stdout
    assert text.startswith("# one [2Jtwo\n\n```\na\nb c\n```\n")
