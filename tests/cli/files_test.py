"""What the command line reads from files and writes into them: any file, as people and shells name it."""
import json
import os
import signal
import stat
import subprocess

import pytest

from support.harness import BINARY, http, run_cli, wait_until, write_secret

EXECUTE = ["connectors", "execute", "--name", "berth", "--entity"]


def error_of(done):
    return json.loads(done.stderr.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def download(server, harbor):
    files = json.loads(server.cli(*EXECUTE, "files", "--action", "list", check=0).stdout)["result"]
    wanted = next(file for file in files if file["size"] > 0)
    return [*EXECUTE, "files", "--action", "download", "--params", json.dumps({"id": wanted["id"]}), "--output-file"], wanted["size"]


def test_a_device_stays_one(server, download, tmp_path):
    flags, size = download
    assert json.loads(server.cli(*flags, "/dev/null", check=0).stdout)["bytes"] == size
    full = server.cli(*flags, "/dev/full", check=1)
    assert error_of(full)["message"] == "cannot write '/dev/full': No space left on device"
    for device in ("/dev/null", "/dev/full"):
        assert stat.S_ISCHR(os.stat(device).st_mode), device
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    server.cli(*flags, pipe, check=0)
    assert len(reader.communicate(timeout=60)[0]) == size and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_has_two_names(server, download, name):
    flags, size = download
    assert len(server.cli(*flags, name, check=0).stdout.encode()) == size
    assert os.path.islink("/dev/stdout")


def test_a_link_stays_one(server, download, tmp_path):
    flags, size = download
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "link").symlink_to("target")
    server.cli(*flags, folder / "link", check=0)
    assert (folder / "link").is_symlink() and (folder / "target").stat().st_size == size
    assert sorted(os.listdir(folder)) == ["link", "target"]


def test_a_file_that_is_replaced_stays_as_private_as_it_was(server, download, tmp_path):
    flags, size = download
    for mode in (0o600, 0o640, 0o666):
        file = tmp_path / f"{mode:o}"
        file.write_text("before")
        file.chmod(mode)
        server.cli(*flags, file, check=0)
        assert (file.stat().st_size, stat.S_IMODE(file.stat().st_mode)) == (size, mode)


def test_nothing_is_sent_when_the_file_cannot_be_made(server, harbor, tmp_path):
    create = [*EXECUTE, "customers", "--action", "create", "--params", '{"name":"not made","email":"not-made@example.com"}', "--output-file"]
    assert "is a directory" in error_of(server.cli(*create, tmp_path, check=4))["message"]
    assert "No such file or directory" in error_of(server.cli(*create, tmp_path / "no" / "file", check=1))["message"]
    found = json.loads(server.cli(*EXECUTE, "customers", "--action", "list", "--params", '{"email":"not-made@example.com"}', check=0).stdout)
    assert found["result"] == []


def test_any_answer_goes_into_the_file(server, harbor, tmp_path):
    done = json.loads(server.cli(*EXECUTE, "tickets", "--action", "list", "--params", '{"limit":1}', "--output-file", tmp_path / "list.json", check=0).stdout)
    text = (tmp_path / "list.json").read_text()
    assert done["bytes"] == len(text.encode()) and len(json.loads(text)["result"]) == 1


def test_an_interrupted_download_leaves_nothing(server, harbor, sandbox, download, tmp_path):
    flags, _ = download
    http("POST", f"{sandbox}/_faults", {"fault": "delay_ms=60000", "path": "/v1/files", "times": 1})
    running = subprocess.Popen([BINARY, *flags, tmp_path / "file"], env={**os.environ, **server.client_environment})
    # The fault is used up when the service is asked: the file is in the making by then, and its end by a signal is prepared.
    wait_until(lambda: http("GET", f"{sandbox}/_faults").json()["data"] == [], what="the request reaching the service")
    assert os.listdir(tmp_path)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130 and os.listdir(tmp_path) == []


def test_who_reads_no_further_is_asked_for_nothing_more(server, harbor, sandbox, tmp_path):
    """A full disk ends a run of pages and a batch at once."""
    write_secret(tmp_path / "key.json", '{"api_key": "hk_sandbox"}')
    local = ["exec-local", "--definition", "harbor", "--entity", "tickets", "--action", "list", "--params", '{"limit":1}', "--all", "--credentials",
             tmp_path / "key.json", "--config", json.dumps({"base_url": sandbox})]
    for command in (local, [*EXECUTE, "tickets", "--action", "list", "--params", '{"limit":1}', "--all"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, *command], stdout=full, stderr=subprocess.PIPE, text=True, env={**os.environ, **server.client_environment})
        error = json.loads(done.stderr.splitlines()[-1])
        error = error.get("error", error)
        assert done.returncode == 1 and "cannot be written" in error["message"] and "progress" not in done.stderr, done
    line = {"definition": "harbor", "entity": "customers", "action": "create", "credentials": {"api_key": "hk_sandbox"}, "base_url": sandbox}
    lines = [json.dumps({**line, "params": {"name": "x", "email": f"full-disk-{i}@example.com"}}) + "\n" for i in range(3)]
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "exec-local", "--batch"], stdout=full, stderr=subprocess.PIPE, text=True, input="".join(lines))
    assert done.returncode == 1 and "cannot be written" in done.stderr
    third = json.loads(server.cli(*EXECUTE, "customers", "--action", "list", "--params", '{"email":"full-disk-2@example.com"}', check=0).stdout)
    assert third["result"] == [], "the call was made though its answer had nowhere to go"


def test_windows_editors_may_have_written_the_input(server, sandbox, tmp_path):
    key, params = tmp_path / "key.json", tmp_path / "params.json"
    write_secret(key, "\ufeff{\"api_key\": \"hk_sandbox\"}\r\n")
    params.write_text("\ufeff{\r\n\"limit\": 1}\r\n")
    config = json.dumps({"base_url": sandbox})
    run_cli("exec-local", "--definition", "harbor", "--entity", "tickets", "--action", "list", "--credentials", key, "--config", config,
            "--params", f"@{params}", check=0)
    plan = json.dumps({"id": 1, "definition": "harbor", "entity": "account", "action": "get", "plan": True, "credentials": {"api_key": "k"}})
    answer = run_cli("exec-local", "--batch", stdin="\ufeff" + plan + "\r\n", check=0).stdout
    assert json.loads(answer)["result"]["success"], answer


@pytest.mark.parametrize("given, part", [
    ("@.", "cannot read the file of --params '.': Is a directory"),
    ("@no such file", "cannot read the file of --params 'no such file': No such file or directory"),
    ("@/dev/null", "--params '/dev/null': empty"),
    ("@/dev/zero", "has more than 64 MiB"),
    ("", "--params: empty"),
    ("{", "--params: invalid JSON"),
])
@pytest.mark.parametrize("command", [[*EXECUTE, "tickets", "--action", "list"], ["exec-local", "--definition", "harbor", "--entity", "tickets", "--action", "list"]])
def test_a_file_that_holds_no_object_is_named(server, harbor, command, given, part):
    done = server.cli(*command, "--params", given, check=4)
    assert part in error_of(done)["message"], done


def test_words_that_are_no_text_are_refused_in_words_that_are(server, harbor):
    for flag in ("--name", "--entity", "--action"):
        flags = {"--name": "berth", "--entity": "tickets", "--action": "list", flag: b"\xff"}
        done = subprocess.run([BINARY, "connectors", "execute", *(part for pair in flags.items() for part in pair)], capture_output=True)
        error = json.loads(done.stderr.decode("utf-8"))
        assert done.returncode == 4 and error["message"].startswith(f"{flag}: ") and "UTF-8" in error["message"]
    done = subprocess.run([BINARY, "exec-local", "--definition", "harbor", "--entity", b"\xff", "--action", "list"], capture_output=True)
    assert json.loads(done.stderr.decode("utf-8")), done
