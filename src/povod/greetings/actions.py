"""What people do with drafts: approve, reject, edit, rewrite, skip, cancel (G98-G102).

Texts and cards are made before the transaction; the transaction checks that the draft is still
the one that was seen.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import Connection

from povod.delivery.moves import get_message
from povod.delivery.states import Actor
from povod.greetings.cards import CardMaker, DrawnCard
from povod.greetings.facts import facts_hash
from povod.greetings.handing import hand_over, take_back
from povod.greetings.moves import get_greeting, move, remembered, set_event
from povod.greetings.orders import Order, orders_of
from povod.greetings.parts import Parts
from povod.greetings.people import client_from_mapping
from povod.greetings.standing import Standings
from povod.greetings.states import OPEN, IllegalMove, check_move
from povod.greetings.templates import catalogue
from povod.greetings.texts import Text, Writer, as_json, check_text
from povod.greetings.withdraw import message_state, withdraw_greeting
from povod.kit.errors import ConflictError, InputError

Row = Mapping[str, Any]
TEXT_FIELDS = ("subject", "body", "wish", "salutation", "tone")
MOST = {"subject": 150, "body": 3000, "wish": 220, "salutation": 120}
MOST_REWRITES = 5
EDITED = "edited"
OVERRIDABLE = ("pii_", "email", "url")
"""Findings that an approver may overrule with a written reason (G96)."""

SOURCES = ("template", "llm", "next_variant")


class Actions:
    """One function for each button of a greeting's page."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def approve(
        self, greeting_id: str, actor: Actor, *, version: int | None = None, note: str = ""
    ) -> Row:
        """A person takes responsibility; the message goes to the outbox."""
        parts = self._parts
        with parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id, version=version)
            check_move(row["status"], "approved", actor.role)
            order = self._order(conn, row)
            self._may_approve(conn, row, order, actor, note)
            row, _ = hand_over(conn, row, order, parts, actor)
            return move(
                conn,
                row,
                "approved",
                actor.role,
                actor.name,
                note,
                approved_at=parts.clock.now(),
                approved_by=str(actor),
                review_comment=note,
                skip_reason="",
            )

    def _may_approve(
        self, conn: Connection, row: Row, order: Order, actor: Actor, note: str
    ) -> None:
        if row["expires_at"] and row["expires_at"] <= self._parts.clock.now():
            raise ConflictError("this greeting is too late to be sent; it will be skipped")
        if facts_hash(order, row["tone"]) != row["facts_hash"]:
            raise ConflictError(
                "the client's data changed after this text was written; write it again or edit it"
            )
        editor = (row["metadata"] or {}).get("edited_by", "")
        if self._parts.settings.approval_four_eyes and editor == actor.name != "":
            raise ConflictError("who edits may not approve (APPROVAL_FOUR_EYES): ask a colleague")
        _judge(row["violations"] or (), note)
        person = client_from_mapping(order.client)
        standing = Standings(self._parts, conn).of([person])[person.id]
        if standing.verdict == "deny":
            raise ConflictError("no_basis: there is no ground to write to this client")
        if standing.suppressed or person.do_not_greet:
            raise ConflictError("this client refused; nothing may be sent")

    def reject(
        self, greeting_id: str, actor: Actor, comment: str, *, version: int | None = None
    ) -> Row:
        """A person refuses the draft and says why."""
        if not comment.strip():
            raise InputError("say why the greeting is rejected: the author reads it")
        with self._parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id, version=version)
            after = move(
                conn, row, "rejected", actor.role, actor.name, comment, review_comment=comment
            )
            if message_state(conn, row["message_id"]) == "needs_approval":
                self._parts.delivery.reject(conn, row["message_id"], actor, comment)
            return after

    def edit(
        self,
        greeting_id: str,
        actor: Actor,
        *,
        version: int,
        approve: bool = False,
        **changes: str,
    ) -> Row:
        """New words by a person; they are checked like any others and need approval."""
        _check_words(changes)
        with self._parts.db.read() as conn:
            row = get_greeting(conn, greeting_id, version=version)
            order = self._order(conn, row)
        self._must_be_open(row)
        theme = changes.pop("card_theme", row["card_theme"])
        words: dict[str, str] = {name: str(changes.get(name, row[name])) for name in TEXT_FIELDS}
        found = check_text(words, order, self._parts, words["tone"], "human")
        card = self._card_if_changed(row, order, words, theme)
        new: dict[str, Any] = {
            **words,
            "card_theme": theme,
            "text_source": "human",
            "violations": [as_json(violation) for violation in found],
            "facts_hash": facts_hash(order, words["tone"]),
        }
        after = self._replace(greeting_id, version, order, actor, new, card, EDITED)
        return self.approve(greeting_id, actor, version=after["version"]) if approve else after

    def regenerate(
        self,
        greeting_id: str,
        actor: Actor,
        *,
        source: str = "next_variant",
        tone: str = "",
        version: int | None = None,
    ) -> Row:
        """Another text for the same occasion, at most five times."""
        if source not in SOURCES:
            raise InputError(f"source {source!r} is not one of {', '.join(SOURCES)}")
        with self._parts.db.read() as conn:
            row = get_greeting(conn, greeting_id, version=version)
            order = self._order(conn, row)
            writer = Writer(self._parts, catalogue(conn))
        self._must_be_open(row)
        count = (row["metadata"] or {}).get("rewritten", 0) + 1
        if count > MOST_REWRITES:
            raise ConflictError(f"rewritten {MOST_REWRITES} times already; edit the text instead")
        by = "llm" if source == "llm" else "template"
        text = writer.write(order, tone=tone or row["tone"], source=by, avoid=_used(row))
        card = CardMaker(self._parts).draw(order, text.rendered.wish, text.tone, row["card_theme"])
        new = _columns(text, row, count)
        return self._replace(greeting_id, row["version"], order, actor, new, card, "")

    def _replace(
        self,
        greeting_id: str,
        version: int,
        order: Order,
        actor: Actor,
        new: dict[str, Any],
        card: DrawnCard | None,
        reason: str,
    ) -> Row:
        """Store new words; the draft, and its message if it has one, wait for approval again."""
        parts = self._parts
        with parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id, version=version)
            self._must_be_open(row)
            if card is not None:
                new |= card.store(conn)
            new["history"] = remembered(row, str(actor), parts.clock.now())
            notes = {**(row["metadata"] or {}), **new.pop("metadata", {})}
            new["metadata"] = {**notes, "edited_by": actor.name if reason else ""}
            take_back(conn, {**row, **new}, order, parts, actor)
            row = get_greeting(conn, greeting_id)
            reasons = sorted({*(row["approval_reasons"] or []), *filter(None, [reason])})
            new |= {"approval_reasons": reasons, "approved_at": None, "approved_by": ""}
            set_event(conn, row["event_id"], "composed")
            return move(conn, row, "needs_approval", actor.role, actor.name, **new)

    def _card_if_changed(
        self, row: Row, order: Order, words: Mapping[str, str], theme: str
    ) -> DrawnCard | None:
        same = words["wish"] == row["wish"] and words["tone"] == row["tone"]
        if same and theme == row["card_theme"]:
            return None
        return CardMaker(self._parts).draw(order, words["wish"], words["tone"], theme)

    @staticmethod
    def _must_be_open(row: Row) -> None:
        if row["status"] not in OPEN:
            raise IllegalMove(row["status"], "needs_approval", "operator")

    @staticmethod
    def _order(conn: Connection, row: Row) -> Order:
        return orders_of(conn, [row["event_id"]])[0]

    def skip(self, greeting_id: str, actor: Actor, reason: str) -> Row:
        """This client will not be greeted on this occasion."""
        with self._parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id)
            self._not_under_way(conn, row)
            code = reason.strip() or "by_hand"
            move(conn, row, "skipped", actor.role, actor.name, code, skip_reason=code)
            set_event(conn, row["event_id"], "skipped", code)
            if row["message_id"]:
                self._parts.delivery.cancel_if_open(conn, row["message_id"], code)
            return get_greeting(conn, greeting_id)

    def cancel(self, greeting_id: str, actor: Actor, reason: str = "") -> Row:
        """Take the draft back for good."""
        with self._parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id)
            check_move(row["status"], "cancelled", actor.role)
            self._not_under_way(conn, row)
            code = reason.strip() or "by_hand"
            if not withdraw_greeting(self._parts, conn, greeting_id, code, "system"):
                raise ConflictError("the message has left already")
            set_event(conn, row["event_id"], "cancelled", code)
            return get_greeting(conn, greeting_id)

    def retry(self, greeting_id: str, actor: Actor) -> Row:
        """A failed or skipped message passes all gates once more, while it is not too late."""
        with self._parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id)
            check_move(row["status"], "approved", actor.role)
            if row["expires_at"] and row["expires_at"] <= self._parts.clock.now():
                raise ConflictError("this greeting is too late to be sent")
            if message_state(conn, row["message_id"]) not in ("failed", "skipped"):
                raise ConflictError("nobody approved this greeting yet; there is nothing to repeat")
            self._parts.delivery.retry(conn, row["message_id"], actor)
            return get_greeting(conn, greeting_id)

    @staticmethod
    def _not_under_way(conn: Connection, row: Row) -> None:
        if row["message_id"] and get_message(conn, row["message_id"])["status"] == "sending":
            raise ConflictError("a worker has this message in its hands; look again in a minute")


def _check_words(changes: Mapping[str, str]) -> None:
    unknown = set(changes) - {*TEXT_FIELDS, "card_theme"}
    if unknown:
        raise InputError(f"{', '.join(sorted(unknown))} cannot be edited")
    for name, most in MOST.items():
        if name not in changes:
            continue
        if not changes[name].strip():
            raise InputError(f"{name} is empty")
        if len(changes[name]) > most:
            raise InputError(f"{name} has {len(changes[name])} characters, {most} are allowed")
    if changes.get("tone", "warm") not in ("official", "warm"):
        raise InputError(f"tone {changes['tone']!r} is not one of official, warm")


def _judge(violations: Any, note: str) -> None:
    """Blocking findings stop an approval; private data may be overruled in writing."""
    for violation in violations:
        if violation["severity"] != "block":
            continue
        if not violation["code"].startswith(OVERRIDABLE):
            raise ConflictError(f"{violation['code']}: {violation['reason']}; edit the text first")
        if not note.strip():
            raise ConflictError(f"{violation['code']}: approve it only with a written reason")


def _used(row: Row) -> list[str]:
    """Variants this draft has had already."""
    earlier = (row["metadata"] or {}).get("variants", [])
    return [row["variant_id"], *earlier] if row["variant_id"] else list(earlier)


def _columns(text: Text, row: Row, count: int) -> dict[str, Any]:
    columns = text.columns()
    columns["metadata"] = {**columns["metadata"], "rewritten": count, "variants": _used(row)}
    return columns
