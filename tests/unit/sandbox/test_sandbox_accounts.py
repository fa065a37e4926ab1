"""Ledger, quotas and store of the imitated service."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.sandbox.yandex.errors import ApiRefusal
from povod.sandbox.yandex.ledger import charge, most_in_window, summary, tariff_at
from povod.sandbox.yandex.quotas import JITTER_SECONDS, Quotas
from povod.sandbox.yandex.store import LedgerEntry, Operation, Store, Token


def entry(at: float, kind: str = "create", digest: str = "a") -> LedgerEntry:
    return LedgerEntry(kind, at, at, "/x", body_hash=digest)


@pytest.mark.parametrize(
    ("hour", "minute", "second", "tariff"),
    [
        (20, 59, 59, "day"),
        (21, 0, 0, "night"),
        (4, 59, 59, "night"),
        (5, 0, 0, "day"),
        (12, 0, 0, "day"),
    ],
)
def test_night_is_0_to_8_at_fixed_utc_plus_3(hour, minute, second, tariff):
    assert tariff_at(datetime(2026, 7, 1, hour, minute, second, tzinfo=UTC)) == tariff


@pytest.mark.parametrize(
    ("kind", "hour", "amount"),
    [
        ("create", 22, "0.02541"),
        ("create", 12, "0.0305"),
        ("search_now", 22, "0.366"),
        ("search_now", 12, "0.488"),
    ],
)
def test_price_of_one_request(kind, hour, amount):
    charged = entry(datetime(2026, 7, 1, hour, tzinfo=UTC).timestamp(), kind)
    charge(charged)
    assert charged.accepted
    assert float(charged.amount_rub) == float(amount)


def test_summary_counts_duplicates_and_cost():
    store = Store()
    night = datetime(2026, 7, 1, 22, tzinfo=UTC).timestamp()
    for n, digest in enumerate("aab"):
        row = entry(night + n, digest=digest)
        charge(row)
        store.add_entry(row)
    store.add_entry(entry(night + 9, digest="c"))
    result = summary(store)
    assert result["calls"] == {"create": 4}
    assert result["accepted"] == {"create": 3}
    assert result["duplicates"] == {"a": 2}
    assert float(result["amount_rub"]) == pytest.approx(3 * 0.02541)
    assert result["busiest"]["create"] == {"1": 1, "60": 4, "3600": 4}


@settings(max_examples=100)
@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 10))
def test_most_in_window_agrees_with_counting_by_hand(moments, seconds):
    by_hand = [sum(1 for m in moments if t - seconds < m <= t) for t in moments]
    assert most_in_window([float(m) for m in moments], seconds) == max(by_hand, default=0)


def test_the_eleventh_call_in_a_second_is_refused_with_retry_after():
    quotas = Quotas()
    for n in range(10):
        quotas.take("create", 100 + n / 100)
    with pytest.raises(ApiRefusal) as refusal:
        quotas.take("create", 100.5)
    assert (refusal.value.grpc, refusal.value.status) == (8, 429)
    assert refusal.value.retry_after >= 1
    quotas.take("read", 100.5)
    quotas.take("create", 101.0)


def test_a_refused_call_is_not_counted():
    quotas = Quotas({"create": [(1, 10)]})
    quotas.take("create", 0)
    for second in (1, 5, 9):
        with pytest.raises(ApiRefusal):
            quotas.take("create", second)
    quotas.take("create", 10)


def test_jitter_of_the_network_is_forgiven():
    quotas = Quotas({"create": [(1, 1)]})
    quotas.take("create", 0)
    quotas.take("create", 1 - JITTER_SECONDS)


def test_no_limit_no_refusal_and_clear():
    quotas = Quotas({"create": [(1, 3600)]})
    for _ in range(50):
        quotas.take("iam", 0)
    quotas.take("create", 0)
    quotas.clear()
    quotas.take("create", 0)


def test_a_store_in_a_file_survives_its_process(tmp_path):
    path = tmp_path / "state.sqlite3"
    first = Store(path)
    operation = Operation("spp1", 1, {"query": {}}, "окна", "h", "key", 1.5, 2.5)
    first.save_operation(operation)
    first.save_token(Token("t1.x", 1, 2))
    first.add_entry(entry(3))
    first.remember("shift_seconds", 12.5)
    assert first.next_number() == 1
    again = Store(path)
    assert again.operation("spp1") == operation
    assert again.operation_by_key("key") == operation
    assert again.token("t1.x") == again.newest_token() == Token("t1.x", 1, 2)
    assert again.entries() == [entry(3)]
    assert again.recall("shift_seconds") == 12.5
    assert again.next_number() == 2


def test_clear_forgets_all_but_the_numbers():
    store = Store()
    store.save_operation(Operation("spp1", store.next_number(), {}, "", "", "", 0, 0))
    store.add_entry(entry(1))
    store.clear()
    assert store.operation("spp1") is None
    assert store.entries() == []
    assert store.next_number() == 2
