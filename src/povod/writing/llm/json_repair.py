"""Making JSON of what models give as JSON (G75).

Repaired: a byte order mark, code fences, prose around, raw newlines and tabs in strings, trailing
commas, typographic quotes as delimiters, a single object in an array. Never repaired: a text that
was cut off, wrong types, missing keys. One pass over the text, no guessing of content.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from povod.kit.errors import InputError

MAX_BYTES = 32 * 1024
MAX_STARTS = 20

_START = re.compile(r"\{(?=\s*[\"“”„«}])|\[(?=\s*\{)")
_CLOSERS = {'"': '"', "“": "”“", "”": "”", "„": "“”", "«": "»"}
_BRACKETS = {"{": "}", "[": "]"}
_RAW = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_AFTER_STRING = re.compile(r"\s*(?:[:,}\]]|$)")
_COMMA_TO_DROP = re.compile(r"\s*[}\]]")


class BadJsonError(InputError):
    """The answer is not the agreed JSON and may not be made so; the message says why."""


@dataclass(frozen=True)
class Repaired:
    """One JSON object, and what had to be done to read it."""

    data: dict[str, Any]
    steps: tuple[str, ...] = ()


def repair(text: str) -> Repaired:
    """The one object in a model's answer; `BadJsonError` when there is none to be had."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadJsonError(f"the answer is longer than {MAX_BYTES} bytes")
    bare = text.lstrip("\ufeff\u200b \t\r\n").rstrip()
    steps = ["bom"] if "\ufeff" in text[: len(text) - len(bare) + 1] else []
    for start in _starts(bare):
        scan = _Scan(bare, start)
        scan.run()
        if not scan.closed:
            raise BadJsonError("the answer was cut off inside its JSON")
        data = _loaded(scan.result())
        if data is not None:
            steps += _around(bare[:start], bare[scan.place :])
            return _single(data, [*steps, *scan.steps])
    raise BadJsonError("the answer holds no JSON object that can be read")


def _starts(text: str) -> Iterator[int]:
    for number, match in enumerate(_START.finditer(text)):
        if number == MAX_STARTS:
            return
        yield match.start()


def _loaded(text: str) -> Any:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data


def _around(before: str, after: str) -> list[str]:
    steps = ["fence"] if "```" in before + after else []
    bare = re.sub(r"```\w*", "", before + after)
    return [*steps, "prose"] if bare.strip(" \n\r\t`\ufeff") else steps


def _single(data: Any, steps: list[str]) -> Repaired:
    if isinstance(data, list):
        if len(data) != 1 or not isinstance(data[0], dict):
            raise BadJsonError("the answer is a list, not one object")
        return Repaired(data[0], (*steps, "array"))
    return Repaired(data, tuple(steps))


class _Scan:
    """Walks from an opening bracket to its end and writes down proper JSON on the way."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._out: list[str] = []
        self._open: list[str] = []
        self.place = start
        self.closed = False
        self.steps: list[str] = []

    def result(self) -> str:
        """The JSON as mended."""
        return "".join(self._out)

    def run(self) -> None:
        """Read until the first bracket is closed, or the text ends."""
        while self.place < len(self._text) and not self.closed:
            sign = self._text[self.place]
            if sign in _CLOSERS:
                self._string(sign)
            else:
                self._structure(sign)
                self.place += 1

    def _note(self, step: str) -> None:
        if step not in self.steps:
            self.steps.append(step)

    def _structure(self, sign: str) -> None:
        if sign in _BRACKETS:
            self._open.append(_BRACKETS[sign])
        elif self._open and sign == self._open[-1]:
            self._open.pop()
            self.closed = not self._open
        elif sign == "," and _COMMA_TO_DROP.match(self._text, self.place + 1):
            self._note("commas")
            return
        self._out.append(sign)

    def _string(self, opener: str) -> None:
        """One string; typographic ones may hold pairs of their own kind within."""
        if opener != '"':
            self._note("quotes")
        self._out.append('"')
        depth = 0
        self.place += 1
        while self.place < len(self._text):
            sign = self._text[self.place]
            if sign == "\\":
                self._out.append(self._text[self.place : self.place + 2])
                self.place += 2
                continue
            if self._ends(opener, sign, depth):
                self.place += 1
                break
            depth += _nesting(opener, sign)
            self._out.append(self._inside(opener, sign))
            self.place += 1
        self._out.append('"')

    def _ends(self, opener: str, sign: str, depth: int) -> bool:
        if sign not in _CLOSERS[opener]:
            return False
        return opener == '"' or (
            depth == 0 and bool(_AFTER_STRING.match(self._text, self.place + 1))
        )

    def _inside(self, opener: str, sign: str) -> str:
        if sign < " ":
            self._note("newlines")
            return _RAW.get(sign, "")
        return '\\"' if sign == '"' and opener != '"' else sign


def _nesting(opener: str, sign: str) -> int:
    """How a sign inside a typographic string changes the depth of its own kind of quotes."""
    if opener in '"”':
        return 0
    if sign == opener:
        return 1
    return -1 if sign in _CLOSERS[opener] else 0
