"""The scripts of tools/ on machines that are not like ours: blanks in every path, a proxy for everything."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.harness import BINARY, Process, free_port

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"


def imported(name):
    """A script without the ending of its language."""
    loader = importlib.machinery.SourceFileLoader(name, str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("command, left", [
    ("c++ -O1 -c a.cpp", "c++ -O1 -c a.cpp"),
    ("c++ -Xclang -keep -Winvalid-pch -Xclang -include-pch -Xclang /r/x.pch -o a.o -c a.cpp", "c++ -Xclang -keep -o a.o -c a.cpp"),
    (r'c++ -DV=\"1\" -I"/a b" -Winvalid-pch -Xclang -include-pch -Xclang "/a b/x.pch" -c "/a b/a.cpp"', """c++ '-DV="1"' '-I/a b' -c '/a b/a.cpp'"""),
])
def test_lint_takes_the_precompiled_header_out_of_a_command(command, left):
    assert imported("lint").without_precompiled_header(command) == left


def test_what_make_run_shows_can_be_pasted(tmp_path):
    home = tmp_path / "with a blank"
    (home / "tools").mkdir(parents=True)
    shutil.copy(TOOLS / "run", home / "tools" / "run")
    (home / "fairlead").symlink_to(BINARY.resolve())
    proxy = "http://127.0.0.1:1"  # where nobody is
    environment = {"FAIRLEAD_BINARY": str(home / "fairlead"), "FAIRLEAD_PORT": str(free_port()), "FAIRLEAD_SANDBOX_PORT": str(free_port()),
                   "FAIRLEAD_STATE_DIR": str(home / "state"), "http_proxy": proxy, "ALL_PROXY": proxy}
    running = Process([home / "tools" / "run"], tmp_path / "log", environment)
    try:
        shown = running.wait_for_output(r"(?s)Paste into another terminal:\n(.*--params \'\{\"limit\":3\}\'\n)").group(1)
        done = subprocess.run(["bash", "-euc", shown + 'echo "$TOKEN"'], cwd="/", capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "http_proxy": proxy, "ALL_PROXY": proxy})
        assert done.returncode == 0, done.stderr
        by_curl, by_command_line, token = done.stdout.strip().splitlines()
        for answer in (by_curl, by_command_line):
            assert len(json.loads(answer)["result"]) == 3, answer
        assert token.count(".") == 2
    finally:
        assert running.stop() == 0, running.said()
