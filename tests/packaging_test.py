"""The .deb: what is in it, how its program was hardened, how tightly its unit is closed, and that it installs, starts and goes away again."""
import json
import os
import pathlib
import re
import secrets
import struct
import subprocess
import sys

import pytest

from support.harness import BINARY, Process, write_secret

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools"))
import check_binary  # noqa: E402
UNIT = ROOT / "packaging" / "fairlead.service"


def test_the_unit_is_closed_as_far_as_systemd_can_tell():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", UNIT], capture_output=True, text=True)
    exposure = float(re.search(r"Overall exposure level for fairlead.service: ([\d.]+)", done.stdout).group(1))
    assert exposure <= 1.5, done.stdout


KEPT = "fairlead: /var/lib/private/fairlead is kept (nobody needs it any more? rm -r /var/lib/private/fairlead)\n"


@pytest.mark.parametrize("script, arguments, asked, asked_without_systemd_running, told", [
    ("postinst", ["configure", ""], ["daemon-reload"], [], ""),
    ("postinst", ["configure", "0.0.9"], ["daemon-reload", "try-restart fairlead.service"], [], ""),
    ("postinst", ["abort-upgrade", "0.2.0"], [], [], ""),
    ("prerm", ["upgrade", "0.2.0"], [], [], ""),
    ("prerm", ["remove"], ["disable --now fairlead.service"], ["disable fairlead.service"], ""),
    ("postrm", ["remove"], ["daemon-reload"], [], ""),
    ("postrm", ["purge"], [], [], KEPT),
])
@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("exit_code", [0, 1])
def test_what_the_package_asks_of_systemd_and_what_it_keeps(tmp_path, script, arguments, asked, asked_without_systemd_running, told, running, exit_code):
    root = tmp_path / "root"
    for folder in ("run/systemd/system", "var/lib/private/fairlead") if running else ("var/lib/private/fairlead",):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/fairlead").symlink_to("private/fairlead")
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\nexit {exit_code}\n')
    systemctl.chmod(0o755)
    (tmp_path / "asked").touch()
    done = subprocess.run([ROOT / "packaging" / script, *arguments], capture_output=True, text=True,
                          env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "DPKG_ROOT": str(root)})
    assert (done.returncode, done.stderr, done.stdout) == (0, "", told)
    assert (tmp_path / "asked").read_text().splitlines() == (asked if running else asked_without_systemd_running)
    assert (root / "var/lib/private/fairlead").is_dir()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    done = subprocess.run(["cpack", "--config", BINARY.parents[1] / "CPackConfig.cmake", "-B", folder], capture_output=True, text=True, umask=0o077)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.deb"))


def test_the_package_holds_the_program_the_unit_and_its_dependencies(package):
    content = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    for path in ("./usr/bin/fairlead", "./lib/systemd/system/fairlead.service", "./usr/share/doc/fairlead/README.md", "./usr/share/bash-completion/completions/fairlead",
                 "./usr/share/zsh/vendor-completions/_fairlead", "./usr/share/fish/vendor_completions.d/fairlead.fish"):
        assert re.search(rf"^-.* {re.escape(path)}$", content, re.M), content
    folders = [line for line in content.splitlines() if line.startswith("d")]
    assert folders and all(line.startswith("drwxr-xr-x ") for line in folders), "whatever the umask of who makes it: " + content
    depends = subprocess.run(["dpkg-deb", "--field", package, "Depends"], capture_output=True, text=True, check=True).stdout
    assert "libssl3" in depends and "libpq5" in depends and "ca-certificates" in depends


def test_the_programs_are_hardened(package, tmp_path):
    assert check_binary.missing(BINARY.read_bytes()) == []
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    packaged = (tmp_path / "usr/bin/fairlead").read_bytes()
    optimized = "CMAKE_BUILD_TYPE:STRING=Release" in (BINARY.parents[1] / "CMakeCache.txt").read_text()
    lacks = check_binary.missing(packaged, shipped=True)
    assert lacks == [] if optimized else set(lacks) <= {check_binary.CHECKED_COPIES, check_binary.SMALL}


@pytest.mark.parametrize("damage, name", [
    (lambda elf, data: elf.set_dynamic(data, check_binary.TAG_FLAGS_1, 0), "loads anywhere (PIE)"),
    (lambda elf, data: elf.set_segment_flags(data, check_binary.GNU_STACK, 7), "a stack that does not execute"),
    (lambda elf, data: elf.set_segment_flags(data, check_binary.LOAD, 7), "no memory both writable and executable"),
])
def test_a_weakness_is_found(damage, name):
    data = bytearray(BINARY.read_bytes())
    damage(Damage(data), data)
    assert name in check_binary.missing(bytes(data))


class Damage(check_binary.Elf):
    """Changes an ELF file where it is."""

    def set_dynamic(self, data, tag, value):
        for kind, _, offset, _, _, size, _, _ in self.segments:
            for at in range(offset, offset + size, 16) if kind == check_binary.DYNAMIC else ():
                if struct.unpack_from("<Q", data, at)[0] == tag:
                    struct.pack_into("<Q", data, at + 8, value)

    def set_segment_flags(self, data, kind, flags):
        start, size = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 54)[0]
        for i, segment in enumerate(self.segments):
            if segment[0] == kind:
                struct.pack_into("<I", data, start + i * size + 4, flags)


def installed():
    return subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", "fairlead"], capture_output=True, text=True).stdout == "installed"


@pytest.mark.skipif(os.geteuid() != 0 or installed(), reason="installing needs root, and nothing of the name installed before")
def test_the_package_installs_starts_and_goes_away(package, tmp_path):
    subprocess.run(["dpkg", "--install", "--force-depends", package], check=True, capture_output=True)
    try:
        state = tmp_path / "state"
        write_secret(tmp_path / "password", secrets.token_urlsafe(18))
        subprocess.run(["/usr/bin/fairlead", "init", "--state-dir", state, "--admin-email", "a@example.com", "--admin-password-file", tmp_path / "password",
                        "--client-out", tmp_path / "client.json"], check=True, capture_output=True)
        process = Process(["/usr/bin/fairlead", "serve", "--state-dir", state, "--listen", "127.0.0.1:0",
                           "--public-url", "http://fairlead.test"], tmp_path / "log")
        process.wait_for_http(f"http://127.0.0.1:{process.wait_for_port()}/readyz")
        assert process.stop() == 0
        assert json.loads((tmp_path / "client.json").read_text())["client_id"]
    finally:
        subprocess.run(["dpkg", "--purge", "fairlead"], check=True, capture_output=True)
    assert not pathlib.Path("/usr/bin/fairlead").exists()
