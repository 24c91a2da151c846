"""Schemathesis holds the running server to its own OpenAPI description: no 5xx, no undocumented answer."""
import os
import pathlib
import subprocess
import sys

from support.harness import Server


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
