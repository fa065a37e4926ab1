"""UUIDv7 keys."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import RFC_4122, UUID

from povod.kit.ids import new_id, new_ids, uuid7


def test_version_and_variant():
    for _ in range(100):
        key = uuid7()
        assert key.version == 7
        assert key.variant == RFC_4122


def test_a_key_is_canonical_text():
    text = new_id()
    assert str(UUID(text)) == text
    assert len(text) == 36


def test_a_key_tells_its_millisecond():
    before = time.time_ns() // 1_000_000
    millis = uuid7().int >> 80
    assert before <= millis <= time.time_ns() // 1_000_000 + 1000


def test_keys_grow_as_text_and_as_numbers():
    keys = [new_id() for _ in range(20_000)]
    assert all(a < b for a, b in pairwise(keys))


def test_keys_grow_when_the_machines_clock_goes_back(monkeypatch):
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert uuid7() > first


def test_threads_get_different_keys_each_in_order():
    def make(_):
        return [new_id() for _ in range(2000)]

    with ThreadPoolExecutor(8) as pool:
        series = list(pool.map(make, range(8)))
    assert all(keys == sorted(keys) for keys in series)
    assert len({key for keys in series for key in keys}) == 16_000


def test_the_tail_cannot_be_guessed():
    tails = {uuid7().int & ((1 << 62) - 1) for _ in range(1000)}
    assert len(tails) == 1000


def test_many_keys_at_once_grow_and_fit_between_single_ones():
    before, many, after = new_id(), new_ids(5000), new_id()
    assert all(one < other for one, other in pairwise([before, *many, after]))
    assert {UUID(key).version for key in many} == {7}
    assert {UUID(key).variant for key in many} == {RFC_4122}
    assert len({key[-15:] for key in many}) == len(many), "the tails are random"
    assert new_ids(0) == []
