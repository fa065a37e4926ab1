"""What a letter costs does not grow with all the letters and refusals before it."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from povod.delivery.caps import day_cap
from povod.delivery.suppression import refusal_clause
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import opt_out_registry


def test_a_refusal_is_found_by_its_hash(sqlite_db: Database, clock: FixedClock) -> None:
    clause = refusal_clause(["a" * 64, "b" * 64], "greeting", "email", clock.now())
    query = sa.select(opt_out_registry.c.reason).where(clause).limit(1)
    text = query.compile(sqlite_db.engine, compile_kwargs={"literal_binds": True})
    with sqlite_db.read() as conn:
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    assert [row[3].split()[0] for row in plan] == ["SEARCH"]


def test_the_days_of_a_warming_mailbox_are_counted_once_a_day(
    db: Database, clock: FixedClock
) -> None:
    box = {"id": new_id(), "zone": "Europe/Moscow", "warmup": True, "daily_cap": 100}
    box |= {"warmup_start": 20, "warmup_step": 4}
    asked: list[str] = []

    def hear(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    with db.read() as conn:
        sa.event.listen(conn, "before_cursor_execute", hear)
        for hours in (0, 1, 2, 24, 25):
            assert day_cap(conn, box, clock.now() + timedelta(hours=hours)) == 20
    assert len(asked) == 2
