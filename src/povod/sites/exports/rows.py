"""Rows of `full`, `seo` and `errors`, streamed from the database (S117, S118, S121)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from povod.sites.documents import as_text, decoded
from povod.sites.exports.in_order import in_order
from povod.sites.exports.seen_pages import SEEN
from povod.sites.exports.values import Trail, decimal_of
from povod.store.db import Database
from povod.store.tables import job_urls, pages, snapshots

SHOWN = (*SEEN, "gone")
FAILED = ("blocked", "error", "skipped")
OutRow = dict[str, Any]

_JOINED = job_urls.outerjoin(
    pages, (pages.c.job_id == job_urls.c.job_id) & (pages.c.url_key == job_urls.c.url_key)
)
_COLUMNS = (
    *(job_urls.c.id, job_urls.c.url, job_urls.c.url_key),
    *(job_urls.c.outcome, job_urls.c.reason, job_urls.c.error_class, job_urls.c.fetcher),
    *(job_urls.c.tier, job_urls.c.attempts, job_urls.c.finished_at),
    *(pages.c.final_url, pages.c.http_status, pages.c.fetched_at, pages.c.title, pages.c.h1),
    *(pages.c.text_hash, pages.c.error_message, pages.c.duplicate_of_url),
)


def batches(
    db: Database, job_id: str, outcomes: Sequence[str], document: sa.Column[Any]
) -> Iterator[Sequence[RowMapping]]:
    """Addresses with their pages in the order of the list, a batch in memory at a time.

    `document` is the one JSON column that is wanted, under that name and as text: to decode the
    others takes longer than all the rest.
    """
    wanted = (
        job_urls.c.job_id == job_id,
        job_urls.c.state == "done",
        job_urls.c.outcome.in_(outcomes),
    )
    ids = sa.select(job_urls.c.id).where(*wanted).order_by(job_urls.c.position, job_urls.c.id)
    shown = as_text(document, "document")
    query = sa.select(*_COLUMNS, shown).select_from(_JOINED).where(*wanted)
    return in_order(db, query, job_urls.c.id, ids)


def full_rows(
    db: Database, job_id: str, domain: str, *, by_variant: bool = True
) -> Iterator[OutRow]:
    """One row for each variant, one for a page without; twins of another page are left out."""
    for rows in batches(db, job_id, SHOWN, pages.c.data_full):
        known = _known(db, domain, rows)
        for row in rows:
            if not row["duplicate_of_url"]:
                yield from _full(row, known.get(row["url_key"]), by_variant)


def _known(db: Database, domain: str, rows: Sequence[RowMapping]) -> dict[str, Mapping[str, Any]]:
    """States of pages that answered 304: their data stands in the snapshot."""
    keys = [row["url_key"] for row in rows if row["outcome"] == "not_modified"]
    if not keys:
        return {}
    query = sa.select(snapshots.c.url_key, as_text(snapshots.c.last_data, "state")).where(
        snapshots.c.domain == domain,
        snapshots.c.variant_key == "",
        snapshots.c.url_key.in_(keys),
    )
    with db.read() as conn:
        return {row.url_key: decoded(row.state) for row in conn.execute(query)}


def _full(row: RowMapping, known: Mapping[str, Any] | None, by_variant: bool) -> Iterator[OutRow]:
    is_ok = row["outcome"] == "ok"
    state: Any = known or (row if is_ok else {})
    text = row["document"] if is_ok else None
    full = (known.get("full") if known else decoded(text)) or {}
    page = _page(row, state, full)
    variants = (full.get("variants") or ()) if by_variant else ()
    for variant in variants:
        yield page | _variant(variant)
    if not variants:
        yield page


def _page(row: RowMapping, state: Mapping[str, Any], full: Mapping[str, Any]) -> OutRow:
    price, stock = decimal_of(full.get("price")), full.get("stock")
    return {
        "url": row["url"],
        "final_url": row["final_url"] or state.get("final_url") or "",
        "http_status": row["http_status"],
        "fetched_at": row["fetched_at"] or row["finished_at"],
        "title": state.get("title") or "",
        "h1": state.get("h1") or "",
        "price": price,
        "stock": stock,
        "stock_value": _worth(price, stock),
        "currency": full.get("currency"),
        "availability": full.get("availability"),
        "sku": full.get("sku"),
        "brand": full.get("brand"),
        "category": full.get("category"),
        "breadcrumbs": Trail(crumb["name"] for crumb in full.get("breadcrumbs") or ()),
        "images": tuple(full.get("images") or ()),
        "attrs_json": dict(full.get("attrs") or {}),
        "text_hash": state.get("text_hash") or "",
    }


def _worth(price: Decimal | None, stock: int | None) -> Decimal | None:
    return price * stock if price is not None and stock is not None else None


def _variant(variant: Mapping[str, Any]) -> OutRow:
    price, stock = decimal_of(variant.get("price")), variant.get("stock")
    return {
        "stock_value": _worth(price, stock),
        "variation_id": variant.get("id") or variant["variant_key"],
        "variation_sku": variant.get("sku"),
        "variation_type": variant.get("type"),
        "variation_value": variant.get("value"),
        "variation_price": price,
        "variation_stock": stock,
        "variation_in_stock": variant.get("in_stock"),
        "variation_attributes": dict(variant.get("attributes") or {}),
    }


def seo_rows(db: Database, job_id: str, domain: str) -> Iterator[OutRow]:
    """What a search engine reads of each page that was seen."""
    for rows in batches(db, job_id, SEEN, pages.c.data_seo):
        known = _known(db, domain, rows)
        for row in rows:
            state = known.get(row["url_key"]) or {}
            seo = decoded(row["document"]) or state.get("seo") or {}
            pairs = (f"{one['lang']}={one['url']}" for one in seo.get("hreflang") or ())
            yield {
                **{name: seo.get(name) for name in _SEO_NAMES},
                "url": row["url"],
                "fetched_at": row["fetched_at"],
                "hreflang": tuple(pairs),
            }


_SEO_NAMES = (
    *("title", "meta_description", "h1", "og_title", "og_description", "og_image"),
    *("twitter_title", "twitter_description", "canonical", "robots", "images_alt_joined"),
    *("meta_keywords", "last_modified"),
)


def error_rows(db: Database, job_id: str, _domain: str) -> Iterator[OutRow]:
    """Addresses that nobody saw, and why; some have no page because they were not asked for."""
    for rows in batches(db, job_id, FAILED, job_urls.c.step_log):
        for row in rows:
            log = decoded(row["document"]) or [{}]
            at: datetime | None = row["fetched_at"] or row["finished_at"]
            yield {
                "url": row["url"],
                "outcome": row["outcome"],
                "reason": row["reason"],
                "error_class": row["error_class"] or row["reason"],
                "http_status": row["http_status"] or log[-1].get("status") or None,
                "fetcher": row["fetcher"],
                "tier": row["tier"],
                "attempts": row["attempts"],
                "message": row["error_message"] or "",
                "last_at": at,
            }
