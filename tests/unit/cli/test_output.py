"""How commands speak."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from povod.cli import output


@pytest.fixture(autouse=True)
def zone():
    before = output.ZONE.set(UTC)
    yield
    output.ZONE.reset(before)


MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    cost: Decimal


def test_json_types(capsys):
    output.as_json(
        {"at": MOMENT, "cost": Decimal("1.50"), "path": Path("a/b"), "слово": "ёж",
         "point": Point("x", Decimal("0.10")), "key": SecretStr("geheim")}
    )  # fmt: skip
    text = capsys.readouterr().out
    assert "ёж" in text
    assert "geheim" not in text
    answer = json.loads(text)
    assert answer["at"] == "2026-11-20T09:30:00+00:00"
    assert answer["cost"] == "1.50"
    assert answer["path"] == "a/b"
    assert answer["point"] == {"name": "x", "cost": "0.10"}


def test_a_table_in_a_pipe_is_plain_aligned_text(capsys):
    output.table("title", ("name", "n"), [("long name", 1), ("x", None), ("y", MOMENT)])
    assert capsys.readouterr().out.splitlines() == [
        "title",
        "  name       n",
        "  long name  1",
        "  x          –",
        "  y          2026-11-20 09:30",
    ]


def test_a_time_is_shown_in_the_zone_of_the_house(capsys):
    output.ZONE.set(ZoneInfo("Asia/Yekaterinburg"))
    output.facts({"at": MOMENT, "naive": MOMENT.replace(tzinfo=None)})
    assert capsys.readouterr().out.splitlines() == [
        "  at     2026-11-20 14:30",
        "  naive  2026-11-20 09:30",
    ]
    assert output.moment(MOMENT, ":%S") == "2026-11-20 14:30:00"


def test_a_table_without_rows_and_title(capsys):
    output.table("", ("name", "n"), [])
    assert capsys.readouterr().out == "  name  n\n"


def test_a_table_on_a_terminal_is_drawn(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    output.table("title", ("name",), [("[bold]x[/bold]",)])
    text = capsys.readouterr().out
    assert "title" in text
    assert "[bold]x[/bold]" in text, "what is shown is never read as markup"
    assert "│" in text


def test_facts(capsys):
    output.facts({"a": 1, "longer": 0.123456, "none": None})
    assert capsys.readouterr().out.splitlines() == ["  a       1", "  longer  0.123", "  none    –"]
    output.facts({})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("speak", "stream"), [(output.say, "out"), (output.complain, "err")])
def test_streams(capsys, speak, stream):
    speak("слово")
    captured = capsys.readouterr()
    assert getattr(captured, stream) == "слово\n"
    assert captured.out + captured.err == "слово\n"
