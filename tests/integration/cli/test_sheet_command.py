"""`povod leads sync`, the doctor's line and the repeating step, with the imitated Google."""

from collections.abc import Iterator

import pytest

from povod.app.build import build_house
from povod.app.running import until_idle
from povod.kit.settings import load_settings
from povod.sandbox.process import SandboxProcess, start_sandbox

ROWS = [["ниша", "город", "метка"], ["окна", "Омск", "а"], ["двери", "Уфа", "б"], ["", "Уфа", "б"]]
SHEET = "/sandbox/sheets/sandbox-niches"


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sheet"), sites=2) as running:
        yield running


@pytest.fixture
def sheet(google: SandboxProcess) -> dict[str, str]:
    """Settings of a sheet with two good rows and a bad one."""
    google.delete(f"{SHEET}/faults")
    google.post(SHEET, {"tab": "NICHES_INPUT", "values": ROWS})
    return google.sheet_environ()


def statuses(google: SandboxProcess) -> list[str]:
    header, *rows = google.get(SHEET)["tabs"]["NICHES_INPUT"]
    place = header.index("status") if "status" in header else 99
    return [row[place] if place < len(row) else "" for row in rows]


def test_sync_of_one_tag_and_of_all(povod, google, sheet):
    done = povod("leads", "sync", "--batch-tag", "а", **sheet)
    assert done.code == 0, done.err
    assert "1 rows, 1 to read, 1 new queries" in done.out
    assert statuses(google) == ["done", "", ""]
    done = povod("leads", "sync", "--json", **sheet)
    assert (done.json["inserted"], len(done.json["problems"])) == (1, 1)
    assert statuses(google) == ["done", "done", "error"]


def test_a_dry_run_lists_problems_and_writes_nothing(povod, google, sheet):
    done = povod("leads", "sync", "--dry-run", **sheet)
    assert done.code == 0
    assert "row 4, column A: niche is empty" in done.err
    assert statuses(google) == ["", "", ""]
    assert povod("leads", "report", "--json").json["funnel"]["queries"] == 0


def test_now_does_not_wait_for_the_night(povod, house, sheet):
    povod("leads", "sync", "--now", **sheet)
    due = {row["step"]: row["next"] for row in povod("leads", "status", "--json").json}
    assert due["leads.submit"] <= house.clock.now().isoformat()


def test_without_a_sheet_the_variable_is_named(povod):
    done = povod("leads", "sync")
    assert done.code == 2
    assert "GOOGLE_SHEET_ID" in done.err


def test_the_doctor_looks_at_the_sheet(povod, google, sheet):
    assert "not used" in povod("doctor").out
    assert "NICHES_INPUT is there" in " ".join(povod("doctor", **sheet).out.split())
    google.post(f"{SHEET}/faults", {"kind": "http_403", "times": None})
    shown = povod("doctor", **sheet)
    assert "GOOGLE_SHEET_ID" in shown.out
    assert shown.code == 1
    google.delete(f"{SHEET}/faults")
    google.post(f"{SHEET}/faults", {"kind": "http_503", "times": None})
    assert "503" in povod("doctor", **sheet).out


@pytest.mark.parametrize(("enabled", "found"), [(True, ["done", "", ""]), (False, ["", "", ""])])
def test_the_sheet_is_read_by_itself_when_wanted(surroundings, google, sheet, enabled, found):
    settings = load_settings(sheet, None, sheet_sync_enabled=enabled, sheet_sync_batch_tag="а")
    house = build_house(settings)
    try:
        named = [(step.kind, step.role) for step in house.steps if step.kind == "leads.sheet"]
        assert named == ([("leads.sheet", "scheduler")] if enabled else [])
        until_idle(house, steps=["leads.sheet"] if enabled else ["leads.ingest"])
        assert statuses(google) == found
        assert not house.failures_since(house.clock.now().replace(year=2000))
    finally:
        house.close()


def test_the_doctor_asks_services_that_work(povod, google):
    world = {**google.environ(), "LLM_MODE": "openai", "OPENAI_MODEL": "good"}
    found = povod("doctor", "--online", "--json", **world).json
    told = {finding["what"]: finding for finding in found}
    assert told["search service"]["level"] == "ok", told["search service"]
    assert "RUB per 1000" in told["search service"]["seen"]
    assert told["model of greetings"]["level"] == "ok", told["model of greetings"]
