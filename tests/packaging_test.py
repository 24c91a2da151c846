"""The .deb: what is in it, how tightly its unit is closed, and that it installs, starts and goes away again."""
import json
import os
import pathlib
import re
import secrets
import subprocess

import pytest

from support.harness import BINARY, Process, free_port

ROOT = pathlib.Path(__file__).resolve().parents[1]
UNIT = ROOT / "packaging" / "fairlead.service"


def test_the_unit_is_closed_as_far_as_systemd_can_tell():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", UNIT], capture_output=True, text=True)
    exposure = float(re.search(r"Overall exposure level for fairlead.service: ([\d.]+)", done.stdout).group(1))
    assert exposure <= 1.5, done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    done = subprocess.run(["cpack", "--config", BINARY.parents[1] / "CPackConfig.cmake", "-B", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.deb"))


def test_the_package_holds_the_program_the_unit_and_its_dependencies(package):
    content = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    for path in ("./usr/bin/fairlead", "./lib/systemd/system/fairlead.service", "./usr/share/doc/fairlead/README.md"):
        assert re.search(rf"^-.* {re.escape(path)}$", content, re.M), content
    depends = subprocess.run(["dpkg-deb", "--field", package, "Depends"], capture_output=True, text=True, check=True).stdout
    assert "libssl3" in depends and "libpq5" in depends and "ca-certificates" in depends


def installed():
    return subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", "fairlead"], capture_output=True, text=True).stdout == "installed"


@pytest.mark.skipif(os.geteuid() != 0 or installed(), reason="installing needs root, and nothing of the name installed before")
def test_the_package_installs_starts_and_goes_away(package, tmp_path):
    subprocess.run(["dpkg", "--install", "--force-depends", package], check=True, capture_output=True)
    try:
        state, port = tmp_path / "state", free_port()
        (tmp_path / "password").write_text(secrets.token_urlsafe(18))
        subprocess.run(["/usr/bin/fairlead", "init", "--state-dir", state, "--admin-email", "a@example.com", "--admin-password-file", tmp_path / "password",
                        "--client-out", tmp_path / "client.json"], check=True, capture_output=True)
        process = Process(["/usr/bin/fairlead", "serve", "--state-dir", state, "--listen", f"127.0.0.1:{port}"], tmp_path / "log")
        process.wait_for_http(f"http://127.0.0.1:{port}/readyz")
        assert process.stop() == 0
        assert json.loads((tmp_path / "client.json").read_text())["client_id"]
    finally:
        subprocess.run(["dpkg", "--purge", "fairlead"], check=True, capture_output=True)
    assert not pathlib.Path("/usr/bin/fairlead").exists()
