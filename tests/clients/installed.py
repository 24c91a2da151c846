"""Puts the published clients into virtual environments under build/clients, each once and again only when its pinned list changes.

A machine without the right Python, or without the package index, skips their tests with the reason.
"""
import functools
import glob
import os
import pathlib
import shutil
import subprocess

import pytest

from support.installing import only_one

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent / "build" / "clients"


def version_of(python):
    done = subprocess.run([python, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def find_python(*versions):
    """The first Python of one of these versions: on the PATH, or among those of pyenv."""
    for version in versions:
        candidates = [shutil.which(f"python{version}"), shutil.which("python3")]
        root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        candidates += sorted(glob.glob(f"{root}/versions/{version}.*/bin/python{version}"), reverse=True)
        for candidate in candidates:
            if candidate and version_of(candidate) == version:
                return candidate
    pytest.skip(f"needs Python {' or '.join(versions)} with venv, on the PATH or installed by pyenv")


@functools.cache
def python_with(name, *versions):
    """The Python of a virtual environment that holds the packages of NAME.txt, which names all of them with their versions."""
    home = HOME / name
    listed = HERE / f"{name}.txt"
    stamp = home / "installed.txt"
    python = home / "bin" / "python"
    with only_one(HOME, name):
        if stamp.exists() and stamp.read_text() == listed.read_text():
            return python
        base = find_python(*versions)
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([base, "-m", "venv", str(home)], check=True, capture_output=True)
        done = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries", "1", "--no-deps",
                               "-r", str(listed)], capture_output=True, text=True)
        if done.returncode != 0:
            shutil.rmtree(home, ignore_errors=True)
            pytest.skip(f"{name} cannot be installed here: {done.stderr.strip()[-400:]}")
        stamp.write_text(listed.read_text())
    return python
