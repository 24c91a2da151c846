"""PyAirbyte (the package `airbyte`), unmodified: its module `airbyte.agents`."""
import pytest

import installed
from client_programs import run_program


@pytest.fixture(scope="module")
def outcomes(setup, server):
    python = installed.python_with("pyairbyte", "3.11", "3.12", "3.10")
    setup["workspace_id"] = next(one["id"] for one in server.call("GET", "/workspaces").json()["data"] if one["name"] == "default")
    return run_program(python, "pyairbyte_program.py", setup)


def test_workspaces(value, setup):
    assert value("workspace_info") == value("from_env")
    assert value("workspace_info")["id"] == setup["workspace_id"] and value("workspace_info")["name"] == "default"
    assert value("workspace_info") in value("list_workspaces")


def test_connectors(value, setup):
    assert {"berth", "payments", "first team", "second team"} <= set(value("list_connectors"))
    assert value("connector_by_name")["connector_id"] == setup["harbor"]
    assert value("connector_by_part_of_a_name") == "berth"


def test_lists(value):
    listed = value("list_entities")
    assert listed["status"] == "success" and len(listed["result"]) == 3
    assert value("page_size") == 4 and value("iter_some") == 5
    everyone = value("iter_entities")
    assert everyone["seen"] == everyone["different"] >= 40
    first, second = value("next_page")
    assert len(first) == len(second) == 2 and not set(first) & set(second)
    assert all("refund" in str(ticket).lower() for ticket in value("search_entities")["result"])
    assert [list(record) for record in value("fields")] == [["id"]]


def test_writes(value):
    assert value("write_and_read") == {"made": "Bea Example", "changed": "Bea Changed", "read": "Bea Changed", "gone": "success"}


def test_documents(value, setup):
    assert value("execution_metadata")["connector_instance_id"] == setup["harbor"]
    skills = value("skills")
    assert "entity:customers" in [one["id"] for one in skills["whole"]["outline"]]
    assert skills["section"]["section_id"] == "entity:customers" and skills["section"]["content"]


@pytest.mark.parametrize("step, error, text", [
    ("ambiguous_name", "AirbyteError", "'first team', 'second team'"),
    ("wrong_secret", "HTTPError", "401 Client Error"),
    ("unknown_connector", "AirbyteError", "No connector found"),
    ("unknown_workspace", "AirbyteError", "status 404"),
    ("unknown_entity", "AirbyteError", "did you mean"),
    ("upstream_404", "AirbyteError", "status 404"),
    ("upstream_429", "AirbyteError", "status 429"),
    ("download", "PyAirbyteInputError", "not supported by PyAirbyte"),
])
def test_failures(outcomes, step, error, text):
    assert outcomes[step].get("error") == error, outcomes[step]
    assert text in outcomes[step]["text"]
