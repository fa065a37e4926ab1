"""Shapes of the API of watched sites: what comes in, what goes out (S7-S17)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from povod.sites.hook_bodies import EVENTS
from povod.sites.options import JobOptions
from povod.sites.timing import EVERY_SIX_HOURS
from povod.store.tables.sites import JOB_STATES

JobStatus = Literal[
    "queued", "running", "paused", "cancelling", "cancelled", "succeeded", "partial", "failed"
]
assert set(JobStatus.__args__) == set(JOB_STATES), "the API names every state"  # type: ignore[attr-defined]
Url = Annotated[str, Field(max_length=4096)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OptionsIn(JobOptions):
    """The options of a job with the nested spelling of two of them (S16)."""

    limits: dict[str, Any] | None = None


class SourceIn(_In):
    """Exactly one source, or none with `options.discover` or `clone_of`."""

    sitemap_url: str | None = Field(None, min_length=1, max_length=4096)
    sitemap_urls: list[Url] | None = Field(None, min_length=1)
    upload_id: str | None = Field(None, min_length=1, max_length=64)
    options: dict[str, Any] = {}


class JobRequest(SourceIn):
    """A wish for a job (S7)."""

    clone_of: str | None = Field(None, min_length=1, max_length=36)
    rights_confirmed: bool = True


class PreviewRequest(SourceIn):
    """A list to be looked at, or the next part of one (S15)."""

    cursor: str | None = Field(None, min_length=1, max_length=100)


class BulkRequest(_In):
    """One job for each domain, found by its maps."""

    domains: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(
        min_length=1, max_length=200
    )
    options: dict[str, Any] = {}
    rights_confirmed: bool = True


class RetryRequest(_In):
    """Which failures are tried again; all kinds when nothing is named."""

    outcomes: list[Literal["blocked", "error", "skipped"]] = []


class ExportRequest(_In):
    """A file to be made (S11a)."""

    type: Literal["full", "seo", "diff", "diff_fields", "errors", "issues"]
    format: Literal["csv", "xlsx", "json"] = "csv"
    layout: Literal["standard", "compact"] = "standard"
    dialect: Literal["canonical", "excel-ru"] = "canonical"
    include_unchanged: bool = False


class ProfileRequest(_In):
    """The profile of a site; `version` guards against the change of somebody else."""

    data: dict[str, Any]
    version: int | None = Field(None, ge=0, le=1_000_000)


class ProxyImport(_In):
    """Proxies, one address a line."""

    text: str = Field(max_length=2_000_000)
    tier: Literal["dc", "isp", "residential", "mobile"]
    provider: str = Field("", max_length=100)
    tags: list[Annotated[str, Field(max_length=60)]] = Field([], max_length=20)
    cost_per_gb: float = Field(0, ge=0, le=100_000)


class ProxyChange(_In):
    """Switching a proxy on or off."""

    enabled: bool


class ScheduleRequest(_In):
    """A crawl that begins by itself; without `sitemap_url` the site's maps are looked for."""

    domain: str = Field(min_length=1, max_length=255)
    cron: str = Field(EVERY_SIX_HOURS, max_length=100)
    zone: str = Field("", max_length=60)
    maintenance: str = Field("", max_length=100)
    sitemap_url: str = Field("", max_length=4096)
    options: dict[str, Any] = {}
    enabled: bool = True


class ScheduleChange(_In):
    """What of a schedule is to be otherwise; what is left out stays."""

    domain: str = Field("", min_length=1, max_length=255)
    cron: str = Field("", max_length=100)
    zone: str = Field("", max_length=60)
    maintenance: str = Field("", max_length=100)
    sitemap_url: str = Field("", max_length=4096)
    options: dict[str, Any] = {}
    enabled: bool = True


HookEvent = Literal[
    "job.started", "job.finished", "job.paused", "page.failed", "diff.ready", "diff.held",
    "alert", "budget.soft", "budget.hard", "breaker.open",
]  # fmt: skip
assert HookEvent.__args__ == EVENTS, "the API names every event"  # type: ignore[attr-defined]
HookFormat = Literal["json", "slack", "teams", "discord", "telegram"]


class WebhookRequest(_In):
    """Where to send news; a secret that is not given is made and shown once."""

    url: str = Field(min_length=1, max_length=2000)
    secret: str = Field("", max_length=200, json_schema_extra={"writeOnly": True})
    events: list[HookEvent] = Field(min_length=1, max_length=20)
    format: HookFormat = "json"
    enabled: bool = True


class WebhookChange(_In):
    """What of a webhook is to be otherwise; what is left out stays."""

    url: str = Field("", min_length=1, max_length=2000)
    secret: str = Field("", min_length=1, max_length=200, json_schema_extra={"writeOnly": True})
    events: list[HookEvent] = Field([], min_length=1, max_length=20)
    format: HookFormat = "json"
    enabled: bool = True


class DiffCounts(BaseModel):
    """What changed since the last good state."""

    state: Literal["none", "ready", "held", "accepted", "rejected"]
    added: int
    removed: int
    modified: int
    unchanged: int
    not_checked: int


class JobResponse(BaseModel):
    """A job as it is now (S17)."""

    id: str
    domain: str
    label: str
    status: JobStatus
    phase: Literal["input", "crawl", "finalize"]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    total_urls: int
    success_urls: int
    failed_urls: int
    gone_urls: int
    skipped_urls: int
    pending_urls: int
    progress: float | None
    traffic_mb_used: float
    residential_mb_used: float
    traffic_bytes: int
    residential_bytes: int
    error_message: str
    stop_reason: str
    pause_reason: str
    stalled: bool
    input_complete: bool
    input_report: dict[str, Any]
    coverage: float | None
    diff: DiffCounts
    options: dict[str, Any]
    warnings: list[str]
    policies_version: str
    reports_version: str
    created_by: str


class Accepted(BaseModel):
    """An order was taken."""

    ok: bool = True
    status: JobStatus


class ExportOut(BaseModel):
    """A file of a job."""

    id: str
    job_id: str
    type: str
    format: str
    layout: str
    dialect: str
    partial: bool
    url: str
    size_bytes: int
    sha256: str
    rows: int
    created_at: datetime
    expired: bool


class Listed(BaseModel):
    """A part of a long list; `next_cursor` is null at its end."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    total: int


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, Any]]
    instance: str
    request_id: str
