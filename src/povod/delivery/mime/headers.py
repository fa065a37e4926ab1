"""Headers of a letter as folded ASCII lines (D70, D71)."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache

from povod.delivery.mime.letter import Letter, UnsafeHeader

_registry = HeaderRegistry()
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
WIDTH = 78


def headers(letter: Letter) -> bytes:
    """All headers but those of the content."""
    return b"".join(_lines(letter))


def _lines(letter: Letter) -> Iterator[bytes]:
    yield _sender(letter.from_name, letter.from_email)
    yield _folded("To", _address(letter.to_name, letter.to_email))
    if letter.reply_to:
        yield _folded("Reply-To", _address("", letter.reply_to))
    yield _subject(letter.subject)
    yield _plain("Date", [format_datetime(letter.date)])
    yield _plain("Message-ID", [letter.message_id])
    if letter.in_reply_to:
        yield _plain("In-Reply-To", [letter.in_reply_to])
        yield _plain("References", letter.references or [letter.in_reply_to])
    if letter.language:
        yield _plain("Content-Language", [letter.language])
    if letter.unsubscribe:
        ways = [f"<{way}>" for way in letter.unsubscribe]
        yield _plain("List-Unsubscribe", [*(f"{way}," for way in ways[:-1]), ways[-1]])
    if letter.one_click:
        yield _plain("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"])
    if letter.feedback_id:
        yield _plain("Feedback-ID", [letter.feedback_id])
    if letter.auto_submitted:
        yield _plain("Auto-Submitted", ["auto-generated"])


@lru_cache(maxsize=64)
def _sender(name: str, address: str) -> bytes:
    """The same for all letters of a mailbox; folding it takes longer than the letter's text."""
    return _folded("From", _address(name, address))


@lru_cache(maxsize=256)
def _subject(text: str) -> bytes:
    """The letters of one occasion share a few subjects."""
    return _folded("Subject", _safe("Subject", text))


def _safe(name: str, value: str) -> str:
    if any(unicodedata.category(char) in _FORBIDDEN for char in value):
        raise UnsafeHeader(
            f"{name}: {value[:60]!r} holds a line break or a control character; remove it"
        )
    return value


def _address(name: str, address: str) -> Address:
    if "@" in name:
        raise UnsafeHeader(f'{name[:60]!r} as a name holds "@" and imitates an address; change it')
    _safe("name", name)
    local, _, domain = _safe("address", address).rpartition("@")
    try:
        if not local.isascii():
            return Address(name, local, domain)
        return Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise UnsafeHeader(f"{address[:60]!r} is not an address for a header: {error}") from None


def _folded(name: str, value: Address | str) -> bytes:
    wide = isinstance(value, Address) and not value.addr_spec.isascii()
    policy = SMTPUTF8 if wide else SMTP
    text: str = _registry(name, value).fold(policy=policy)
    return text.encode()


def _plain(name: str, words: Sequence[str] | Iterable[str]) -> bytes:
    """ASCII words, folded between words only: the library would encode a long word."""
    line, lines = f"{name}:", []
    for word in words:
        _safe(name, word)
        if len(line) + 1 + len(word) > WIDTH and line.strip():
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    return ("\r\n".join([*lines, line]) + "\r\n").encode("ascii")
