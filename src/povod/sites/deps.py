"""What the work of this job needs, and the seam to reading lists and to finalisation.

`app` wires `SitesDeps`. Reading of inputs and finalisation are handed in as callables, so that the
course of a job stands apart from what is done in its first and last phase.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from povod.crawl.extract.site_page import SitePage, extract_site_page
from povod.crawl.fetch.build import build_fetchers
from povod.crawl.fetch.fetchers import FetcherSet
from povod.crawl.policies import Policies, load_policies
from povod.crawl.site_profile import SiteProfile
from povod.engine.events import Events
from povod.engine.handlers import Run
from povod.engine.ledger import Ledger
from povod.kit.clock import Clock
from povod.kit.errors import InputError
from povod.kit.sealing import Sealer
from povod.kit.settings import Settings
from povod.sites.budgets import house_limits, with_limits
from povod.sites.finish.notable import SiteReport
from povod.sites.options import JobOptions
from povod.sites.verdict import Verdict
from povod.store.db import Database
from povod.store.tables import jobs, site_profiles

Job = Mapping[str, Any]
"""A row of `jobs`, columns by name."""


class InputFault(InputError):  # noqa: N818 - a fault of the list, named as the API names it
    """The list of a job cannot be used; the job ends failed with this code (S33)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class InputResult:
    """What reading a list gave; the addresses themselves are rows of `job_urls`."""

    complete: bool
    report: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FinishResult:
    """How finalisation ended. `retry_in`: the store of files is down, call again (S125)."""

    held: bool = False
    exports: list[dict[str, Any]] = field(default_factory=list)
    retry_in: float | None = None


@dataclass(frozen=True)
class JobContext:
    """One job in the hands of a worker."""

    deps: "SitesDeps"
    job: Job
    options: JobOptions
    profile: Mapping[str, Any]
    run: Run

    @property
    def job_id(self) -> str:
        """The id of the job."""
        return str(self.job["id"])

    @cached_property
    def policies(self) -> Policies:
        """The policies with the house's own limits and the site's own changes."""
        policies = with_limits(self.deps.policies, house_limits(self.deps.db))
        return policies.overridden(self.profile.get("policies_override") or {})

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Hosts (without `www.`) that belong to the site."""
        return frozenset({self.job["domain"], *(self.profile.get("hosts") or ())})

    @property
    def site_profile(self) -> SiteProfile:
        """The profile as extraction takes it."""
        return SiteProfile.of_data(self.profile)

    def alive(self) -> bool:
        """Whether to go on: the job runs and this worker holds its work."""
        if self.run.cancelled():
            return False
        query = sa.select(jobs.c.status).where(jobs.c.id == self.job_id)
        with self.deps.db.read() as conn:
            return conn.execute(query).scalar() == "running"


ReadInput = Callable[[JobContext], InputResult]
Finalize = Callable[[JobContext, Verdict], FinishResult]
Export = Callable[["SitesDeps", Run], dict[str, Any]]
KeepPage = Callable[[str, str, bytes], str]
"""Stores the page of an address (job, key, body) and gives the path (S126)."""
OnChanges = Callable[[SiteReport], object]
"""Told of changes that give a reason to write, once the new state is written (S108)."""
Extract = Callable[..., SitePage]
"""What reads a page; `extract_site_page` unless a measurement puts a simpler one in its place."""
OpenFetchers = Callable[[Settings, Policies], FetcherSet]


@dataclass(frozen=True)
class SitesDeps:
    """Everything that the work of watched sites needs."""

    db: Database
    clock: Clock
    settings: Settings
    ledger: Ledger
    events: Events
    sealer: Sealer
    read_input: ReadInput
    finalize: Finalize
    export: Export
    open_fetchers: OpenFetchers = build_fetchers
    extract: Extract = extract_site_page
    keep_page: KeepPage | None = None
    on_changes: OnChanges | None = None
    slice_s: float = 60
    """A worker that others wait for turns to them after so long."""
    patience_s: float = 5
    """A worker that has nothing to do for longer turns to other work until then."""

    @cached_property
    def policies(self) -> Policies:
        """The policies of this process."""
        return load_policies(self.settings)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which a day of a budget is measured."""
        return ZoneInfo(self.settings.app_timezone)

    def now(self) -> datetime:
        """The clock's time."""
        return self.clock.now()

    def profile_of(self, domain: str) -> Mapping[str, Any]:
        """The stored profile of a site; empty if it has none."""
        query = sa.select(site_profiles.c.data).where(site_profiles.c.domain == domain)
        with self.db.read() as conn:
            return conn.execute(query).scalar() or {}
