"""The npm package emulate: services that keep state and check tokens, each seeded from seeds/SERVICE.yaml."""
import contextlib

import installation
from definitions import HERE
from programs import running


@contextlib.contextmanager
def emulate(service, base_url):
    """Runs one service as if it were reached at `base_url`; gives its address."""
    script = installation.node_modules() / "emulate" / "dist" / "index.js"
    seed = HERE / "seeds" / f"{service}.yaml"
    folder = installation.HOME / f"emulate-{service}"
    folder.mkdir(exist_ok=True)
    command = lambda port: [installation.node(), script, "start", "-p", port, "-s", service, "--seed", seed, "--base-url", base_url]
    with running(f"emulate-{service}", command, folder=folder) as url:
        yield url
