"""Which messages fit the keys of an IMAP SEARCH (RFC 3501 section 6.4.4)."""

from collections.abc import Callable
from datetime import date, datetime
from email import message_from_bytes
from email.policy import default

from povod.sandbox.mail.imap_syntax import ImapSyntaxError, Tokens, contains, is_set, numbers
from povod.sandbox.mail.mailbox import Stored

Test = Callable[[int, Stored], bool]

_HEADERS = {"FROM", "TO", "CC", "SUBJECT"}
_ALWAYS = {"ALL", "UNSEEN", "UNDELETED", "UNANSWERED", "UNFLAGGED", "NEW", "RECENT"}
_NEVER = {"SEEN", "DELETED", "ANSWERED", "FLAGGED", "DRAFT"}
"""No flag is ever set in these folders."""


def found(messages: list[Stored], keys: Tokens) -> list[tuple[int, Stored]]:
    """Sequence number and message of all that fit; `keys` are the arguments after CHARSET."""
    test = _Keys(keys, messages).all()
    return [(number, item) for number, item in enumerate(messages, 1) if test(number, item)]


class _Keys:
    """Reads keys from left to right; they must all hold."""

    def __init__(self, keys: Tokens, messages: list[Stored]) -> None:
        self._keys = list(keys)
        self._messages = messages

    def all(self) -> Test:
        tests = []
        while self._keys:
            tests.append(self._next())
        return lambda number, item: all(test(number, item) for test in tests)

    def _next(self) -> Test:
        if not self._keys:
            raise ImapSyntaxError("A search key lacks its argument")
        key = self._keys.pop(0)
        if isinstance(key, list):
            return _Keys(key, self._messages).all()
        name = key.upper()
        if name in _ALWAYS:
            return lambda *_: True
        if name in _NEVER:
            return lambda *_: False
        return self._combined(name) or self._numbered(name) or self._texts(name)

    def _combined(self, name: str) -> Test | None:
        if name == "NOT":
            inner = self._next()
            return lambda number, item: not inner(number, item)
        if name == "OR":
            left, right = self._next(), self._next()
            return lambda number, item: left(number, item) or right(number, item)
        return None

    def _numbered(self, name: str) -> Test | None:
        if is_set(name):
            places = numbers(name, len(self._messages))
            return lambda number, _: contains(places, number)
        if name == "UID":
            highest = self._messages[-1].uid if self._messages else 0
            uids = numbers(self._text(), highest)
            return lambda _, item: contains(uids, item.uid)
        if name in {"SINCE", "BEFORE", "ON"}:
            day = _date(self._text())
            compare = {"SINCE": date.__ge__, "BEFORE": date.__lt__, "ON": date.__eq__}[name]
            return lambda _, item: compare(item.at.date(), day)
        return None

    def _texts(self, name: str) -> Test:
        if name == "HEADER" or name in _HEADERS:
            field = self._text() if name == "HEADER" else name
            wanted = self._text().lower()
            return lambda _, item: wanted in _header(item, field)
        if name in {"TEXT", "BODY"}:
            wanted = self._text().lower()
            return lambda _, item: wanted in item.raw.decode("utf-8", "replace").lower()
        raise ImapSyntaxError(f"Unknown search key {name}")

    def _text(self) -> str:
        text = self._keys.pop(0) if self._keys else None
        if not isinstance(text, str):
            raise ImapSyntaxError("A search key lacks its argument")
        return text


def _header(item: Stored, field: str) -> str:
    message = message_from_bytes(item.raw, policy=default)
    return "\n".join(str(value) for value in message.get_all(field, [])).lower()


def _date(text: str) -> date:
    try:
        return datetime.strptime(text, "%d-%b-%Y").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        raise ImapSyntaxError(f"Expected a date such as 21-Nov-2026, got {text!r}") from None
