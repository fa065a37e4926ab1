"""Products: search over the last good state of all sites, and the history of one key (S145)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy.engine import Connection

from povod.kit.errors import NotFoundError
from povod.sites.exports.values import decimal_of
from povod.sites.finish.fields import PAGE_FIELDS, VARIANT_FIELDS
from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.search import text_in
from povod.store.tables import pages, snapshot_versions, snapshots
from povod.web.params import Page, RowId, Text, one_of
from povod.web.sites_pages.common import Domain, house_of, show
from povod.web.sites_pages.history import domain_has
from povod.web.sites_pages.price_chart import History, Point, draw
from povod.web.sites_pages.reading import change_of, title_of, versions

router = APIRouter()
STATES = ("active", "gone")
State = Annotated[str, Query(), AfterValidator(one_of(STATES))]
MAX_VERSIONS = 500
SHOWN_FIELDS = ("name", "price", "price_max", "price_old", "currency", "availability", "stock",
                "sku", "brand", "gtin", "category", "rating", "reviews")  # fmt: skip


@router.get("/products")
def products_page(
    request: Request, q: Text = "", domain: Domain = "", state: State = "active", page: Page = 1
) -> Response:
    """Pages and variants that are known, by site."""
    with house_of(request).db.read() as conn:
        listing = _listing(conn, q, domain, state, page)
        domains = conn.execute(
            sa.select(snapshots.c.domain).distinct().order_by(snapshots.c.domain).limit(200)
        ).scalars()
        values: dict[str, Any] = {"listing": listing, "domains": list(domains)}
    return show(request, "products.html", q=q, domain=domain, state=state, states=STATES, **values)


def _listing(conn: Connection, q: str, domain: str, state: str, page: int) -> Listing:
    data = snapshots.c.last_data
    name, article = data["full"]["name"].as_string(), data["full"]["sku"].as_string()
    query = sa.select(snapshots)
    if domain:
        query = query.where(domain_has(snapshots.c.domain, domain))
    if state:
        query = query.where(snapshots.c.state == state)
    if q:
        columns = [snapshots.c.url, snapshots.c.variant_key, data["title"].as_string(), name]
        query = query.where(text_in([*columns, article, data["value"].as_string()], q))
    key = (snapshots.c.domain, snapshots.c.url_key, snapshots.c.variant_key)
    found = read_page(conn, query.order_by(*key), page, PAGE_SIZE)
    rows = [_line(row) for row in found.rows]
    return Listing(rows, found.total, found.page, found.size)


def _line(row: Any) -> dict[str, Any]:
    known = VARIANT_FIELDS if row.variant_key else PAGE_FIELDS
    values = {name: known[name].read(row.last_data) for name in ("price", "availability", "stock")}
    full = row.last_data.get("full") or {}
    own = {"title": title_of(row.last_data), "currency": full.get("currency") or ""}
    own["variant"] = row.last_data.get("value") or row.variant_key
    return {"row": row, **own, **values}


@router.get("/products/{snapshot_id}")
def product_page(request: Request, snapshot_id: RowId) -> Response:
    """One key: what is known now and from where, and how it came about."""
    with house_of(request).db.read() as conn:
        query = sa.select(snapshots).where(snapshots.c.id == snapshot_id)
        row = conn.execute(query).first()
        if row is None:
            raise NotFoundError(f"there is no product {snapshot_id}")
        mine = versions().where(snapshot_versions.c.snapshot_id == snapshot_id)
        ordered = mine.order_by(snapshot_versions.c.seen_at.desc(), snapshot_versions.c.id.desc())
        rows = conn.execute(ordered.limit(MAX_VERSIONS)).all()
        values = {"evidence": _evidence(conn, row), "variants": _siblings(conn, row)}
    changes = [change_of(version) for version in rows]
    charts = {"price": draw(history_of(row, rows, "price")), "stock": _stock(row, rows)}
    full = row.last_data.get("full") or {}
    values |= {"fields": _fields(row, full), "images": full.get("images") or []}
    return show(request, "product.html", item=_line(row), changes=changes, charts=charts, **values)


def _stock(row: Any, changes: Sequence[Any]) -> History | None:
    """The stock is drawn only if it ever moved."""
    points = history_of(row, changes, "stock")
    return draw(points) if len({point.value for point in points}) > 1 else None


def history_of(row: Any, changes: Sequence[Any], name: str) -> list[Point]:
    """Values of a field, oldest first: as each change left it, and as it is now."""
    known = VARIANT_FIELDS if row.variant_key else PAGE_FIELDS
    read = known[name].read

    def value(state: Any) -> Decimal | None:
        return decimal_of(read(state)) if state else None

    points: list[Point] = []
    for change in reversed(changes):
        if not points and change.prev_crawl_at is not None:
            points.append(Point(change.prev_crawl_at, value(change.prev_data)))
        points.append(Point(change.seen_at, value(change.data), change.change_type))
    is_later = not points or row.last_crawl_at > points[-1].at
    if row.state == "active" and is_later:
        points.append(Point(row.last_crawl_at, value(row.last_data)))
    return points


def _fields(row: Any, full: Any) -> list[tuple[str, Any, str]]:
    """Name, value and source of each field that is known."""
    if row.variant_key:
        own = row.last_data
        names = ("price", "stock", "in_stock", "sku", "value")
        return [(name, own[name], "") for name in names if own.get(name) is not None]
    sources = full.get("sources") or {}
    known = (name for name in SHOWN_FIELDS if full.get(name) not in (None, "", []))
    return [(name, full[name], str(sources.get(name, ""))) for name in known]


def _evidence(conn: Connection, row: Any) -> Any:
    """The page that proves the last state: when, what answered, its hash."""
    query = sa.select(
        pages.c.fetched_at, pages.c.content_hash, pages.c.http_status, pages.c.final_url,
        pages.c.strategy_used, pages.c.job_id, pages.c.extractor_version,
    ).where(pages.c.job_id == row.last_job_id, pages.c.url_key == row.url_key)  # fmt: skip
    return conn.execute(query).first()


def _siblings(conn: Connection, row: Any) -> list[dict[str, Any]]:
    """The page and the other variants of the same address."""
    same = (snapshots.c.domain == row.domain, snapshots.c.url_key == row.url_key)
    query = sa.select(snapshots).where(*same, snapshots.c.id != row.id)
    found = conn.execute(query.order_by(snapshots.c.variant_key).limit(100)).all()
    return [_line(other) for other in found]
