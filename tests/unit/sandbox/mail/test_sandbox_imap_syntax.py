"""Commands of IMAP clients: quoting, literals, lists, sets; and what must be refused."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.sandbox.mail.imap_syntax import (
    Command,
    ImapSyntaxError,
    contains,
    is_set,
    numbers,
    read_command,
)


def read(data: bytes) -> tuple[Command | None, int]:
    """The command and how often the client was told to go on."""
    asked = []

    async def run():
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await read_command(reader, lambda: asked.append(1))

    return asyncio.run(run()), len(asked)


@pytest.mark.parametrize(
    ("line", "name", "arguments"),
    [
        (b"a1 NOOP\r\n", "NOOP", []),
        (b"a1 noop\r\n", "NOOP", []),
        (b'a1 LOGIN "a b" "q\\"\\\\"\r\n', "LOGIN", ["a b", 'q"\\']),
        (b'a1 SELECT ""\r\n', "SELECT", [""]),
        (b"a1 uid search OR SEEN (FROM x)\r\n", "UID SEARCH", ["OR", "SEEN", ["FROM", "x"]]),
        (b"a1 FETCH 1 (UID BODY.PEEK[]<0.9>)\r\n", "FETCH", ["1", ["UID", "BODY.PEEK[]<0.9>"]]),
        (
            b"a1 FETCH 1 BODY[HEADER.FIELDS (MESSAGE-ID TO)]\r\n",
            "FETCH",
            ["1", "BODY[HEADER.FIELDS (MESSAGE-ID TO)]"],
        ),
        (b"a1 SEARCH ((ALL) NOT (SEEN))\r\n", "SEARCH", [[["ALL"], "NOT", ["SEEN"]]]),
    ],
)  # fmt: skip
def test_a_command_is_read(line, name, arguments):
    command, asked = read(line)
    assert command == Command("a1", name, arguments)
    assert asked == 0


def test_a_literal_is_asked_for_and_may_stand_inside_a_list():
    line = "a1 UID SEARCH (SUBJECT {12}\r\nпривет) SEEN\r\n".encode()
    command, asked = read(line)
    assert command.arguments == [["SUBJECT", "привет"], "SEEN"]
    assert asked == 1


def test_a_literal_with_plus_comes_unasked():
    command, asked = read(b"a1 LOGIN {3+}\r\nann {2+}\r\npw\r\n")
    assert command.arguments == ["ann", "pw"]
    assert asked == 0


def test_the_end_of_the_connection_is_no_command():
    assert read(b"") == (None, 0)


@pytest.mark.parametrize(
    "line",
    [
        b"a1\r\n",
        b"\r\n",
        b"(a1) NOOP\r\n",
        b"a1 SEARCH (ALL\r\n",
        b"a1 SEARCH ALL)\r\n",
        b'a1 LOGIN "open\r\n',
        b"a1 LOGIN {99999999}\r\n",
    ],
)
def test_what_cannot_be_read_is_refused(line):
    with pytest.raises(ImapSyntaxError):
        read(line)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=40))
def test_any_text_survives_quoting_and_literals(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    size = len(text.encode())
    command, _ = read(f'a LOGIN "{quoted}" {{{size}}}\r\n{text}\r\n'.encode())
    assert command.arguments == [text, text]


@pytest.mark.parametrize(
    ("spec", "highest", "inside", "outside"),
    [
        ("3", 9, [3], [2, 4]),
        ("1,4:6", 9, [1, 4, 5, 6], [2, 3, 7]),
        ("6:4", 9, [4, 5, 6], [3, 7]),
        ("*", 9, [9], [8, 10]),
        ("7:*", 9, [7, 8, 9], [6, 10]),
        ("12:*", 9, [9, 12], [8, 13]),
    ],
)
def test_sets_of_numbers(spec, highest, inside, outside):
    ranges = numbers(spec, highest)
    assert all(contains(ranges, number) for number in inside)
    assert not any(contains(ranges, number) for number in outside)


@pytest.mark.parametrize("spec", ["a", "1:b", "-1", "1,"])
def test_a_bad_set_is_refused(spec):
    with pytest.raises(ImapSyntaxError, match="Expected a number"):
        numbers(spec, 9)


def test_sets_and_words_are_told_apart():
    assert [is_set(text) for text in ("1", "1:*", "*", "2,3", "ALL", "", ",")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
