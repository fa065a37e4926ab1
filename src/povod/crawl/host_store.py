"""Rows of `crawl_hosts`: what all workers know together about hosts and origins.

One row per host and egress tier keeps the breaker; the row of the tier `direct` also keeps what is
true of the host whatever the tier (`HostState`). The rules of robots.txt belong to an origin and
stand in a row of their own, tier `robots`. Rows are read locked, with the claim, not per request.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.breaker import Breaker
from povod.crawl.hosts import HostState
from povod.store.prepared import Prepared, PreparedByCount
from povod.store.tables import crawl_hosts as table
from povod.store.upsert import insert_new, upsert

DIRECT = "direct"
ROBOTS = "robots"


class Hosts:
    """The hosts of one transaction: read once, changed in memory, written at its end."""

    def __init__(self, conn: Connection, names: Collection[str]) -> None:
        self._conn = conn
        self._states: dict[str, HostState] = {}
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._stored: dict[tuple[str, str], tuple[HostState, Breaker]] = {}
        for row in _rows(conn, names):
            self._take(row)
        for name in names:
            self._states.setdefault(name, HostState())

    @property
    def names(self) -> Collection[str]:
        """The hosts that are open."""
        return self._states.keys()

    def state(self, host: str) -> HostState:
        """What is known of the host."""
        return self._states[host]

    def put(self, host: str, state: HostState) -> None:
        """Replace it."""
        self._states[host] = state

    def breaker(self, host: str, tier: str) -> Breaker:
        """The breaker of the host over that tier."""
        return self._breakers.get((host, tier)) or Breaker()

    def put_breaker(self, host: str, tier: str, breaker: Breaker) -> None:
        """Replace it."""
        self._breakers[host, tier] = breaker

    def breakers(self) -> Iterator[tuple[str, str, Breaker]]:
        """Host, tier and breaker of all that have one."""
        for (host, tier), breaker in sorted(self._breakers.items(), key=itemgetter(0)):
            yield host, tier, breaker

    def save(self) -> None:
        """Write the rows that changed."""
        keys = {(host, DIRECT) for host in self._states} | set(self._breakers)
        for host, tier in sorted(keys):
            state = self._states[host] if tier == DIRECT else HostState()
            pair = (state, self.breaker(host, tier))
            before = self._stored.get((host, tier))
            if before is None:
                row = _row_of(host, tier, *pair)
                upsert(self._conn, table, [row], ["host", "tier"], list(row)[2:])
            elif before != pair:
                _UPDATE.run(self._conn, [_changes(host, tier, *pair)])

    def _take(self, row: Any) -> None:
        breaker = Breaker.of(
            row.breaker, row.breaker_until, row.breaker_opens, row.breaker_counts or {}
        )
        state = _state_of(row) if row.tier == DIRECT else HostState()
        if row.tier == DIRECT:
            self._states[row.host] = state
        self._breakers[row.host, row.tier] = breaker
        self._stored[row.host, row.tier] = (state, breaker)


_COLUMNS = [
    column
    for column in table.columns
    if column.name not in ("robots", "residential", "cookies_sealed", "created_at", "updated_at")
]
_SELECT = PreparedByCount(
    "host",
    lambda hosts: (
        sa.select(*_COLUMNS)
        .where(table.c.host.in_(hosts), table.c.tier != ROBOTS)
        .order_by(table.c.host, table.c.tier)
        .with_for_update()
    ),
)
_NAMES = (
    "delay_ms", "next_request_at", "blocked_until", "blocked_reason", "latencies", "concurrency",
    "requests", "mean_page_bytes", "hint", "breaker", "breaker_until", "breaker_opens",
    "breaker_counts",
)  # fmt: skip
_UPDATE = Prepared(
    sa.update(table)
    .where(table.c.host == sa.bindparam("of_host"), table.c.tier == sa.bindparam("of_tier"))
    .values({name: sa.bindparam(name) for name in _NAMES})
)


def _rows(conn: Connection, names: Collection[str]) -> list[Any]:
    found = _SELECT.all(conn, sorted(names))
    missing = set(names) - {row.host for row in found if row.tier == DIRECT}
    if not missing:
        return found
    fresh = [{"host": name, "tier": DIRECT} for name in sorted(missing)]
    insert_new(conn, table, fresh, ["host", "tier"])
    return _SELECT.all(conn, sorted(names))


def _state_of(row: Any) -> HostState:
    notes = dict(row.hint or {})
    return HostState(
        delay_ms=row.delay_ms,
        next_request_at=row.next_request_at,
        blocked_until=row.blocked_until,
        blocked_reason=row.blocked_reason,
        latencies=row.latencies or [],
        concurrency=row.concurrency,
        requests=row.requests,
        mean_page_bytes=row.mean_page_bytes,
        crawl_delay_ms=notes.pop("crawl_delay_ms", 0),
        notes=notes,
    )


def _row_of(host: str, tier: str, state: HostState, breaker: Breaker) -> dict[str, Any]:
    delay = {"crawl_delay_ms": state.crawl_delay_ms} if state.crawl_delay_ms else {}
    return {
        "host": host,
        "tier": tier,
        "delay_ms": state.delay_ms,
        "next_request_at": state.next_request_at,
        "blocked_until": state.blocked_until,
        "blocked_reason": state.blocked_reason,
        "latencies": list(state.latencies),
        "concurrency": state.concurrency,
        "requests": state.requests,
        "mean_page_bytes": state.mean_page_bytes,
        "hint": {**state.notes, **delay},
        "breaker": breaker.state,
        "breaker_until": breaker.until,
        "breaker_opens": breaker.opens,
        "breaker_counts": breaker.counts(),
    }


def _changes(host: str, tier: str, state: HostState, breaker: Breaker) -> dict[str, Any]:
    row = _row_of(host, tier, state, breaker)
    return {"of_host": row.pop("host"), "of_tier": row.pop("tier"), **row}


@dataclass(frozen=True, slots=True)
class StoredRobots:
    """robots.txt of one origin as last read; `fetched_at` None: never read well."""

    text: str = ""
    status: int | None = None
    fetched_at: datetime | None = None
    retry_at: datetime | None = None
    tries: int = 0


def load_robots(conn: Connection, origins: Collection[str]) -> dict[str, StoredRobots]:
    """What is stored for these origins."""
    query = sa.select(
        table.c.host,
        table.c.robots,
        table.c.robots_status,
        table.c.robots_fetched_at,
        table.c.robots_retry_at,
        table.c.robots_tries,
    ).where(table.c.host.in_(sorted(origins)), table.c.tier == ROBOTS)
    return {
        row.host: StoredRobots(
            row.robots,
            row.robots_status,
            row.robots_fetched_at,
            row.robots_retry_at,
            row.robots_tries,
        )
        for row in conn.execute(query)
    }


def save_robots(conn: Connection, origin: str, stored: StoredRobots) -> None:
    """Keep it for all workers."""
    row: Mapping[str, Any] = {
        "host": origin,
        "tier": ROBOTS,
        "robots": stored.text,
        "robots_status": stored.status,
        "robots_fetched_at": stored.fetched_at,
        "robots_retry_at": stored.retry_at,
        "robots_tries": stored.tries,
    }
    upsert(conn, table, [row], ["host", "tier"], list(row)[2:])
