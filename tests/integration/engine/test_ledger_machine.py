"""The ledger against a model: whatever is done to it in whatever order, a row does what it says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from povod.engine.ledger import Ledger
from povod.engine.work import NewWork, Work
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError, LeaseLostError
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs

LEASE = 60
KEYS = st.sampled_from([None, "a", "b"])


@dataclass
class Model:
    """What a row should look like."""

    run_at: datetime
    priority: int
    key: str | None
    max_attempts: int
    state: str = "queued"
    attempts: int = 0
    epoch: int = 0
    lease_until: datetime | None = None
    stop: bool = False
    checkpoint: dict[str, int] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.state in ("queued", "running")


class LedgerMachine(RuleBasedStateMachine):
    ids = Bundle("ids")
    works = Bundle("works")

    def __init__(self, db: Database, clock: FixedClock) -> None:
        super().__init__()
        self.clock = clock
        self.ledger = Ledger(db, clock, lease_seconds=LEASE)
        self.rows: dict[str, Model] = {}
        with db.tx() as conn:
            conn.execute(sa.delete(jobs))

    @rule(
        target=ids,
        key=KEYS,
        priority=st.integers(0, 2),
        delay=st.integers(0, 30),
        tries=st.integers(1, 3),
    )
    def enqueue(self, key: str | None, priority: int, delay: int, tries: int) -> object:
        run_at = self.clock.now() + timedelta(seconds=delay)
        new = NewWork("mail", "step", {}, priority, run_at, key, tries)
        with self.ledger.db.tx() as conn:
            work_id = self.ledger.enqueue(conn, new)
        taken = key is not None and any(m.key == key and m.live for m in self.rows.values())
        assert (work_id is None) is taken
        if work_id is None:
            return multiple()
        self.rows[work_id] = Model(run_at, priority, key, tries)
        return work_id

    @rule(target=works, owner=st.sampled_from(["anna", "boris"]), limit=st.integers(1, 3))
    def claim(self, owner: str, limit: int) -> object:
        now = self.clock.now()
        dead = self._ordered(lambda m: m.state == "running" and (m.lease_until or now) <= now)
        due = self._ordered(lambda m: m.state == "queued" and m.run_at <= now)
        expected = []
        for work_id in dead[:limit]:
            model = self.rows[work_id]
            if model.stop or model.attempts >= model.max_attempts:
                model.state = "cancelled" if model.stop else "failed"
            else:
                expected.append(work_id)
        expected += due[: limit - len(expected)]
        works = self.ledger.claim(owner, ["mail"], limit)
        assert [work.id for work in works] == expected
        for work in works:
            model = self.rows[work.id]
            model.state, model.lease_until = "running", now + timedelta(seconds=LEASE)
            model.epoch, model.attempts = model.epoch + 1, model.attempts + 1
            assert (work.epoch, work.attempts) == (model.epoch, model.attempts)
            assert work.checkpoint == model.checkpoint
        return multiple(*works)

    @rule(work=works, mark=st.integers(0, 9))
    def checkpoint(self, work: Work, mark: int) -> None:
        if self._holds(work):
            self.ledger.checkpoint(work, {"mark": mark})
            self.rows[work.id].checkpoint = {"mark": mark}
        else:
            with pytest.raises(LeaseLostError):
                self.ledger.checkpoint(work, {"mark": mark})

    @rule(work=works)
    def extend(self, work: Work) -> None:
        if self._holds(work):
            self.ledger.extend(work)
            self.rows[work.id].lease_until = self.clock.now() + timedelta(seconds=LEASE)
        else:
            with pytest.raises(LeaseLostError):
                self.ledger.extend(work)

    @rule(work=consumes(works))
    def finish(self, work: Work) -> None:
        if self._holds(work):
            self.ledger.finish(work, {})
            self.rows[work.id].state = "done"
        else:
            with pytest.raises(LeaseLostError):
                self.ledger.finish(work, {})

    @rule(work=consumes(works), delay=st.one_of(st.none(), st.integers(0, 30)))
    def fail(self, work: Work, delay: int | None) -> None:
        retry_at = None if delay is None else self.clock.now() + timedelta(seconds=delay)
        if self._holds(work):
            self.ledger.fail(work, "x", retry_at)
            self._requeue(work, retry_at)
        else:
            with pytest.raises(LeaseLostError):
                self.ledger.fail(work, "x", retry_at)

    @rule(work=consumes(works), delay=st.integers(0, 30))
    def put_back(self, work: Work, delay: int) -> None:
        run_at = self.clock.now() + timedelta(seconds=delay)
        if self._holds(work):
            self.ledger.put_back(work, run_at, {"mark": 77})
            self._requeue(work, run_at)
            self.rows[work.id].attempts = 0
            self.rows[work.id].checkpoint = {"mark": 77}
        else:
            with pytest.raises(LeaseLostError):
                self.ledger.put_back(work, run_at)

    @rule(work_id=ids)
    def cancel(self, work_id: str) -> None:
        model = self.rows[work_id]
        if model.live:
            model.stop = True
        if model.state == "queued":
            model.state = "cancelled"
        assert self.ledger.cancel(work_id) == model.state

    @rule(work_id=ids)
    def resume(self, work_id: str) -> None:
        model = self.rows[work_id]
        double = any(
            m is not model and m.live and m.key == model.key and m.key for m in self.rows.values()
        )
        if model.state in ("failed", "cancelled") and not double:
            self.ledger.resume(work_id)
            model.state, model.attempts, model.stop = "queued", 0, False
            model.run_at = self.clock.now()
        else:
            with pytest.raises(ConflictError):
                self.ledger.resume(work_id)

    @rule(seconds=st.sampled_from([1, 20, 61]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def rows_are_as_expected(self) -> None:
        columns = (jobs.c.id, jobs.c.state, jobs.c.attempts, jobs.c.lease_epoch, jobs.c.checkpoint)
        with self.ledger.db.read() as conn:
            found = {row.id: tuple(row[1:]) for row in conn.execute(sa.select(*columns))}
        assert found == {
            work_id: (m.state, m.attempts, m.epoch, m.checkpoint)
            for work_id, m in self.rows.items()
        }

    def _ordered(self, wanted: object) -> list[str]:
        chosen = [(m.priority, m.run_at, i) for i, m in self.rows.items() if wanted(m)]  # type: ignore[operator]
        return [work_id for _, _, work_id in sorted(chosen)]

    def _holds(self, work: Work) -> bool:
        model = self.rows[work.id]
        return model.state == "running" and model.epoch == work.epoch

    def _requeue(self, work: Work, run_at: datetime | None) -> None:
        model = self.rows[work.id]
        if run_at is None:
            model.state = "failed"
        else:
            model.state = "cancelled" if model.stop else "queued"
            model.run_at = run_at


def test_ledger_behaves_like_its_model(sqlite_db: Database, clock: FixedClock) -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(sqlite_db, clock),
        settings=settings(max_examples=40, stateful_step_count=30, deadline=None),
    )
