"""A terminal of its own for a program: what it shows there, and keys that are typed to it."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

LONGEST = 60  # seconds without the text that is waited for


class Terminal:
    """A program whose terminal this is, so that Ctrl-C reaches it. `streams` are those of its three that go elsewhere, as Popen takes them."""

    def __init__(self, command, columns=80, environment=None, **streams):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.process = subprocess.Popen(["setsid", "--ctty", *map(str, command)], env={**os.environ, **(environment or {})},
                                        **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **streams})
        os.close(theirs)
        self.raw = b""

    @property
    def shown(self):
        return self.raw.decode(errors="replace").replace("\r\n", "\n")

    def read(self, until):
        """Reads on until the condition holds; False when the program has ended before."""
        end = time.monotonic() + LONGEST
        while not until():
            if not select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
                self.process.kill()
                raise AssertionError(f"nothing more was shown within {LONGEST} s after: {self.shown[-2000:]}")
            try:
                self.raw += os.read(self.ours, 65536)
            except OSError:  # the other end is closed
                return False
        return True

    def wait_for(self, text):
        assert self.read(lambda: text in self.shown), f"it ended without {text!r}: {self.shown[-2000:]}"

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def shows_typing(self):
        return bool(termios.tcgetattr(self.ours)[3] & termios.ECHO)

    def end(self):
        """What was shown until the program ended, all of it; its exit code; whether the terminal then shows what is typed."""
        self.read(lambda: False)
        shows_typing = self.shows_typing()
        os.close(self.ours)
        return self.shown, self.process.wait(timeout=LONGEST), shows_typing
