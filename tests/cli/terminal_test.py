"""What a person sees on a terminal of 80 columns: tables that can be copied from, descriptions that can be read."""
import json
import os
import subprocess

import pytest

from support.harness import BINARY, run_cli, wait_until
from support.terminal import Terminal


@pytest.fixture
def at_80(server):
    return lambda *arguments: shown_at(server, 80, *arguments)


def shown_at(server, columns, *arguments):
    """What a command shows on a terminal of so many columns."""
    return Terminal([BINARY, *arguments], columns, server.client_environment).end()[0]


def rows_of(text):
    return [line.split() for line in text.splitlines()]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_an_id_in_a_table_is_whole(server, harbor, columns):
    shown = shown_at(server, columns, "connectors", "list")
    row = next(line for line in rows_of(shown) if line[0] == harbor)
    assert row[1] == "berth"
    assert columns < 80 or max(map(len, shown.splitlines())) <= columns


def test_times_are_short(server, harbor, at_80):
    server.cli("connectors", "execute", "--name", "berth", "--entity", "account", "--action", "get", check=0)
    first = wait_until(lambda: rows_of(at_80("tool-calls", "list", "--limit", "1"))[1:], what="the call in the log")[0]
    assert len(first[0]) == len("2026-11-23") and len(first[1]) == len("02:08:46") and first[2] == "berth"


def test_chosen_fields_are_the_columns_of_a_table(server, harbor):
    listed = server.cli("connectors", "list", "-o", "table", "--fields", "name,summarized_source_template.name", check=0).stdout
    assert rows_of(listed)[0] == ["NAME", "SUMMARIZED_SOURCE_TEMPLATE.NAME"] and ["berth", "Harbor"] in rows_of(listed)


def test_records_stand_in_a_table_when_asked(server, harbor, at_80):
    execute = ["connectors", "execute", "--name", "berth", "--entity", "orders", "--action", "list", "--params", '{"limit":2}']
    shown = at_80(*execute, "-o", "table")
    lines = shown.splitlines()
    assert lines[0].startswith("ID ") and "CUSTOMER_ID" in lines[0] and len(lines) == 5 and "There are more: --cursor '" in lines[4]
    assert max(map(len, lines[:3])) <= 80
    chosen = server.cli(*execute, "-o", "table", "--fields", "id,currency,status", check=0).stdout
    assert rows_of(chosen)[0] == ["ID", "CURRENCY", "STATUS"] and len(rows_of(chosen)) == 3 and rows_of(chosen)[1][0].startswith("ord_")
    assert rows_of(server.cli(*execute, "-o", "table", "--fields", "connector_metadata.has_more", check=0).stdout)[1] == ["true"]
    assert "nope" not in server.cli(*execute, "-o", "table", "--fields", "nope", check=4).stdout
    assert json.loads(at_80(*execute))["result"], "JSON unless a table is asked for"


def test_a_description_is_for_reading(server, harbor, at_80):
    shown = at_80("connectors", "describe", "--name", "berth")
    lines = shown.splitlines()
    assert lines[0].startswith("berth (Harbor ") and len(lines) < 70
    assert ["get", "ticket_id*,", "id*"] in rows_of(shown)
    assert max(map(len, lines[:-1])) <= 80, "but for the command to copy"

    tickets = at_80("connectors", "describe", "--name", "berth", "--entity", "tickets")
    assert "tickets create" in tickets and "One of: open" in tickets and "comments" not in [line[:8] for line in tickets.splitlines()]
    get = at_80("connectors", "describe", "--name", "berth", "--entity", "tickets", "--action", "get")
    command = get.splitlines()[-1].removeprefix("  $ fairlead ").replace("<id>", "tkt_1001")
    done = subprocess.run(["bash", "-c", f"{BINARY} {command}"], capture_output=True, text=True, env={**os.environ, **server.client_environment})
    assert json.loads(done.stdout)["result"]["id"] == "tkt_1001", (command, done)


def test_a_program_describes_one_entity_or_action(server, harbor):
    def described(*flags):
        schema = json.loads(server.cli("connectors", "describe", "--name", "berth", *flags, check=0).stdout)["schema"]["result"]
        return {entity["name"]: [action["action"] for action in entity["actions"]] for entity in schema["entities"]}
    assert len(described()) > 5
    assert list(described("--entity", "account")) == ["account"]
    assert described("--entity", "tickets", "--action", "get") == {"tickets": ["get"]}
    for flags, part in ((["--entity", "tickts"], "did you mean 'tickets'"), (["--entity", "tickets", "--action", "lst"], "did you mean 'list'"),
                        (["--action", "get"], "--action goes with --entity")):
        done = server.cli("connectors", "describe", "--name", "berth", *flags, check=4)
        assert part in done.stderr, done


def test_an_empty_list_has_any_field(server):
    done = server.cli("workspaces", "list", "--name-contains", "no such workspace", "--fields", "id,name", check=0)
    assert json.loads(done.stdout) == {"data": []}
    refused = json.loads(server.cli("workspaces", "list", "--fields", "nope", check=4).stderr)
    assert "in its records id, name" in refused["message"]


def test_one_thing_is_shown_a_line_a_member(server, harbor, at_80):
    assert ["connector_id", harbor] in rows_of(at_80("connectors", "inspect", "--name", "berth"))


def test_a_document_is_read_as_markdown_on_a_terminal(server, harbor, at_80):
    skill = json.loads(server.cli("skills", "list", check=0).stdout)["data"][0]["id"]
    assert at_80("skills", "docs", "--id", skill).startswith("# ")
    assert json.loads(at_80("skills", "docs", "--id", skill, "--format", "json"))["outline"]
    assert json.loads(run_cli("schema", "skills", "docs", check=0).stdout)["params"]["required"] == ["id"]
