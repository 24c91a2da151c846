"""What `fairlead login` keeps: only what works, only for its server, and nothing of anybody else's is lost."""
import json
import os
import resource
import subprocess

import pytest

from support.harness import BINARY, run_cli, write_secret


def error_of(done):
    return json.loads(done.stderr.strip().splitlines()[-1])


def login(server, settings, *flags, environment=None, **expected):
    return run_cli("login", "--server", server.url, "--client-file", server.client_file, *flags,
                   environment={"FAIRLEAD_SETTINGS": str(settings), **(environment or {})}, **expected)


@pytest.fixture
def kept(server, tmp_path):
    """Settings after a login."""
    login(server, tmp_path / "settings.json", check=0)
    return tmp_path / "settings.json"


@pytest.mark.parametrize("variable", ["FAIRLEAD_SERVER", "AIRBYTE_API_HOST"])
def test_a_secret_goes_to_no_other_server_than_it_was_kept_for(server, sandbox, kept, variable):
    done = run_cli("workspaces", "list", environment={"FAIRLEAD_SETTINGS": str(kept), variable: sandbox}, check=2)
    message = error_of(done)["message"]
    assert server.url in message and f"fairlead login --server {sandbox}" in message, message
    same = server.url.replace("127.0.0.1", "localhost") + "/"
    run_cli("workspaces", "list", environment={"FAIRLEAD_SETTINGS": str(kept), variable: same}, check=0)
    server.cli("workspaces", "list", environment={"FAIRLEAD_SETTINGS": str(kept)}, check=0)  # with credentials of its own
    elsewhere = {"FAIRLEAD_SETTINGS": str(kept), variable: sandbox}
    run_cli("login", "--server", server.url, "--client-file", server.client_file, environment=elsewhere, check=0)


def test_the_environment_is_not_kept(server, tmp_path):
    settings = tmp_path / "settings.json"
    environment = {"FAIRLEAD_ALLOW_DESTRUCTIVE": "true", "FAIRLEAD_WORKSPACE": "elsewhere"}
    login(server, settings, environment=environment, check=0)
    inner = json.loads(settings.read_text())["settings"]
    assert inner["allow_destructive"] is False and inner["workspace"] == "default"


def test_login_says_that_the_environment_wins(server, tmp_path):
    environment = {"FAIRLEAD_CLIENT_ID": "other", "FAIRLEAD_CLIENT_SECRET": "other", "FAIRLEAD_ORGANIZATION_ID": "other"}
    done = login(server, tmp_path / "settings.json", environment=environment, check=0)
    assert "win over" in error_of(done)["message"] and error_of(done)["type"] == "notice"


def test_an_organization_that_is_not_the_client_s_is_not_kept(server, kept):
    before = kept.read_text()
    for wrong in ("nope", "00000000-0000-4000-8000-000000000000"):
        assert "organization" in error_of(login(server, kept, "--org-id", wrong, check=2))["message"]
    assert kept.read_text() == before
    # Whoever has one in the file all the same finds out which there are.
    kept.write_text(before.replace(server.client["organization_id"], wrong))
    listed = json.loads(run_cli("organizations", "list", environment={"FAIRLEAD_SETTINGS": str(kept)}, check=0).stdout)
    run_cli("organizations", "use", "--id", listed["data"][0]["id"], environment={"FAIRLEAD_SETTINGS": str(kept)}, check=0)
    assert json.loads(kept.read_text()) == json.loads(before)


@pytest.mark.parametrize("content", ["Dear diary", "", "[]", '{"client_id": "x"}', '{"settings": 5}'])
def test_a_file_that_is_something_else_is_left_alone(server, tmp_path, content):
    file = tmp_path / "file"
    write_secret(file, content)
    for done in (login(server, file), run_cli("workspaces", "use", "--name", "default", environment={"FAIRLEAD_SETTINGS": str(file)})):
        assert done.returncode == 4 and "are not the settings of fairlead" in error_of(done)["message"], done
    assert file.read_text() == content


def test_a_link_to_the_settings_stays_one(server, kept, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to("settings.json")
    server.call("POST", "/workspaces", {"name": "linked"})
    run_cli("workspaces", "use", "--name", "linked", environment={"FAIRLEAD_SETTINGS": str(link)}, check=0)
    assert link.is_symlink() and not kept.is_symlink() and "linked" in kept.read_text()


@pytest.mark.parametrize("lacking", ["client_id", "client_secret", "organization_id"])
def test_a_client_file_is_not_completed_by_what_is_kept(server, kept, tmp_path, lacking):
    before = kept.read_text()
    for client in ({**server.client, lacking: ""}, {key: value for key, value in server.client.items() if key != lacking}):
        file = tmp_path / "client.json"
        file.unlink(missing_ok=True)
        write_secret(file, json.dumps(client))
        done = run_cli("login", "--server", server.url, "--client-file", file, environment={"FAIRLEAD_SETTINGS": str(kept)}, check=4)
        assert "must hold client_id, client_secret and organization_id" in error_of(done)["message"]
    assert kept.read_text() == before


def test_settings_that_cannot_be_read_are_not_taken_for_none(server, tmp_path):
    loop = tmp_path / "settings.json"
    loop.symlink_to("settings.json")
    for done in (login(server, loop), run_cli("workspaces", "list", environment={"FAIRLEAD_SETTINGS": str(loop)})):
        assert done.returncode == 1 and "cannot read the settings" in error_of(done)["message"], done
    assert loop.is_symlink()


def test_settings_that_find_no_room_are_not_half_written(server, kept):
    before = kept.read_text()
    done = subprocess.run([BINARY, "login", "--server", server.url, "--client-file", server.client_file], capture_output=True, text=True,
                          restore_signals=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),  # SIGXFSZ is ignored
                          env={**os.environ, "FAIRLEAD_SETTINGS": str(kept)})
    assert done.returncode == 1 and f"cannot write {kept}: File too large" in error_of(done)["message"], done
    assert kept.read_text() == before and os.listdir(kept.parent) == ["settings.json"]


def test_many_logins_at_once_all_work(server, tmp_path):
    settings = tmp_path / "new folder" / "settings.json"
    command = [BINARY, "login", "--server", server.url, "--client-file", server.client_file]
    environment = {**os.environ, "FAIRLEAD_SETTINGS": str(settings)}
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment) for _ in range(16)]
    assert [(one.wait(timeout=60), one.stderr.read()) for one in running] == [(0, "")] * 16
    assert os.listdir(settings.parent) == ["settings.json"]


def test_without_a_home_nothing_is_kept_in_the_working_directory(server, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CONFIG_HOME") and not key.startswith(("FAIRLEAD_", "AIRBYTE_"))}
    done = subprocess.run([BINARY, "login", "--server", server.url, "--client-file", server.client_file], capture_output=True, text=True,
                          env=environment, cwd=tmp_path)
    assert done.returncode == 1 and "HOME is not set" in error_of(done)["message"] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("address, part", [
    ("http://127.0.0.1:8300/api/v1", "it must end after the host and port, as in http://127.0.0.1:8300"),
    ("127.0.0.1:8300", "must begin with https:// or http://"),
    ("http://u:p@127.0.0.1", "must not hold a user name"),
])
def test_an_address_of_another_form_is_refused(server, tmp_path, address, part):
    done = run_cli("login", "--server", address, "--client-file", server.client_file, environment={"FAIRLEAD_SETTINGS": str(tmp_path / "s")}, check=4)
    assert part in error_of(done)["message"]


def test_tls_asked_of_a_server_without_it_is_named(server):
    done = server.cli("workspaces", "list", environment={"FAIRLEAD_SERVER": server.url.replace("http:", "https:")}, check=1)
    assert "begins with http://" in error_of(done)["hint"]
