"""Content-addressed bytes in the database: raw replies, pages, letters as sent.

They live beside the rows that cite them, so that both are committed, or lost, together.
"""

import gzip
import hashlib
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.errors import NotFoundError
from povod.store.tables import files
from povod.store.upsert import insert_new

WORTH_PACKING = 512


def sha256(raw: bytes) -> str:
    """The id under which `raw` is stored."""
    return hashlib.sha256(raw).hexdigest()


def put_file(
    conn: Connection, raw: bytes, media_type: str, keep_until: datetime | None = None
) -> str:
    """Store `raw` once and return its SHA-256 in hex; storing it again changes nothing."""
    return put_files(conn, [raw], media_type, keep_until)[0]


def put_files(
    conn: Connection, bodies: Sequence[bytes], media_type: str, keep_until: datetime | None = None
) -> list[str]:
    """`put_file` for many bodies in one statement."""
    rows = {}
    for raw in bodies:
        packed = gzip.compress(raw, 5, mtime=0) if len(raw) >= WORTH_PACKING else raw
        rows[sha256(raw)] = {
            "id": sha256(raw),
            "media_type": media_type,
            "content_encoding": "" if packed is raw else "gzip",
            "size": len(raw),
            "body": packed,
            "keep_until": keep_until,
        }
    insert_new(conn, files, [rows[name] for name in sorted(rows)], ["id"])
    return [sha256(raw) for raw in bodies]


def get_file(conn: Connection, file_id: str) -> bytes:
    """The stored bytes, unpacked; `NotFoundError` if there are none under that id."""
    found = get_files(conn, [file_id])
    if not found:
        raise missing_file(file_id)
    return found[file_id]


def get_files(conn: Connection, file_ids: Sequence[str]) -> dict[str, bytes]:
    """The stored bytes by id, unpacked, in one statement; what is not there is left out."""
    columns = (files.c.id, files.c.body, files.c.content_encoding)
    rows = conn.execute(sa.select(*columns).where(files.c.id.in_(file_ids)))
    return {
        row.id: gzip.decompress(row.body) if row.content_encoding == "gzip" else row.body
        for row in rows
    }


def missing_file(file_id: str) -> NotFoundError:
    """The error for a file that is not stored."""
    return NotFoundError(f"no stored file {file_id[:12]}…; its retention may have ended")
