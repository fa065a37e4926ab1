"""The doorbell: when workers are told, and what is rung for again."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from povod.engine.ledger import Ledger
from povod.engine.work import NewWork, Work
from povod.kit.clock import FixedClock

Enqueue = Callable[..., str]
MINUTE = timedelta(minutes=1)


def claim_one(ledger: Ledger, owner: str = "anna") -> Work:
    (work,) = ledger.claim(owner, ["default"], 1)
    return work


class Bells:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def notify(self, queue: str, work_id: str) -> None:
        self.rung.append((queue, work_id))


def test_bell_rings_after_the_commit_and_only_then(ledger: Ledger, clock: FixedClock) -> None:
    ledger.dispatcher = bells = Bells()
    with ledger.db.tx() as conn:
        work_id = ledger.enqueue(conn, NewWork("mail", "letters"))
        ledger.enqueue(conn, NewWork("mail", "letters", run_at=clock.now() + MINUTE))
        assert bells.rung == []
    assert bells.rung == [("mail", work_id)]
    with contextlib.suppress(ZeroDivisionError), ledger.db.tx() as conn:
        ledger.enqueue(conn, NewWork("mail", "letters"))
        raise ZeroDivisionError
    assert len(bells.rung) == 1


def test_bell_rings_for_work_that_is_put_back_at_once_or_resumed(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock
) -> None:
    work_id = enqueue()
    ledger.dispatcher = bells = Bells()
    ledger.put_back(claim_one(ledger), clock.now())
    ledger.put_back(claim_one(ledger), clock.now() + MINUTE)
    assert bells.rung == [("default", work_id)]
    ledger.cancel(work_id)
    ledger.resume(work_id)
    assert bells.rung == [("default", work_id)] * 2


def test_rows_nobody_was_told_of_are_rung_for_once(
    ledger: Ledger, enqueue: Enqueue, clock: FixedClock, expire_leases: Callable[[], None]
) -> None:
    enqueue("search", run_at=clock.now() + MINUTE)
    due = enqueue("mail")
    enqueue("default")
    held = claim_one(ledger)
    assert ledger.due_unnotified(MINUTE) == [("mail", due)]
    assert ledger.due_unnotified(MINUTE) == []
    expire_leases()
    assert ledger.due_unnotified(MINUTE) == [("default", held.id)]
    assert {i for _, i in ledger.due_unnotified(timedelta(seconds=-1))} == {due, held.id}
