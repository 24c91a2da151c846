"""The command line as a person and as a program meet it: flags, output, exit codes, errors."""
import fcntl
import http.server as http_server
import json
import os
import re
import stat
import subprocess
import threading

import pytest

from support.commands import every_command
from support.harness import BINARY, http, run_cli, write_secret
from support.terminal import Terminal


def error_of(done):
    return json.loads(done.stderr.strip().splitlines()[-1])


def test_a_connector_s_life_by_command_line(server, sandbox, tmp_path):
    key = tmp_path / "key.json"
    write_secret(key, '{"api_key": "hk_sandbox"}')
    server.cli("workspaces", "create", "--name", "cli-life", check=0)
    created = json.loads(server.cli("connectors", "create", "--definition", "harbor", "--workspace", "cli-life", "--name", "mine",
                                    "--credentials", key, "--environment", json.dumps({"base_url": sandbox}), check=0).stdout)
    listed = json.loads(server.cli("connectors", "list", "--workspace", "cli-life", check=0).stdout)
    assert [row["id"] for row in listed["data"]] == [created["id"]]

    executed = json.loads(server.cli("connectors", "execute", "--name", "MINE", "--workspace", "cli-life", "--entity", "tickets", "--action", "list",
                                     "--params", '{"limit": 2}', "--select-fields", "id,subject", check=0).stdout)
    assert executed["status"] == "success" and len(executed["result"]) == 2
    assert set(executed["result"][0]) == {"id", "subject"}

    plan = json.loads(server.cli("connectors", "execute", "--id", created["id"], "--entity", "tickets", "--action", "list", "--plan", check=0).stdout)
    assert "hk_sandbox" not in json.dumps(plan) and "/v1/tickets" in json.dumps(plan)

    server.cli("connectors", "update", "--id", created["id"], "--new-name", "renamed", check=0)
    assert json.loads(server.cli("connectors", "inspect", "--name", "renamed", "--workspace", "cli-life", check=0).stdout)["connector_id"] == created["id"]
    assert json.loads(server.cli("connectors", "check", "--id", created["id"], check=0).stdout)["status"] == "succeeded"

    refused = server.cli("connectors", "delete", "--id", created["id"], check=4)
    assert "--yes" in error_of(refused)["message"]
    server.cli("connectors", "delete", "--id", created["id"], "--yes", check=0)
    assert json.loads(server.cli("connectors", "list", "--workspace", "cli-life", check=0).stdout)["data"] == []


def test_credentials_come_from_standard_input_and_never_back(server, sandbox):
    created = server.cli("connectors", "create", "--definition", "harbor", "--workspace", "cli-stdin", "--credentials", "-", "--validate=false",
                         "--environment", json.dumps({"base_url": sandbox}), stdin='{"api_key":"hk_canary_0123456789"}', check=0)
    assert "hk_canary" not in created.stdout + created.stderr


def test_a_file_of_secrets_that_others_can_read_is_refused(server, sandbox, tmp_path):
    file = tmp_path / "secret file"
    write_secret(file, '{"api_key": "hk_sandbox"}')
    exec_local = ["exec-local", "--definition", "harbor", "--entity", "account", "--action", "get", "--plan", "--credentials", file,
                  "--config", json.dumps({"base_url": sandbox})]
    run_cli(*exec_local, check=0)
    piped = subprocess.run(["bash", "-c", '"$@" --credentials <(echo \'{"api_key": "x"}\')', "bash", BINARY, *exec_local[:8], *exec_local[10:]])
    assert piped.returncode == 0, "a pipe is nobody else's to read"
    for mode in (0o640, 0o604, 0o602):
        file.chmod(mode)
        for arguments in (exec_local,
                          ["connectors", "create", "--definition", "harbor", "--credentials", file],
                          ["login", "--server", server.url, "--client-file", file],
                          ["init", "--state-dir", tmp_path / "state", "--admin-email", "a@example.com", "--admin-password-file", file,
                           "--client-out", tmp_path / "client.json"]):
            error = error_of(server.cli(*arguments, check=2))
            assert f"chmod 600 '{file}'" in error["message"], arguments
    assert not (tmp_path / "state").exists() and not (tmp_path / "client.json").exists()


def test_credentials_of_two_schemes_need_the_name_of_one(server, sandbox):
    both = json.dumps({"api_key": "hk_sandbox", "client_id": "a", "client_secret": "b", "refresh_token": "c"})

    def create(*flags, **expected):
        return server.cli("connectors", "create", "--definition", "harbor", "--workspace", "cli-schemes", "--credentials", "-",
                          "--environment", json.dumps({"base_url": sandbox}), *flags, stdin=both, **expected)
    refused = error_of(create(check=4))
    assert "harborKey (api_key), harborOAuth (" in refused["message"] and "auth_scheme" in refused["message"]
    created = json.loads(create("--auth-scheme", "harborKey", check=0).stdout)
    assert created["auth_scheme"] == "harborKey" and created["status"] == "ready"

    def update(*flags, **expected):
        return server.cli("connectors", "update", "--id", created["id"], "--auth-scheme", "harborKey", *flags, **expected)
    assert "--credentials FILE" in error_of(update("--new-name", "x", check=4))["message"]
    assert json.loads(update("--credentials", "-", stdin=both, check=0).stdout)["auth_scheme"] == "harborKey"


@pytest.mark.parametrize("arguments, code, kind, part", [
    (["connectors", "lst"], 4, "unknown_command", "did you mean 'list'"),
    (["conectors"], 4, "unknown_command", "did you mean 'connectors'"),
    (["connectors", "execute", "--entity", "x"], 4, "validation_error", "--action is missing"),
    (["connectors", "execute", "--id", "x", "--entity", "e", "--action", "list", "--params", "{"], 4, "validation_error", "--params"),
    (["connectors", "execute", "--id", "x", "--entity", "e", "--action", "list", "--params", "[]"], 4, "validation_error", "JSON object"),
    (["connectors", "execute", "--id", "x", "--entity", "e", "--action", "list", "--params", "@/nonexistent"], 4, "validation_error", "cannot read"),
    (["connectors", "execute", "--json", '{"entty":"e"}'], 4, "validation_error", "did you mean 'entity'"),
    (["connectors", "execute", "--json", '{"entity":"e","action":"create","plan":1}'], 4, "validation_error", "'plan' must be of type boolean"),
    (["connectors", "execute", "--json", '{"entity":5,"action":"list"}'], 4, "validation_error", "'entity' must be of type string"),
    (["connectors", "execute", "--json", '{"entity":"e"}', "--action", "list"], 4, "validation_error", "--json holds all"),
    (["connectors", "inspect", "--name", "nothing-like-it"], 3, "not_found", "no connector 'nothing-like-it'"),
    (["connectors", "inspect", "--id", "00000000-0000-4000-8000-000000000000"], 3, "not_found", ""),
    (["connectors", "create", "--definition", "githb"], 3, "not_found", "did you mean 'github'"),
    (["connectors", "create", "--definition", "github"], 4, "validation_error", "--credentials"),
    (["connectors", "list", "--bogus"], 4, "validation_error", "bogus"),
    (["connectors", "list", "--workspce", "x"], 4, "validation_error", "unknown flag '--workspce'; did you mean '--workspace'"),
    (["skills", "docs", "--id", "x", "--format", "html"], 4, "validation_error", "neither json nor markdown"),
    (["skills", "list", "--workspace", "nothing-like-it"], 3, "not_found", "no active workspace"),
    (["connectors", "list", "-o", "xml"], 4, "validation_error", "xml"),
    (["organizations", "use", "--id", "00000000-0000-4000-8000-000000000000"], 3, "not_found", "no organization"),
    (["workspaces", "list", "--limit", "many"], 4, "validation_error", "whole number"),
    (["workspaces", "list", "--fields", "nope"], 4, "validation_error", "--fields"),
    (["schema", "connectors", "nope"], 4, "unknown_command", "no command"),
    ([], 4, "unknown_command", "`fairlead` needs one of its commands"),
    (["keys"], 4, "unknown_command", "`fairlead keys` needs one of its commands"),
    (["connectors", "list", "--workspace"], 4, "validation_error", "--workspace needs a value"),
    (["connectors", "list", "--workspace", "a", "--workspace", "b"], 4, "validation_error", "--workspace is given more than once"),
    (["connectors", "list", "acme"], 4, "validation_error", "not expected here: acme"),
    (["doctor", "--state-dir", "s", "--database-url", "postgresql://u:secret@h/d"], 4, "validation_error", "FAIRLEAD_DATABASE_URL may hold it"),
    (["serve", "--state-dir", "s", "--database-url", "host=h password=secret"], 4, "validation_error", "--database-url: it holds a password"),
    (["serve", "--state-dir", "s", "--database-url", "host = h password = secret"], 4, "validation_error", "--database-url: it holds a password"),
])
def test_bad_input_is_named_and_exits_with_its_code(server, harbor, arguments, code, kind, part):
    done = server.cli(*arguments)
    problem = error_of(done)
    assert (done.returncode, problem["type"]) == (code, kind), done.stderr
    assert part in problem["message"], problem
    assert done.stdout == "" and "secret" not in done.stderr.replace("CLIENT_SECRET", "")


def test_wrong_credentials_exit_with_2(server):
    done = server.cli("workspaces", "list", environment={"FAIRLEAD_CLIENT_SECRET": "fls_wrong"})
    assert done.returncode == 2 and error_of(done)["type"] == "unauthorized"
    done = run_cli("workspaces", "list", environment={"FAIRLEAD_SETTINGS": "/nonexistent/settings.json"})
    assert done.returncode == 2 and "fairlead login" in error_of(done)["message"]


def test_a_server_that_is_away_is_said_to_be(server):
    done = server.cli("workspaces", "list", environment={"FAIRLEAD_SERVER": "http://127.0.0.1:1"})
    assert done.returncode == 1 and error_of(done)["type"] == "connection_error" and error_of(done)["retryable"]
    notices = [json.loads(line)["message"] for line in done.stderr.splitlines()[:-1]]
    assert [text.rpartition("again in ")[2] for text in notices] == ["1 s", "2 s", "4 s"], "nobody waits without knowing for what"


@pytest.mark.parametrize("arguments, hint", [
    (["connectors", "inspect", "--id", "00000000-0000-4000-8000-000000000000"], "connectors list"),
    (["connectors", "list", "--workspace", "nothing-like-it"], "workspaces list"),
    (["skills", "docs", "--id", "nothing-like-it"], "skills list"),
    (["connectors", "execute", "--name", "berth", "--entity", "tickets", "--action", "get", "--params", '{"id": "tkt_0"}'], None),
])
def test_the_hint_leads_to_what_is_missing(server, harbor, arguments, hint):
    problem = error_of(server.cli(*arguments, check=3))
    assert (hint in problem["hint"]) if hint else ("hint" not in problem), problem


def test_another_server_is_not_taken_for_fairlead(server, sandbox):
    problem = error_of(server.cli("workspaces", "list", environment={"FAIRLEAD_SERVER": sandbox}))
    assert "Is that a Fairlead server?" in problem["hint"]


@pytest.fixture(scope="module")
def another_server():
    """Answers everything with its `body`."""
    class Handler(http_server.BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b'{"access_token": "t"}' if self.path.endswith("/token") else self.server.body
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_):
            pass

    running = http_server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()


@pytest.mark.parametrize("body", ["{}", "[]", "5", "null", '{"data": {}}', '{"data": [1]}', '{"data": [{"name": 5}], "definitions": [5]}', '{"definitions": 5}'])
def test_another_shape_of_answer_is_an_error_and_no_crash(another_server, tmp_path, body):
    another_server.body = body.encode()
    write_secret(tmp_path / "key.json", "{}")
    for command in ["connectors inspect --name x", "connectors list -o table", "connectors list-available", "connectors describe --id x",
                    f"connectors create --definition github --credentials {tmp_path}/key.json", "organizations use --id x", "workspaces use --name x",
                    "workspaces list", "skills docs --id x --format markdown", "tool-calls list", "connectors execute --id x --entity a --action list --all"]:
        done = run_cli(*command.split(), environment={
            "FAIRLEAD_SERVER": f"http://127.0.0.1:{another_server.server_address[1]}", "FAIRLEAD_CLIENT_ID": "i", "FAIRLEAD_CLIENT_SECRET": "s",
            "FAIRLEAD_ORGANIZATION_ID": "o"})
        assert 0 <= done.returncode <= 4, (command, done)
        assert done.returncode == 0 or error_of(done)["message"], (command, done)


def test_numbers_look_as_people_write_them(another_server):
    another_server.body = b'{"data": [12.5, 1.0, 1e300, -0.001, 9007199254740993, 0, true]}'
    done = run_cli("workspaces", "list", environment={
        "FAIRLEAD_SERVER": f"http://127.0.0.1:{another_server.server_address[1]}", "FAIRLEAD_CLIENT_ID": "i", "FAIRLEAD_CLIENT_SECRET": "s",
        "FAIRLEAD_ORGANIZATION_ID": "o"}, check=0)
    assert done.stdout == '{"data":[12.5,1.0,1e+300,-0.001,9007199254740993,0,true]}\n'


def test_an_answer_that_cannot_be_written_is_no_success(server, harbor):
    for command in (f"{BINARY} version", f"{BINARY} exec-local --definition harbor --entity account --action get --plan --credentials -"):
        done = subprocess.run(["bash", "-c", command + " > /dev/full"], input='{"api_key":"k"}', capture_output=True, text=True)
        assert done.returncode == 1 and "cannot be written" in error_of(done)["message"], done


def test_verbose_notes_requests_and_no_secrets(server):
    done = server.cli("workspaces", "list", "-v", check=0)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["type"], line["status_code"]) for line in lines] == [("debug", 200), ("debug", 200)]
    assert lines[1]["request"].startswith("GET /api/v1/workspaces")
    assert server.client["client_secret"] not in done.stderr and "ey" + "J" not in done.stderr


def test_a_document_reads_as_markdown(server, harbor):
    skill = json.loads(server.cli("skills", "search", "--query", "harbor", "--workspace", "default", check=0).stdout)["data"][0]["id"]
    text = server.cli("skills", "docs", "--id", skill, "--format", "markdown", check=0).stdout
    assert text.startswith("# ") and "- `entity:tickets`: " in text
    section = server.cli("skills", "docs", "--id", skill, "--section", "entity:tickets", "--format", "markdown", check=0).stdout
    assert "\n| " in section and "## Sections" not in section


@pytest.mark.parametrize("flags, part", [
    (["--params", '{"limt": 1}'], "unknown parameter 'limt'; did you mean 'limit'?"),
    (["--params", '{"nonsensical": 1}', "--all"], "this action takes status, "),
    (["--config", '{"bas_url": "x"}', "--plan"], "unknown setting 'bas_url'; did you mean 'base_url'?"),
    (["--batch"], "--batch reads its calls from standard input"),
    (["--connect-to", "10.0.0.1:80"], "--connect-to '10.0.0.1:80' must be a loopback address"),
])
def test_exec_local_drops_nothing_without_a_word(flags, part):
    done = run_cli("exec-local", "--definition", "harbor", "--entity", "tickets", "--action", "list", "--credentials", "-", *flags,
                   stdin='{"api_key":"k"}')
    assert done.returncode == 4 and part in done.stderr, done


@pytest.mark.parametrize("flag", ["--plan", "--all", "--params={}", "--config={}", "--credentials=-", "--cursor=x", "--auth-scheme=x"])
def test_a_batch_takes_no_flags_of_one_call(flag):
    assert "leave the other flags out" in error_of(run_cli("exec-local", "--batch", flag, check=4))["message"]


def test_who_names_no_command_sees_which_there_are(server):
    shown, _ = at_a_terminal(server, ["connectors"], [])
    assert "Usage: fairlead connectors" in shown and "list-available" in shown and "{" not in shown
    listed = error_of(server.cli("connectors", check=4))
    assert "execute" in listed["detail"]["available_commands"]


def test_a_password_of_the_database_may_stand_in_its_variable(tmp_path):
    done = run_cli("doctor", "--state-dir", tmp_path, environment={"FAIRLEAD_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/d"}, check=1)
    assert "cannot be reached" in done.stdout and "hidden" not in done.stdout + done.stderr


def test_an_error_is_written_for_who_reads_it(server, harbor):
    arguments = ["connectors", "execute", "--name", "berth", "--entity", "ticket", "--action", "list"]
    shown, _ = at_a_terminal(server, arguments, [])
    assert shown.splitlines() == ["Error: the connector harbor has no entity 'ticket'; did you mean 'tickets'?"]
    shown, _ = at_a_terminal(server, ["connectors", "list", "--workspace", "nope"], [])
    assert shown.splitlines()[1:] == ["Run `fairlead workspaces list` to see what there is."] and "{" not in shown
    local = ["exec-local", "--definition", "harbor", "--entity", "tickets", "--action", "list", "--params", '{"limt": 1}']
    shown, _ = at_a_terminal(server, local, [])
    assert shown.splitlines() == ["Error: unknown parameter 'limt'; did you mean 'limit'?"]


def test_a_download_is_not_thrown_at_a_terminal(server, harbor, sandbox, tmp_path):
    write_secret(tmp_path / "key.json", '{"api_key": "hk_sandbox"}')
    shown, _ = at_a_terminal(server, ["exec-local", "--definition", "harbor", "--entity", "files", "--action", "download", "--params", '{"id": "fil_1007"}',
                                      "--credentials", str(tmp_path / "key.json"), "--config", json.dumps({"base_url": sandbox})], [])
    assert shown.splitlines() == ["Error: this is a file: say where it goes, with > FILE"]


def test_credentials_may_have_the_names_of_the_published_clients():
    plan = run_cli("exec-local", "--definition", "github", "--entity", "viewer", "--action", "get", "--plan", "--credentials", "-",
                   stdin='{"personal_access_token":"ghp_x","option_title":""}', check=0)
    assert json.loads(plan.stdout)["auth_scheme"] == "personalToken" and "ghp_x" not in plan.stdout


def test_login_keeps_what_works_in_a_private_file(server, tmp_path):
    settings = tmp_path / "deep" / "settings.json"
    environment = {"FAIRLEAD_SETTINGS": str(settings)}
    os.umask(0o022)
    run_cli("login", "--server", server.url + "/", "--client-file", server.client_file, environment=environment, check=0)
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    shown = run_cli("login", "show", environment=environment, check=0).stdout
    assert server.client["client_secret"] not in shown and server.client["client_id"] in shown
    run_cli("workspaces", "list", environment=environment, check=0)
    settings.chmod(0o644)
    done = run_cli("workspaces", "list", environment=environment)
    assert done.returncode == 2 and "chmod 600" in error_of(done)["message"]


def test_login_says_why_it_cannot_keep_the_credentials(server, tmp_path):
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "settings.json"
    done = run_cli("login", "--server", server.url, "--client-file", server.client_file, environment={"FAIRLEAD_SETTINGS": str(place)})
    assert done.returncode == 1, done
    for word in (str(place), "Not a directory", "FAIRLEAD_SETTINGS"):
        assert word in error_of(done)["message"]


def test_fields_keep_the_nesting_and_reach_into_the_only_list(server, harbor):
    chosen = json.loads(server.cli("connectors", "list", "--fields", "name", check=0).stdout)
    assert {"name": "berth"} in chosen["data"]


def test_every_command_has_help_with_an_example():
    for words in every_command():
        text = run_cli(*words, "--help", check=0).stdout
        assert "Usage: fairlead" in text and "{true}" not in text and "See fairlead" not in text, words
        assert re.search("Examples?:", text), words
        assert max(map(len, text.partition("Example")[0].splitlines())) <= 100, words
    top = run_cli("--help", check=0).stdout
    assert [top.index(heading) for heading in ("Run a server:", "Work with a server:", "Work without a server:", "Further commands:")]
    assert "(default 127.0.0.1:8300) [FAIRLEAD_LISTEN]" in " ".join(run_cli("serve", "--help", check=0).stdout.split())
    assert json.loads(run_cli("schema", "connectors", "execute", check=0).stdout)["params"]["required"] == ["entity", "action"]


def test_the_schema_of_a_command_says_what_it_calls(server):
    paths = http("GET", f"{server.url}/openapi.json").json()["paths"]
    commands = [(words[0], words[1]) for words in every_command() if len(words) == 2]
    said = {}
    for resource, operation in commands:
        done = run_cli("schema", resource, operation)
        if done.returncode == 0:
            said[f"{resource} {operation}"] = json.loads(done.stdout).get("api")
    assert {name for name, api in said.items() if api is None} == {"organizations use", "workspaces use"}
    for name, api in said.items():
        assert api is None or api["method"].lower() in paths[api["path"]], name
    assert said["connectors execute"] == {"method": "POST", "path": "/api/v1/integrations/connectors/{id}/execute"}


def test_a_terminal_gets_a_table_and_a_pipe_gets_json(server, harbor):
    table, _ = at_a_terminal(server, ["connectors", "list"], [])
    assert table.splitlines()[0].split() == ["ID", "NAME", "SERVICE", "STATUS", "CREATED", "(UTC)"]
    assert json.loads(server.cli("connectors", "list", check=0).stdout)["data"]


def test_names_of_any_writing_stand_in_columns_and_steer_no_terminal(server):
    for name in ("cli 名前 🎉", "cli cafe\u0301", "cli \u202egnol"):
        server.call("POST", "/workspaces", {"name": name})
    table = server.cli("workspaces", "list", "--name-contains", "cli ", "-o", "table", check=0).stdout.splitlines()[1:]
    rows = [line.partition("  active")[0][38:].rstrip() for line in table]
    assert rows == ["cli cafe\u0301", "cli  gnol", "cli 名前 🎉"], rows
    wide = {"cli 名前 🎉": 3, "cli cafe\u0301": -1}
    ends = {line.index("  active") + wide.get(row, 0) for line, row in zip(table, rows)}
    assert len(ends) == 1, table


def test_a_download_goes_to_a_file_whole(server, harbor, tmp_path):
    files = json.loads(server.cli("connectors", "execute", "--name", "berth", "--entity", "files", "--action", "list", check=0).stdout)["result"]
    wanted = next(file for file in files if file["size"] > 0)
    target = tmp_path / "file"
    saved = json.loads(server.cli("connectors", "execute", "--name", "berth", "--entity", "files", "--action", "download", "--params",
                                  json.dumps({"id": wanted["id"]}), "--output-file", target, check=0).stdout)
    assert saved["bytes"] == target.stat().st_size == wanted["size"]
    done = server.cli("connectors", "execute", "--name", "berth", "--entity", "files", "--action", "download", "--params", '{"id":"file_nope"}',
                      "--output-file", tmp_path / "none")
    assert done.returncode == 3 and not (tmp_path / "none").exists() and not (tmp_path / "none.part").exists()


def test_what_came_from_the_environment_is_not_written_to_the_settings(server, tmp_path):
    settings = tmp_path / "settings.json"
    server.call("POST", "/workspaces", {"name": "kept"})
    server.cli("workspaces", "use", "--name", "kept", environment={"FAIRLEAD_SETTINGS": str(settings)}, check=0)
    assert "kept" in settings.read_text() and server.client["client_secret"] not in settings.read_text()


@pytest.mark.parametrize("command", [["keys", "status"], ["doctor"]])
def test_looking_at_an_installation_that_is_not_there_makes_none(tmp_path, command):
    done = run_cli(*command, "--state-dir", tmp_path / "typo")
    assert done.returncode != 0 and not (tmp_path / "typo").exists()
    assert "fairlead init" in done.stdout + done.stderr


def at_a_terminal(server, arguments, answers):
    """Runs a command on a terminal of its own; for each (prompt, keys) waits and types. Answers what was shown, and whether the terminal
    shows at the end what is typed."""
    terminal = Terminal([BINARY, *arguments], environment=server.client_environment)
    for prompt, keys in answers:
        terminal.wait_for(prompt)
        if prompt == "API key:":
            assert not terminal.shows_typing(), "who sees the question may type: it is hidden by then, and what is typed counts"
        terminal.type(keys)
    shown, _, shows_typing = terminal.end()
    return shown, shows_typing


def test_a_question_that_is_interrupted_leaves_the_terminal_as_it_was(server, harbor):
    arguments = ["connectors", "create", "--definition", "harbor", "--name", "asked"]
    shown, shows_typing = at_a_terminal(server, arguments, [("Which one", "1\n"), ("API key:", "\x03")])
    assert "API key:" in shown and shows_typing


@pytest.mark.parametrize("arguments, secret, code", [
    (["connectors", "create", "--definition", "harbor", "--name", "pasted", "--workspace", "cli-pasted", "--validate=false", "--credentials", "-"],
     '{\n"api_key": "hk_pasted"}', 0),
    (["exec-local", "--definition", "harbor", "--entity", "account", "--action", "get", "--plan", "--credentials", "-"], '{"api_key": "hk_pasted"}', 0),
    (["login", "--client-file", "-"], '{"client_secret": "hk_pasted"}', 4),
], ids=["create", "exec-local", "login"])
def test_secrets_that_are_pasted_are_not_shown(server, tmp_path, arguments, secret, code):
    terminal = Terminal([BINARY, *arguments], environment={**server.client_environment, "FAIRLEAD_SETTINGS": str(tmp_path / "settings.json")})
    terminal.wait_for("Ctrl-D on a line of its own")
    assert not terminal.shows_typing()
    terminal.type(secret + "\n\x04")
    shown, ended, shows_typing = terminal.end()
    assert ended == code and shows_typing and "hk_pasted" not in shown, shown


def test_secrets_that_are_not_pasted_after_all_leave_the_terminal_as_it_was(server):
    terminal = Terminal([BINARY, "login", "--client-file", "-"])
    terminal.wait_for("Ctrl-D on a line of its own")
    terminal.type("\x03")
    assert terminal.end()[2]


def test_a_question_without_an_answer_ends_it(server, harbor):
    arguments = ["connectors", "create", "--definition", "harbor", "--name", "unanswered"]
    for answers, part in (([("Which one", "\x04")], "Error: stopped: the question has no answer"),
                          ([("Which one", "1\n"), ("API key:", "\x04")], "Error: stopped: the question has no answer"),
                          ([("Which one", "1\n"), ("API key:", "\n")], "Error: API key: nothing was given, and it is needed")):
        shown, shows_typing = at_a_terminal(server, arguments, answers)
        assert part in shown and shows_typing, shown
    assert "Begins with hk_" in shown and shown.index("Begins with hk_") < shown.index("API key:"), "what is asked for is explained"
    shown, _ = at_a_terminal(server, ["connectors", "delete", "--id", harbor], [("Type yes", "\x04")])
    assert "stopped" in shown and json.loads(server.cli("connectors", "inspect", "--id", harbor, check=0).stdout)


def test_somebody_at_a_terminal_sees_that_it_takes_its_time(server, harbor, sandbox):
    http("POST", f"{sandbox}/_faults", {"fault": "delay_ms=3200", "path": "/v1/orders", "times": 1})
    shown, _ = at_a_terminal(server, ["connectors", "execute", "--name", "berth", "--entity", "orders", "--action", "list"], [])
    assert re.search(r"waiting for the answer: [23] s", shown) and shown.index("waiting") < shown.index('"result"')


def test_doctor_and_keys_ask_the_server_that_runs(server):
    found = json.loads(run_cli("doctor", "--state-dir", server.state, check=0).stdout)
    assert found["sound"] and {row["check"]: row["detail"] for row in found["data"]}["server"].startswith("runs")
    assert {"root key", "write", "set up"} <= {row["check"] for row in found["data"]}
    keys = json.loads(run_cli("keys", "status", "--state-dir", server.state, check=0).stdout)
    assert keys["root_key"]["provider"] == "file" and keys["organization_keys"] >= 1


def test_doctor_and_keys_open_what_no_server_has(server, tmp_path):
    password = tmp_path / "password"
    write_secret(password, "a long enough password")
    state = tmp_path / "state"
    run_cli("init", "--state-dir", state, "--admin-email", "a@example.com", "--admin-password-file", password, "--client-out", tmp_path / "client.json", check=0)
    found = json.loads(run_cli("doctor", "--state-dir", state, check=0).stdout)
    assert found["sound"] and {"check": "server", "verdict": "ok", "detail": "does not run"} in found["data"]
    with open(state / "core.db.lock", "a") as lock:  # a process that is no server
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "in use by another process" in error_of(run_cli("keys", "status", "--state-dir", state, check=1))["message"]
        assert not json.loads(run_cli("doctor", "--state-dir", state, check=1).stdout)["sound"]
