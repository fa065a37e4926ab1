"""Webhooks: kept, tried, and their messages delivered (S128).

Address and secret are sealed together: the address of a messenger's webhook is a key to it. They
can be set and never be read again; what is shown of the address is its host.
"""

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.crawl.fetch.post import PostError, check_target, post
from povod.crawl.fetch.result import FetchError
from povod.engine.handlers import Handlers, Run
from povod.engine.quotas import Quotas
from povod.engine.work import Later, NewWork
from povod.kit.errors import InputError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.settings.types import Limit
from povod.sites.deps import SitesDeps
from povod.sites.hook_bodies import EVENTS, FORMATS, body_of, headers_of
from povod.sites.hook_events import BATCH, DELIVER, QUEUE, HookEvents
from povod.sites.states import is_id
from povod.store import audit
from povod.store.tables import job_events, webhooks

SUMMARY = "sites.webhook_summary"
AFTER = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 30, 120, 720))
"""When a message is tried, counted from its first try."""
A_MINUTE = (Limit(10, 60),)
FIELDS = ("url", "secret", "events", "format", "enabled")
GONE = 410


@dataclass(frozen=True)
class Webhooks:
    """Webhooks of the house and the delivery of their messages."""

    deps: SitesDeps
    quotas: Quotas

    def register(self, handlers: Handlers) -> None:
        """Make the kinds of work known to a runner, and hear what is written."""
        handlers.register(DELIVER, self._deliver, queue=QUEUE)
        handlers.register(BATCH, self._batch, queue=QUEUE)
        handlers.register(SUMMARY, self._summary, queue=QUEUE)
        self.deps.events.listen(self.news.hear)

    @property
    def news(self) -> HookEvents:
        """What is told to whom."""
        return HookEvents(self.deps)

    # -- what people do ---------------------------------------------------------------------

    def create(self, given: Mapping[str, Any], by: str) -> dict[str, Any]:
        """A new webhook. A secret that was not given is made, and shown this once."""
        made = "" if given.get("secret") else secrets.token_urlsafe(32)
        wish = {"format": "json", "enabled": True, **given}
        if made:
            wish["secret"] = made
        shown = self._put(new_id(), wish, by, is_new=True)
        return {**shown, "secret": made} if made else shown

    def change(self, hook_id: str, given: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The same with some fields changed."""
        with self.deps.db.read() as conn:
            row = _row(conn, hook_id)
        before = {name: row[name] for name in ("events", "format", "enabled")}
        given = {name: value for name, value in given.items() if value or name != "secret"}
        return self._put(row["id"], {**before, **self._opened(row), **given}, by)

    def get(self, hook_id: str) -> dict[str, Any]:
        """One webhook as shown; `NotFoundError`."""
        with self.deps.db.read() as conn:
            return shown(_row(conn, hook_id))

    def listed(self, limit: int = 500, after: str = "") -> list[dict[str, Any]]:
        """Webhooks, oldest first."""
        query = sa.select(webhooks).order_by(webhooks.c.id).limit(limit)
        if after:
            query = query.where(webhooks.c.id > after)
        with self.deps.db.read() as conn:
            return [shown(row) for row in conn.execute(query).mappings()]

    def count(self) -> int:
        """How many there are."""
        with self.deps.db.read() as conn:
            return conn.execute(sa.select(sa.func.count()).select_from(webhooks)).scalar_one()

    def delete(self, hook_id: str, by: str) -> None:
        """Forget a webhook; what still waits for it is not sent."""
        with self.deps.db.tx() as conn:
            row = _row(conn, hook_id)
            conn.execute(sa.delete(webhooks).where(webhooks.c.id == row["id"]))
            audit.append(conn, by, "webhook_change", row["id"], {"deleted": True})

    def test(self, hook_id: str) -> dict[str, Any]:
        """Send a message at once; what came of it."""
        with self.deps.db.read() as conn:
            row = _row(conn, hook_id)
        work = self.news.work(row["id"], "test", {"text": "Povod: проверка / test"}, None)
        status, error = self._send(row, work.args["message"])
        self._remember(row["id"], error, gone=False)
        return {"ok": not error, "status": status or None, "error": error}

    # -- delivery ---------------------------------------------------------------------------

    def _deliver(self, run: Run) -> dict[str, Any] | Later:
        """One try; at least once, the receiver knows a message again by its id."""
        message, tries = run.args["message"], int(run.checkpoint.get("tries", 0))
        row = self._alive(run.args["hook_id"])
        if row is None:
            return {"sent": False, "error": "the webhook is off"}
        if not tries and not self._has_room(row["id"], message):
            return {"sent": False, "error": "in a summary"}
        status, error = self._send(row, message)
        self._remember(row["id"], error, gone=status == GONE)
        if not error or status == GONE:
            return {"sent": not error, "status": status}
        first = datetime.fromisoformat(run.checkpoint.get("first", self.deps.now().isoformat()))
        if tries + 1 >= len(AFTER):
            return {"sent": False, "status": status, "error": error}
        again = max(first + AFTER[tries + 1], self.deps.now())
        return Later(again, {"tries": tries + 1, "first": first.isoformat()})

    def _send(self, row: RowMapping, message: Mapping[str, Any]) -> tuple[int, str]:
        """Status and what was wrong; no text of this holds the address or the secret."""
        own = self._opened(row)
        chat = parse_qs(urlsplit(own["url"]).query).get("chat_id", [""])[0]
        body = body_of(row["format"], message, chat)
        stamp = int(self.deps.now().timestamp())
        try:
            status = post(
                self.deps.settings, own["url"], body,
                headers_of(own["secret"], message["id"], stamp, body),
            )  # fmt: skip
        except PostError as error:
            return 0, str(error)
        return status, "" if 200 <= status < 300 else f"answered with status {status}"

    def _has_room(self, hook_id: str, message: Mapping[str, Any]) -> bool:
        """At most ten messages a minute; what is over goes into one summary."""
        if message["event"] == "summary":
            return True
        with self.deps.db.tx() as conn:
            wait = self.quotas.take(f"sites.webhook:{hook_id}", A_MINUTE, conn=conn)
            if wait <= timedelta():
                return True
            work = NewWork(
                QUEUE, SUMMARY, {"hook_id": hook_id}, run_at=self.deps.now() + wait,
                dedup_key=f"{SUMMARY}:{hook_id}",
            )  # fmt: skip
            self.deps.ledger.enqueue(conn, work)
            data = {"event": message["event"], "domain": message["job"].get("domain", "")}
            self.deps.events.write(conn, _topic(hook_id), "held", data)
        return False

    def _batch(self, run: Run) -> dict[str, Any]:
        since = datetime.fromisoformat(run.args["since"])
        return {"queued": self.news.batch(run.args["job_id"], since)}

    def _summary(self, run: Run) -> dict[str, Any]:
        """What was held back since the last summary, counted."""
        hook_id = run.args["hook_id"]
        mine, kind = job_events.c.topic == _topic(hook_id), job_events.c.kind
        with self.deps.db.tx() as conn:
            newest = sa.select(sa.func.max(job_events.c.id)).where(mine, kind == "summarised")
            last = conn.execute(newest).scalar() or 0
            query = sa.select(job_events.c.data).where(mine, kind == "held", job_events.c.id > last)
            events = Counter(data["event"] for data in conn.execute(query).scalars())
            if events:
                data = {"count": events.total(), **events}
                self.deps.ledger.enqueue(conn, self.news.work(hook_id, "summary", data, None))
                self.deps.events.write(conn, _topic(hook_id), "summarised", {})
        return {"held": events.total()}

    def _remember(self, hook_id: str, error: str, *, gone: bool) -> None:
        values: dict[str, Any] = {"last_error": error}
        if not error:
            values["last_ok_at"] = self.deps.now()
        if gone:
            values |= {"enabled": False, "last_error": "switched off: the target is gone (410)"}
        with self.deps.db.tx() as conn:
            conn.execute(sa.update(webhooks).where(webhooks.c.id == hook_id).values(values))

    def _alive(self, hook_id: str) -> RowMapping | None:
        query = sa.select(webhooks).where(webhooks.c.id == hook_id, webhooks.c.enabled)
        with self.deps.db.read() as conn:
            return conn.execute(query).mappings().first()

    # -- what is kept -----------------------------------------------------------------------

    def _opened(self, row: RowMapping) -> dict[str, str]:
        opened: dict[str, str] = orjson.loads(self.deps.sealer.open(row["secret_sealed"]))
        return opened

    def _put(
        self, hook_id: str, wish: Mapping[str, Any], by: str, *, is_new: bool = False
    ) -> dict[str, Any]:
        url = self._checked(wish)
        sealed = self.deps.sealer.seal(
            orjson.dumps({"url": url, "secret": wish["secret"]}).decode()
        )
        values = {
            "url": masked(url), "secret_sealed": sealed, "events": sorted(set(wish["events"])),
            "format": wish["format"], "enabled": wish["enabled"],
        }  # fmt: skip
        with self.deps.db.tx() as conn:
            if is_new:
                row = {"id": hook_id, "created_by": by, **values}
                conn.execute(sa.insert(webhooks).values(row))
            else:
                mine = webhooks.c.id == hook_id
                conn.execute(sa.update(webhooks).where(mine).values(values))
            facts = {"target": values["url"], "events": values["events"]}
            audit.append(conn, by, "webhook_change", hook_id, facts)
            return shown(_row(conn, hook_id))

    def _checked(self, wish: Mapping[str, Any]) -> str:
        unknown = sorted(set(wish) - set(FIELDS))
        if unknown:
            raise _wrong(unknown[0], "is not known")
        if wish["format"] not in FORMATS:
            raise _wrong("format", f"use one of {', '.join(FORMATS)}")
        odd = sorted(set(wish.get("events") or ()) - set(EVENTS))
        if odd or not wish.get("events"):
            raise _wrong("events", f"give some of {', '.join(EVENTS)}")
        try:
            url = check_target(self.deps.settings, str(wish.get("url") or ""))
        except FetchError as error:
            raise _wrong("url", f"may not be asked ({error.detail})") from None
        if wish["format"] == "telegram" and "chat_id" not in parse_qs(urlsplit(url).query):
            raise _wrong("url", "for telegram it ends with ?chat_id=…")
        return url


def shown(row: RowMapping) -> dict[str, Any]:
    """A webhook as people and programs see it: neither address nor secret."""
    names = (
        "id", "url", "events", "format", "enabled", "last_error", "last_ok_at", "created_by",
        "created_at",
    )  # fmt: skip
    return {name: row[name] for name in names} | {"secret_set": bool(row["secret_sealed"])}


def masked(url: str) -> str:
    """The host alone: paths and queries of webhooks are keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def _row(conn: Connection, hook_id: str) -> RowMapping:
    query = sa.select(webhooks).where(webhooks.c.id == hook_id)
    row = conn.execute(query).mappings().first() if is_id(hook_id) else None
    if row is None:
        raise NotFoundError(f"there is no webhook {hook_id[:60]}")
    return row


def _topic(hook_id: str) -> str:
    return f"sites:webhook:{hook_id}"


def _wrong(field: str, message: str) -> InputError:
    return InputError(f"{field}: {message}", errors=[{"field": field, "message": message}])
