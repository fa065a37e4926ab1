"""Reading IMAP commands: atoms, quoted strings, literals and nested lists (RFC 3501 section 4)."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from povod.kit.errors import InputError

Tokens = list["str | Tokens"]

_MAX_LITERAL = 1 << 20
_LITERAL = re.compile(r"\{(\d+)(\+?)\}$")
_PIECE = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\))
        | "(?P<quoted>(?:[^"\\]|\\.)*)"
        | (?P<atom>(?:[^\s()"\[]|\[[^\]]*\])+)
    )""",
    re.VERBOSE,
)


class ImapSyntaxError(InputError):
    """A command that the server cannot read; the message names what it stumbled over."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a client: `tag NAME arguments`."""

    tag: str
    name: str
    arguments: Tokens


class _Builder:
    """Collects tokens over several pieces of a command, keeping track of open lists."""

    def __init__(self) -> None:
        self._stack: list[Tokens] = [[]]

    def text(self, text: str) -> None:
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _PIECE.match(text, at)
            if match is None:
                raise ImapSyntaxError(f"Cannot read {text[at:]!r}")
            self._take(match)
            at = match.end()

    def literal(self, text: str) -> None:
        self._stack[-1].append(text)

    def finish(self) -> Tokens:
        if len(self._stack) != 1:
            raise ImapSyntaxError("A bracket is not closed")
        return self._stack[0]

    def _take(self, match: re.Match[str]) -> None:
        if match["open"]:
            inner: Tokens = []
            self._stack[-1].append(inner)
            self._stack.append(inner)
        elif match["close"]:
            if len(self._stack) == 1:
                raise ImapSyntaxError("A bracket closes what was not opened")
            self._stack.pop()
        elif match["quoted"] is not None:
            self._stack[-1].append(re.sub(r"\\(.)", r"\1", match["quoted"]))
        else:
            self._stack[-1].append(match["atom"])


async def read_command(reader: asyncio.StreamReader, go_on: Callable[[], None]) -> Command | None:
    """The next command, `None` at the end of the connection.

    `go_on` is called when the client waits for leave to send a literal.
    """
    builder = _Builder()
    while True:
        line = (await reader.readline()).decode("utf-8", "replace")
        if not line:
            return None
        text = line.rstrip("\r\n")
        literal = _LITERAL.search(text)
        builder.text(text[: literal.start()] if literal else text)
        if literal is None:
            return _command(builder.finish())
        size = int(literal[1])
        if size > _MAX_LITERAL:
            raise ImapSyntaxError(f"A literal of {size} bytes is too long")
        if not literal[2]:
            go_on()
        builder.literal((await reader.readexactly(size)).decode("utf-8", "replace"))


def _command(tokens: Tokens) -> Command:
    if len(tokens) < 2:
        raise ImapSyntaxError("Expected a tag and a command")
    tag, name, *rest = tokens
    if not isinstance(tag, str) or not isinstance(name, str):
        raise ImapSyntaxError("Expected a tag and a command")
    name = name.upper()
    if name == "UID" and rest and isinstance(rest[0], str):
        name, rest = f"UID {rest[0].upper()}", rest[1:]
    return Command(tag, name, rest)


def numbers(spec: str, highest: int) -> list[tuple[int, int]]:
    """Ranges of a set such as `1,4:6,9:*`; `*` is the highest number in the folder."""
    ranges = []
    for part in spec.split(","):
        low, _, high = part.partition(":")
        ends = [_number(end, highest) for end in (low, high or low)]
        ranges.append((min(ends), max(ends)))
    return ranges


def contains(ranges: list[tuple[int, int]], number: int) -> bool:
    """Whether a number lies in one of the ranges."""
    return any(low <= number <= high for low, high in ranges)


def is_set(text: str) -> bool:
    """Whether the text looks like a set of numbers."""
    return re.fullmatch(r"[\d*][\d*:,]*", text) is not None


def _number(text: str, highest: int) -> int:
    if text == "*":
        return highest
    if not text.isdecimal():
        raise ImapSyntaxError(f"Expected a number, got {text!r}")
    return int(text)
