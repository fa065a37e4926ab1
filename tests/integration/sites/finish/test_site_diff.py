"""Snapshots and the diff of jobs on both databases (S102-S107, N28-N33, N49, N51)."""

import pytest
import sqlalchemy as sa
from finish_shop import product, variant

from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.sites.finish.batch import Batch
from povod.sites.finish.decide import accept, reject
from povod.store.tables import jobs, pages, snapshot_versions


def test_the_first_run_adds_everything(shop):
    job = shop.run({"/a": product("А"), "/b": product("Б"), "/c": "error"})
    assert shop.diff(job) == [("ADDED", "/a", "", []), ("ADDED", "/b", "", [])]
    assert shop.counts(job) == {"added": 2}
    assert shop.job(job)["diff_state"] == "ready"
    first = shop.snapshots()[0]
    assert (first["state"], first["etag"], first["last_data"]["full"]["price"]) == (
        "active",
        '"100"',
        "100",
    )


def test_the_second_run_names_exactly_what_changed(shop):
    shop.run({"/a": product("А"), "/b": product("Б"), "/c": product("В"), "/d": product("Г")})
    job = shop.run(
        {
            "/a": product("А", "150"),
            "/b": product("Б", availability="out_of_stock"),
            "/c": "gone",
            "/d": product("Г"),
            "/e": product("Д"),
        }
    )
    assert shop.diff(job) == [
        ("MODIFIED", "/a", "", ["price"]),
        ("MODIFIED", "/b", "", ["availability"]),
        ("REMOVED", "/c", "", []),
        ("ADDED", "/e", "", []),
    ]
    assert shop.counts(job) == {"added": 1, "removed": 1, "modified": 2, "unchanged": 1}


def test_only_the_variant_that_changed_is_told(shop):
    shop.run({"/a": product("А", variants=[variant("к", "100"), variant("с", "100")])})
    job = shop.run({"/a": product("А", variants=[variant("к", "150"), variant("с", "100")])})
    assert shop.diff(job) == [("MODIFIED", "/a", "к", ["price"])]


@pytest.mark.parametrize("outcome", ["error", "blocked", "skipped"])
def test_a_failed_fetch_changes_nothing(shop, outcome):
    shop.run({"/a": product("А"), "/b": product("Б")})
    before = shop.snapshots()
    job = shop.run({"/a": product("А"), "/b": outcome})
    assert shop.diff(job) == []
    assert shop.counts(job) == {"unchanged": 1, "not_checked": 1}
    assert shop.snapshots()[1] == before[1]
    later = shop.run({"/a": product("А"), "/b": product("Б", "120")})
    assert shop.diff(later) == [("MODIFIED", "/b", "", ["price"])]


def test_not_modified_moves_only_the_time(shop):
    first = shop.run({"/a": product("А", variants=[variant("к")])})
    before = shop.snapshots()
    job = shop.run({"/a": "not_modified"})
    after = shop.snapshots()
    assert shop.diff(job) == []
    assert all(b["last_crawl_at"] < a["last_crawl_at"] for b, a in zip(before, after, strict=True))
    assert [a["last_data"] for a in after] == [b["last_data"] for b in before]
    assert {a["last_job_id"] for a in after} == {job} != {first}


def test_two_misses_in_a_row_remove(shop):
    shop.run({"/a": product("А")})
    once = shop.run({"/a": "not_product"})
    assert (shop.diff(once), shop.counts(once)) == ([], {"not_checked": 1})
    back = shop.run({"/a": product("А")})
    assert shop.snapshots()[0]["misses"] == 0
    assert shop.diff(back) == []
    shop.run({"/a": "not_product"})
    twice = shop.run({"/a": "not_product"})
    assert shop.diff(twice) == [("REMOVED", "/a", "", [])]


def test_what_a_whole_list_lacks_is_removed(shop):
    shop.run({"/a": product("А"), "/b": product("Б")})
    job = shop.run({"/a": product("А")}, input_complete=True)
    assert shop.diff(job) == [("REMOVED", "/b", "", [])]


@pytest.mark.parametrize(
    "columns",
    [
        {"input_kind": "list"},
        {"input_complete": False},
        {"options": {"list_is_complete": False}},
        {"options": {"exclude": ["/b*"]}},
        {"options": {"include": ["/a*"]}},
        {"input_report": {"rejected": {"over_max": 1}}},
    ],
    ids=["list", "incomplete", "said", "excluded", "not included", "cut"],
)
def test_what_another_list_lacks_is_not_checked(shop, columns):
    shop.run({"/a": product("А"), "/b": product("Б")})
    job = shop.run({"/a": product("А")}, **columns)
    assert shop.diff(job) == []
    assert shop.counts(job) == {"unchanged": 1, "not_checked": 1}


def test_both_diffs_stay(shop):
    first = shop.run({"/a": product("А")})
    second = shop.run({"/a": product("А", "120")})
    shop.run({"/a": product("А", "130")})
    assert shop.diff(first) == [("ADDED", "/a", "", [])]
    assert shop.diff(second) == [("MODIFIED", "/a", "", ["price"])]


def test_a_failed_or_cancelled_job_writes_no_state(shop):
    shop.run({"/a": product("А")})
    failed = shop.run({"/a": "error"})
    assert shop.job(failed)["diff_state"] == "none"
    job = shop.run({"/a": product("А", "120")})
    assert shop.diff(job) == [("MODIFIED", "/a", "", ["price"])]


def test_deleting_a_job_keeps_the_state(shop):
    job = shop.run({"/a": product("А")})
    with shop.db.tx() as conn:
        conn.execute(sa.delete(jobs).where(jobs.c.id == job))
    assert shop.snapshots()[0]["last_job_id"] is None
    later = shop.run({"/a": product("А", "120")})
    assert shop.diff(later) == [("MODIFIED", "/a", "", ["price"])]


def test_a_finalisation_killed_in_the_middle_goes_on(shop, monkeypatch):
    shop.run({f"/p{n:04}": product(f"Т{n}") for n in range(1200)})
    changed = {f"/p{n:04}": product(f"Т{n}", "120" if n % 3 == 0 else "100") for n in range(1200)}
    job = shop.crawl(changed)
    real, calls = Batch.write, []

    def dying(batch, conn):
        calls.append(batch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(batch, conn)

    monkeypatch.setattr(Batch, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        shop.finish(job)
    monkeypatch.setattr(Batch, "write", real)
    assert 0 < len(shop.diff(job)) < 400
    shop.finish(job)
    assert len(shop.diff(job)) == 400
    assert shop.counts(job) == {"modified": 400, "unchanged": 800}
    with shop.db.read() as conn:
        table = snapshot_versions.c
        twice = sa.select(table.snapshot_id).where(table.job_id == job)
        rows = conn.execute(twice.group_by(table.snapshot_id).having(sa.func.count() > 1)).all()
    assert rows == []


def test_retried_failures_join_the_diff(shop):
    shop.run({"/a": product("А"), "/b": product("Б")})
    job = shop.crawl({"/a": product("А", "120"), "/b": "error"})
    shop.finish(job)
    assert shop.counts(job) == {"modified": 1, "not_checked": 1}
    with shop.db.tx() as conn:
        again = {"status": "running", "version": 5}
        conn.execute(sa.update(jobs).where(jobs.c.id == job).values(**again))
        conn.exec_driver_sql("DELETE FROM job_urls WHERE outcome = 'error'")
        shop._put(conn, job, 1, "/b", product("Б", "130"))
    result = shop.finish(job)
    assert shop.counts(job) == {"modified": 2}
    assert len(shop.diff(job)) == 2
    diff = next(
        row for row in shop.maker.list(job) if (row["type"], row["format"]) == ("diff", "csv")
    )
    assert diff["rows"] == 2
    assert result.exports


def many(count, gone=0):
    return {f"/p{n:03}": "gone" if n < gone else product(f"Т{n}") for n in range(count)}


def test_a_site_that_loses_much_at_once_is_looked_at_first(shop):
    shop.run(many(60))
    job = shop.crawl(many(60, gone=25))
    assert shop.finish(job).held
    assert (shop.diff(job), shop.job(job)["diff_state"]) == ([], "held")
    assert shop.counts(job) == {"removed": 25, "unchanged": 35}
    assert all(row["state"] == "active" for row in shop.snapshots())


@pytest.mark.parametrize(("known", "gone"), [(60, 18), (40, 19), (1000, 300)])
def test_ordinary_losses_are_not_held(shop, known, gone):
    shop.run(many(known))
    assert not shop.finish(shop.crawl(many(known, gone=gone))).held


def test_a_person_accepts(shop):
    shop.run(many(60))
    job = shop.crawl(many(60, gone=25))
    shop.finish(job)
    assert accept(shop.deps, job, "anna")["removed"] == 25
    assert len(shop.diff(job)) == 25
    assert (shop.job(job)["status"], shop.job(job)["diff_state"]) == ("succeeded", "accepted")
    assert accept(shop.deps, job, "anna")["removed"] == 25
    assert len(shop.diff(job)) == 25
    with pytest.raises(ConflictError):
        reject(shop.deps, job, "anna")


def test_a_person_rejects(shop):
    shop.run(many(60))
    seen = many(60, gone=25)
    seen["/p059"] = product("Т59", "120")
    job = shop.crawl(seen)
    shop.finish(job)
    counts = reject(shop.deps, job, "anna")
    assert (counts["removed"], counts["not_checked"]) == (0, 25)
    assert shop.diff(job) == [("MODIFIED", "/p059", "", ["price"])]
    assert sum(row["state"] == "active" for row in shop.snapshots()) == 60


def test_after_a_later_job_it_is_too_late_to_decide(shop):
    shop.run(many(60))
    job = shop.crawl(many(60, gone=25))
    shop.finish(job)
    shop.run(many(60))
    with pytest.raises(ConflictError) as caught:
        accept(shop.deps, job, "anna")
    assert caught.value.code == "superseded"
    with pytest.raises(NotFoundError):
        accept(shop.deps, new_id(), "anna")


def test_twins_are_told_once(shop):
    canonical = {"canonical": "https://shop.ru/a"}
    seen = {
        "/a": product("А", sku="1", seo=dict(canonical)),
        "/a-copy": product("А", sku="1", seo=dict(canonical)),
        "/b": product("Б", sku="2", seo=dict(canonical)),
        "/c": product("В", sku="3", seo={"canonical": "https://shop.ru/nowhere"}),
    }
    job = shop.run(seen)
    assert [path for _, path, _, _ in shop.diff(job)] == ["/a", "/b", "/c"]
    with shop.db.read() as conn:
        query = sa.select(pages.c.url, pages.c.duplicate_of_url).where(
            pages.c.duplicate_of_url != ""
        )
        assert [tuple(row) for row in conn.execute(query)] == [
            ("https://shop.ru/a-copy", "https://shop.ru/a")
        ]


def test_a_canonical_to_the_home_page_merges_nothing(shop):
    home = {"canonical": "https://shop.ru/"}
    seen = {"/": product("Главная", seo=dict(home))}
    seen |= {f"/p{n}": product(f"Т{n}", seo=dict(home)) for n in range(5)}
    assert shop.counts(shop.run(seen)) == {"added": 6}


def test_the_store_of_files_is_waited_for_an_hour(shop):
    from datetime import timedelta

    from povod.sites.exports.artifacts import StoreDownError

    class Down:
        def put(self, key, file):
            raise StoreDownError("no answer")

    good, shop.store = shop.store, Down()
    job = shop.crawl({"/a": product("А")})
    assert shop.finish(job).retry_in == 60
    assert shop.counts(job) == {"added": 1}
    shop.store = good
    assert len(shop.finish(job).exports) == 10
    shop.store = Down()
    other = shop.crawl({"/a": product("А", "120")})
    shop.finish(other)
    shop.clock.advance(timedelta(hours=1, seconds=1))
    result = shop.finish(other)
    assert (result.retry_in, result.exports) == (None, [])
    assert shop.diff(other) == [("MODIFIED", "/a", "", ["price"])]


def test_finishing_twice_is_finishing_once(shop):
    job = shop.crawl({"/a": product("А")})
    first = shop.finish(job)
    again = shop.finish(job)
    assert [row["id"] for row in again.exports] == [row["id"] for row in first.exports]
    assert len(shop.diff(job)) == 1
