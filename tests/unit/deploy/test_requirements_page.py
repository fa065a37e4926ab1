"""`docs/requirements.md` tells the truth: what it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "requirements.md"
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (?P<number>\w[\w.]*) \|(?P<cells>.+)\|$")
ROWS = [
    (found["number"], [cell.strip() for cell in re.split(r"(?<!\\)\|", found["cells"])])
    for line in PAGE.read_text("utf-8").splitlines()
    if (found := ROW.match(line))
]
RESULTS = ("held", "held by hand", "partly", "open", "not built")


def named_tests() -> list[tuple[str, str]]:
    return sorted(set(TEST.findall(PAGE.read_text("utf-8"))))


def test_the_page_can_be_read() -> None:
    assert len(ROWS) > 150
    assert all(len(cells) == 4 for _, cells in ROWS)
    assert len(named_tests()) > 200


@pytest.mark.parametrize("file", sorted({file for file, _ in named_tests()}))
def test_every_named_test_is_there(file: str) -> None:
    path = ROOT / "tests" / file
    there = (
        set(re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))) if path.exists() else set()
    )
    assert {name for other, name in named_tests() if other == file} <= there


def test_every_place_is_there() -> None:
    places = {place for _, cells in ROWS for place in re.findall(r"`([^`:]+)`", cells[1])}
    bases = (ROOT / "src" / "povod", ROOT)
    astray = [place for place in places if not any((base / place).exists() for base in bases)]
    assert astray == []


def test_every_row_of_must_never_happen_is_judged() -> None:
    numbers = {number for number, _ in ROWS}
    assert {f"N{number}" for number in range(1, 53)} <= numbers
    assert {f"G{number}" for number in range(162, 207)} <= numbers


def test_what_is_held_has_tests_and_what_is_not_says_why() -> None:
    for number, (_, _, tests, result) in ROWS:
        word, _, why = result.partition(":")
        assert word in RESULTS, (number, result)
        if word == "held":
            assert TEST.search(tests), number
        if word in {"partly", "open", "not built"}:
            assert len(why) > 10, number
