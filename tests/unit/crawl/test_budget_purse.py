"""S74-S76 as rules, without a database: what may be reserved, when a limit is reached."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.budgets import KB, MB, BudgetLimits, Counter, Purse, accounts
from povod.crawl.policies import shipped_policies

RULES = shipped_policies().budgets
TODAY = date(2026, 11, 20)
LIMITS = BudgetLimits("job", "shop.ru", 100 * MB, 50 * MB)


def purse(*left, used=0):
    """Counters of which so many bytes are left."""
    wanted = accounts(LIMITS, "plain", TODAY, RULES)
    counters = []
    for account, bytes_left in zip(wanted, left, strict=True):
        counters.append(Counter("i", account, account.hard - bytes_left, 0))
    return Purse(counters, RULES)


def test_the_counters_of_a_plain_byte():
    wanted = accounts(LIMITS, "plain", TODAY, RULES)
    assert [(item.scope, item.scope_key, item.period) for item in wanted] == [
        ("all", "", "2026-11-20"),
        ("site", "shop.ru", "2026-11-20"),
        ("job", "job", ""),
    ]
    assert [(item.soft / MB, item.hard / MB) for item in wanted] == [
        (600, 900),
        (50, 100),
        (80, 100),
    ]


def test_the_counters_of_a_residential_byte():
    wanted = accounts(LIMITS, "residential", TODAY, RULES)
    assert [(item.scope, item.period, item.hard / MB) for item in wanted] == [
        ("month", "2026-11", 1000),
        ("site", "2026-11-20", 150),
        ("job", "", 50),
    ]


def test_a_site_may_have_limits_of_its_own():
    own = BudgetLimits("job", "shop.ru", MB, 0, site_soft=2 * MB, site_hard=MB, site_residential=7)
    site = accounts(own, "plain", TODAY, RULES)[1]
    assert (site.soft, site.hard) == (MB, MB)
    assert accounts(own, "residential", TODAY, RULES)[1].hard == 7


@pytest.mark.parametrize(
    ("left", "granted"),
    [
        ((MB, MB, MB), 256 * KB),
        ((MB, 100 * KB, MB), 100 * KB),
        ((MB, MB, 16 * KB), 16 * KB),
        ((MB, MB, 16 * KB - 1), 0),
        ((0, MB, MB), 0),
        ((MB, -5 * MB, MB), 0),
    ],
)
def test_the_tightest_counter_decides(left, granted):
    money = purse(*left)
    assert money.reserve() == granted
    assert {counter.reserved for counter in money.counters} == {granted}


def test_spent_is_only_what_cannot_come_back():
    money = purse(MB, MB, 256 * KB)
    assert money.reserve()
    assert money.reserve() == 0
    assert money.spent() is None
    money.settle(256 * KB, 256 * KB)
    assert money.spent().scope == "job"


def test_the_soft_limit_is_told_once():
    money = purse(900 * MB, 100 * MB, 100 * MB)
    money.settle(0, 79 * MB)
    assert [account.scope for account in money.newly_soft()] == ["site"]
    assert money.is_soft
    later = Purse([Counter("i", item.account, item.used, 0) for item in money.counters], RULES)
    later.settle(0, 2 * MB)
    assert [account.scope for account in later.newly_soft()] == ["job"]


def test_a_reservation_never_becomes_negative():
    money = purse(MB, MB, MB)
    money.settle(5 * MB, 10)
    assert {counter.reserved for counter in money.counters} == {0}


@given(st.lists(st.integers(0, 256 * KB), max_size=60), st.integers(0, 4 * MB))
def test_used_and_reserved_never_pass_the_hard_limit(pages, left):
    """As long as no page takes more than it was given, whatever order things end in."""
    money, open_pages = purse(900 * MB, 100 * MB, left), []
    for at, size in enumerate(pages):
        granted = money.reserve()
        if granted:
            open_pages.append((granted, min(size, granted)))
        if at % 3 == 0 and open_pages:
            money.settle(*open_pages.pop(0))
        for counter in money.counters:
            assert counter.used + counter.reserved <= counter.account.hard
