"""Budgets of the house: their limits as an admin sets them, and what is used of them (S75)."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.policies import BudgetPolicy, Policies
from povod.kit.errors import InputError
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import budget_counters as counters
from povod.store.tables import settings
from povod.store.upsert import upsert

if TYPE_CHECKING:
    from povod.sites.deps import SitesDeps

ROW = "sites_budgets"
LIMITS = (
    *("all_soft_mb", "all_hard_mb", "site_soft_mb", "site_hard_mb", "site_residential_mb"),
    *("residential_month_soft_mb", "residential_month_hard_mb", "residential_provider_mb"),
)
"""What may be set; the rest of the policies is changed with their file."""
SHOWN = 500
_PAIRS = (("all_soft_mb", "all_hard_mb"), ("site_soft_mb", "site_hard_mb"),
          ("residential_month_soft_mb", "residential_month_hard_mb"))  # fmt: skip


def house_limits(db: Database) -> dict[str, float]:
    """The limits that were set, in MB; the others are as the policies say."""
    with db.read() as conn:
        return _stored(conn)


def with_limits(policies: Policies, limits: Mapping[str, float]) -> Policies:
    """The policies with those limits."""
    return policies.overridden({"budgets": dict(limits)} if limits else {})


def put_limits(deps: "SitesDeps", given: Mapping[str, float], by: str) -> dict[str, Any]:
    """Set exactly these limits; a crawl that runs follows within its next slice of work."""
    _check(with_limits(deps.policies, given).budgets)
    with deps.db.tx() as conn:
        before = _stored(conn)
        upsert(conn, settings, [{"id": ROW, "value": dict(given)}], ["id"], ["value"])
        if before != given:
            audit.append(conn, by, "budgets_change", ROW, {"from": before, "to": dict(given)})
    return budgets_now(deps)


def budgets_now(deps: "SitesDeps") -> dict[str, Any]:
    """Limits in force, those that were set, and the counters of this day and month."""
    now = deps.now().astimezone(deps.zone)
    with deps.db.read() as conn:
        own = _stored(conn)
        used = _counters(conn, now)
    rules = with_limits(deps.policies, own).budgets
    limits = {name: getattr(rules, name) for name in LIMITS}
    return {"limits": limits, "set": own, "counters": used}


def _stored(conn: Connection) -> dict[str, float]:
    return conn.execute(sa.select(settings.c.value).where(settings.c.id == ROW)).scalar() or {}


def _check(rules: BudgetPolicy) -> None:
    for soft, hard in _PAIRS:
        if getattr(rules, soft) > getattr(rules, hard):
            message = f"is more than {hard}"
            raise InputError(f"{soft} {message}", errors=[{"field": soft, "message": message}])


def _counters(conn: Connection, now: datetime) -> list[dict[str, Any]]:
    """Those of jobs are shown with the jobs; the fullest first."""
    shown = ("scope", "scope_key", "traffic_class", "period", "soft", "hard", "used", "reserved")
    query = (
        sa.select(*(counters.c[name] for name in shown))
        .where(
            counters.c.scope != "job",
            counters.c.period.in_((now.date().isoformat(), f"{now:%Y-%m}")),
        )
        .order_by(counters.c.used.desc(), counters.c.scope, counters.c.scope_key)
        .limit(SHOWN)
    )
    return [dict(row) for row in conn.execute(query).mappings()]
