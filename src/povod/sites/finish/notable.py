"""Changes that give a reason to write: prices and availability of a watched site (S108)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from povod.sites.finish.fields import PAGE_FIELDS, VARIANT_FIELDS, money
from povod.store.db import Database
from povod.store.tables import jobs, pages, snapshot_versions, snapshots

LEAST_PRICE_CHANGE = Decimal("0.05")
"""A price that moved by less is no reason to write to anybody."""
TOLD = 20
"""So many changes are told one by one; the rest is a number."""


@dataclass(frozen=True)
class SiteChange:
    """One product whose price or availability changed, with what proves it."""

    url: str
    name: str
    field: str
    before: str
    after: str
    currency: str
    version_id: str
    page_sha256: str
    seen_at: datetime

    def as_json(self) -> dict[str, Any]:
        """As an event keeps it."""
        return {**asdict(self), "seen_at": self.seen_at.isoformat()}


@dataclass(frozen=True)
class SiteReport:
    """What one job found changed on one site."""

    job_id: str
    domain: str
    total: int
    changes: list[SiteChange] = field(default_factory=list)


def notable(db: Database, job_id: str) -> SiteReport:
    """The changes of a job that are worth a letter, the first ones in words."""
    versions, page = snapshot_versions.c, pages.c
    query = (
        sa.select(
            *(versions.id, versions.fields_changed, versions.data, versions.prev_data),
            *(versions.seen_at, snapshots.c.url, snapshots.c.variant_key, page.content_hash),
        )
        .join(snapshots, snapshots.c.id == versions.snapshot_id)
        .outerjoin(pages, (page.job_id == job_id) & (page.url_key == snapshots.c.url_key))
        .where(versions.job_id == job_id, versions.change_type == "MODIFIED")
        .order_by(snapshots.c.url_key, snapshots.c.variant_key)
    )
    found: list[SiteChange] = []
    with db.read() as conn:
        domain = conn.execute(sa.select(jobs.c.domain).where(jobs.c.id == job_id)).scalar_one()
        for row in conn.execution_options(yield_per=500).execute(query):
            found += [change for name in row.fields_changed if (change := _change(row, name))]
    return SiteReport(job_id, domain, len(found), found[:TOLD])


def _change(row: Any, name: str) -> SiteChange | None:
    if name not in ("price", "availability"):
        return None
    reader = (VARIANT_FIELDS if row.variant_key else PAGE_FIELDS)[name]
    before, after = reader.read(row.prev_data), reader.read(row.data)
    if name == "price" and not _is_large(money(before), money(after)):
        return None
    full = row.data.get("full") or row.data
    return SiteChange(
        url=row.url,
        name=full.get("name") or row.data.get("title") or "",
        field=name,
        before=_word(before),
        after=_word(after),
        currency=str(full.get("currency") or ""),
        version_id=str(row.id),
        page_sha256=row.content_hash or "",
        seen_at=row.seen_at,
    )


def _is_large(before: Decimal | None, after: Decimal | None) -> bool:
    if not before or after is None:
        return bool(after)
    return abs(after - before) / before >= LEAST_PRICE_CHANGE


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "in_stock" if value else "out_of_stock"
    return "" if value is None else str(value)
