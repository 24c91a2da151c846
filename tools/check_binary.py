#!/usr/bin/env python3
"""Reads an ELF program and says which of the promised hardenings it lacks (docs/security.md).

   tools/check_binary.py PROGRAM [--shipped]     exit code 1 and a line each for what is missing

--shipped also asks for what only the release has: no symbols left, checked copies (_FORTIFY_SOURCE), 15 MB at most.
"""
import pathlib
import struct
import sys

MOST_BYTES = 15_000_000
CHECKED_COPIES, SMALL = "checked copies (_FORTIFY_SOURCE)", "15 MB at most"
DYNAMIC, GNU_STACK, GNU_RELRO, LOAD = 2, 0x6474E551, 0x6474E552, 1
EXECUTABLE, WRITABLE = 1, 2
SYMBOL_TABLE, DYNAMIC_SYMBOLS = 2, 11
TAG_FLAGS, TAG_FLAGS_1, TAG_RPATH, TAG_RUNPATH = 30, 0x6FFFFFFB, 15, 29
BIND_NOW, NOW_1, PIE_1 = 0x8, 0x1, 0x08000000


class Elf:
    """The parts of a 64-bit little-endian ELF file that tell how it was linked."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        self.data = data
        self.type, = struct.unpack_from("<H", data, 16)
        program_headers, section_headers = struct.unpack_from("<QQ", data, 32)
        size, count, section_size, section_count = struct.unpack_from("<HHHH", data, 54)
        self.segments = [struct.unpack_from("<IIQQQQQQ", data, program_headers + i * size) for i in range(count)]
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, section_headers + i * section_size) for i in range(section_count)]

    def dynamic_tags(self):
        tags = {}
        for kind, _, offset, _, _, size, _, _ in self.segments:
            if kind == DYNAMIC:
                for at in range(offset, offset + size, 16):
                    tag, value = struct.unpack_from("<QQ", self.data, at)
                    tags[tag] = value
        return tags

    def dynamic_symbols(self):
        names = set()
        for _, kind, _, _, offset, size, link, _, _, entry in self.sections:
            if kind != DYNAMIC_SYMBOLS:
                continue
            strings = self.sections[link][4]
            for at in range(offset, offset + size, entry):
                start = strings + struct.unpack_from("<I", self.data, at)[0]
                names.add(self.data[start:self.data.index(b"\0", start)].decode())
        return names


def missing(data, shipped=False):
    """What the program lacks, in words; empty when all is there."""
    elf = Elf(data)
    tags, symbols = elf.dynamic_tags(), elf.dynamic_symbols()
    segments = {segment[0] for segment in elf.segments}
    stacks = [segment[1] for segment in elf.segments if segment[0] == GNU_STACK]
    checks = {
        "loads anywhere (PIE)": elf.type == 3 and bool(tags.get(TAG_FLAGS_1, 0) & PIE_1),
        "read-only after linking (RELRO)": GNU_RELRO in segments,
        "bound at the start (BIND_NOW)": bool(tags.get(TAG_FLAGS, 0) & BIND_NOW or tags.get(TAG_FLAGS_1, 0) & NOW_1),
        "a stack that does not execute": bool(stacks) and not any(flags & EXECUTABLE for flags in stacks),
        "no memory both writable and executable": not any(s[0] == LOAD and s[1] & WRITABLE and s[1] & EXECUTABLE for s in elf.segments),
        "stack guards (-fstack-protector-strong)": "__stack_chk_fail" in symbols,
        "no library path of its own (RPATH)": TAG_RPATH not in tags and TAG_RUNPATH not in tags,
    }
    if shipped:
        checks[CHECKED_COPIES] = any(name.endswith("_chk") for name in symbols)
        checks["no symbols left"] = not any(section[1] == SYMBOL_TABLE for section in elf.sections)
        checks[SMALL] = len(data) <= MOST_BYTES
    return [name for name, holds in checks.items() if not holds]


def main():
    program, shipped = pathlib.Path(sys.argv[1]), "--shipped" in sys.argv[2:]
    lacks = missing(program.read_bytes(), shipped)
    for name in lacks:
        print(f"{program} lacks: {name}", file=sys.stderr)
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main())
