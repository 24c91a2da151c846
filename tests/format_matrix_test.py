"""docs/format-matrix.md names tests that exist, for every section of the format."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/format-matrix.md"


def rows():
    """(section, feature, [(file, test)]) for each feature."""
    section = None
    for line in PAGE.read_text().splitlines():
        if heading := re.match(r"## (\d+)\. ", line):
            section = int(heading.group(1))
        elif line.startswith("| ") and not line.startswith(("| feature |", "|---")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 4, line
            yield section, cells[0], [tuple(test.split(" ")) for test in cells[3].split(", ")]


def names_of_tests(file):
    text = (ROOT / "src/connector" / f"{file}_test.cpp").read_text()
    return {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", text, re.MULTILINE)}


def test_every_named_test_exists():
    known, missing = {}, []
    for section, feature, tests in rows():
        assert tests and all(len(test) == 2 for test in tests), (section, feature, tests)
        for file, test in tests:
            if test not in known.setdefault(file, names_of_tests(file)):
                missing.append((section, feature, file, test))
    assert not missing, missing


def test_every_section_has_its_features():
    sections = [section for section, _, _ in rows()]
    assert sorted(set(sections)) == list(range(1, 17))
    assert len(sections) >= 100, len(sections)


def test_no_feature_stands_twice():
    names = [(section, feature) for section, feature, _ in rows()]
    assert len(names) == len(set(names))
