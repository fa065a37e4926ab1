"""Titles and descriptions that several pages of a job share (S99), whatever their number.

The database groups them; what it finds goes to a file without a name, so that the memory taken
does not grow with the job.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from povod.crawl.extract.issues import Issue, duplicate_issue
from povod.crawl.extract.seo import SeoFields
from povod.kit.text import value_key
from povod.sites.exports.seen_pages import SEEN, seo_value, with_snapshots
from povod.store.db import Database
from povod.store.tables import pages

DUPLICATES = {"title_duplicate": "title", "description_duplicate": "meta_description"}
"""The field that each code compares."""
BATCH = 500

_CREATE = """CREATE TABLE shared (
  code TEXT, said BLOB, number INTEGER, first TEXT, second TEXT, PRIMARY KEY (code, said)
) WITHOUT ROWID"""
_ADD = """INSERT INTO shared VALUES (?, ?, ?, ?, ?) ON CONFLICT (code, said) DO UPDATE SET
  number = number + excluded.number, first = min(first, excluded.first),
  second = max(second, excluded.second)"""
_FIND = "SELECT number, first, second FROM shared WHERE code = ? AND said = ?"


class SharedTexts:
    """Knows of each text whether another page of the job has it too."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def issues(self, url: str, seo: SeoFields) -> Iterator[Issue]:
        """The faults of that page."""
        for code, name in DUPLICATES.items():
            if text := getattr(seo, name):
                found = self._file.execute(_FIND, (code, _digest(text))).fetchone()
                if found is not None:
                    yield duplicate_issue(code, url, *found)


def find_shared(db: Database, job_id: str, domain: str, codes: Collection[str]) -> SharedTexts:
    """The texts of a job as they are now; only those that one of `codes` asks for.

    Whoever does not close them gives the file back with the last mention of them.
    """
    file = sqlite3.connect("", check_same_thread=False)
    file.execute(_CREATE)
    for code, name in DUPLICATES.items():
        if code in codes:
            file.executemany(_ADD, _groups(db, job_id, domain, code, name))
    return SharedTexts(file)


def _groups(
    db: Database, job_id: str, domain: str, code: str, name: str
) -> Iterator[tuple[str, bytes, int, str, str]]:
    said = sa.func.lower(seo_value(name))
    ends = sa.func.min(pages.c.url), sa.func.max(pages.c.url)
    query = (
        sa.select(said, sa.func.count(), *ends)
        .select_from(with_snapshots(domain))
        .where(pages.c.job_id == job_id, pages.c.outcome.in_(SEEN), said != "")
        .group_by(said)
        .having(sa.func.count() > 1)
    )
    options: dict[str, Any] = {"yield_per": BATCH}
    with db.read() as conn:
        for text, number, first, last in conn.execute(query, execution_options=options):
            yield code, _digest(text), number, first, last


def _digest(text: str) -> bytes:
    """Small, and the same for all spellings that only differ in case or form."""
    return hashlib.blake2b(value_key(text).encode(), digest_size=16).digest()
