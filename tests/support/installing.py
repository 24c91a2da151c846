"""Tests install what they need once, though several processes may ask for it at the same time."""
import contextlib
import fcntl


@contextlib.contextmanager
def only_one(home, name):
    """Holds a lock in the folder `home` that other processes wait for."""
    home.mkdir(parents=True, exist_ok=True)
    with open(home / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
