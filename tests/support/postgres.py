"""A private PostgreSQL 15 for the tests: a folder, a port on 127.0.0.1, gone at the end."""
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from support.harness import free_port, wait_until


class Postgres:
    def __init__(self):
        binaries = sorted(glob.glob("/usr/lib/postgresql/15/bin"))
        assert binaries, "PostgreSQL 15 is not installed; on Debian: apt install postgresql-15"
        self.binaries = pathlib.Path(binaries[-1])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-postgres-"))
        # The server refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        for _ in range(3):  # another program may take the port before this one does
            self.start()
            if self.server.poll() is None:
                return
        raise AssertionError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-3000:]}")

    def start(self):
        self.port = free_port()
        with open(self.folder / "log", "ab") as log:
            self.server = subprocess.Popen([*self.user, self.binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                                            "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off"], stdout=log, stderr=log)
        # By the socket in its folder: nobody else answers there.
        wait_until(lambda: self.server.poll() is not None or self.run("pg_isready", "-h", self.folder, "-p", self.port, check=False).returncode == 0, what="PostgreSQL")

    def run(self, program, *arguments, check=True):
        return subprocess.run([*self.user, self.binaries / program, *map(str, arguments)], check=check, capture_output=True, text=True, cwd="/")

    def new_database(self, name):
        self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", name)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def dump(self, name):
        return self.run("pg_dump", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", name).stdout

    def processes(self):
        """The server's and those it made, parents first."""
        found = [self.server.pid]
        for process in found:
            for children in glob.glob(f"/proc/{process}/task/*/children"):
                found += map(int, pathlib.Path(children).read_text().split())
        return found

    def fall_silent(self):
        """Like a machine that stands still: connections stay, and nothing answers."""
        for process in self.processes()[bool(self.user):]:  # runuser stops by itself with its child
            os.kill(process, signal.SIGSTOP)

    def go_on(self):
        for process in reversed(self.processes()):
            os.kill(process, signal.SIGCONT)

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop", check=False)
        self.server.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)
