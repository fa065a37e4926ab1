"""A diff judges each key once, however often it is killed, unless much may be lost (S102, S107)."""

import random

import pytest
from finish_shop import product, variant

from povod.sites.finish import losses, reading
from povod.sites.finish.batch import Batch
from povod.sites.finish.commit import Diff, is_suspicious
from povod.sites.finish.finalize import diff_of
from povod.sites.finish.losses import may_lose_much
from povod.sites.finish.twins import mark_twins
from povod.sites.options import JobOptions

UNAVAILABLE = {"warnings": ["variants_unavailable"]}


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    for module in (reading, losses):
        monkeypatch.setattr(module, "BATCH", 3)


def shown(name: str, *keys: str, **more) -> dict:
    return product(name, variants=[variant(key) for key in keys], **more)


def before() -> dict:
    return {
        "/a": product("А"),
        "/b": shown("Б", "1", "2"),
        "/c": shown("В", "1", "2", "3"),
        "/d": shown("Г", "1"),
        "/e": product("Д"),
        "/f": product("Е"),
        "/g": shown("Ж", "1", "2"),
        "/h": product("З"),
    }


def after() -> dict:
    return {
        "/a": product("А", "150"),
        "/b": shown("Б", "1"),
        "/c": product("В", page=dict(UNAVAILABLE)),
        "/d": "error",
        "/e": "not_product",
        "/f": "gone",
        "/g": "not_modified",
        "/i": shown("И", "1"),
    }


WANTED = {"added": 2, "modified": 1, "removed": 3, "unchanged": 6, "not_checked": 6}


def states(shop) -> list[tuple]:
    return [
        (row["url"], row["variant_key"], row["state"], row["misses"], row["last_hash"])
        for row in shop.snapshots()
    ]


def diff_for(shop, job: str) -> Diff:
    row = shop.job(job)
    return diff_of(shop.deps, row, JobOptions.parse(row["options"]))


def test_an_ordinary_job_judges_each_key_once(shop, monkeypatch):
    shop.run(before())

    def unwanted(_self):
        raise AssertionError("it was judged beforehand")

    monkeypatch.setattr(Diff, "foresee", unwanted)
    assert shop.counts(shop.run(after())) == WANTED


def test_what_is_foreseen_is_what_is_written(shop):
    shop.run(before())
    job = shop.crawl(after())
    foreseen = diff_for(shop, job).foresee()
    assert diff_for(shop, job).write() == foreseen
    assert {name: count for name, count in foreseen.columns().items() if count} == WANTED
    assert diff_for(shop, job).foresee() == foreseen


@pytest.mark.parametrize("batch", range(4))
@pytest.mark.parametrize("late", [False, True], ids=["before its rows", "after its rows"])
def test_killed_at_any_batch_it_comes_to_the_same(shop, monkeypatch, batch, late):
    shop.run(before())
    job = shop.crawl(after())
    real, calls = Batch.write, []

    def dying(one, conn):
        calls.append(one)
        if late:
            real(one, conn)
        if len(calls) == batch + 1:
            raise KeyboardInterrupt
        if not late:
            real(one, conn)

    monkeypatch.setattr(Batch, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        shop.finish(job)
    monkeypatch.setattr(Batch, "write", real)
    shop.finish(job)
    assert shop.counts(job) == WANTED
    told = shop.diff(job)
    assert len(told) == 6
    assert ("REMOVED", "/b", "2", []) in told
    seen = {(url.removeprefix("https://shop.ru"), key): rest for url, key, *rest in states(shop)}
    assert seen["/c", "2"][0] == seen["/d", ""][0] == "active"
    assert (seen["/e", ""][1], seen["/f", ""][0], seen["/g", "1"][0]) == (1, "gone", "active")


def test_a_page_that_answered_304_in_between_is_no_miss_in_a_row(shop):
    shop.run({"/a": product("А")})
    shop.run({"/a": "not_product"})
    shop.run({"/a": "not_modified"})
    job = shop.run({"/a": "not_product"})
    assert shop.diff(job) == []
    assert shop.counts(job) == {"not_checked": 1}


def test_a_shop_whose_variants_are_all_renamed_is_looked_at_first(shop):
    keys = [str(n) for n in range(25)]
    shop.run({"/a": shown("А", *keys), "/b": product("Б")})
    job = shop.crawl({"/a": shown("А", *(f"new{key}" for key in keys)), "/b": product("Б")})
    assert shop.finish(job).held
    assert shop.diff(job) == []
    assert shop.counts(job) == {"added": 25, "removed": 25, "unchanged": 2}


def test_a_shop_that_keeps_its_variants_is_not(shop):
    keys = [str(n) for n in range(25)]
    shop.run({"/a": shown("А", *keys), "/b": product("Б")})
    job = shop.crawl({"/a": shown("А", *keys, "more"), "/b": product("Б")})
    assert not may_lose_much(diff_for(shop, job))


def chance(dice: random.Random, count: int) -> dict:
    """A crawl in which anything may have happened to a page."""
    ill = dice.random() * 0.6
    seen: dict = {}
    for number in range(count):
        keys = dice.sample("абвгд", dice.randint(0, 5) if number % 2 else 0)
        page = {"page": dict(UNAVAILABLE)} if dice.random() < 0.1 else {}
        odd = dice.choice(["gone", "error", "not_product", "not_modified", "absent"])
        what = odd if dice.random() < ill else shown(f"Т{number}", *keys, **page)
        if what != "absent":
            seen[f"/p{number:02}"] = what
    return seen


@pytest.mark.parametrize("seed", range(8))
def test_no_loss_that_a_person_must_see_is_passed_over(shop, seed):
    dice = random.Random(seed)
    shop.run({f"/p{n:02}": shown(f"Т{n}", *dice.sample("абвгд", n % 3)) for n in range(40)})
    for _ in range(3):
        job = shop.crawl(chance(dice, 40), input_complete=dice.random() < 0.7)
        mark_twins(shop.db, job)
        counts = diff_for(shop, job).foresee().columns()
        assert may_lose_much(diff_for(shop, job)) or not is_suspicious(counts)
        assert shop.finish(job).held == is_suspicious(counts)
        assert {name: count for name, count in counts.items() if count} == shop.counts(job)
