"""Bytes under their own hash."""

import gzip
import hashlib

import pytest
import sqlalchemy as sa

from povod.kit.errors import NotFoundError
from povod.store.files import get_file, get_files, put_file, put_files
from povod.store.tables import files

SMALL = "привет".encode()
LARGE = b"<html>" + b"a" * 5000


def rows(conn):
    return {row.id: row for row in conn.execute(sa.select(files))}


@pytest.mark.parametrize("raw", [b"", SMALL, LARGE, bytes(range(256)) * 4])
def test_what_is_put_comes_back(db, raw):
    with db.tx() as conn:
        name = put_file(conn, raw, "text/html")
    assert name == hashlib.sha256(raw).hexdigest()
    with db.read() as conn:
        assert get_file(conn, name) == raw


def test_large_bodies_are_packed_and_small_ones_are_not(db):
    with db.tx() as conn:
        small, large = put_files(conn, [SMALL, LARGE], "text/html")
        found = rows(conn)
    assert (found[small].content_encoding, found[small].body) == ("", SMALL)
    assert found[large].content_encoding == "gzip"
    assert gzip.decompress(found[large].body) == LARGE
    assert found[large].size == len(LARGE) > len(found[large].body)


def test_equal_bytes_are_stored_once(db):
    with db.tx() as conn:
        first = put_file(conn, LARGE, "text/html")
        assert put_file(conn, LARGE, "text/plain") == first
        assert put_files(conn, [LARGE, SMALL, LARGE], "x")[::2] == [first, first]
        found = rows(conn)
    assert len(found) == 2
    assert found[first].media_type == "text/html"


def test_a_file_that_is_not_there(db):
    with db.read() as conn, pytest.raises(NotFoundError, match="abcabcabcabc…; its retention"):
        get_file(conn, "abc" * 20)


def test_a_lost_transaction_leaves_no_file(db):
    def fail():
        with db.tx() as conn:
            put_file(conn, SMALL, "x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.read() as conn, pytest.raises(NotFoundError):
        get_file(conn, hashlib.sha256(SMALL).hexdigest())


def test_many_files_are_read_at_once_and_what_is_missing_is_left_out(db):
    with db.tx() as conn:
        names = put_files(conn, [SMALL, LARGE], "x")
        found = get_files(conn, [*names, "abc" * 20])
    assert found == dict(zip(names, [SMALL, LARGE], strict=True))
