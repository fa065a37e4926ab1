"""The states of a job as data, and the one function that changes them (S26-S31).

Every change is a compare-and-set on the status with a new version, and its event is written in the
same transaction. Nobody else writes `status`, `started_at` or `finished_at`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from povod.engine.events import Events
from povod.kit.errors import ConflictError, NotFoundError
from povod.store.tables import jobs
from povod.store.tables.sites import ACTIVE_JOB_STATES
from povod.store.types import CLOCK_OPTION

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FINAL = frozenset({"cancelled", "succeeded", "partial", "failed"})
ACTIVE = frozenset(ACTIVE_JOB_STATES)


class BadState(ConflictError):  # noqa: N818 - the name says it as the API does
    """The job is in a state in which this cannot be done; the message names the state."""

    code = "bad_state"


class JobActive(ConflictError):  # noqa: N818
    """Another job of the domain is active."""

    code = "job_active"

    def __init__(self, domain: str, active_job_id: str) -> None:
        super().__init__(
            f"{domain}: job {active_job_id} is active; wait for its end or cancel it first",
            extra={"active_job_id": active_job_id},
        )
        self.active_job_id = active_job_id


class Superseded(ConflictError):  # noqa: N818
    """A later job of the domain has written its state already."""

    code = "superseded"


@dataclass(frozen=True, slots=True)
class Transition:
    """From which states an event leads where; `phases` are those in which it may happen."""

    sources: frozenset[str]
    target: str
    phases: frozenset[str] = frozenset({"input", "crawl", "finalize"})


_WORKING = frozenset({"input", "crawl"})

TRANSITIONS: Mapping[str, Transition] = {
    "take": Transition(frozenset({"queued"}), "running"),
    "pause": Transition(frozenset({"queued", "running"}), "paused", _WORKING),
    "resume": Transition(frozenset({"paused"}), "queued", _WORKING),
    "cancel_waiting": Transition(frozenset({"queued", "paused"}), "cancelled", _WORKING),
    "cancel": Transition(frozenset({"running"}), "cancelling", _WORKING),
    "cancelled": Transition(frozenset({"cancelling"}), "cancelled"),
    "succeed": Transition(frozenset({"running"}), "succeeded"),
    "partial": Transition(frozenset({"running"}), "partial"),
    "fail": Transition(frozenset({"running"}), "failed"),
    "reopen": Transition(FINAL, "queued"),
    "settle_held": Transition(frozenset({"partial"}), "succeeded"),
}
"""The whole table of S27; `reopen` is resume and retry-failed of a final job (S30)."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A change that was made."""

    job_id: str
    before: str
    after: str
    version: int


def is_id(text: str) -> bool:
    """Whether the text can be the id of a row; PostgreSQL refuses to look for anything else."""
    return _ID.fullmatch(text) is not None


def job_topic(job_id: str) -> str:
    """Where the events of a job are found."""
    return f"sites:{job_id}"


def move(
    conn: Connection,
    events: Events,
    job_id: str,
    event: str,
    *,
    by: str = "worker",
    **changes: Any,
) -> Moved:
    """Make the change `event`, together with `changes` of other columns.

    `BadState` if the job is not in a state for it, `JobActive` if another job of its domain came
    first, `NotFoundError` if there is no such job.
    """
    moved = try_move(conn, events, job_id, event, by=by, **changes)
    if moved is not None:
        return moved
    query = sa.select(jobs.c.status, jobs.c.phase).where(jobs.c.id == job_id)
    row = conn.execute(query).first() if is_id(job_id) else None
    if row is None:
        raise NotFoundError(f"there is no job {job_id[:60]}")
    phase = f" ({row.phase})" if row.status in ACTIVE else ""
    raise BadState(
        f"job {job_id} is {row.status}{phase}; {event.replace('_', ' ')} is not possible"
    )


def try_move(
    conn: Connection,
    events: Events,
    job_id: str,
    event: str,
    *,
    by: str = "worker",
    **changes: Any,
) -> Moved | None:
    """`move` for workers: None when the job is no longer in a state for it."""
    rule = TRANSITIONS[event]
    before = _status(conn, job_id) if is_id(job_id) else ""
    if before not in rule.sources:
        return None
    change = (
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.status == before, jobs.c.phase.in_(sorted(rule.phases)))
        .values(status=rule.target, version=jobs.c.version + 1)
        .values(**_stamps(conn, event, rule), **changes)
        .returning(jobs.c.version)
    )
    version = _changed(conn, change, job_id)
    if version is None:
        return None
    _tell(conn, events, job_id, before, rule.target, by)
    return Moved(job_id, before, rule.target, version)


def _status(conn: Connection, job_id: str) -> str:
    """The status, with the row locked where the database can."""
    query = sa.select(jobs.c.status).where(jobs.c.id == job_id).with_for_update()
    return str(conn.execute(query).scalar() or "")


def _changed(conn: Connection, change: Any, job_id: str) -> int | None:
    try:
        with conn.begin_nested():
            version: int | None = conn.execute(change).scalar()
    except IntegrityError:
        raise _active_instead(conn, job_id) from None
    return version


def _stamps(conn: Connection, event: str, rule: Transition) -> dict[str, Any]:
    """What comes with the change: started once, ended with a final state, no traces of a pause."""
    now = conn.get_execution_options()[CLOCK_OPTION].now()
    stamps: dict[str, Any] = {}
    if rule.target != "paused":
        stamps |= {"pause_reason": "", "resume_at": None}
    if event == "take":
        started = sa.func.coalesce(jobs.c.started_at, sa.literal(now, jobs.c.started_at.type))
        stamps |= {"started_at": started, "heartbeat_at": now}
    if event == "reopen":
        stamps |= {"finished_at": None, "stop_reason": "", "error_message": ""}
    elif rule.target in FINAL and event != "settle_held":
        stamps["finished_at"] = now
    return stamps


def _tell(conn: Connection, events: Events, job_id: str, before: str, after: str, by: str) -> None:
    events.write(conn, job_topic(job_id), "state", {"from": before, "to": after, "by": by})


def _active_instead(conn: Connection, job_id: str) -> JobActive:
    domain = conn.execute(sa.select(jobs.c.domain).where(jobs.c.id == job_id)).scalar_one()
    return JobActive(domain, active_job(conn, domain) or "")


def active_job(conn: Connection, domain: str) -> str | None:
    """The active job of a domain."""
    query = sa.select(jobs.c.id).where(jobs.c.domain == domain, jobs.c.status.in_(sorted(ACTIVE)))
    return conn.execute(query).scalar()
