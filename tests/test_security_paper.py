"""docs/security.md names every requirement of its chapters once, and for each that is met a test that exists."""

import re

import pytest

from config import HOME

PAPER = (HOME / "docs" / "security.md").read_text(encoding="utf-8")
SECTIONS = {
    1: {1: 2, 2: 9, 3: 11, 4: 3, 5: 2},
    2: {1: 3, 2: 3, 3: 4, 4: 1},
    5: {1: 1, 2: 3, 3: 2, 4: 3},
    6: {1: 3, 2: 12, 3: 4, 4: 4, 5: 5, 6: 3, 8: 4},
    7: {1: 3, 2: 4, 3: 2, 4: 5, 5: 2, 6: 2},
    8: {1: 2, 2: 3, 3: 1, 4: 1},
    9: {1: 3, 2: 4},
    13: {1: 1, 2: 5, 3: 2, 4: 5},
    14: {1: 2, 2: 4, 3: 3},
}
"""OWASP ASVS 5.0.0: chapter → section → how many requirements of levels 1 and 2. In these chapters they come first."""

ROWS = {
    cells[0]: cells[1:]
    for line in PAPER.splitlines()
    if re.match(r"\| \d+\.\d+\.\d+ \|", line)
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


def test_every_requirement_of_the_chapters_stands_there_once():
    asked = [
        f"{chapter}.{section}.{number}"
        for chapter, sections in SECTIONS.items()
        for section, count in sections.items()
        for number in range(1, count + 1)
    ]
    assert re.findall(r"^\| (\d+\.\d+\.\d+) \|", PAPER, re.MULTILINE) == asked


@pytest.mark.parametrize("number", ROWS)
def test_what_is_met_names_tests_that_exist(number):
    _subject, how, tests = ROWS[number]
    named = [name.strip() for name in tests.split(",") if name.strip()]
    assert named or how.startswith(("not applicable", "**not met**"))
    for name in named:
        file, _, test = name.partition("::")
        assert re.search(
            rf"^def {test}\(", (HOME / "tests" / f"{file}.py").read_text(encoding="utf-8"), re.MULTILINE
        ), name
