import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from povod.engine.ledger import Ledger
from povod.engine.work import NewWork, Work, done, failed
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError, LeaseLostError, NotFoundError
from povod.store.tables import processing_jobs as jobs

Enqueue = Callable[..., str]
RowOf = Callable[[str], sa.RowMapping]
MINUTE = timedelta(minutes=1)


def claim_one(ledger: Ledger, owner: str = "anna") -> Work:
    (work,) = ledger.claim(owner, ["default"], 1)
    return work


def test_claimed_work_carries_what_was_put_in(ledger: Ledger, enqueue: Enqueue) -> None:
    work_id = enqueue("mail", "letters", args={"company": "ООО «Ёж»"}, max_attempts=3)
    (work,) = ledger.claim("anna", ["mail"], 10)
    assert (work.id, work.kind, work.args) == (work_id, "letters", {"company": "ООО «Ёж»"})
    assert (work.attempts, work.max_attempts, work.epoch, work.owner) == (1, 3, 1, "anna")


def test_claimed_work_is_not_claimed_again(ledger: Ledger, enqueue: Enqueue) -> None:
    enqueue()
    claim_one(ledger)
    assert ledger.claim("boris", ["default"], 10) == []


def test_smallest_priority_first_then_oldest(ledger: Ledger, enqueue: Enqueue) -> None:
    first, second = enqueue("mail"), enqueue("search")
    urgent = enqueue("default", priority=1)
    taken = ledger.claim("anna", None, 2)
    assert [work.id for work in taken] == [urgent, first]
    assert [work.id for work in ledger.claim("anna", None, 2)] == [second]


def test_claim_keeps_to_its_queues_and_kinds(ledger: Ledger, enqueue: Enqueue) -> None:
    enqueue("mail", "letters")
    wanted = enqueue("search", "poll")
    enqueue("search", "submit")
    assert [work.id for work in ledger.claim("anna", ["search"], 9, ["poll", "letters"])] == [
        wanted
    ]
    assert ledger.claim("anna", ["search"], 9, []) == []


def test_future_work_waits(ledger: Ledger, enqueue: Enqueue, clock: FixedClock) -> None:
    enqueue(run_at=clock.now() + MINUTE)
    assert ledger.claim("anna", ["default"], 1) == []
    assert ledger.next_due() == clock.now() + MINUTE
    clock.advance(MINUTE)
    assert len(ledger.claim("anna", ["default"], 1)) == 1
    assert ledger.next_due() is None


def test_work_runs_only_inside_its_window(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock, row_of: RowOf
) -> None:
    night = enqueue(window="00:00-08:00 UTC+3")
    opens = clock.now().replace(hour=21, minute=0)
    assert row_of(night)["run_at"] == opens
    assert ledger.claim("anna", ["default"], 5) == []
    clock.advance(opens - clock.now())
    assert [work.id for work in ledger.claim("anna", ["default"], 5)] == [night]


def test_work_that_missed_its_window_waits_and_does_not_hide_the_rest(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock, row_of: RowOf
) -> None:
    late = [enqueue(window="09:00-10:00 UTC", priority=1) for _ in range(3)]
    open_ = enqueue()
    clock.advance(timedelta(hours=1))
    assert [work.id for work in ledger.claim("anna", ["default"], 2)] == [open_]
    tomorrow = clock.now().replace(hour=9, minute=0) + timedelta(days=1)
    assert {row_of(work_id)["run_at"] for work_id in late} == {tomorrow}


def test_live_double_is_not_made_and_a_finished_one_frees_its_key(
    ledger: Ledger, enqueue: Enqueue
) -> None:
    enqueue(dedup_key="sync:1")
    again = NewWork("default", "step", dedup_key="sync:1")
    with ledger.db.tx() as conn:
        assert ledger.enqueue(conn, again) is None
        assert len(ledger.enqueue_many(conn, [again, NewWork("default", "step")])) == 1
    work = next(w for w in ledger.claim("anna", ["default"], 2))
    with ledger.db.tx() as conn:
        assert ledger.enqueue(conn, again) is None
    ledger.finish(work)
    with ledger.db.tx() as conn:
        assert ledger.enqueue(conn, again) is not None


def test_finish_keeps_the_result(ledger: Ledger, enqueue: Enqueue, row_of: RowOf) -> None:
    work_id = enqueue()
    ledger.finish(claim_one(ledger), {"docs": 12})
    row = row_of(work_id)
    assert (row["state"], row["result"], row["owner"]) == ("done", {"docs": 12}, None)
    assert row["finished_at"] == ledger.clock.now()


def test_failed_try_comes_back_and_the_last_one_stays_failed(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf, clock: FixedClock
) -> None:
    work_id = enqueue()
    ledger.fail(claim_one(ledger), "no route", clock.now() + MINUTE)
    assert ledger.claim("anna", ["default"], 1) == []
    clock.advance(MINUTE)
    work = claim_one(ledger)
    assert (work.attempts, work.epoch) == (2, 2)
    ledger.fail(work, "no route at all", None)
    row = row_of(work_id)
    assert (row["state"], row["error"]) == ("failed", "no route at all")


def test_retry_outside_the_window_waits_for_it(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf, clock: FixedClock
) -> None:
    work_id = enqueue(window="09:00-10:00 UTC")
    ledger.fail(claim_one(ledger), "slow", clock.now() + timedelta(hours=2))
    assert row_of(work_id)["run_at"] == clock.now().replace(minute=0) + timedelta(days=1)


def test_put_back_forgives_attempts_and_keeps_the_checkpoint(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf, clock: FixedClock
) -> None:
    work_id = enqueue()
    ledger.put_back(claim_one(ledger), clock.now(), {"page": 4})
    work = claim_one(ledger)
    assert (work.attempts, work.checkpoint) == (1, {"page": 4})
    ledger.put_back(work, clock.now())
    assert row_of(work_id)["checkpoint"] == {"page": 4}


def test_next_worker_continues_from_the_checkpoint(
    ledger: Ledger, enqueue: Enqueue, expire_leases: Callable[[], None]
) -> None:
    enqueue()
    ledger.checkpoint(claim_one(ledger), {"row": 17})
    expire_leases()
    assert claim_one(ledger, "boris").checkpoint == {"row": 17}


def test_checkpoint_is_lost_with_the_rows_it_speaks_of(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf
) -> None:
    work_id = enqueue()
    work = claim_one(ledger)
    with contextlib.suppress(ZeroDivisionError), ledger.db.tx() as conn:
        ledger.checkpoint(work, {"row": 17}, conn)
        raise ZeroDivisionError
    assert row_of(work_id)["checkpoint"] == {}


@pytest.mark.parametrize("write", ["checkpoint", "finish", "fail", "put_back", "extend"])
def test_worker_that_lost_its_lease_changes_nothing(
    ledger: Ledger,
    enqueue: Enqueue,
    row_of: RowOf,
    expire_leases: Callable[[], None],
    write: str,
) -> None:
    work_id = enqueue()
    stale = claim_one(ledger)
    expire_leases()
    claim_one(ledger, "boris")
    before = row_of(work_id)
    attempts = {
        "checkpoint": lambda: ledger.checkpoint(stale, {"a": 1}),
        "finish": lambda: ledger.finish(stale, {"a": 1}),
        "fail": lambda: ledger.fail(stale, "x", None),
        "put_back": lambda: ledger.put_back(stale, ledger.clock.now()),
        "extend": lambda: ledger.extend(stale),
    }
    with pytest.raises(LeaseLostError, match="epoch 1"):
        attempts[write]()
    assert row_of(work_id) == before


def test_same_owner_with_an_old_epoch_is_a_stranger(
    ledger: Ledger, enqueue: Enqueue, expire_leases: Callable[[], None]
) -> None:
    enqueue()
    stale = claim_one(ledger)
    expire_leases()
    fresh = claim_one(ledger)
    with pytest.raises(LeaseLostError):
        ledger.finish(stale)
    with pytest.raises(LeaseLostError):
        ledger.extend(stale)
    ledger.finish(fresh)


def test_one_lost_lease_does_not_spoil_the_batch(
    ledger: Ledger, enqueue: Enqueue, expire_leases: Callable[[], None]
) -> None:
    enqueue()
    stale = claim_one(ledger)
    expire_leases()
    claim_one(ledger, "boris")
    for _ in range(2):
        enqueue()
    good = ledger.claim("anna", ["default"], 2)
    ended = [done(good[0]), done(stale), failed(good[1], "x", None)]
    assert ledger.settle(ended) == {stale.id}
    assert ledger.stats().by_queue["default"] == {"running": 1, "done": 1, "failed": 1}


def test_extended_lease_is_not_taken(
    ledger: Ledger, enqueue: Enqueue, expire_leases: Callable[[], None]
) -> None:
    enqueue()
    work = claim_one(ledger)
    expire_leases()
    ledger.extend(work)
    assert ledger.claim("boris", ["default"], 1) == []
    ledger.finish(work)


def test_work_that_kills_its_workers_ends_failed(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf, expire_leases: Callable[[], None]
) -> None:
    work_id = enqueue(max_attempts=2)
    for owner in ("anna", "boris"):
        claim_one(ledger, owner)
        expire_leases()
    assert ledger.claim("vera", ["default"], 1) == []
    row = row_of(work_id)
    assert (row["state"], row["attempts"]) == ("failed", 2)
    assert "died or froze" in row["error"]


def test_queued_work_is_cancelled_at_once(ledger: Ledger, enqueue: Enqueue, row_of: RowOf) -> None:
    work_id = enqueue()
    assert ledger.cancel(work_id) == "cancelled"
    assert ledger.claim("anna", ["default"], 1) == []
    assert row_of(work_id)["finished_at"] == ledger.clock.now()
    assert ledger.cancel(work_id) == "cancelled"


def test_running_work_is_asked_to_stop(ledger: Ledger, enqueue: Enqueue) -> None:
    enqueue()
    work = claim_one(ledger)
    assert not ledger.is_cancelled(work)
    assert ledger.cancel(work.id) == "running"
    assert ledger.is_cancelled(work)
    assert ledger.extend_many([work]) == {work.id: True}


def test_cancelled_work_is_neither_retried_nor_put_back(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf, clock: FixedClock
) -> None:
    enqueue()
    work = claim_one(ledger)
    ledger.cancel(work.id)
    ledger.put_back(work, clock.now())
    row = row_of(work.id)
    assert (row["state"], row["finished_at"]) == ("cancelled", clock.now())


def test_work_that_ended_before_it_saw_the_cancellation_is_done(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf
) -> None:
    enqueue()
    work = claim_one(ledger)
    ledger.cancel(work.id)
    ledger.finish(work)
    assert row_of(work.id)["state"] == "done"


def test_cancelled_work_of_a_dead_worker_ends(
    ledger: Ledger, enqueue: Enqueue, row_of: RowOf, expire_leases: Callable[[], None]
) -> None:
    enqueue()
    work = claim_one(ledger)
    ledger.cancel(work.id)
    expire_leases()
    assert ledger.claim("boris", ["default"], 1) == []
    assert row_of(work.id)["state"] == "cancelled"


def test_resumed_work_has_its_checkpoint_and_all_its_tries(
    ledger: Ledger, enqueue: Enqueue
) -> None:
    enqueue(max_attempts=1)
    work = claim_one(ledger)
    ledger.checkpoint(work, {"row": 3})
    ledger.fail(work, "boom", None)
    ledger.resume(work.id)
    again = claim_one(ledger)
    assert (again.attempts, again.checkpoint, again.epoch) == (1, {"row": 3}, 2)
    assert not ledger.is_cancelled(again)


def test_only_ended_work_is_resumed(ledger: Ledger, enqueue: Enqueue) -> None:
    work_id = enqueue()
    with pytest.raises(ConflictError, match="is queued"):
        ledger.resume(work_id)
    with pytest.raises(NotFoundError):
        ledger.resume("01a1fe80-fd07-7e6d-af0e-a371f6999c9b")
    with pytest.raises(NotFoundError):
        ledger.cancel("01a1fe80-fd07-7e6d-af0e-a371f6999c9b")


def test_work_is_not_resumed_beside_its_double(ledger: Ledger, enqueue: Enqueue) -> None:
    old = enqueue(dedup_key="sync:1")
    ledger.cancel(old)
    enqueue(dedup_key="sync:1")
    with pytest.raises(ConflictError, match="the same"):
        ledger.resume(old)


def test_one_row_is_claimed_by_id_only_when_due_and_free(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock, expire_leases: Callable[[], None]
) -> None:
    later = enqueue(run_at=clock.now() + MINUTE)
    now = enqueue(kind="poll")
    assert ledger.claim_one("anna", later) is None
    assert ledger.claim_one("anna", now, ["other"]) is None
    work = ledger.claim_one("anna", now, ["poll"])
    assert work is not None
    assert ledger.claim_one("boris", now) is None
    expire_leases()
    taken = ledger.claim_one("boris", now)
    assert taken is not None
    assert taken.epoch == 2


def test_stats_show_the_backlog(ledger: Ledger, enqueue: Enqueue, clock: FixedClock) -> None:
    enqueue("mail")
    enqueue("mail", run_at=clock.now() + MINUTE)
    enqueue("default")
    claim_one(ledger)
    stats = ledger.stats()
    assert stats.by_queue == {"mail": {"queued": 2}, "default": {"running": 1}}
    assert (stats.due, stats.oldest_due_at, stats.count("queued")) == (1, clock.now(), 2)


def test_tidy_forgets_old_ended_rows_only(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock, db: object
) -> None:
    enqueue()
    ledger.finish(claim_one(ledger))
    enqueue(run_at=clock.now() + MINUTE)
    assert ledger.tidy(clock.now()) == 0
    clock.advance(timedelta(days=1))
    assert ledger.tidy(clock.now()) == 1
    with ledger.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(jobs)).scalar() == 1


def test_the_death_of_a_worker_that_got_further_uses_up_no_try(
    ledger: Ledger, enqueue: Enqueue, expire_leases: Callable[[], None], row_of: RowOf
) -> None:
    work_id = enqueue(max_attempts=2)
    for _ in range(5):
        work = claim_one(ledger)
        assert work.attempts == 1
        ledger.progressed(work)
        expire_leases()
    for attempts in (1, 2):  # it dies at once, twice
        assert claim_one(ledger).attempts == attempts
        expire_leases()
    assert ledger.claim("anna", ["default"], 1) == []
    assert row_of(work_id)["state"] == "failed"


def test_a_try_that_got_further_and_raised_counts(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock, row_of: RowOf
) -> None:
    work_id = enqueue(max_attempts=3)
    work = claim_one(ledger)
    ledger.progressed(work)
    ledger.fail(work, "broken", clock.now())
    assert row_of(work_id)["attempts"] == 1
    assert claim_one(ledger).attempts == 2


def test_progress_without_the_lease_changes_nothing(
    ledger: Ledger, enqueue: Enqueue, expire_leases: Callable[[], None], row_of: RowOf
) -> None:
    work_id = enqueue()
    frozen = claim_one(ledger)
    expire_leases()
    claim_one(ledger, "boris")
    ledger.progressed(frozen)
    assert row_of(work_id)["attempts"] == 2
