"""Two servers on one PostgreSQL: what one does, the other knows; the dump holds no secret."""
import concurrent.futures
import secrets
import shutil
import subprocess
import time

import pytest

from support.harness import BINARY, Server, definition_id, http, wait_until
from support.postgres import Postgres


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def replicas(postgres, sandbox, tmp_path_factory):
    url = postgres.new_database("fairlead")
    port = sandbox.rsplit(":", 1)[1]
    extra = ["--egress-exception", f"127.0.0.1:{port}+http"]
    one = Server(tmp_path_factory.mktemp("one"), extra, database_url=url).start()
    folder = tmp_path_factory.mktemp("two")
    (folder / "state").mkdir(mode=0o700)
    shutil.copy(one.state / "root.key", folder / "state" / "root.key")
    shutil.copy(one.client_file, folder / "client.json")
    two = Server(folder, extra, database_url=url).start()
    yield one, two
    for server in (one, two):
        assert server.stop() == 0, server.process.said()[-20000:]


def test_what_one_replica_stores_the_other_executes(replicas, sandbox, postgres):
    one, two = replicas
    key = "hk_sandbox"
    created = one.call("POST", "/integrations/connectors", {"workspace_name": "shared", "definition_id": definition_id("harbor"), "credentials": {"api_key": key},
                                                            "environment": {"base_url": sandbox}})
    assert created.status == 200, created.body
    connector = created.json()["id"]
    answer = two.call("POST", f"/integrations/connectors/{connector}/execute", {"entity": "tickets", "action": "list", "params": {"limit": 2}}, token=one.token())
    assert answer.status == 200 and len(answer.json()["result"]) == 2
    assert two.call("PUT", f"/integrations/connectors/{connector}", {"name": "renamed"}).status == 200
    assert one.call("GET", f"/integrations/connectors/{connector}").json()["name"] == "renamed"

    one.call("DELETE", f"/integrations/connectors/{connector}")
    wait_until(lambda: two.call("POST", f"/integrations/connectors/{connector}/execute", {"entity": "tickets", "action": "list"}).status == 404, seconds=10,
               what="the other replica forgetting the connector")


def test_a_dump_holds_no_secret(replicas, sandbox, postgres):
    one, _ = replicas
    canary = "hk_" + secrets.token_urlsafe(24)
    one.call("POST", "/integrations/connectors", {"workspace_name": "shared", "definition_id": definition_id("harbor"), "credentials": {"api_key": canary},
                                                  "environment": {"base_url": sandbox}, "validate": False})
    dump = postgres.dump("fairlead")
    assert "connector" in dump and canary not in dump and canary.encode().hex() not in dump
    assert one.client["client_secret"] not in dump


def test_a_replica_with_another_root_key_is_refused(replicas, postgres, tmp_path):
    one, _ = replicas
    (tmp_path / "state").mkdir(mode=0o700)
    done = subprocess.run([BINARY, "serve", "--state-dir", tmp_path / "state", *one.database], capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and not (tmp_path / "state" / "root.key").exists()
    assert http("GET", one.url + "/healthz").status == 200


def test_a_database_that_falls_silent_keeps_nobody_waiting(postgres, sandbox, tmp_path):
    server = Server(tmp_path, ["--egress-exception", f"127.0.0.1:{sandbox.rsplit(':', 1)[1]}+http"], database_url=postgres.new_database("silent")).start()
    token = server.token()
    made = server.call("POST", "/integrations/connectors", {"workspace_name": "default", "definition_id": definition_id("harbor"),
                                                            "credentials": {"api_key": "hk_sandbox"}, "environment": {"base_url": sandbox}}, token=token)
    execute = f"/integrations/connectors/{made.json()['id']}/execute"

    def timed(call):
        begun = time.monotonic()
        answer = call()
        return answer.status, time.monotonic() - begun, answer.headers.get("Retry-After")

    postgres.fall_silent()
    try:
        with concurrent.futures.ThreadPoolExecutor(40) as crowd:
            health = [crowd.submit(timed, lambda: http("GET", server.url + "/readyz")) for _ in range(10)]
            calls = [crowd.submit(timed, lambda: server.call("GET", "/workspaces", token=token)) for _ in range(20)]
            calls += [crowd.submit(timed, lambda: server.call("POST", execute, {"entity": "tickets", "action": "create", "params": {"subject": "x"}}, token=token))
                      for _ in range(5)]
            assert http("GET", server.url + "/healthz").status == 200
            for status, seconds, _ in (answer.result() for answer in health):
                assert status == 503 and seconds < 8, seconds
            for status, seconds, wait in (answer.result() for answer in calls):
                assert status == 503 and seconds < 40 and int(wait) > 0, (status, seconds)
    finally:
        postgres.go_on()
    wait_until(lambda: http("GET", server.url + "/readyz").status == 200, what="ready again")
    wait_until(lambda: server.call("POST", execute, {"entity": "tickets", "action": "list"}).status == 200, what="serving again")
    assert server.stop() == 0, server.process.said()[-20000:]
