"""A sheet's rows into the plan and their results back, with the real library over HTTP."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from povod.kit.errors import ConfigurationError, ConflictError, ExternalError, InputError
from povod.kit.tabular import TableError
from povod.leads.sheets.grid import SERVICE
from povod.leads.sheets.lease import LEASE, take_lease
from povod.store.tables import niches, search_batch_logs, serp_queries

HEADER = ["niche", "city", "country", "batch_tag"]
WINDOWS = ["окна", "Омск", "Россия", "первая"]
DOORS = ["двери", "Казань", "Россия", "вторая"]


def rows_of(db, table, *order):
    with db.read() as conn:
        return conn.execute(sa.select(table).order_by(*order)).all()


def test_rows_become_queries_and_results_come_back(db, sheet, sync):
    sheet.put(HEADER, WINDOWS, [], DOORS)
    report = sync.run()
    assert (report.rows, report.inserted, report.owed) == (2, 2, "")
    queries = rows_of(db, serp_queries, serp_queries.c.scheduled_for)
    assert [query.query_text for query in queries] == ["окна Омск", "двери Казань"]
    assert sheet.rows()[0] == HEADER + list(SERVICE)
    first, _, second = sheet.shown()
    assert (first["status"], first["generated_count"], first["db_inserted_count"]) == ("done", 1, 1)
    slot = queries[0].scheduled_for.astimezone(ZoneInfo(sync.settings.app_timezone))
    assert first["db_first_scheduled_for"] == slot.isoformat(timespec="seconds")
    assert second["niche"] == "двери"
    assert second["status"] == "done"
    [one, _] = rows_of(db, niches, niches.c.row_no)
    assert (one.source, one.source_ref, one.row_no) == ("sheet", f"{sheet.id}/NICHES_INPUT", 2)
    assert len(rows_of(db, search_batch_logs)) == 2


def test_a_second_sync_changes_nothing(db, sheet, sync):
    sheet.put(HEADER, WINDOWS)
    sync.run()
    before = sheet.rows()
    again = sync.run()
    assert (again.inserted, again.read, again.cells_written) == (0, 0, 0)
    assert sheet.rows() == before
    assert len(rows_of(db, serp_queries)) == 1


def test_only_rows_of_the_wanted_tag(db, sheet, sync):
    sheet.put(HEADER, WINDOWS, DOORS, ["!", "", "", "вторая"])
    report = sync.run("Вторая")
    assert report.inserted == 1
    assert len(report.problems) == 1
    windows, doors, broken = sheet.shown()
    assert "status" not in windows
    assert doors["status"] == "done"
    assert broken["status"] == "error"


def test_bad_rows_say_what_is_wrong_and_cost_no_other(sheet, sync):
    sheet.put(HEADER, ["", "Омск"], ["окна", "", "", "с пробелом!"], WINDOWS)
    report = sync.run()
    assert report.inserted == 1
    empty, tag, good = sheet.shown()
    assert (empty["status"], empty["last_error"]) == ("error", "column A: niche is empty")
    assert tag["last_error"].startswith("column D: batch_tag")
    assert good["status"] == "done"
    assert len(report.problems) == 2


def test_repeats_and_known_queries_are_skipped(sheet, sync):
    sheet.put(HEADER, WINDOWS, WINDOWS, [*WINDOWS[:3], "третья"])
    sync.run()
    assert [row["status"] for row in sheet.shown()] == ["done", "skipped", "skipped"]
    _, repeat, known = sheet.shown()
    assert repeat["last_error"] == "repeats row 2"
    assert (known["db_inserted_count"], known["db_duplicate_count"]) == (0, 1)


def test_rows_moved_meanwhile_get_their_own_results(sheet, sync):
    sheet.put(HEADER, WINDOWS, ["x" * 201, "Омск"], DOORS)
    moved = [["моё", *HEADER], ["!", *DOORS], ["?", "новая", "Уфа"], ["#", *WINDOWS]]
    sheet.put(*moved, after_reads=1)
    report = sync.run()
    doors, strange, windows = sheet.shown()
    assert (doors["niche"], doors["status"]) == ("двери", "done")
    assert (windows["niche"], windows["status"]) == ("окна", "done")
    assert list(strange) == ["моё", "niche", "city"]
    assert [row["моё"] for row in (doors, windows)] == ["!", "#"]
    assert report.vanished == [3]


def test_a_tab_that_lost_its_columns_meanwhile_is_not_written(db, sheet, sync):
    sheet.put(HEADER, WINDOWS)
    sheet.put(["совсем", "другое"], ["1", "2"], after_reads=1)
    with pytest.raises(TableError, match="niche"):
        sync.run()
    assert sheet.rows() == [["совсем", "другое"], ["1", "2"]]
    sheet.put(HEADER, WINDOWS)
    report = sync.run()
    assert report.inserted == 0
    assert sheet.shown()[0]["db_inserted_count"] == 1


def test_cells_of_people_stay(sheet, sync):
    header = ["цвет", "last_error", "niche", "note", "status", "цена", "city"]
    sheet.put(header, ["red", "", "окна", "=1+1", "NEW", "5", "Омск"], ["", "", "", "", "", "7"])
    sync.run()
    row, alone = sheet.shown()
    assert (row["цвет"], row["note"], row["цена"], row["status"]) == ("red", "=1+1", "5", "done")
    assert alone["цена"] == "7"
    assert sheet.rows()[0][: len(header)] == header


def test_formulas_are_text(db, sheet, sync):
    sheet.put(HEADER, ['=IMPORTXML("http://127.0.0.1/";"//a")', "Омск"])
    sync.run()
    [niche] = rows_of(db, niches)
    assert niche.niche.startswith("=IMPORTXML")
    writes = sheet.box.get("/sandbox/journal", service="google", contains="valueInputOption")
    assert writes["total"] == 1


def test_done_rows_are_left_alone_until_they_change(db, sheet, sync):
    sheet.put([*HEADER, "status"], [*WINDOWS, ""])
    sync.run()
    header, row = sheet.rows()
    row[header.index("status")] = "EXPORTED"
    sheet.put(header, row)
    assert sync.run().cells_written == 0
    assert sheet.shown()[0]["status"] == "EXPORTED"
    row[1] = "Пермь"
    sheet.put(header, row)
    assert sync.run().inserted == 1
    assert sheet.shown()[0]["status"] == "done"
    assert len(rows_of(db, serp_queries)) == 2


def test_a_busy_service_is_asked_again_with_growing_waits(sheet, sync):
    sheet.put(HEADER, WINDOWS)
    sheet.fault("http_429", times=2, retry_after="3")
    sheet.fault("http_503", times=1)
    assert sync.run().inserted == 1
    assert sum(sheet.waits) >= 2 + 3 + 4
    assert len(sheet.waits) == 3


def test_results_that_cannot_be_written_come_with_the_next_sync(db, sheet, sync):
    sheet.put(HEADER, WINDOWS, DOORS)
    sheet.fault("http_503", contains="batchUpdate", times=None)
    report = sync.run()
    assert (report.inserted, report.cells_written) == (2, 0)
    assert "503" in report.owed
    assert len(sheet.waits) == 6
    assert sheet.rows()[0] == HEADER
    sheet.heal()
    again = sync.run()
    assert (again.inserted, again.owed) == (0, "")
    assert [row["db_inserted_count"] for row in sheet.shown()] == [1, 1]
    assert len(rows_of(db, serp_queries)) == 2


def test_what_one_tag_owes_is_not_forgotten_by_another(sheet, sync):
    sheet.put(HEADER, WINDOWS, DOORS)
    sheet.fault("http_503", contains="batchUpdate", times=None)
    sync.run("первая")
    sheet.heal()
    sync.run("вторая")
    assert not sheet.shown()[0].get("status")
    sync.run()
    assert sheet.shown()[0]["db_inserted_count"] == 1


def test_a_thousand_rows_cost_six_calls_at_most(sheet, sync):
    sheet.put(HEADER, *([f"ниша {number}", "Омск"] for number in range(1000)))
    assert sync.run().inserted == 1000
    calls = sheet.calls()
    assert len([call for call in calls if "token" not in call]) <= 6, calls
    assert {row["status"] for row in sheet.shown()} == {"done"}


def test_columns_are_made_where_the_grid_ends(sheet, sync):
    wide = [*HEADER, *(f"моя {number}" for number in range(22))]
    sheet.put(wide, WINDOWS)
    sync.run()
    assert any(call.endswith(f"{sheet.id}:batchUpdate") for call in sheet.calls())
    assert sheet.shown()[0]["status"] == "done"


def test_missing_columns_stop_the_sync_before_anything(db, sheet, make_sync):
    sheet.put(HEADER, WINDOWS)
    with pytest.raises(InputError, match="generated_count"):
        make_sync(sheet_create_columns=False).run()
    assert rows_of(db, niches) == []


def test_a_look_changes_nothing(db, sheet, sync):
    sheet.put(HEADER, WINDOWS, ["", "Омск"])
    report = sync.run(dry=True)
    assert (report.rows, report.read, len(report.problems)) == (2, 1, 1)
    assert rows_of(db, niches) == []
    assert sheet.rows()[0] == HEADER


def test_one_sync_at_a_time(db, sheet, sync):
    sheet.put(HEADER, WINDOWS)
    lease = take_lease(db, db.clock, sync.source_ref)
    with pytest.raises(ConflictError, match="already running"):
        sync.run()
    db.clock.advance(LEASE + timedelta(seconds=1))
    assert sync.run().inserted == 1
    with pytest.raises(ConflictError, match="another process"):
        lease.renew()


def test_a_failed_sync_lets_the_next_one_in(sheet, sync):
    sheet.put(["город"], ["Омск"])
    for _ in range(2):
        with pytest.raises(TableError, match=r"no column 'niche'.*'город'"):
            sync.run()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("http_403", r"GOOGLE_SHEET_ID: no access.*share it with povod@sandbox"),
        ("http_404", r"GOOGLE_SHEET_ID: there is no spreadsheet 'own-"),
        ("http_401", r"GOOGLE_SA_KEY_FILE"),
    ],
)
def test_what_people_are_told(sheet, sync, kind, said):
    sheet.put(HEADER, WINDOWS)
    sheet.fault(kind, times=None)
    with pytest.raises(ConfigurationError, match=said):
        sync.run()


def test_other_refusals_and_a_dead_service(sheet, make_sync):
    sheet.put(HEADER, WINDOWS)
    sheet.fault("http_400")
    with pytest.raises(ExternalError, match="400"):
        make_sync().run()
    with pytest.raises(ExternalError, match="cannot be reached"):
        make_sync(google_api_base_url="http://127.0.0.1:9").run()


def test_the_tabs_that_there_are(sheet, make_sync):
    sheet.put(HEADER, WINDOWS)
    with pytest.raises(ConfigurationError, match=r"no tab 'Ниши'; it has: 'NICHES_INPUT'"):
        make_sync(google_sheet_tab="Ниши").run()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "GOOGLE_SA_KEY_FILE: no key"),
        ("[1]", "GOOGLE_SA_KEY_JSON: expected the JSON object"),
        ("{", "GOOGLE_SA_KEY_JSON: expected the JSON object"),
        ("{}", "GOOGLE_SA_KEY_JSON: not a usable key"),
    ],
)
def test_keys_that_are_none(make_sync, key, said):
    with pytest.raises(ConfigurationError, match=said):
        make_sync(google_sa_key_file=None, google_sa_key_json=key).run()


def test_a_folder_in_place_of_the_key(make_sync, tmp_path):
    with pytest.raises(ConfigurationError, match="is a directory"):
        make_sync(google_sa_key_file=tmp_path).run()


def test_a_key_of_somebody_else(google, make_sync):
    text = Path(google.sheet_environ()["GOOGLE_SA_KEY_FILE"]).read_text()
    strange = text.replace("povod@sandbox", "who@else")
    with pytest.raises(ConfigurationError, match="gives no token"):
        make_sync(google_sa_key_file=None, google_sa_key_json=strange).run()


def test_no_sheet_is_named(make_sync):
    with pytest.raises(ConfigurationError, match="GOOGLE_SHEET_ID: not set"):
        make_sync(google_sheet_id="").run()


def test_when_the_automatic_sync_is_due(db, sheet, make_sync):
    sheet.put(HEADER, WINDOWS)
    assert make_sync().next_due() is None
    sync = make_sync(sheet_sync_enabled=True, sheet_sync_interval_minutes=30)
    assert sync.next_due() == db.clock.now()
    sync.run()
    assert sync.next_due() is None
    db.clock.advance(timedelta(minutes=30))
    assert sync.next_due() == db.clock.now()
