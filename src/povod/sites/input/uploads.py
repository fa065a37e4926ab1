"""Uploaded lists: rows of `files`, read back in pieces (S33, S44)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.sitemap_stream import MapStream
from povod.crawl.sitemaps import MAX_RECEIVED_BYTES, SitemapEntry, SitemapError
from povod.crawl.unpack import GZIP, ZIP
from povod.kit.errors import InputError, NotFoundError
from povod.store.db import Database
from povod.store.files import put_file
from povod.store.tables import files

MEDIA_TYPE = "application/x-povod-list"
KEPT = timedelta(hours=24)
KEPT_FOR_JOB = timedelta(days=30)
"""A job that was paused while its list was read reads it again."""

PIECE = 1024**2
HEAD = 64 * 1024
SAMPLE = 50
NO_ADDRESS = "upload:/"


def keep_upload(conn: Connection, raw: bytes, now: datetime) -> str:
    """Store a list and give its id; the same bytes have the same id, kept from now on again."""
    if not raw:
        raise InputError("the file is empty", code="unreadable_file")
    if len(raw) > MAX_RECEIVED_BYTES:
        raise too_large()
    file_id = put_file(conn, raw, MEDIA_TYPE, now + KEPT)
    keep_longer(conn, file_id, now + KEPT)
    return file_id


def keep_longer(conn: Connection, file_id: str, until: datetime) -> None:
    """An upload that is in use is not thrown away."""
    later = sa.or_(files.c.keep_until.is_(None), files.c.keep_until < until)
    own = sa.and_(files.c.id == file_id, files.c.media_type == MEDIA_TYPE)
    conn.execute(sa.update(files).where(own, later).values(keep_until=until))


def check_upload(conn: Connection, upload_id: str) -> None:
    """`NotFoundError` unless there is such an upload; other stored bytes are not lists."""
    known = sa.select(files.c.id).where(files.c.id == upload_id, files.c.media_type == MEDIA_TYPE)
    if conn.execute(known).first() is None:
        raise NotFoundError(f"there is no upload {upload_id[:64]}; uploads are kept 24 hours")


def pieces_of(db: Database, file_id: str) -> Iterator[bytes]:
    """The stored bytes as they were uploaded, without ever holding them all."""
    import zlib

    with db.read() as conn:
        check_upload(conn, file_id)
        query = sa.select(files.c.content_encoding).where(files.c.id == file_id)
        is_packed = conn.execute(query).scalar_one() == "gzip"
    packed = _stored(db, file_id)
    if not is_packed:
        yield from packed
        return
    inflater = zlib.decompressobj(31)
    for piece in packed:
        rest = piece
        while rest:
            yield inflater.decompress(rest, HEAD)
            rest = inflater.unconsumed_tail
    yield inflater.flush()


def _stored(db: Database, file_id: str) -> Iterator[bytes]:
    start = 1
    while True:
        part = sa.func.substr(files.c.body, start, PIECE)
        with db.read() as conn:
            piece = bytes(
                conn.execute(sa.select(part).where(files.c.id == file_id)).scalar() or b""
            )
        if not piece:
            return
        yield piece
        start += len(piece)


def look(raw: bytes) -> str:
    """What can be told of an upload at once (S33); gives its first address, empty if unknown.

    `SitemapError` with `nested_archive`, `unreadable_file`, `unsupported_type`, `xml_entities`.
    """
    is_archive = raw.startswith((GZIP, ZIP))
    stream = MapStream([raw] if is_archive else _only_head(raw), NO_ADDRESS)
    first = ""
    for number, item in enumerate(stream.items()):
        if not first and item.loc.lower().startswith("http"):
            first = item.loc
        if number >= SAMPLE or (first and isinstance(item, SitemapEntry)):
            break
    return first


def _only_head(raw: bytes) -> Iterable[bytes]:
    yield raw[:HEAD]


def too_large() -> SitemapError:
    """The file is larger than is taken."""
    limit = MAX_RECEIVED_BYTES // 1024**2
    return SitemapError("file_too_large", "the file", f"is larger than {limit} MiB")
