"""Niches into the database: statuses, slots, repeats, two importers at once."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from povod.kit.clock import FixedClock
from povod.kit.tabular import read_table
from povod.leads.niches import Importer
from povod.store.tables import niches, search_batch_logs, serp_queries

HEADER = "ниша;город;метка;статус\n"


@pytest.fixture
def clock():
    return FixedClock(datetime(2026, 11, 20, 9, 30, tzinfo=UTC))


@pytest.fixture
def importer(db, clock, settings):
    return Importer(db, clock, settings)


def table(text, name="my.csv"):
    return read_table(text.encode(), name)


def rows_of(db, what, *order):
    with db.read() as conn:
        return conn.execute(sa.select(what).order_by(*order)).all()


def test_rows_become_niches_and_queries_with_slots(db, importer):
    result = importer.import_table(table("ниша;город\nокна;Омск\nдвери;СПб\n"), "ref")
    assert [row.status for row in result.rows] == ["done", "done"]
    queries = rows_of(db, serp_queries, serp_queries.c.scheduled_for)
    assert [query.query_text for query in queries] == ["окна Омск", "двери СПб"]
    assert [query.region_code for query in queries] == [66, 2]
    opening = datetime(2026, 11, 20, 21, 0, 5, tzinfo=UTC)
    assert [query.scheduled_for for query in queries] == [
        opening, opening + timedelta(seconds=45),
    ]  # fmt: skip
    assert queries[0].metadata["region_source"] == "city"
    assert queries[0].cost_estimate > 0
    [first, second] = rows_of(db, niches, niches.c.row_no)
    assert (first.status, first.db_inserted_count, first.generated_count) == ("done", 1, 1)
    assert first.db_first_scheduled_for == first.db_last_scheduled_for == opening
    assert second.row_no == 3
    assert len(rows_of(db, search_batch_logs)) == 2


def test_the_same_file_again_changes_nothing(db, importer):
    text = "ниша;город\nокна;Омск\nдвери;Омск\n"
    importer.import_table(table(text), "ref")
    before = rows_of(db, serp_queries, serp_queries.c.id)
    again = importer.import_table(table(text), "ref")
    assert (again.inserted, again.duplicates) == (0, 2)
    assert rows_of(db, serp_queries, serp_queries.c.id) == before
    assert [row.status for row in rows_of(db, niches)] == ["done", "done"]
    assert [row.db_first_scheduled_for is not None for row in rows_of(db, niches)] == [True, True]


def test_a_rerun_searches_the_same_niches_again(db, clock, settings, importer):
    text = "ниша\nокна\n"
    importer.import_table(table(text), "ref")
    rerun = Importer(db, clock, settings, period="2027-02-20")
    assert rerun.import_table(table(text), "ref").inserted == 1
    assert len(rows_of(db, serp_queries)) == 2


def test_repeats_within_a_file_and_between_rows_are_told_apart(db, importer):
    text = HEADER + "окна;Омск;;\nОКНА;г. Омск;;\nокна;Омск;b;\n"
    result = importer.import_table(table(text), "ref")
    assert [(row.status, row.inserted, row.duplicates) for row in result.rows] == [
        ("done", 1, 0), ("skipped", 0, 0), ("skipped", 0, 1),
    ]  # fmt: skip
    assert result.rows[1].error == "repeats row 2"
    assert result.rows[2].error == "all queries exist already"
    assert len(rows_of(db, serp_queries)) == 1


def test_rows_that_are_done_are_not_read_while_unchanged(db, importer):
    importer.import_table(table("niche;city\nокна;Омск\n"), "ref")
    text = "niche;city;status\nокна;Омск;done\nокна;Тула;done\n"
    result = importer.import_table(table(text), "ref")
    assert [row.status for row in result.rows] == ["skipped", "done"]


def test_an_unknown_city_is_searched_in_the_country_with_a_warning(db, importer):
    [row] = importer.import_table(table("ниша;город\nокна;Урюпинск\n"), "ref").rows
    assert row.status == "done"
    assert "Урюпинск" in row.error
    [query] = rows_of(db, serp_queries)
    assert query.region_code == 225
    [niche] = rows_of(db, niches)
    assert "Урюпинск" in niche.last_error


def test_a_query_that_is_too_long_is_an_error_of_its_row(db, importer):
    long = "я " * 60
    result = importer.import_table(table(f"ниша\nокна\n{long}\n"), "ref")
    assert [row.status for row in result.rows] == ["done", "error"]
    assert "60 words" in str(result.problems[0])
    assert "row 3" in str(result.problems[0])
    assert len(rows_of(db, serp_queries)) == 1


def test_a_broken_row_of_a_cp1251_file_is_named_and_the_others_imported(db, importer):
    lines = [f"ниша {n};Казань;" for n in range(1, 6)] + [";Казань;", "ниша 7;Казань;"]
    raw = ("ниша;город;страна\n" + "\n".join(lines)).encode("cp1251")
    result = importer.import_table(read_table(raw, "старый.csv"), "ref")
    assert len(result.rows) == 6
    assert [str(problem) for problem in result.problems] == [
        "старый.csv, row 7, column A: niche is empty"
    ]


def test_a_hundred_niches_at_once_get_a_hundred_slots(db, clock, settings):
    """L147: two importers share one lock, so no slot is given twice."""
    texts = ["ниша\n" + "".join(f"н{part}-{n}\n" for n in range(50)) for part in "аб"]
    threads = [
        threading.Thread(
            target=Importer(db, clock, settings).import_table, args=(table(text), f"ref{number}")
        )
        for number, text in enumerate(texts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots = [row.scheduled_for for row in rows_of(db, serp_queries, serp_queries.c.scheduled_for)]
    assert len(set(slots)) == 100
    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(seconds=45)}


def test_a_night_holds_640_slots_and_the_rest_overflows(db, importer):
    text = "ниша\n" + "".join(f"ниша {n}\n" for n in range(650))
    importer.import_table(table(text), "ref")
    nights = {}
    for row in rows_of(db, serp_queries):
        night = (row.scheduled_for + timedelta(hours=3)).date()
        nights[night] = nights.get(night, 0) + 1
    assert sorted(nights.values()) == [10, 640]


def test_an_import_that_dies_between_chunks_can_be_repeated(db, clock, settings, monkeypatch):
    monkeypatch.setattr("povod.leads.niches.CHUNK", 2)
    text = "ниша\n" + "".join(f"ниша {n}\n" for n in range(5))
    dying = Importer(db, clock, settings)
    calls = iter([True, False])

    def tx_once(**_):
        if not next(calls):
            raise KeyboardInterrupt
        return type(db).tx(db)

    monkeypatch.setattr(db, "tx", tx_once)
    with pytest.raises(KeyboardInterrupt):
        dying.import_table(table(text), "ref")
    monkeypatch.undo()
    result = Importer(db, clock, settings).import_table(table(text), "ref")
    assert (result.inserted, result.duplicates) == (3, 2)
    assert len(rows_of(db, serp_queries)) == 5
