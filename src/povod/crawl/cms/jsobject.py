"""A tolerant reader of object literals in a page's scripts. Nothing is ever executed.

It knows what template engines print: single quotes, bare keys, trailing commas, comments,
`undefined`, `!0`. What is no literal (a call, a function, a sum) is passed over and reads as None.
"""

import json
import re
from typing import Any, Final

MAX_DEPTH = 60
MAX_VALUES = 200_000
"""Deeper or larger literals are no catalogue of one product."""

_JSON = json.JSONDecoder(strict=False)
_SKIP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_WORD = re.compile(r"[\w$]+")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{2}|\r\n|.)", re.DOTALL)
_ENDS = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*{quote}", re.DOTALL) for quote in "'\"`"}
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None, "undefined": None}
_BRACKETS = {"{": "}", "[": "]", "(": ")"}


class NoLiteralError(ValueError):
    """The text at this place is no object literal; look for the data elsewhere on the page."""


def read_js(text: str, start: int = 0) -> Any:
    """The value of the literal that begins at `start`; `NoLiteralError` when none does."""
    try:
        return _JSON.raw_decode(text, start)[0]  # many templates print plain JSON
    except (ValueError, RecursionError):
        return _Reader(text, start).value(0)


def js_after(text: str, marker: str) -> Any:
    """The first object or list after a marker such as `new JCCatalogElement(`, or None."""
    position = text.find(marker)
    while position >= 0:
        start = position + len(marker)
        bracket = _SKIP.match(text, start)
        start = bracket.end() if bracket else start
        if text[start : start + 1] in ("{", "["):
            try:
                return read_js(text, start)
            except NoLiteralError:
                return None
        position = text.find(marker, start)
    return None


class _Reader:
    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.at = start
        self.left = MAX_VALUES

    def value(self, depth: int) -> Any:
        """The value here; the place after it is remembered."""
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            raise NoLiteralError("the literal is too deep or too large to be data of one page")
        char = self.peek()
        if char == "{":
            found: Any = self._object(depth)
        elif char == "[":
            found = self._list(depth)
        elif char in _ENDS:
            found = self._string(char)
        else:
            found = self._bare()
        return found if depth == 0 or self._is_ended() else self._expression()

    def peek(self) -> str:
        """The next character that is neither blank nor comment."""
        if skip := _SKIP.match(self.text, self.at):
            self.at = skip.end()
        char = self.text[self.at : self.at + 1]
        if not char:
            raise NoLiteralError("the literal is not closed")
        return char

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while (char := self.peek()) != "}":
            if char == ",":
                self.at += 1
                continue
            key = self._key(char)
            if self.peek() != ":":
                raise NoLiteralError("a key without a value")
            self.at += 1
            found[key] = self.value(depth + 1)
        self.at += 1
        return found

    def _key(self, char: str) -> str:
        if char in _ENDS:
            return self._string(char)
        word = _WORD.match(self.text, self.at)
        if word is None:
            raise NoLiteralError("no key where one must stand")
        self.at = word.end()
        return word.group()

    def _list(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while (char := self.peek()) != "]":
            if char == ",":
                self.at += 1
            elif char in "}):;":
                raise NoLiteralError("a bracket or a sign stands where a member must")
            else:
                found.append(self.value(depth + 1))
        self.at += 1
        return found

    def _string(self, quote: str) -> str:
        match = _ENDS[quote].match(self.text, self.at + 1)
        if match is None:
            raise NoLiteralError("a string is not closed")
        start, self.at = self.at + 1, match.end()
        raw = self.text[start : self.at - 1]
        return _ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw

    def _bare(self) -> Any:
        """A number or a word; anything else is left to `_expression`."""
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return _number(number.group())
        if self.text.startswith(("!0", "!1"), self.at):
            self.at += 2
            return self.text[self.at - 1] == "0"
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return _WORDS.get(word.group())
        return None

    def _is_ended(self) -> bool:
        if skip := _SKIP.match(self.text, self.at):
            self.at = skip.end()
        return self.text[self.at : self.at + 1] in ("", ",", "}", "]", ")", ";", ":")

    def _expression(self) -> None:
        """Pass over something that is no literal, up to the comma or bracket that ends it."""
        open_brackets: list[str] = []
        while True:
            char = self.peek()
            if not open_brackets and char in ",}])":
                return
            if char in _ENDS:
                self._string(char)
                continue
            if char in _BRACKETS:
                open_brackets.append(_BRACKETS[char])
            elif open_brackets and char == open_brackets[-1]:
                open_brackets.pop()
            self.at += 1


def _number(text: str) -> int | float:
    if text.lower().lstrip("+-").startswith("0x"):
        return int(text, 16)
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return _ESCAPED.get(code, "" if code == "\r\n" else code)
