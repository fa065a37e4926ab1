"""SEARCH keys and FETCH items on three messages."""

from datetime import UTC, datetime

import pytest

from povod.sandbox.mail.imap_fetch import fetched, wanted_items
from povod.sandbox.mail.imap_search import found
from povod.sandbox.mail.imap_syntax import ImapSyntaxError
from povod.sandbox.mail.mailbox import Stored


def stored(uid: int, day: int, sender: str, subject: str) -> Stored:
    raw = (
        f"From: {sender}\r\nTo: anna@x.ru\r\nSubject: {subject}\r\n"
        f"Message-ID: <{uid}@x>\r\nX-Long: one\r\n two\r\n\r\nBody {uid}\r\n"
    )
    return Stored(uid, datetime(2026, 11, day, 23, 30, tzinfo=UTC), raw.encode())


MESSAGES = [
    stored(2, 20, "ivan@a.ru", "First"),
    stored(5, 21, "olga@b.ru", "=?utf-8?b?0J/RgNC40LLQtdGC?="),
    stored(9, 22, "ivan@a.ru", "Third"),
]


@pytest.mark.parametrize(
    ("keys", "uids"),
    [
        (["ALL"], [2, 5, 9]),
        ([], [2, 5, 9]),
        (["UNSEEN"], [2, 5, 9]),
        (["SEEN"], []),
        (["UID", "5:*"], [5, 9]),
        (["UID", "10:*"], [9]),
        (["2:3"], [5, 9]),
        (["SINCE", "21-Nov-2026"], [5, 9]),
        (["BEFORE", "21-Nov-2026"], [2]),
        (["ON", "21-Nov-2026"], [5]),
        (["FROM", "IVAN"], [2, 9]),
        (["SUBJECT", "привет"], [5]),
        (["HEADER", "Message-ID", "<9@x>"], [9]),
        (["HEADER", "X-None", "a"], []),
        (["TEXT", "body 2"], [2]),
        (["NOT", "FROM", "ivan"], [5]),
        (["OR", "UID", "2", "SUBJECT", "third"], [2, 9]),
        (["FROM", "ivan", "SINCE", "21-Nov-2026"], [9]),
        ([["FROM", "ivan"], "NOT", ["UID", "2"]], [9]),
        (["HEADER", "Message-ID", "ALL"], []),
    ],
)
def test_search(keys, uids):
    assert [item.uid for _, item in found(MESSAGES, keys)] == uids


def test_search_gives_places_too_and_an_empty_folder_has_none():
    assert [number for number, _ in found(MESSAGES, ["UID", "9"])] == [3]
    assert found([], ["UID", "1:*"]) == []


@pytest.mark.parametrize(
    "keys", [["MOON"], ["NOT"], ["UID"], ["SINCE", "2026-11-21"], ["FROM", ["x"]], ["OR", "ALL"]]
)
def test_bad_searches_are_refused(keys):
    with pytest.raises(ImapSyntaxError):
        found(MESSAGES, keys)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("UID", b"UID 2"),
        ("flags", b"FLAGS ()"),
        ("RFC822.SIZE", b"RFC822.SIZE %d" % len(MESSAGES[0].raw)),
        ("INTERNALDATE", b'INTERNALDATE "20-Nov-2026 23:30:00 +0000"'),
        ("BODY[TEXT]", b"BODY[TEXT] {8}\r\nBody 2\r\n"),
        ("BODY.PEEK[]<0.4>", b"BODY[]<0> {4}\r\nFrom"),
        ("BODY.PEEK[]<6.4>", b"BODY[]<6> {4}\r\nivan"),
        ("RFC822.TEXT", b"RFC822.TEXT {8}\r\nBody 2\r\n"),
        (
            "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]",
            b"BODY[HEADER.FIELDS (MESSAGE-ID)] {21}\r\nMessage-ID: <2@x>\r\n\r\n",
        ),
        (
            "BODY[HEADER.FIELDS (x-long)]",
            b"BODY[HEADER.FIELDS (x-long)] {21}\r\nX-Long: one\r\n two\r\n\r\n",
        ),
        (
            "BODY[HEADER.FIELDS.NOT (from to subject x-long)]",
            b"BODY[HEADER.FIELDS.NOT (from to subject x-long)] {21}\r\nMessage-ID: <2@x>\r\n\r\n",
        ),
    ],
)
def test_fetch_items(item, expected):
    assert fetched(1, MESSAGES[0], [item]) == b"* 1 FETCH (" + expected + b")\r\n"


def test_header_and_text_make_the_whole():
    def literal(item: str) -> bytes:
        return fetched(1, MESSAGES[0], [item]).split(b"\r\n", 1)[1].removesuffix(b")\r\n")

    assert literal("BODY[HEADER]") + literal("BODY[TEXT]") == literal("RFC822") == MESSAGES[0].raw


@pytest.mark.parametrize("item", ["ENVELOPE", "BODY[1.MIME]", "BODY[2]", "BODYSTRUCTURE"])
def test_unknown_items_are_refused(item):
    with pytest.raises(ImapSyntaxError):
        fetched(1, MESSAGES[0], [item])


@pytest.mark.parametrize(
    ("argument", "with_uid", "items"),
    [
        ("FLAGS", False, ["FLAGS"]),
        (["FLAGS"], True, ["UID", "FLAGS"]),
        (["uid", "FLAGS"], True, ["uid", "FLAGS"]),
        ("FAST", False, ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]),
    ],
)
def test_uid_fetch_always_names_the_uid(argument, with_uid, items):
    assert wanted_items(argument, with_uid=with_uid) == items


@pytest.mark.parametrize("argument", [[], [["UID"]]])
def test_fetch_without_items_is_refused(argument):
    with pytest.raises(ImapSyntaxError):
        wanted_items(argument, with_uid=True)
