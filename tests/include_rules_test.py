"""Holds the #include lines of src/ to the table of who may use whom (docs/architecture.md)."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

MAY_USE = {
    "base": set(),
    "net": {"base"},
    "connector": {"base", "net"},
    "store": {"base"},
    "vault": {"base", "net", "store", "connector"},
    "access": {"base", "store", "vault"},
    "platform": {"base", "net", "connector", "store", "access", "vault"},
    "api": {"base", "net", "access", "platform"},
    "cli": {"base", "net"},
    "sandbox": {"base", "net"},
}
LIBRARIES = {
    # A heavy or dangerous header, and the only files that may include it.
    r"<boost/beast": r"net/.*",
    r"<sqlite3\.h>": r"store/sqlite_.*\.cpp",
    r"<libpq-fe\.h>": r"store/postgres_.*\.cpp",
    r"<spdlog/": r"base/log\.cpp",
    r"<yaml\.h>": r"connector/yaml_reader\.cpp",
    r"<simdjson": r"connector/.*\.cpp",
    r"<CLI/": r"(cli|server)/.*",
}


def includes():
    for path in sorted(SOURCE.rglob("*.[ch]pp")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := re.match(r'\s*#\s*include\s*([<"].*?[>"])', line):
                yield path.relative_to(SOURCE).as_posix(), number, found.group(1)


def test_rooms_use_only_the_rooms_they_may():
    wrong = []
    for path, number, target in includes():
        room = path.split("/")[0]
        if target.startswith('"') and room != "server":
            used = target[1:].split("/")[0]
            if used not in MAY_USE[room] | {room, "support"} or (used == "support" and not path.endswith("_test.cpp") and "/testdata/" not in path):
                wrong.append(f"src/{path}:{number} includes {target}")
    assert wrong == []


def test_heavy_libraries_stay_in_their_files():
    wrong = []
    for path, number, target in includes():
        for library, place in LIBRARIES.items():
            if re.match(library, target) and not re.fullmatch(place, path):
                wrong.append(f"src/{path}:{number} includes {target}")
    assert wrong == []


def test_secrets_are_revealed_in_known_files_only():
    lines = (ROOT / "tests" / "reveal_allowed.txt").read_text().splitlines()
    known = [line.split()[0] for line in lines if not line.startswith("#")]
    found = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCE.rglob("*.cpp")
        if re.search(r"\breveal\(\)", path.read_text()) and not path.name.endswith("_test.cpp")
    }
    assert sorted(found) == sorted(known), "git grep reveal is the audit of secrets: add a file here only with a reason"


def test_every_room_is_in_the_table():
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert rooms - set(MAY_USE) == {"server"}
