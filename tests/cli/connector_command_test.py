"""`fairlead connector validate|lint|show|test`: our own definitions pass, and bad input is named, of every kind."""
import json
import pathlib
import re
import socket
import threading

import pytest

from support.harness import BINARY, closed_port, run_cli
from support.terminal import Terminal

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONNECTORS = sorted(path.parent for path in (ROOT / "connectors").glob("*/connector.yaml"))
HARBOR = ROOT / "connectors" / "harbor"

SMALL = """\
openapi: 3.1.0
info:
  title: Acme
  version: "1"
  x-airbyte-connector-name: acme
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls: []
servers: [{url: "https://api.acme.io"}]
paths:
  /tickets:
    get:
      description: Lists the tickets that the caller may see.
      x-airbyte-entity: tickets
      x-airbyte-action: list
      x-airbyte-no-pagination: All at once.
      responses: {"200": {description: ok}}
"""


def connector(*arguments, **options):
    return run_cli("connector", *arguments, **options)


def problem_of(done):
    return json.loads(done.stderr.strip().splitlines()[-1])


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "connector.yaml").write_text(SMALL)
    return folder


# Our own definitions.

@pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)
def test_our_definitions_are_valid_clean_and_hold_their_golden_files(folder):
    validated = connector("validate", folder, check=0).stdout
    assert validated.startswith(f"{folder}/connector.yaml: valid: {folder.name} ") and " 0 warnings" in validated
    linted = connector("lint", "--strict", folder)
    assert linted.returncode == 0, linted.stdout
    tested = connector("test", folder)
    assert tested.returncode == 0, tested.stdout
    assert int(tested.stdout.rsplit("\n", 2)[-2].split()[0]) >= 8


def test_golden_files_cover_the_actions_that_a_definition_offers():
    for folder in CONNECTORS:
        offered = {action["action"] for entity in json.loads(connector("show", folder, "--json", check=0).stdout)["entities"]
                   for action in entity["actions"]}
        text = "".join(path.read_text() for path in (folder / "golden").iterdir())
        missing = {action for action in offered if f"action: {action}" not in text}
        assert not missing, f"{folder.name}: no golden case for {missing}"


# validate

def test_every_mistake_has_its_place_and_the_way_out(small):
    (small / "connector.yaml").write_text(SMALL.replace("action: list", "action: lst").replace('  title: Acme\n', '').replace(
        "description: ok", "note: ok"))
    done = connector("validate", small)
    lines = done.stdout.splitlines()
    file = small / "connector.yaml"
    assert done.returncode == 4 and len(lines) == 4
    assert lines[0].startswith(f"{file}:2:1: error: info.title: is missing; ")
    assert lines[1].startswith(f"{file}:13:7: error: paths./tickets.get.x-airbyte-action: 'lst' is not one of: list,")
    assert "did you mean 'list'" in lines[1]
    assert {line.split(":")[1] for line in lines[2:]} == {"15"}
    found = json.loads(connector("validate", small, "--json").stdout)
    assert (found["valid"], found["invalid"]) == (0, 1)
    assert [(one["severity"], one["line"]) for one in found["files"][0]["findings"]] == [("error", n) for n in (2, 13, 15, 15)]
    annotated = connector("validate", small, "--format", "github").stdout.splitlines()
    assert annotated[1].startswith(f"::error file={file},line=13,col=7::paths./tickets.get")


def test_several_files_are_each_reported(small):
    done = connector("validate", HARBOR, small / "nothing.yaml", "harbor", small)
    assert done.returncode == 4
    lines = done.stdout.splitlines()
    assert sum(": valid: " in line for line in lines) == 3
    assert any("nothing.yaml' is neither a file nor a connector" in line for line in lines)
    assert any(line.startswith("harbor (built in): valid: ") for line in lines)


@pytest.mark.parametrize("name, content, part", [
    ("empty.yaml", b"", "the text is empty"),
    ("binary.yaml", b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)), "not readable text"),
    ("latin1.yaml", "title: Grün\n".encode("latin-1"), "not readable text"),
    ("large.yaml", b"a: b\n" * 700_000, "bytes; at most 2097152 are read"),
    ("huge.yaml", b"# x\n" * 5_000_000, "at most 16777216 are read"),
    ("list.yaml", b"- a\n- b\n", "a mapping is expected"),
    ("text.yaml", b"just words\n", "a mapping is expected"),
    ("half.json", b'{"openapi": "3.1.0", ', "not valid YAML"),
    ("tab.yaml", b"info:\n\ttitle: a\n", "tab"),
    ("bomb.yaml", b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n".encode() for i in range(8)), "values"),
    ("deep.yaml", b"[" * 100 + b"]" * 100, "nested deeper"),
])
@pytest.mark.parametrize("command", ["validate", "lint"])
def test_a_file_that_is_no_definition(tmp_path, command, name, content, part):
    (tmp_path / name).write_bytes(content)
    done = connector(command, tmp_path / name)
    assert done.returncode == 4 and part in done.stdout and not done.stderr, done.stdout + done.stderr
    assert done.stdout.startswith(str(tmp_path / name) + ":")


@pytest.mark.parametrize("arguments, code, part", [
    (["validate"], 4, "file is required"),
    (["validate", "--format", "xml", "harbor"], 4, "xml"),
    (["valdate", "harbor"], 4, "did you mean 'validate'"),
    ([], 4, "needs one of its commands"),
    (["show"], 4, "file is required"),
    (["show", "/nonexistent.yaml"], 4, "neither a file nor a connector"),
    (["show", "harbr"], 4, "did you mean 'harbor'"),
    (["show", "/"], 4, "holds no connector.yaml"),
    (["show", "harbor", "tikets"], 3, "did you mean 'tickets'"),
    (["show", "harbor", "tickets", "get-all"], 3, "has no action 'get-all'"),
    (["show", "harbor", "tickets", "list", "more"], 4, "more"),
    (["lint", "harbor", "--online", "--egress-exception", "nonsense"], 4, "nonsense"),
])
def test_bad_arguments_are_named_and_exit_with_their_code(arguments, code, part):
    done = connector(*arguments)
    assert done.returncode == code and part in problem_of(done)["message"], done.stderr
    assert done.stdout == ""


def test_standard_input_and_folders_are_read_too(small):
    assert "standard input: valid: acme 1: 1 entity, 1 operation" in connector("validate", "-", stdin=SMALL, check=0).stdout
    assert ": valid: " in connector("validate", small, check=0).stdout
    empty = small / "sub"
    empty.mkdir()
    done = connector("validate", empty)
    assert done.returncode == 4 and "holds no connector.yaml" in done.stdout


# lint

def test_warnings_fail_only_when_strict(small):
    (small / "connector.yaml").write_text(SMALL.replace("Lists the tickets that the caller may see.", "List"))
    for arguments, code in [((), 0), (("--strict",), 1)]:
        done = connector("lint", small, *arguments)
        assert done.returncode == code and "[short-description]" in done.stdout
    found = json.loads(connector("lint", small, "--json", check=0).stdout)
    assert found["warnings"] == 1 and found["files"][0]["findings"][0]["code"] == "short-description"


def test_secrets_in_golden_files_are_found(small):
    (small / "golden").mkdir()
    (small / "golden" / "a.yaml").write_text("name: a\ncall:\n  credentials:\n    token: ghp_9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ2kE3\n")
    done = connector("lint", small, "--strict")
    assert done.returncode == 1 and f"{small}/golden/a.yaml:4:5: warning:" in done.stdout and "a GitHub token" in done.stdout


def test_lint_connects_only_when_asked(small):
    """A host that does not answer, one that is not allowed, and one that answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        seen = []

        def answer():
            connection, _ = listener.accept()
            seen.append(connection.recv(1000))
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        (small / "connector.yaml").write_text(SMALL.replace("https://api.acme.io", f"http://127.0.0.1:{port}"))
        assert "clean" in connector("lint", small, "--strict", check=0).stdout
        refused = connector("lint", small, "--strict", "--online")
        assert refused.returncode == 1 and "[unreachable-host]" in refused.stdout and not seen
        connector("lint", small, "--strict", "--online", "--egress-exception", f"127.0.0.1:{port}+http", check=0)
        thread.join(10)
        assert seen and seen[0].startswith(b"HEAD / HTTP/1.1") and b"uthorization" not in seen[0]
    with closed_port() as gone:
        (small / "connector.yaml").write_text(SMALL.replace("https://api.acme.io", f"http://127.0.0.1:{gone}"))
        done = connector("lint", small, "--strict", "--online", "--egress-exception", f"127.0.0.1:{gone}+http")
    assert done.returncode == 1 and f"http://127.0.0.1:{gone} cannot be reached" in done.stdout


# show

def test_show_as_a_table_fits_its_width():
    for folder in CONNECTORS:
        for form in ("--table", "--brief"):
            shown = connector("show", folder, form, check=0).stdout
            assert max(len(line) for line in shown.splitlines()) <= 100, folder.name
    shown = connector("show", "harbor", "tickets", "create", "--table", check=0).stdout
    words = " ".join(shown.split())
    assert "subject body string required One line" in words and "One of: low, normal, high, urgent." in words


def test_show_as_json_and_as_tools():
    shown = json.loads(connector("show", "harbor", check=0).stdout)  # in a pipe it is JSON
    assert shown == json.loads(connector("show", "harbor", "--json", check=0).stdout)
    tickets = next(entity for entity in shown["entities"] if entity["name"] == "tickets")
    create = next(action for action in tickets["actions"] if action["action"] == "create")
    assert create["effect"] == "unsafe" and create["body"] == "json"
    priority = next(one for one in create["parameters"] if one["name"] == "priority")
    assert priority == {"name": "priority", "in": "body", "type": "string", "required": False,
                        "enum": ["low", "normal", "high", "urgent"], "description": priority["description"]}

    tools = json.loads(connector("show", "harbor", "--schema", check=0).stdout)
    assert len(tools) == sum(len(entity["actions"]) for entity in shown["entities"])
    for tool in tools:
        assert set(tool) == {"name", "description", "input_schema"}
        assert tool["input_schema"]["type"] == "object" and "x-airbyte" not in json.dumps(tool)
    one = json.loads(connector("show", "harbor", "tickets", "create", "--format", "schema", check=0).stdout)
    assert [tool["name"] for tool in one] == ["harbor_tickets_create"] and one[0]["input_schema"]["required"] == ["subject"]


@pytest.mark.parametrize("columns", [80, 132])
def test_show_fits_the_terminal(columns):
    for folder in CONNECTORS:
        shown, code, _ = Terminal([BINARY, "connector", "show", folder], columns).end()
        assert code == 0
        lines = shown.splitlines()
        assert len(lines) > 50 and max(map(len, lines)) <= min(columns, 100), folder.name


# test

GOLDEN = """\
# Stays.
cases:
  - name: a list
    call: {entity: tickets, action: list, credentials: {token: fake}}
    exchanges:
      - request:
          method: GET
          url: https://api.acme.io/tickets
          headers: {Accept: "*/*", Authorization: Bearer fake}
        answer: {json: [{id: 1}]}
    result: {data: [{id: 1}], paging: {has_more: false, end_cursor: null}}
"""


@pytest.fixture
def golden(small):
    (small / "golden").mkdir()
    file = small / "golden" / "tickets.yaml"
    file.write_text(GOLDEN)
    return file


def test_a_difference_is_shown_and_can_be_taken_over(small, golden):
    assert connector("test", small, check=0).stdout.splitlines()[-1] == "1 passed, 0 failed"
    golden.write_text(GOLDEN.replace("acme.io/tickets", "acme.io/ticket").replace("data: [{id: 1}]", "data: []"))
    done = connector("test", small)
    assert done.returncode == 1
    assert f"{golden}:3:1: failed (- expected, + came): a list\n" in done.stdout
    assert "-     url: https://api.acme.io/ticket\n+     url: https://api.acme.io/tickets\n" in done.stdout
    assert "- result: {data: [], paging: {" in done.stdout and "+ result: {data: [{id: 1}], paging: {" in done.stdout
    as_json = json.loads(connector("test", small, "--json").stdout)
    case = as_json["files"][0]["cases"][0]
    assert as_json["failed"] == 1 and case["verdict"] == "failed" and case["line"] == 3
    assert case["actual"]["result"]["data"] == [{"id": 1}] and case["expected"]["result"]["data"] == []

    updated = connector("test", small, "--update", check=0)
    assert ": updated: a list" in updated.stdout and "+ result" in updated.stdout and updated.stdout.endswith("1 updated\n")
    assert golden.read_text().startswith("# Stays.\n") and list(golden.parent.iterdir()) == [golden]
    connector("test", small, check=0)


def test_only_chooses_cases(small, golden):
    golden.write_text(GOLDEN + GOLDEN.split("cases:\n")[1].replace("a list", "another").replace("id: 1", "id: 2", 1))
    assert connector("test", small, "--only", "a list", check=0).stdout.splitlines()[-1] == "1 passed, 0 failed"
    assert connector("test", small, "--only", "another").returncode == 1
    assert connector("test", small, "--only", "neither").returncode == 1  # nothing ran


@pytest.mark.parametrize("content, part", [
    (b"", "the text is empty"),
    (b"\x00\x01\x02", "not readable text"),
    (b"cases: 5\n", "a list is expected"),
    (GOLDEN.replace("exchanges", "exchange").encode(), "did you mean 'exchanges'"),
    (GOLDEN.replace("entity: tickets, ", "").encode(), "call.entity: is missing"),
    (GOLDEN.replace("fake}}", "ghp_9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ2kE3}}").encode(), "looks like a GitHub token"),
    (b"name: a\n" * 300_000, "bytes; at most"),
])
def test_a_bad_golden_file_is_refused_with_its_line(small, golden, content, part):
    golden.write_bytes(content)
    for more in ((), ("--update",)):
        done = connector("test", small, *more)
        assert done.returncode == 4 and part in done.stdout and f"{golden}:" in done.stdout, done.stdout
        assert golden.read_bytes() == content


@pytest.mark.parametrize("change, part", [
    (("entity: tickets", "entity: tikets"), "entity_not_found"),
    (("action: list", "action: get"), "action_not_supported"),
    (("token: fake", "key: fake"), "field 'token' is missing"),
])
def test_a_call_that_the_definition_does_not_know_is_a_difference(small, golden, change, part):
    golden.write_text(GOLDEN.replace(*change))
    done = connector("test", small)
    assert done.returncode == 1 and part in done.stdout, done.stdout


def test_without_golden_files_or_definition_nothing_passes(small):
    done = connector("test", small)
    assert done.returncode == 4 and "no golden file" in done.stdout
    done = connector("test", "harbor")
    assert done.returncode == 4 and "beside a definition's file" in done.stdout
    assert connector("test", "harbor", "--golden", HARBOR / "golden").returncode == 0
    (small / "connector.yaml").write_text("openapi: 3.0.0\n")
    done = connector("test", small)
    assert done.returncode == 4 and "3.1." in done.stdout


# The words around.

def test_the_guide_tells_the_truth(tmp_path):
    """Its definition is valid and clean, and its golden file comes out as it says."""
    blocks = re.findall(r"```(?:yaml)?\n(.*?)```", (ROOT / "docs/guide/writing-connectors.md").read_text(), re.DOTALL)
    definition = next(block for block in blocks if block.startswith("openapi:"))
    golden = next(block for block in blocks if block.startswith("# connectors/acme/golden"))
    written = next(block for block in blocks if block.lstrip().startswith("exchanges:"))
    (tmp_path / "golden").mkdir()
    (tmp_path / "connector.yaml").write_text(definition)
    (tmp_path / "golden" / "tickets.yaml").write_text(golden)
    told = next(line for block in blocks for line in block.splitlines() if ": valid: acme" in line)
    assert connector("validate", tmp_path, check=0).stdout.strip().split(": valid: ")[1] == told.split(": valid: ")[1]
    assert connector("lint", "--strict", tmp_path).returncode == 0
    connector("test", tmp_path, "--update", check=0)
    assert (tmp_path / "golden" / "tickets.yaml").read_text().endswith(written)


def test_help_and_completions_know_the_commands():
    for command in ("validate", "lint", "show", "test"):
        text = connector(command, "--help", check=0).stdout
        assert "Example" in text and "fairlead connector " + command in text
    for shell in ("bash", "zsh", "fish"):
        script = run_cli("completion", shell, check=0).stdout
        assert "connector lint" in script and "--egress-exception" in script
