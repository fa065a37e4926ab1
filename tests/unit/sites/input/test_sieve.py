"""What is taken of a list: one row for each page, every refusal counted (S34-S40)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.sites.input.masks import Masks
from povod.sites.input.sieve import Sieve, said
from povod.sites.input.spool import Kept, Spool

HOSTS = {"shop.ru", "xn--80ak6aa92e.com"}


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool("priority") as spool:
        yield spool


def sieve_over(spool: Spool, **given: object) -> Sieve:
    return Sieve(spool, HOSTS, Masks.of([], ["*/old/*"]), **given)  # type: ignore[arg-type]


def taken(sieve: Sieve) -> list[str]:
    return [kept.url for kept in sieve.taken()]


def test_twins_are_one_row_and_the_first_spelling_stays(spool: Spool) -> None:
    """N48."""
    sieve = sieve_over(spool)
    first = "http://www.shop.ru/a/?utm_source=ya"
    for url in (first, "https://shop.ru/a", "https://shop.ru/a#x", "https://SHOP.ru/a/?yclid=1"):
        sieve.offer(url)
    assert taken(sieve) == [first]
    assert sieve.report() == {"total": 4, "accepted": 1, "rejected": {"duplicate": 3}}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://other.ru/a", "off_domain"),
        ("https://sub.shop.ru/a", "off_domain"),
        ("https://shop.ru.evil.com/a", "off_domain"),
        ("https://shop.ru/old/a", "excluded"),
        ("https://shop.ru/a.jpg", "binary"),
        ("ftp://shop.ru/a", "bad_url"),
        ("https://user:pass@shop.ru/a", "bad_url"),
        ("не адрес", "bad_url"),
        ("https://shop.ru/" + "a" * 2100, "too_long"),
    ],
)
def test_every_refusal_has_its_reason(spool: Spool, url: str, reason: str) -> None:
    sieve = sieve_over(spool)
    assert not sieve.offer(url)
    assert sieve.report()["rejected"] == {reason: 1}


def test_parameters_that_choose_nothing_on_this_site(spool: Spool) -> None:
    sieve = sieve_over(spool, drop_params=("ref",))
    sieve.offer("https://shop.ru/a?ref=1&id=2")
    assert not sieve.offer("https://shop.ru/a?id=2&ref=9")


def test_a_host_with_a_port_belongs_to_its_site(spool: Spool) -> None:
    sieve = sieve_over(spool)
    assert sieve.offer("http://shop.ru:8080/a")
    assert sieve.seen_hosts == {"shop.ru:8080": 1}


@pytest.mark.parametrize(
    ("sort", "expected"), [("priority", "bdac"), ("lastmod", "cabd"), ("file", "abcd")]
)
def test_order_comes_before_the_cut(sort: str, expected: str) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    rows = (
        ("a", 0.5, day),
        ("b", 1.0, None),
        ("c", 0.1, day.replace(month=6)),
        ("d", 0.9, None),
    )
    with Spool(sort) as spool:
        sieve = sieve_over(spool, max_urls=3)
        for name, priority, modified in rows:
            sieve.offer(f"https://shop.ru/{name}", priority, modified)
        assert "".join(url[-1] for url in taken(sieve)) == expected[:3]
        assert sieve.report()["rejected"] == {"over_max": 1}
        assert sieve.accepted == 3


def test_what_is_kept_comes_back_as_it_was(spool: Spool) -> None:
    at = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
    kept = Kept("https://shop.ru/чай", "https://shop.ru/key", 0.25, at.isoformat(), "sitemap")
    spool.add(kept)
    assert list(spool.ordered(0, 10)) == [kept]
    assert kept.modified == at


@given(st.lists(st.sampled_from([None, 0.0, 0.5, 0.9, 1.0]), max_size=40))
def test_equal_priorities_keep_the_order_of_the_file(priorities: list[float | None]) -> None:
    with Spool("priority") as spool:
        sieve = sieve_over(spool)
        for number, priority in enumerate(priorities):
            sieve.offer(f"https://shop.ru/{number}", priority)
        found = [int(url.rpartition("/")[2]) for url in taken(sieve)]
    ranks = [0.5 if value is None else value for value in priorities]
    assert found == sorted(range(len(ranks)), key=lambda number: -ranks[number])


def test_what_was_left_out_in_words() -> None:
    assert said({"off_domain": 2, "duplicate": 5}) == "duplicate 5, off_domain 2"
