"""A user's own table in every usual form, against the sandbox search (`povod leads`)."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from povod.sandbox.process import SandboxProcess

ROWS = [
    ["ниша", "город", "страна", "партия"],
    ["Стоматология", "Казань", "RU", "осень"],
    ["", "Самара", "RU", "осень"],
    ["Пластиковые окна", "г. Самара", "Россия", "осень"],
]


def as_csv(path: Path, encoding: str, delimiter: str) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(ROWS)
    return path


def as_xlsx(path: Path) -> Path:
    book = Workbook()
    for row in ROWS:
        book.active.append(row)
    book.save(path)
    return path


def answer(done: Any) -> Any:
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ","),
        ("utf-8", ";"),
        ("utf-8-sig", ";"),
        ("utf-8-sig", ","),
        ("cp1251", ";"),
        ("cp1251", ","),
    ],
)
def test_csv_in_every_form(povod: Any, tmp_path: Path, encoding: str, delimiter: str) -> None:
    as_csv(tmp_path / "my.csv", encoding, delimiter)
    result = answer(povod("leads", "import", "my.csv", "--json"))
    assert (result["rows"], result["inserted"]) == (2, 2)
    [problem] = result["problems"]
    assert "my.csv" in problem
    assert "row 3" in problem
    assert "column A" in problem
    again = answer(povod("leads", "import", "my.csv", "--json"))
    assert (again["inserted"], again["duplicates"]) == (0, 2)


def test_xlsx(povod: Any, tmp_path: Path) -> None:
    as_xlsx(tmp_path / "my.xlsx")
    result = answer(povod("leads", "import", "my.xlsx", "--json"))
    assert (result["rows"], result["inserted"], len(result["problems"])) == (2, 2, 1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", "просто текст\n".encode()])
def test_what_is_no_table_is_refused_and_nothing_is_lost(
    povod: Any, tmp_path: Path, content: bytes
) -> None:
    as_csv(tmp_path / "good.csv", "utf-8", ";")
    answer(povod("leads", "import", "good.csv", "--json"))
    (tmp_path / "bad.csv").write_bytes(content)
    done = povod("leads", "import", "bad.csv")
    assert done.returncode == 2
    assert "bad.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert answer(povod("leads", "report", "--json"))["funnel"]["queries"] == 2


def test_from_table_to_answer(povod: Any, tmp_path: Path, world: SandboxProcess) -> None:
    """The README's walk: import, run, report, outbox, why, export."""
    sites = world.truth()["sites"]
    rows = sorted({(site["niche"], site["city"]) for site in sites})
    with (tmp_path / "my.csv").open("w", encoding="cp1251", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("ниша", "город"), *rows])
    answer(povod("leads", "import", "my.csv", "--json"))

    before = answer(povod("leads", "run", "--no-jump", "--json"))["funnel"]
    assert before["companies"] == 0, "a query must wait for the night"

    funnel = answer(povod("leads", "run", "--approve", "--json"))["funnel"]
    assert funnel["companies"] >= 8
    assert funnel["letters"] >= 3
    assert funnel["accepted"] >= 2
    entries = world.get("/sandbox/smtp/ledger")["entries"]
    assert len({entry["message_id"] for entry in entries}) == len(entries)

    again = answer(povod("leads", "run", "--approve", "--json"))["funnel"]
    assert again == funnel
    assert len(world.get("/sandbox/smtp/ledger")["entries"]) == len(entries)

    sent = answer(povod("deliver", "outbox", "--json"))["items"]
    letter = next(item for item in sent if item["sent_at"])
    story = answer(povod("why", letter["message_id"], "--json"))
    kinds = [step["kind"] for step in story["steps"]]
    for kind in ("niche", "query", "operation", "hit", "page", "contact", "text", "attempt"):
        assert kind in kinds, kind
    held = {step["kind"] for step in story["steps"] if step["holds"]}
    assert {"operation", "page", "text", "approval", "attempt"} <= held
    assert story["broken"] == 0

    done = povod("leads", "export", "companies", "--out", "firms.xlsx", "--format", "xlsx")
    assert done.returncode == 0, done.stderr
    assert load_workbook(tmp_path / "firms.xlsx").active.max_row > 8


def test_malformed_setting_stops_before_anything(povod: Any, tmp_path: Path) -> None:
    done = povod("leads", "report", WEB_PORT="abc")
    assert done.returncode == 2
    assert "WEB_PORT" in done.stderr
    assert "Example" in done.stderr
    assert not (tmp_path / "data").exists()


def test_letters_wait_for_a_person_by_default(povod: Any, tmp_path: Path) -> None:
    as_csv(tmp_path / "my.csv", "utf-8", ";")
    answer(povod("leads", "import", "my.csv", "--json"))
    funnel = answer(povod("leads", "run", "--json"))["funnel"]
    outbox = answer(povod("deliver", "outbox", "--json"))
    assert funnel["accepted"] == 0
    assert set(outbox["counts"]) <= {"needs_approval"}


def test_nothing_leaves_while_sending_is_off(povod: Any, tmp_path: Path) -> None:
    as_csv(tmp_path / "my.csv", "utf-8", ";")
    answer(povod("leads", "import", "my.csv", "--json"))
    off = {"EMAIL_SENDING_ENABLED": "false"}
    funnel = answer(povod("leads", "run", "--approve", "--json", **off))["funnel"]
    assert funnel["accepted"] == 0
    assert funnel["letters"] > 0


def test_doctor_tells_what_is_missing(povod: Any) -> None:
    findings = answer(povod("doctor", "--json"))
    assert {finding["what"] for finding in findings} >= {"database", "search key", "sending"}
    broken = povod("doctor", "--json", DATABASE_URL="mysql://x/y")
    assert broken.returncode == 1
    assert "DATABASE_URL" in broken.stdout
