"""Titles and descriptions that several pages of a job share (S99), whatever their number.

All of them go once through a file without a name, which keeps those that several pages have: so
the memory taken does not grow with the job.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from povod.crawl.extract.issues import Issue
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
_FORGET = "DELETE FROM shared WHERE number = 1"
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
                    number, first, second = found
                    yield Issue(code, f"{number}: {first if url != first else second}")


def find_shared(db: Database, job_id: str, domain: str, codes: Collection[str]) -> SharedTexts:
    """The texts of a job as they are now; only those that one of `codes` asks for.

    Whoever does not close them gives the file back with the last mention of them.
    """
    file = sqlite3.connect("", check_same_thread=False)
    file.execute(_CREATE)
    asked = {code: name for code, name in DUPLICATES.items() if code in codes}
    if asked:
        file.executemany(_ADD, _said(db, job_id, domain, asked))
        file.execute(_FORGET)
        file.commit()
        file.execute("VACUUM")
    return SharedTexts(file)


def _said(
    db: Database, job_id: str, domain: str, asked: Mapping[str, str]
) -> Iterator[tuple[str, bytes, int, str, str]]:
    """Each text of each page, by code."""
    query = (
        sa.select(pages.c.url, *map(seo_value, asked.values()))
        .select_from(with_snapshots(domain))
        .where(pages.c.job_id == job_id, pages.c.outcome.in_(SEEN))
    )
    options: dict[str, Any] = {"yield_per": BATCH}
    with db.read() as conn:
        for url, *texts in conn.execute(query, execution_options=options):
            for code, text in zip(asked, texts, strict=True):
                if text:
                    yield code, _digest(text), 1, url, url


def _digest(text: str) -> bytes:
    """Small, and the same for all spellings that only differ in case or form."""
    return hashlib.blake2b(value_key(text).encode(), digest_size=16).digest()
