"""The values that travel between the ledger and those who run its work."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from povod.engine.windows import parse_window
from povod.kit.errors import InputError

QUEUES = ("scraping", "search", "enrich", "mail", "default")
"""Every queue of the house; a worker process listens to some or all of them."""

NORMAL = 100
"""The usual priority; smaller numbers run first."""

BACKOFF_BASE = timedelta(seconds=5)
BACKOFF_CAP = timedelta(hours=1)


@dataclass(frozen=True)
class NewWork:
    """One coarse piece of work to be put into the ledger (seconds to a minute each).

    `dedup_key`: while a queued or running row has the same key, a second one is not made.
    `window`: the only hours in which it may run, see `povod.engine.windows`.
    """

    queue: str
    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    priority: int = NORMAL
    run_at: datetime | None = None
    dedup_key: str | None = None
    max_attempts: int = 5
    window: str = ""

    def __post_init__(self) -> None:
        if self.queue not in QUEUES:
            raise InputError(
                f"work {self.kind}: there is no queue {self.queue!r}, "
                f"use one of {', '.join(QUEUES)}"
            )
        if self.max_attempts < 1:
            raise InputError(f"work {self.kind}: max_attempts must be at least 1")
        if self.window:
            parse_window(self.window)


@dataclass(frozen=True, slots=True)
class Work:
    """A row of the ledger that `owner` holds under lease; `epoch` proves it (fencing)."""

    id: str
    queue: str
    kind: str
    args: dict[str, Any]
    checkpoint: dict[str, Any]
    attempts: int
    max_attempts: int
    window: str
    owner: str
    epoch: int


@dataclass(frozen=True)
class Later:
    """What a handler returns to be called again at `run_at`; counts as progress, not as a try.

    Without `checkpoint` the one saved last is kept.
    """

    run_at: datetime
    checkpoint: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one execution ended, ready to be written to the row.

    `None` in `run_at`, `checkpoint` and `attempts` leaves the row's own value.
    """

    work: Work
    state: str
    result: dict[str, Any] | None = None
    error: str = ""
    run_at: datetime | None = None
    checkpoint: dict[str, Any] | None = None
    attempts: int | None = None


def done(work: Work, result: dict[str, Any] | None = None) -> Outcome:
    """The work is finished."""
    return Outcome(work, "done", result=result)


def failed(work: Work, error: str, retry_at: datetime | None) -> Outcome:
    """This try failed: another one at `retry_at`, or none at all."""
    state = "queued" if retry_at else "failed"
    return Outcome(work, state, error=error, run_at=retry_at, attempts=work.attempts)


def put_back(work: Work, run_at: datetime, checkpoint: dict[str, Any] | None = None) -> Outcome:
    """A part is done and the rest waits for `run_at`; earlier failures are forgiven."""
    return Outcome(work, "queued", run_at=run_at, checkpoint=checkpoint, attempts=0)


def released(work: Work, run_at: datetime) -> Outcome:
    """The worker stops before the work is done; as if this try had not begun."""
    return Outcome(work, "queued", run_at=run_at, attempts=max(0, work.attempts - 1))


def cancelled(work: Work) -> Outcome:
    """The handler saw that it was told to stop, and stopped."""
    return Outcome(work, "cancelled")


def backoff(attempts: int, random_share: float | None = None) -> timedelta:
    """How long to wait after the try number `attempts` failed: 5 s doubled each time, up to 1 h.

    Half of it is random, so that works which failed together do not come back together.
    """
    share = random.random() if random_share is None else random_share  # noqa: S311 - not a secret
    doublings = min(attempts - 1, 20)
    whole: timedelta = min(BACKOFF_CAP, BACKOFF_BASE * 2**doublings)
    return whole * (0.5 + share / 2)


def check_json(value: Any) -> None:
    """Raise `ValueError` or `TypeError` for what one of the databases cannot keep as JSON.

    Found here it fails one work; found in a batch it would fail the neighbours too.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()  # a lone surrogate is not text
    if "\\u0000" in text:
        raise ValueError("a NUL character cannot be stored")


def storable_text(text: str) -> str:
    """`text` without what PostgreSQL refuses in a text column."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
