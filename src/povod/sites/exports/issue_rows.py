"""The faults of a job's pages, computed from its rows (S99), streamed by the key of the page."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from povod.crawl.extract.issue_texts import Language, message_of
from povod.crawl.extract.issues import (
    SEVERITIES,
    Issue,
    KeyOf,
    PageRow,
    issues_between,
    issues_of_page,
)
from povod.crawl.urlkey import UrlKeyError, url_key
from povod.sites.exports.rows import OutRow
from povod.sites.exports.seen_pages import judged_pages, named_pages, page_row, product_of
from povod.sites.exports.shared_texts import SharedTexts, find_shared
from povod.store.db import Database
from povod.store.tables import site_profiles

ALL_CODES = frozenset(SEVERITIES)
KEYS = 20_000
"""Keys that are remembered: the rules ask for each several times in a row."""


@dataclass(frozen=True, slots=True)
class Found:
    """One fault of a page; `number` counts the faults of the page, wanted or not."""

    key: str
    number: int
    url: str
    issue: Issue

    def row(self, language: Language = "ru") -> OutRow:
        """As files and lists show it."""
        return {
            "url": self.url,
            "code": self.issue.code,
            "severity": self.issue.severity,
            "message": message_of(self.issue.code, language),
            "evidence": self.issue.evidence,
        }


def issue_rows(language: Language) -> Callable[[Database, str, str], Iterator[OutRow]]:
    """What `ExportMaker.issues` is: the rows of a job in that language."""

    def rows(db: Database, job_id: str, domain: str) -> Iterator[OutRow]:
        return (found.row(language) for found in found_issues(db, job_id, domain))

    return rows


def found_issues(
    db: Database,
    job_id: str,
    domain: str,
    *,
    codes: Collection[str] = ALL_CODES,
    start: str = "",
    q: str = "",
    shared: SharedTexts | None = None,
) -> Iterator[Found]:
    """The faults with one of `codes`, of pages from the key `start` on.

    `shared` are the shared texts of the job, if they are known already.
    """
    key = _key_of(db, domain)
    own = closing(find_shared(db, job_id, domain, codes)) if shared is None else nullcontext(shared)
    with own as texts:
        for rows in judged_pages(db, job_id, domain, start=start, q=q):
            batch = [page_row(row) for row in rows]
            between = _between(db, job_id, domain, batch, key)
            for row, page in zip(rows, batch, strict=True):
                issues = [*_own(row, page, texts), *between.get(page.url, ())]
                yield from (
                    Found(row.url_key, number, page.url, issue)
                    for number, issue in enumerate(issues)
                    if issue.code in codes
                )


def _own(row: Any, page: PageRow, shared: SharedTexts) -> Iterator[Issue]:
    if page.seo is None:
        return
    where = page.final_url or page.url
    yield from issues_of_page(page.seo, where, product_of(row), row.duration_ms)
    yield from shared.issues(page.url, page.seo)


def _between(
    db: Database, job_id: str, domain: str, batch: Sequence[PageRow], key: KeyOf
) -> dict[str, list[Issue]]:
    """Faults that need the pages which those of the batch name."""
    named = {url for page in batch for url in _names(page)} - {page.url for page in batch}
    others = {key(url) for url in named} - ({key(page.url) for page in batch} if named else set())
    found: dict[str, list[Issue]] = {page.url: [] for page in batch}
    beside = named_pages(db, job_id, domain, others)
    for url, issue in issues_between([*batch, *beside], key):
        if url in found:
            found[url].append(issue)
    return found


def _names(page: PageRow) -> Iterator[str]:
    if page.seo is not None:
        yield from (url for _, url in page.seo.hreflang)
        if page.seo.canonical:
            yield page.seo.canonical


def _key_of(db: Database, domain: str) -> KeyOf:
    """Keys as the list of the job has them; what is no address is its own key."""
    query = sa.select(site_profiles.c.data).where(site_profiles.c.domain == domain)
    with db.read() as conn:
        profile: dict[str, Any] = conn.execute(query).scalar() or {}
    drop = tuple(profile.get("drop_params") or ())

    @lru_cache(KEYS)
    def key(url: str) -> str:
        try:
            return url_key(url, drop)
        except UrlKeyError:
            return url

    return key
