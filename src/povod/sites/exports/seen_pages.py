"""Pages of a job as its faults need them: a part in memory at a time, by the key of the page.

Of JSON columns only what the rules look at is asked for, as text.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from povod.crawl.extract.issues import PageRow
from povod.crawl.extract.product_model import Product
from povod.crawl.extract.seo import SeoFields
from povod.sites.documents import as_text, decoded, plain
from povod.sites.exports.values import decimal_of
from povod.store.bulk import among
from povod.store.db import Database
from povod.store.search import text_in
from povod.store.tables import job_urls, pages, snapshots

BATCH = 500
SEEN = ("ok", "not_modified", "not_product")
"""Of these the SEO fields are known."""
JUDGED = (*SEEN, "gone", "error", "skipped")
"""Not `blocked`: that a site refuses us is no fault of its page."""

_SEO_NAMES = frozenset(one.name for one in fields(SeoFields))


def _own_or_kept(column: sa.Column[Any], name: str) -> sa.ColumnElement[str]:
    return sa.func.coalesce(as_text(column, name), as_text(snapshots.c.last_data[name], name))


_SEO = _own_or_kept(pages.c.data_seo, "seo").label("seo")
_FULL = _own_or_kept(pages.c.data_full, "full").label("full")
_LOG = sa.case((pages.c.http_status.is_(None), as_text(job_urls.c.step_log, "log")))
_COLUMNS = (
    *(job_urls.c.url, job_urls.c.url_key, plain(job_urls.c.outcome), job_urls.c.reason),
    *(plain(job_urls.c.source), _LOG.label("step_log")),
    *(pages.c.final_url, pages.c.http_status, pages.c.duration_ms),
    *(_SEO, _FULL),
)


def with_snapshots(domain: str) -> sa.Join:
    """Pages; one that answered 304 with its snapshot, which holds what it says."""
    return pages.outerjoin(snapshots, _same_page(domain))


def seo_value(name: str) -> sa.ColumnElement[str]:
    """A field of SEO of a page `with_snapshots`."""
    kept = snapshots.c.last_data[("seo", name)].as_string()
    return sa.func.coalesce(pages.c.data_seo[name].as_string(), kept)


def judged_pages(
    db: Database, job_id: str, domain: str, *, start: str = "", q: str = ""
) -> Iterator[Sequence[Any]]:
    """Addresses with their pages by key, from `start` on; `q` chooses by words of the address."""
    query = (
        sa.select(*_COLUMNS)
        .select_from(_addresses(domain))
        .where(
            job_urls.c.job_id == job_id,
            job_urls.c.state == "done",
            job_urls.c.outcome.in_(JUDGED),
        )
        .order_by(job_urls.c.url_key)
        .limit(BATCH)
    )
    if q:
        query = query.where(text_in([job_urls.c.url], q))
    beyond: sa.ColumnElement[bool] = job_urls.c.url_key >= start
    while True:
        with db.read() as conn:
            rows = conn.execute(query.where(beyond)).all()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        beyond = job_urls.c.url_key > rows[-1].url_key


def named_pages(db: Database, job_id: str, domain: str, keys: Collection[str]) -> Iterator[PageRow]:
    """Pages of the job with one of the keys, with what they name themselves."""
    wanted = sorted(keys)
    query = sa.select(pages.c.url, _SEO).select_from(with_snapshots(domain))
    query = query.where(pages.c.job_id == job_id, pages.c.outcome.in_(SEEN))
    for at in range(0, len(wanted), BATCH):
        with db.read() as conn:
            part = among(conn, pages.c.url_key, wanted[at : at + BATCH])
            rows = conn.execute(query.where(part)).all()
        for row in rows:
            yield PageRow(row.url, seo_fields(decoded(row.seo)), in_map=False)


def page_row(row: Any) -> PageRow:
    """What the rules for all pages want to know of one."""
    seen, robots = row.outcome in SEEN, row.reason == "robots"
    return PageRow(
        url=row.url,
        seo=seo_fields(decoded(row.seo)) if seen else None,
        status=row.http_status or _last_status(decoded(row.step_log)),
        final_url=row.final_url or None,
        in_map=row.source == "sitemap",
        blocked_by_robots=row.outcome == "skipped" and robots,
    )


def product_of(row: Any) -> Product | None:
    """The product on a page, as far as its faults are concerned."""
    full = decoded(row.full)
    if not full:
        return None
    price = decimal_of(full.get("price"))
    return Product(price=price, availability=full.get("availability"))


def seo_fields(data: Mapping[str, Any] | None) -> SeoFields | None:
    """Stored fields of SEO as they were read; None if there are none."""
    if not data:
        return None
    given = {name: value for name, value in data.items() if name in _SEO_NAMES}
    pairs = tuple((one["lang"], one["url"]) for one in data.get("hreflang") or ())
    types = tuple(data.get("json_ld_types") or ())
    return SeoFields(**{**given, "hreflang": pairs, "json_ld_types": types})


def _addresses(domain: str) -> sa.Join:
    same = (pages.c.job_id == job_urls.c.job_id) & (pages.c.url_key == job_urls.c.url_key)
    return job_urls.outerjoin(pages, same).outerjoin(snapshots, _same_page(domain))


def _same_page(domain: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        pages.c.outcome == "not_modified",
        snapshots.c.domain == domain,
        snapshots.c.url_key == pages.c.url_key,
        snapshots.c.variant_key == "",
    )


def _last_status(log: Sequence[Mapping[str, Any]] | None) -> int | None:
    return (log[-1].get("status") or None) if log else None
