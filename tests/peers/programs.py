"""Starts a counterpart on a free port of 127.0.0.1, waits until it answers, and ends it with everything it started."""
import contextlib
import os
import signal
import subprocess
import urllib.error
import urllib.request

import installation
from support.harness import free_port, wait_until


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextlib.contextmanager
def running(name, command, seconds=90, folder=None):
    """Runs `command(port)`, a list, and gives its address once it answers. The output goes to build/peers/log/NAME.log."""
    log = installation.HOME / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    for tries_left in (2, 1, 0):  # another program may take the port before this one does
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        # The kernel ends it too when this process dies without a word.
        full = ["setpriv", "--pdeathsig", "KILL", *map(str, command(port))]
        with open(log, "wb") as output:
            process = subprocess.Popen(full, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        try:
            wait_until(lambda: process.poll() is not None or answers(url), seconds, name)
            if process.poll() is None:
                yield url
                return
        finally:
            end(process)
        assert tries_left, f"{name} ended while starting:\n{log.read_text(errors='replace')[-3000:]}"


def end(process):
    """It and everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
