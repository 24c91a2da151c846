"""airbyte-agent-sdk, unmodified: workspaces, connectors, execute, documents, tools, and which exception a user meets."""
import base64

import pytest

import installed
from client_programs import run_program


@pytest.fixture(scope="module")
def outcomes(setup):
    return run_program(installed.python_with("airbyte-agent-sdk", "3.13"), "sdk_program.py", setup)


def test_connectors(value, setup):
    listed = value("list_connectors")
    assert {"berth", "payments", "first team", "second team", "to be deleted"} <= {one["name"] for one in listed}
    harbor = next(one for one in listed if one["id"] == setup["harbor"])
    assert harbor["connector_type"] == "Harbor" and harbor["created_at"].endswith("Z")
    assert setup["disposable"] not in value("delete_connector") and setup["harbor"] in value("delete_connector")
    assert value("process_defaults") == len(listed) - 1


@pytest.mark.parametrize("step", ["connector_by_id", "read_account"])
def test_get(value, step):
    got = value(step)
    assert got["success"] is True and got["error"] is None and got["data"]["name"] == "Harbor Outfitters"
    assert value("connect_by_id") == got["data"]  # typed connectors give the record itself


def test_lists(value):
    listed = value("list_records")
    assert len(listed["data"]) == 3 and listed["meta"]["has_next_page"] is True and listed["meta"]["end_cursor"]
    assert list(value("execution_config")["data"][0]) == ["id", "name"]
    pages = value("pages")
    assert pages["seen"] == pages["different"] >= 40
    assert all("refund" in str(ticket).lower() for ticket in value("search")["data"])


def test_fields(value):
    assert all(list(record) == ["id", "address"] and list(record["address"]) == ["city"] for record in value("select_fields"))
    [record] = value("exclude_fields")
    assert "email" not in record and "city" not in record["address"] and "country" in record["address"]
    assert list(value("fields_as_parameter")[0]) == ["name", "id"]
    long = value("truncation")
    assert long["whole"] == "x" * 500 and long["short"].startswith("x" * 200 + "... [truncated")


def test_writes(value):
    assert value("write_and_read") == {"made": "Ann Example", "changed": "Ann Changed", "read": "Ann Changed", "gone": True}
    assert value("intent") is True


def test_download(value):
    chunk = value("download_chunk")
    assert chunk["bytes_returned"] == 10 == len(base64.b64decode(chunk["content"]))
    assert chunk["range_requested"] == "bytes=0-9" and chunk["has_more"] is True and chunk["next_range_header"].startswith("bytes=10-")


def test_documents(value, setup):
    inspected = value("inspect_connector")
    assert inspected["connector_id"] == setup["harbor"] and inspected["docs_skill_id"]
    docs = value("skill_docs")
    assert "entity:customers" in [one["id"] for one in docs["whole"]["outline"]]
    assert docs["section"]["section_id"] == "entity:customers" and docs["section"]["content"]
    assert "entities" in value("describe")


def test_check(value):
    assert value("check")["data"] == {"status": "healthy"}


def test_tools_of_frameworks(value, outcomes):
    made = value("tools")
    assert made["names"] == ["inspect_connector", "read_skill_docs", "execute"] and list(made["answer"][0]) == ["id"]
    assert outcomes["tool_error"]["error"] == "AirbyteToolError" and "unknown parameter 'colour'" in outcomes["tool_error"]["text"]


@pytest.mark.parametrize("step, error, status, text", [
    ("wrong_secret", "AuthenticationError", 401, "client_id or client_secret is wrong"),
    ("unknown_connector", "HTTPStatusError", 404, "no such connector"),
    ("unknown_workspace", "HTTPStatusError", 404, "no such workspace"),
    ("delete_again", "HTTPStatusError", 404, "no such connector"),
    ("unknown_entity", "ConnectorValidationError", 422, "did you mean 'customers'?"),
    ("unknown_action", "ConnectorValidationError", 422, "it has get"),
    ("unknown_parameter", "ConnectorValidationError", 422, "this action takes status, email"),
    ("missing_parameter", "ConnectorValidationError", 422, "'id'"),
    ("upstream_404", "HTTPStatusError", 404, "no such customer"),
    ("upstream_422", "ConnectorValidationError", 400, "must be an e-mail address"),
    ("upstream_403", "AuthenticationError", 403, "may read only"),
    ("upstream_401", "AuthenticationError", 403, "key is not known"),
    ("upstream_429", "RateLimitError", 429, "Rate limit exceeded"),
    ("upstream_away", "HTTPStatusError", 502, ""),
    ("context_store", "HTTPStatusError", 409, "use list, get or search"),
    ("workflows", "HTTPStatusError", 404, "nothing at this address"),
    ("intent_too_long", "ValueError", None, "512"),
    ("connect_unknown_type", "UnknownConnectorError", None, "harbor"),
    ("connect_absent", "ConnectorNotFoundError", None, "default"),
    ("connect_ambiguous", "ConnectorAmbiguityError", None, "found 2"),
    ("connect_by_type", "ConnectorValidationError", 422, "the connector stripe has no entity"),
])
def test_failures(outcomes, step, error, status, text):
    met = outcomes[step]
    assert (met.get("error"), met.get("status")) == (error, status), met
    assert text in met["text"]


def test_when_to_come_back(outcomes):
    assert outcomes["upstream_429"]["retry_after"] == 120
