#!/usr/bin/env python3
"""Loads every connector definition under a folder, or of an installed Python package, and prints a table of what came of it.

    tools/check_published.py connectors
    tools/check_published.py --package airbyte-agent-sdk --python path/to/venv/bin/python

Only counts, times and (for files that do not load) the places of the mistakes are shown; nothing else of the files is read, printed or
kept. Exit code 1 when one does not load, or when there are not as many as --expect says.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Where the files of a distribution are, said by the interpreter that has it installed.
LOCATE = """
import importlib.metadata, sys
for file in importlib.metadata.files(sys.argv[1]) or []:
    if file.suffix in ('.yaml', '.yml'):
        print(file.locate())
"""


def definitions_under(folder):
    return sorted(path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern))


def definitions_of_package(name, python):
    done = subprocess.run([python, "-c", LOCATE, name], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{python} has no package {name}: {done.stderr.strip().splitlines()[-1]}")
    return sorted(pathlib.Path(line) for line in done.stdout.splitlines())


def is_definition(path):
    """By its name: golden files and settings lie beside definitions."""
    return path.name in ("connector.yaml", "connector.yml", "definition.yaml")


def check(binary, path):
    """{loads, connector, operations, warnings, milliseconds, problems}"""
    start = time.monotonic()
    done = subprocess.run([binary, "connector", "validate", "--json", str(path)], capture_output=True, text=True, timeout=60)
    milliseconds = (time.monotonic() - start) * 1000
    file = json.loads(done.stdout)["files"][0]
    problems = [f"{one['line']}: {one['path']}" for one in file["findings"] if one["severity"] == "error"]
    counts = file.get("counts", {})
    return {"loads": file["valid"], "connector": file.get("connector", path.parent.name), "operations": counts.get("operations", 0),
            "warnings": counts.get("warnings", 0), "milliseconds": milliseconds, "problems": problems}


def shows(binary, path):
    done = subprocess.run([binary, "connector", "show", "--schema", str(path)], capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and len(json.loads(done.stdout))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--package", help="an installed distribution, such as airbyte-agent-sdk")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has it installed")
    parser.add_argument("--binary", default=os.environ.get("FAIRLEAD_BINARY", ROOT / "build/dev/bin/fairlead"))
    parser.add_argument("--expect", type=int, help="how many definitions there must be")
    parser.add_argument("--all-names", action="store_true", help="also YAML files that are not called connector.yaml")
    arguments = parser.parse_args()
    if (arguments.folder is None) == (arguments.package is None):
        parser.error("give a folder, or --package")
    if arguments.folder is not None and not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    paths = definitions_under(arguments.folder) if arguments.folder else definitions_of_package(arguments.package, arguments.python)
    if not arguments.all_names:
        paths = [path for path in paths if is_definition(path)]

    rows = [check(arguments.binary, path) for path in paths]
    print(f"{'definition':32} {'operations':>10} {'tools':>6} {'warnings':>8} {'ms':>7}  loads")
    for path, row in zip(paths, rows):
        tools = shows(arguments.binary, path) if row["loads"] else 0
        row["loads"] = row["loads"] and tools == row["operations"]
        print(f"{row['connector'][:32]:32} {row['operations']:>10} {tools:>6} {row['warnings']:>8} {row['milliseconds']:>7.1f}  "
              f"{'yes' if row['loads'] else 'NO'}")
        for problem in row["problems"][:5]:
            print(f"    line {problem}")
    loaded = sum(row["loads"] for row in rows)
    print(f"{loaded} of {len(rows)} load; {sum(row['operations'] for row in rows)} operations; "
          f"slowest {max((row['milliseconds'] for row in rows), default=0):.0f} ms with the start of the program")
    enough = arguments.expect is None or len(rows) == arguments.expect
    if not enough:
        print(f"{arguments.expect} definitions were expected")
    sys.exit(0 if rows and loaded == len(rows) and enough else 1)


if __name__ == "__main__":
    main()
