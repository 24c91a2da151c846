"""Drives the built program: `fairlead exec-local --batch`, a line in, a line out."""
import itertools
import json
import os
import select
import subprocess

from definitions import ROOT
from support.harness import BINARY

LINE_SECONDS = 60


class Batch:
    def __init__(self):
        self.numbers = itertools.count(1)
        self.process = subprocess.Popen([BINARY, "exec-local", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.process.stdin.close()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert code == 0, f"exec-local ended with {code}"

    def call(self, connector, entity, action, params=None, *, url, credentials, **more):
        """The result of one call: {"success", "data", "meta", "error"}."""
        number = next(self.numbers)
        definition = str(ROOT / "connectors" / connector / "connector.yaml")
        line = {"id": number, "definition": definition, "base_url": url, "no_sleep": True, "credentials": credentials, "config": {},
                "entity": entity, "action": action, "params": params or {}, **more}
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.read_line())
        assert answer["id"] == number
        return answer["result"]

    def read_line(self):
        descriptor = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            assert select.select([descriptor], [], [], LINE_SECONDS)[0], f"no answer within {LINE_SECONDS} s"
            piece = os.read(descriptor, 1 << 16)
            assert piece, "exec-local ended in the middle of a batch"
            self.pending += piece
        line, _, self.pending = self.pending.partition(b"\n")
        return line
