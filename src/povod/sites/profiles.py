"""What an operator has set for a site: checked, versioned, audited (S81a)."""

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy.engine import Connection, RowMapping

from povod.crawl.policies import FetcherName
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.sealing import Sealer
from povod.sites.deps import SitesDeps
from povod.sites.input.masks import Masks
from povod.store import audit
from povod.store.paging import MAX_PAGE_SIZE
from povod.store.tables import site_profiles

Names = tuple[str, ...]
SEALED = "sealed:"
HIDDEN = "***"
_CONFIG_KEYS = ("respect_robots", "allow_residential", "budgets")
"""Changes that need the permission `config:edit` (S134)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Pagination(_Part):
    """How the list pages of a category are numbered (S41)."""

    param: str = Field("page", max_length=60)
    start: int = Field(2, ge=0, le=1_000_000)
    max_pages: int = Field(50, ge=1, le=1000)
    include_base: bool = True
    stop_on_empty: bool = True
    delay_s: float = Field(0, ge=0, le=60)


class SiteBudgets(_Part):
    """Megabytes a day (S75)."""

    soft_mb_per_day: float | None = Field(None, ge=0)
    hard_mb_per_day: float | None = Field(None, ge=0)
    residential_mb_per_day: float | None = Field(None, ge=0)


class FirecrawlWishes(_Part):
    """What the paid service may do for the site (S56)."""

    max_requests: int | None = Field(None, ge=0, le=1000)
    zero_data_retention: bool = False
    max_age_ms: int = Field(0, ge=0)


class ProfileData(_Part):
    """The keys of `site_profiles.data`; every one may be left out."""

    hosts: Names = Field((), max_length=100)
    ports: tuple[int, ...] = Field((), max_length=20)
    cms: str | None = Field(None, max_length=60)
    confidence_floor: float | None = Field(None, ge=0, le=1)
    respect_robots: bool = True
    allow_residential: bool = False
    fetchers: tuple[FetcherName, ...] = ()
    tiers: tuple[Literal["direct", "dc", "isp", "residential", "mobile"], ...] = ()
    min_delay_ms: int | None = Field(None, ge=0, le=600_000)
    max_concurrency: int | None = Field(None, ge=1, le=10)
    allowed_hours: str | None = Field(None, max_length=60)
    include: Names = Field((), max_length=200)
    exclude: Names = Field((), max_length=200)
    drop_params: Names = Field((), max_length=200)
    product_patterns: Names = Field((), max_length=200)
    category_urls: Names = Field((), max_length=1000)
    pagination: Pagination | None = None
    min_product_path_segments: int | None = Field(None, ge=0, le=20)
    max_discovery_urls: int | None = Field(None, ge=1, le=200_000)
    preseed_upload_id: str | None = Field(None, max_length=64)
    selectors: dict[str, str] = {}
    wait_selector: str | None = Field(None, max_length=500)
    rdfa: bool | None = None
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    parsing: dict[str, Any] = {}
    credentials: dict[str, str] = {}
    compare: Names = ()
    alert_rules: tuple[dict[str, Any], ...] = ()
    firecrawl: FirecrawlWishes | None = None
    budgets: SiteBudgets | None = None
    keep_html: bool | None = None
    policies_override: dict[str, Any] = {}

    @field_validator("ports")
    @classmethod
    def _ports(cls, ports: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= port <= 65535 for port in ports):
            raise ValueError("a port is a number from 1 to 65535")
        return ports


def parse_profile(given: Mapping[str, Any], deps: SitesDeps) -> dict[str, Any]:
    """The data as stored; `InputError` names the first key that is wrong."""
    try:
        data = ProfileData.model_validate(given)
    except ValidationError as error:
        raise InputError(
            "the profile cannot be used",
            errors=[
                {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
                for item in error.errors(include_url=False, include_input=False)
            ],
        ) from None
    Masks.of(data.include, data.exclude)
    plain = data.model_dump(mode="json", exclude_unset=True)
    plain["hosts"] = [host.strip().lower().removeprefix("www.") for host in data.hosts]
    deps.policies.overridden(plain.get("policies_override") or {})
    return {name: value for name, value in plain.items() if value not in (None, [], {})}


def get_profile(conn: Connection, domain: str) -> dict[str, Any]:
    """The profile as shown; `NotFoundError`."""
    return shown(_row(conn, domain))


def list_profiles(conn: Connection, limit: int, cursor: str) -> tuple[list[dict[str, Any]], str]:
    """Profiles by domain."""
    query = sa.select(site_profiles).where(site_profiles.c.domain > cursor)
    ordered = query.order_by(site_profiles.c.domain).limit(min(limit, MAX_PAGE_SIZE) + 1)
    rows = conn.execute(ordered).mappings().all()
    more = len(rows) > limit
    return [shown(row) for row in rows[:limit]], rows[limit - 1]["domain"] if more else ""


def put_profile(
    deps: SitesDeps, domain: str, given: Mapping[str, Any], by: str, *, version: int | None = None
) -> dict[str, Any]:
    """Make or change a profile: a new version and a row of the audit; what it was not stays out.

    With `version` the change is made only if nobody else changed it since (ConflictError).
    """
    data = parse_profile(given, deps)
    with deps.db.tx() as conn:
        before = _find(conn, domain)
        data = _sealed(data, before, deps.sealer)
        number = (before["version"] if before else 0) + 1
        if version is not None and version != number - 1:
            raise _changed(domain, number - 1)
        values = {"data": data, "version": number, "updated_by": by}
        if before is None:
            row = {"id": new_id(), "domain": domain, **values}
            conn.execute(sa.insert(site_profiles).values(**row))
        else:
            mine = site_profiles.c.domain == domain
            conn.execute(sa.update(site_profiles).where(mine).values(**values))
        old = before["data"] if before else {}
        changed = sorted(k for k in {*data, *old} if data.get(k) != old.get(k))
        audit.append(conn, by, "profile_change", domain, {"version": number, "keys": changed})
        if data.get("respect_robots", True) != old.get("respect_robots", True):
            audit.append(conn, by, "robots_override", domain, {"version": number})
        return get_profile(conn, domain)


def delete_profile(deps: SitesDeps, domain: str, by: str) -> None:
    """Forget a profile; jobs of the site run without one."""
    with deps.db.tx() as conn:
        _row(conn, domain)
        conn.execute(sa.delete(site_profiles).where(site_profiles.c.domain == domain))
        audit.append(conn, by, "profile_change", domain, {"deleted": True})


def needs_admin(given: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether the change touches what only `config:edit` may touch (S134)."""
    usual = {"respect_robots": True, "allow_residential": False, "budgets": None}
    return any(given.get(key, usual[key]) != before.get(key, usual[key]) for key in _CONFIG_KEYS)


def shown(row: RowMapping) -> dict[str, Any]:
    """A profile as people and programs see it: credentials are never shown."""
    data = dict(row["data"])
    if data.get("credentials"):
        data["credentials"] = dict.fromkeys(data["credentials"], HIDDEN)
    return {
        "domain": row["domain"],
        "version": row["version"],
        "data": data,
        "client_id": row["client_id"],
        "company_id": row["company_id"],
        "updated_by": row["updated_by"],
        "updated_at": row["updated_at"],
    }


def _sealed(data: dict[str, Any], before: RowMapping | None, sealer: Sealer) -> dict[str, Any]:
    """Credentials encrypted; those sent back hidden stay what they were."""
    if not data.get("credentials"):
        return data
    old = (before["data"].get("credentials") or {}) if before else {}
    sealed = {
        name: old[name] if value == HIDDEN and name in old else SEALED + sealer.seal(value)
        for name, value in data["credentials"].items()
    }
    return {**data, "credentials": sealed}


def _find(conn: Connection, domain: str) -> RowMapping | None:
    query = sa.select(site_profiles).where(site_profiles.c.domain == domain).with_for_update()
    return conn.execute(query).mappings().first()


def _row(conn: Connection, domain: str) -> RowMapping:
    row = _find(conn, domain)
    if row is None:
        raise NotFoundError(f"the site {domain[:80]} has no profile")
    return row


def _changed(domain: str, version: int) -> ConflictError:
    return ConflictError(f"{domain}: somebody changed the profile; it is version {version} now")
