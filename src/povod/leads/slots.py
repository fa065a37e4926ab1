"""When each query is sent: slots of the night, given under one lock (L28)."""

from datetime import datetime

from sqlalchemy.engine import Connection

from povod.kit.settings import Settings
from povod.leads.night import next_slot
from povod.store.memory import hold, keep

NAME = "leads.slots"
_LAST = "last_given"


class Slots:
    """The next free slots; other processes wait until this transaction ends."""

    def __init__(self, conn: Connection, settings: Settings, now: datetime) -> None:
        self._conn = conn
        self._settings = settings
        self._now = now
        last = hold(conn, NAME).get(_LAST)
        self._last = datetime.fromisoformat(last) if last else None

    def take(self) -> datetime:
        """The next slot; slots are at least `LEADS_SLOT_SECONDS` apart and never given twice."""
        self._last = next_slot(
            self._now,
            self._last,
            self._settings.leads_slot_seconds,
            self._settings.yandex_night_guard_seconds,
        )
        return self._last

    def save(self) -> None:
        """Remember the last slot given; call it once, before the transaction ends."""
        if self._last is not None:
            keep(self._conn, NAME, {_LAST: self._last.isoformat()})
