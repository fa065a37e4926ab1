"""`povod greet`: from demo clients to approved greetings, on the command line."""

import csv

import pytest


@pytest.fixture
def seeded(povod):
    assert povod("greet", "demo", "seed").code == 0
    return povod


def test_demo_clients_come_once_and_go(seeded):
    again = seeded("greet", "demo", "seed")
    assert "added    0" in again.out
    assert seeded("greet", "demo", "clear").code == 0
    assert seeded("greet", "detect", "--json").json == []


def test_detect_says_who_when_and_why_not_and_writes_nothing(seeded):
    found = seeded("greet", "detect", "--json").json
    assert {row["reason"] for row in found} >= {""}
    assert any(row["match_reason"] for row in found)
    assert "why not" in seeded("greet", "detect", "--days", "30").out
    assert seeded("greet", "list", "--json").json == []


def test_a_run_writes_and_a_second_one_finds_everything_done(seeded):
    first = seeded("greet", "run", "--no-deliver", "--json").json
    assert first["generated_greetings"] > 0
    second = seeded("greet", "run", "--no-deliver", "--json").json
    assert (second["generated_greetings"], second["errors"]) == (0, 0)
    assert second["skipped_existing"] == first["generated_greetings"]


def test_the_report_of_a_run_as_a_table(seeded, tmp_path):
    done = seeded("greet", "run", "--no-deliver", "--json").json
    file = tmp_path / "report.csv"
    assert "lines" in seeded("greet", "report", done["run_id"], "--csv", str(file)).out
    with file.open(encoding="utf-8-sig", newline="") as table:
        lines = {
            (one["part"], one["name"]): one["value"] for one in csv.DictReader(table, delimiter=";")
        }
    assert lines["run", "id"] == done["run_id"]
    assert lines["counters", "generated"] == str(done["generated_greetings"])
    assert lines["texts.sources", "template"] == str(done["generated_greetings"])
    assert any(part == "not_greeted" for part, _ in lines)
    assert seeded("greet", "report", "--json").json["id"] == done["run_id"]
    assert "counters" in seeded("greet", "report").out
    assert seeded("greet", "report", "01900000-0000-7000-8000-000000000000").code == 1


def test_a_greeting_is_shown_approved_and_drawn(seeded, tmp_path):
    seeded("greet", "run", "--no-deliver")
    waiting = seeded("greet", "list", "--tab", "waiting", "--json").json
    one = waiting[0]["id"]
    shown = seeded("greet", "show", one)
    assert "needs_approval" in shown.out
    assert f"approval_reasons  {', '.join(waiting[0]['approval_reasons'])}" in shown.out
    assert waiting[0]["client_name"] in seeded("greet", "list").out
    assert len(shown.out) > 400
    assert seeded("greet", "show", one, "--json").json["id"] == one
    card = tmp_path / "card.jpg"
    assert "bytes" in seeded("greet", "card", one, "-o", str(card)).out
    assert card.read_bytes().startswith(b"\xff\xd8")
    assert "approved: 1" in seeded("greet", "approve", one).out
    again = seeded("greet", "approve", one)
    assert "approved: 0" in again.out
    assert one in again.err


def test_all_that_is_clean_is_approved_at_once_but_no_vip(seeded):
    seeded("greet", "run", "--no-deliver")
    waiting = seeded("greet", "list", "--tab", "waiting", "--json").json
    result = seeded("greet", "approve", "--all-clean")
    assert result.code == 0
    left = seeded("greet", "list", "--tab", "waiting", "--json").json
    assert f"approved: {len(waiting) - len(left)}" in result.out
    assert all(row["id"] in result.err for row in left)
    assert left


def test_a_text_is_refused_with_a_reason(seeded):
    seeded("greet", "run", "--no-deliver")
    one = seeded("greet", "list", "--tab", "waiting", "--json").json[0]["id"]
    assert seeded("greet", "reject", one, "--comment", "не то").code == 0
    assert seeded("greet", "show", one, "--json").json["status"] == "rejected"


def test_a_manual_greeting(seeded):
    client = next(row for row in seeded("greet", "detect", "--json").json if not row["reason"])
    order = ("greet", "manual", "Юбилей компании", "--client", client["client_id"])
    assert "events: 1" in seeded(*order, "--on", "2099-01-15").out
    assert seeded(*order, "--on", "вчера").code == 2
    assert seeded(*order, "--on", "2020-01-01").code == 2


def test_a_preview_stores_nothing(seeded, tmp_path):
    client = seeded("greet", "detect", "--json").json[0]["client_id"]
    card = tmp_path / "preview.jpg"
    shown = seeded("greet", "preview", client, "--tone", "official", "-o", str(card))
    assert shown.code == 0, shown.err
    assert card.exists()
    assert seeded("greet", "list", "--json").json == []


def test_an_export(seeded, tmp_path):
    seeded("greet", "run", "--no-deliver")
    file = tmp_path / "greetings.csv"
    assert "greetings" in seeded("greet", "export", str(file)).out
    with file.open(encoding="utf-8-sig", newline="") as table:
        lines = list(csv.DictReader(table, delimiter=";"))
    assert len(lines) > 2
    assert all(line["client"] and line["title"] for line in lines)


def test_wrong_use(povod):
    assert povod("greet", "approve").code == 2
    assert povod("greet", "show", "nothing").code != 0
    assert povod("greet", "card", "nothing", "-o", "x.jpg").code != 0


def test_rules_of_the_calendar(povod, tmp_path):
    listed = povod("greet", "holidays", "list", "--query", "бухгалтер", "--json").json
    assert [row["code"] for row in listed] == ["accountant_day"]
    assert "accountant" in povod("greet", "holidays", "list", "--query", "бухгалтер").out
    assert povod("greet", "holidays", "upcoming", "--days", "60").code == 0
    assert povod("greet", "holidays", "check").code == 0
    assert "03-08" in povod("greet", "holidays", "test", "fixed 03-08").out
    assert povod("greet", "holidays", "test", "fixed 13-08").code == 2
    assert povod("greet", "holidays", "switch", "accountant_day", "--off").code == 0
    (row,) = povod("greet", "holidays", "list", "--query", "бухгалтер", "--json").json
    assert not row["is_business_relevant"]
    assert povod("greet", "holidays", "import", str(tmp_path / "none.csv")).code == 2


def test_a_reset_keeps_what_was_sent(seeded):
    seeded("greet", "run", "--no-deliver")
    assert "СБРОСИТЬ" in seeded("greet", "reset").err
    assert seeded("greet", "list", "--json").json
    assert seeded("greet", "reset", "--word", "СБРОСИТЬ").code == 0
    assert seeded("greet", "list", "--json").json == []


def test_clients_are_imported_here_too(povod, tmp_path):
    file = tmp_path / "clients.csv"
    file.write_text("имя;почта\nАнна;a@firma.ru\n")
    assert povod("greet", "import", str(file), "--basis", "existing_client").code == 0
