"""Schemathesis holds the running server to its own OpenAPI description: no 5xx, no undocumented answer."""
import os
import pathlib
import subprocess
import sys

import pytest

from support.harness import Server, http


def connector_to(server, service, credentials):
    made = server.call("POST", "/integrations/connectors", {"workspace_name": "examples", "connector_type": service, "credentials": credentials, "validate": False})
    assert made.status == 200, made.body
    return made.json()["id"]


EXECUTE = "/api/v1/integrations/connectors/{id}/execute"


def test_the_examples_of_execute_are_calls_that_can_be_made(server):
    document = http("GET", server.url + "/openapi.json").json()
    connector = connector_to(server, "github", {"token": "ghp_example"})
    examples = document["paths"][EXECUTE]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for name, example in examples.items():
        answer = server.call("POST", f"/integrations/connectors/{connector}/execute", {**example["value"], "dry_run": True})
        assert answer.status == 200, (name, answer.body)


@pytest.mark.parametrize("service,credentials", [("github", {"token": "x"}), ("slack", {"token": "x"}), ("stripe", {"api_key": "x"}), ("linear", {"api_key": "x"}),
                                                 ("notion", {"token": "x"}), ("harbor", {"api_key": "x"})])
def test_every_entity_of_a_document_says_what_it_is(server, service, credentials):
    answer = server.call("GET", "/skills/docs?id=connector-source:" + connector_to(server, service, credentials))
    for part in answer.json()["outline"]:
        actions, _, summary = part["summary"].partition(". ")
        assert actions and summary, part


def test_every_answer_is_documented_and_none_is_a_server_error(tmp_path, sandbox):
    # Every request to a service goes to the sandbox, so that a connector to any service reaches somebody who answers.
    server = Server(tmp_path, ["--connect-to", sandbox]).start()
    server.call("POST", "/integrations/connectors", {"workspace_name": "default", "connector_type": "harbor", "credentials": {"api_key": "hk_sandbox"},
                                                     "environment": {"base_url": sandbox}})
    st = pathlib.Path(sys.executable).parent / "st"
    done = subprocess.run([st, "run", server.url + "/openapi.json", "--url", server.url, "--header", f"Authorization: Bearer {server.token()}",
                           "--phases", "examples,coverage,fuzzing", "--max-examples", os.environ.get("FAIRLEAD_CONTRACT_EXAMPLES", "15"), "--seed", "1",
                           "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
                           "--continue-on-failure", "--exclude-path-regex", "/execute/prepare$",  # 501 by contract: this server keeps the credentials
                           "--no-color"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    assert server.stop() == 0
