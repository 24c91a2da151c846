"""tools/bootstrap on machines where it cannot install: it says what to do next. The machine is a folder of small programs."""
import pathlib
import shutil
import subprocess

import pytest

BOOTSTRAP = pathlib.Path(__file__).resolve().parents[1] / "tools" / "bootstrap"
NOTHING_INSTALLED = "echo not-installed"
ALL_INSTALLED = "printf installed"


def free_megabytes(number):
    return f"echo Avail; echo '  {number}'"


def run(folder, programs):
    """Runs it with these programs (name: shell text) and a few harmless ones of this machine on its PATH, and nothing else."""
    for name in ("env", "bash", "sh", "dirname", "cat", "cut", "find", "tail"):
        (folder / name).symlink_to(shutil.which(name))
    for name, text in {"df": free_megabytes(90_000), "du": "exit 1", **programs}.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return subprocess.run([shutil.which("bash"), BOOTSTRAP, "build"], env={"PATH": str(folder)}, capture_output=True, text=True)


@pytest.mark.parametrize("programs, words", [
    ({"id": "echo 0"}, ["no apt-get here", "Debian 12"]),
    ({"id": "echo 1000", "apt-get": "exit 9"}, ["there is no sudo", "apt-get update && apt-get install", "clang-16", "run the same command again"]),
    ({"id": "echo 1000", "apt-get": "exit 9", "sudo": "echo you are not in the sudoers file >&2; exit 1"},
     ["not in the sudoers file", "sudo refused", "apt-get update && apt-get install", "run the same command again"]),
    ({"id": "echo 0", "apt-get": 'case "$*" in *--version) ;; *) echo E: Temporary failure resolving >&2; exit 100 ;; esac'},
     ["Temporary failure resolving", "no network", "no room on the disk", "bookworm", "run the same command again"]),
])
def test_what_it_cannot_install_it_names_with_the_way_out(tmp_path, programs, words):
    done = run(tmp_path, {"dpkg-query": NOTHING_INSTALLED, **programs})
    assert done.returncode == 1
    assert done.stdout.startswith("Installing from Debian: ") and "libboost1.81-dev" in done.stdout, "the list comes first"
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize("built, code", [("exit 1", 1), ("echo '9	build'", 1), ("echo '120	build'", 0)])
def test_it_wants_room_for_what_is_not_built_yet(tmp_path, built, code):
    done = run(tmp_path, {"dpkg-query": ALL_INSTALLED, "df": free_megabytes(70), "du": built})
    assert done.returncode == code, done.stderr
    for word in ("70 MB are free", "about 150 MB", "run the same command again") if code else ():
        assert word in done.stderr, done.stderr


def test_it_installs_what_is_missing_by_sudo_and_without_questions(tmp_path):
    done = run(tmp_path, {"dpkg-query": f'case "$*" in *mold) {NOTHING_INSTALLED} ;; *) {ALL_INSTALLED} ;; esac', "id": "echo 1000", "sudo": 'exec "$@"',
                          "git": "", "make": "", "curl": "", "python3": "", "apt-get": f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path / "called"}'})
    assert done.returncode == 0, done.stderr
    assert "Installing from Debian: mold\n" == done.stdout
    installing = (tmp_path / "called").read_text().splitlines()[-1]
    assert installing.startswith("noninteractive ") and installing.endswith("install -y --no-install-recommends mold")


def test_it_does_nothing_where_nothing_is_missing(tmp_path):
    done = run(tmp_path, {"dpkg-query": ALL_INSTALLED, "id": "echo 1000"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
