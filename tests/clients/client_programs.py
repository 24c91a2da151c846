"""Runs a program under the Python of a published client, and makes the connectors that it works with."""
import json
import os
import pathlib
import subprocess

from support.harness import definition_id

HERE = pathlib.Path(__file__).resolve().parent


def run_program(python, program, setup, seconds=240):
    """What the steps of a client program came to; see outcome() in steps.py."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRBYTE_", "FAIRLEAD_", "PYTHON"))}
    done = subprocess.run([python, HERE / program, json.dumps(setup)], capture_output=True, text=True, timeout=seconds, env=clean)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def make_connector(server, slug, name, credentials, environment=None, workspace="default"):
    answer = server.call("POST", "/integrations/connectors",
                         {"workspace_name": workspace, "definition_id": definition_id(slug), "name": name, "credentials": credentials,
                          "environment": environment or {}, "validate": False})
    assert answer.status == 200, answer.body
    return answer.json()["id"]
