"""How the service's wish for a pause is kept, shared by all workers, and how calls wait (L33, L40).

A refusal (429, 503) pauses its quota; a rate refusal also halves the create rate for ten minutes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from povod.engine.quotas import Quotas
from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.kit.settings.types import Limit
from povod.leads.yandex.client import CREATE_QUOTA
from povod.leads.yandex.errors import NotNow, NotSent, RateLimited
from povod.store.db import Database
from povod.store.memory import hold, keep, peek

SLOW_FOR = timedelta(minutes=10)
"""How long the create rate stays halved after a rate refusal."""

UNREACHABLE_PAUSE = 30.0
"""Seconds to wait when the service cannot be reached at all."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The state of one quota: not before `until`, at half rate before `slow_until`."""

    until: datetime | None = None
    slow_until: datetime | None = None
    refusals: int = 0


class Pauses:
    """Reads and writes the pauses of the quota keys."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def paused_until(self, key: str) -> datetime | None:
        """When calls may be made again; None when they may be made now."""
        until = self.state(key).until
        return until if until is not None and until > self._clock.now() else None

    def is_slow(self, key: str) -> bool:
        """Whether the rate is halved at the moment."""
        slow_until = self.state(key).slow_until
        return slow_until is not None and slow_until > self._clock.now()

    def state(self, key: str) -> Pause:
        """What is remembered about the key."""
        with self._db.read() as conn:
            return _read(peek(conn, _name(key)))

    def refused(self, key: str, failure: NotNow | NotSent) -> datetime:
        """Note a refusal; returns when the next call may be made."""
        with self._db.tx() as conn:
            before = _read(hold(conn, _name(key)))
            refusals = before.refusals + 1
            seconds = (
                failure.pause_seconds(refusals)
                if isinstance(failure, NotNow)
                else UNREACHABLE_PAUSE
            )
            until = self._clock.now() + timedelta(seconds=seconds)
            after = replace(before, until=until, refusals=refusals)
            if isinstance(failure, RateLimited):
                after = replace(after, slow_until=self._clock.now() + SLOW_FOR)
            keep(conn, _name(key), _write(after))
        return until

    def slow_down(self, key: str, seconds: float) -> None:
        """A reply said that the rate was too high (XML error 55)."""
        with self._db.tx() as conn:
            before = _read(hold(conn, _name(key)))
            now = self._clock.now()
            until = max(before.until or now, now + timedelta(seconds=seconds))
            keep(conn, _name(key), _write(replace(before, until=until, slow_until=now + SLOW_FOR)))

    def accepted(self, key: str) -> None:
        """A call went through: the next refusal counts as the first again."""
        if self.state(key).refusals:
            with self._db.tx() as conn:
                before = _read(hold(conn, _name(key)))
                keep(conn, _name(key), _write(replace(before, refusals=0, until=None)))


class QuotaLimiter:
    """Waits until one more call fits into the shared limits of its key (Y46)."""

    def __init__(
        self,
        quotas: Quotas,
        pauses: Pauses,
        settings: Settings,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._quotas = quotas
        self._pauses = pauses
        self._limits = {
            CREATE_QUOTA: settings.yandex_create_limits,
            "yandex.poll": settings.yandex_poll_limits,
        }
        self._sleep = sleep

    def __call__(self, key: str, /) -> None:
        """Return when the call may be made; its token is taken."""
        limits = self._limits[key]
        if key == CREATE_QUOTA and self._pauses.is_slow(key):
            limits = [Limit(max(1, limit.count // 2), limit.seconds) for limit in limits]
        while (wait := self._quotas.take(key, limits)) > timedelta():
            self._sleep(wait.total_seconds())


def _name(key: str) -> str:
    return f"leads.pause.{key}"


def _read(value: dict[str, Any]) -> Pause:
    def moment(name: str) -> datetime | None:
        text = value.get(name)
        return datetime.fromisoformat(text) if text else None

    return Pause(moment("until"), moment("slow_until"), value.get("refusals", 0))


def _write(pause: Pause) -> dict[str, Any]:
    moments = {"until": pause.until, "slow_until": pause.slow_until}
    texts = {name: at.isoformat() for name, at in moments.items() if at is not None}
    return {**texts, "refusals": pause.refusals}
