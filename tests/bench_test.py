"""The benchmarks run from end to end on the build under test and fill every line of their tables; what the figures are is not looked at."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from clients import installed
from support.harness import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[1]
NUMBER = r"[\d.]+"
needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx, the upstream and the reference, is not installed")


def printed_by(*command):
    done = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "FAIRLEAD_BINARY": str(BINARY)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_lines(text, expressions):
    missing = [one for one in expressions if not re.search(f"^ *{one}", text, re.MULTILINE)]
    assert not missing, text


def section(text, title):
    """From its title to the next."""
    return re.search(rf"^## {re.escape(title)}.*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL).group()


@needs_nginx
def test_the_ratios_against_nginx():
    text = printed_by("bench/run", "--smoke")
    cpu = rf"cpu +{NUMBER} us/req .*ratio +({NUMBER} %|n/a) +{NUMBER} req/s .*rss {NUMBER} MB"
    for title, names in {"execute, 60 KB page, 5 fields": ("nginx", "fairlead"), "execute, 2 KB record": ("nginx", "fairlead"),
                         "execute, 60 KB page, https": ("nginx-tls", "fairlead-tls")}.items():
        assert_lines(section(text, title), [f"{name} +{cpu}" for name in names])
    assert_lines(section(text, "added latency"), [rf"{name} +p50 +{NUMBER} .*added +-?{NUMBER} us +p99 +{NUMBER} .*added +-?{NUMBER} us"
                                                  for name in ("direct", "nginx", "fairlead")])
    assert_lines(section(text, "one process"), [f"start to first answer +{NUMBER} ms", f"memory when idle +{NUMBER} MB", f"binary +{NUMBER} MB"])
    if not shutil.which("valgrind"):
        pytest.skip("all but the count of instructions, for which valgrind is not installed")
    assert_lines(section(text, "user instructions per execute"), [f"{size} +[1-9]{NUMBER}k" for size in ("2 KB", "60 KB")])


def test_the_steps_of_the_engine():
    text = printed_by("bench/engine", "--min-time", "0.0001")
    lines = [line for line in text.splitlines() if line.startswith("      ")]
    assert len(lines) > 30, text
    assert_lines(text, [rf"{group}$" for group in ("build", "catalogue")])
    assert not [line for line in lines if not re.search(rf" {NUMBER} (us|ms)", line)], text


@needs_nginx
def test_the_engine_against_the_published_package():
    python = installed.python_with("airbyte-agent-sdk", "3.13")
    text = printed_by("bench/reference", "--rounds", 1, "--calls", 2, "--python", python)
    assert_lines(text, [rf"a call, +{callers} at once +{NUMBER} us +{NUMBER} us +ours is +{NUMBER} times" for callers in (1, 64)])
    assert_lines(text, [rf"load {name} +{NUMBER} KB +{NUMBER} ms +{NUMBER} ms +ours is +{NUMBER} times" for name in ("GitHub", "largest")])
    assert_lines(text, [rf"load our GitHub +{NUMBER} KB +{NUMBER} ms"])
