"""Whether calls fit the TypeScript types of a vendor's own client package, as the TypeScript compiler sees it."""
import json
import subprocess

import installation
from definitions import HERE


def faults(name, setup, calls):
    """`setup`: the lines that make `client`. `calls`: {"id", "call", "argument"} each. Gives the faults by id."""
    home = installation.node_modules()
    file = home.parent / f"{name}.mts"
    command = [installation.node(), HERE / "typed_calls.mjs", home, file]
    done = subprocess.run(list(map(str, command)), input=json.dumps({"setup": setup, "calls": calls}), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
