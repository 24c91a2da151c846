#!/usr/bin/env python3
"""Builds one preset and runs every test of it: C++ (GoogleTest), then Python (pytest), which drives the built programs.

Shows what it is doing; the last line counts: `N passed, N failed`. Exit code 1 when anything failed.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(title, command, **options):
    print(f"== {title}", flush=True)
    start = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, **options).returncode
    print(f"   {time.monotonic() - start:.0f} s", flush=True)
    return code


def must(title, command, way_out=""):
    if run(title, command) != 0:
        print(f"{title} failed: nothing was tested{way_out}\n0 passed, 1 failed")
        sys.exit(1)


def count(report):
    """Passed, failed, skipped of a JUnit report; a missing report is one failure."""
    if not report.exists():
        return 0, 1, 0
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failed = sum(1 for c in cases if c.find("failure") is not None or c.find("error") is not None or c.get("status") == "fail")
    skipped = sum(1 for c in cases if c.find("skipped") is not None or c.get("status") in ("notrun", "disabled"))
    return len(cases) - failed - skipped, failed, skipped


def python_environment():
    """A virtual environment with the pinned packages of tests/requirements.txt; made again only when they change."""
    home = ROOT / "build" / "venv"
    wanted = (ROOT / "tests" / "requirements.txt").read_text()
    stamp = home / "requirements.txt"
    python = home / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        must("a virtual environment for the Python tests", [sys.executable, "-m", "venv", "--clear", str(home)])
        must("installing the Python packages of the tests",
             [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(ROOT / "tests" / "requirements.txt")],
             ". What pip says is above; when the Python package index can be reached, run the same command again")
        stamp.write_text(wanted)
    return python


def sanitizer_environment():
    """Reports with names, also of what Debian calls llvm-symbolizer-16; every race ends a program with a code of its own. tests/tsan.supp
    says which reports are not ours."""
    common = ""
    if program := shutil.which("llvm-symbolizer-16") or shutil.which("llvm-symbolizer"):
        common = f"external_symbolizer_path={program}:"
    return {"ASAN_OPTIONS": common + os.environ.get("ASAN_OPTIONS", ""), "UBSAN_OPTIONS": common + "print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", ""),
            "TSAN_OPTIONS": f"{common}suppressions={ROOT / 'tests/tsan.supp'}:second_deadlock_stack=1:" + os.environ.get("TSAN_OPTIONS", "")}


def log_reports_to(environment, stem):
    """The same environment, with the reports of sanitizers in files `<stem>.<process>`: of a server that is killed, or whose end no test looks at,
    nobody sees the output or the exit code."""
    for old in stem.parent.glob(f"{stem.name}.*"):
        old.unlink()
    return {**environment, **{name: f"{environment[name]}:log_path={stem}" for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")}}


def count_reports(stem):
    """How many processes were complained of; shows the complaints."""
    found = sorted(stem.parent.glob(f"{stem.name}.*"))
    for report in found:
        print(f"== {report.name}\n{report.read_text(errors='replace')[:20000]}", flush=True)
    return len(found)


def run_programs(build, reports, jobs, match):
    """Every GoogleTest program of the build, `jobs` at a time; what a failing one printed is shown."""
    programs = [path for path in sorted((build / "bin").glob("*_test")) if not match or re.search(match, path.name)]
    print(f"== C++ tests: {len(programs)} programs", flush=True)

    def run_one(program):
        report = reports / f"{program.name}-{build.name}.xml"
        report.unlink(missing_ok=True)
        start = time.monotonic()
        try:
            done = subprocess.run([str(program), "--gtest_brief=1", f"--gtest_output=xml:{report}"], cwd=ROOT, capture_output=True, text=True,
                                  errors="replace", timeout=900)
            output, code = done.stdout + done.stderr, done.returncode
        except subprocess.TimeoutExpired as expired:
            output, code = f"{expired.stdout}\n{program.name} did not end in 900 s", 1
        counted = count(report)
        if code != 0 and counted[1] == 0:  # it died, or a sanitizer complained at its end
            counted = (counted[0], 1, counted[2])
            output += f"\n{program.name} ended with {code}"
        print(f"   {program.name}: {counted[0]} passed, {counted[1]} failed, {time.monotonic() - start:.0f} s", flush=True)
        if counted[1]:
            print(output[-20000:], flush=True)
        return counted

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(run_one, programs))
    if not results:
        return 0, 1, 0
    return tuple(map(sum, zip(*results)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="dev", choices=["dev", "asan", "tsan"])
    parser.add_argument("--python", nargs="+", default=["tests"], metavar="PATH", help="which Python tests (default: all)")
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    parser.add_argument("--only", choices=["cpp", "python"])
    parser.add_argument("--match", help="only C++ test programs whose name matches this expression")
    arguments = parser.parse_args()
    build = ROOT / "build" / arguments.preset
    reports = ROOT / "build" / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    os.environ.update(sanitizer_environment())

    # First, because it needs the network: a machine without one should not build for a quarter of an hour to learn that.
    python = python_environment() if arguments.only != "cpp" else None
    must(f"configuring build/{arguments.preset}", ["cmake", "--preset", arguments.preset, "--log-level=WARNING"])
    must(f"building build/{arguments.preset}", ["cmake", "--build", str(build), "-j", arguments.jobs])

    passed = failed = skipped = 0
    if arguments.only != "python":
        counted = run_programs(build, reports, int(arguments.jobs), arguments.match)
        passed, failed, skipped = passed + counted[0], failed + counted[1], skipped + counted[2]
    if arguments.only != "cpp":
        report = reports / f"python-{arguments.preset}.xml"
        report.unlink(missing_ok=True)
        complaints = reports / f"sanitizer-{arguments.preset}"
        environment = log_reports_to(dict(os.environ, FAIRLEAD_BINARY=str(build / "bin" / "fairlead")), complaints)
        first_time = "" if (ROOT / "build" / "clients").exists() else "; minutes go by while the clients and stand-ins that they need are installed, once"
        run(f"Python tests{first_time}", [str(python), "-m", "pytest", "-q", "-rs", "-n", arguments.jobs, "--dist", "loadfile", "--junitxml", str(report), *arguments.python],
            env=environment)
        counted = count(report)
        passed, failed, skipped = passed + counted[0], failed + counted[1] + count_reports(complaints), skipped + counted[2]

    skips = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{skips}")
    sys.exit(1 if failed or passed == 0 else 0)


if __name__ == "__main__":
    main()
