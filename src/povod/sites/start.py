"""Starting a job: from what somebody gave to a row of `jobs` (S7, S19, S33).

Everything that can be told at once is told at once; the rest is found when the list is read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from povod.crawl.frontier import NewUrl
from povod.crawl.sitemaps import MAX_RECEIVED_BYTES
from povod.crawl.unpack import GZIP, ZIP
from povod.crawl.urlkey import UrlKeyError, host_of_key, url_key
from povod.kit.errors import ForbiddenError, InputError, TooManyError
from povod.kit.guard import AddressGuard
from povod.kit.settings.types import Limit
from povod.sites.deps import SitesDeps
from povod.sites.exports.columns import REPORTS_VERSION
from povod.sites.input.loading import check_source
from povod.sites.input.masks import Masks
from povod.sites.input.preview import PreviewOrder
from povod.sites.input.sieve import MAX_URLS, Sieve, said
from povod.sites.input.spool import Spool
from povod.sites.input.uploads import (
    KEPT_FOR_JOB,
    check_upload,
    keep_longer,
    keep_upload,
    look,
    pieces_of,
    too_large,
)
from povod.sites.jobs import Job, NewJob, get_job
from povod.sites.options import InvalidOption, JobOptions
from povod.sites.states import JobActive
from povod.sites.work import job_store
from povod.store import audit
from povod.store.once import KEPT_FOR, digest, mismatch, scoped
from povod.store.tables import job_urls, jobs

RATE_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the addresses come from: exactly one of these, or none with `discover`."""

    sitemap_url: str = ""
    urls: Sequence[str] = ()
    upload: bytes | None = None
    upload_id: str = ""

    @property
    def given(self) -> list[str]:
        """The names of those that were given."""
        found = {
            "sitemap_url": bool(self.sitemap_url),
            "sitemap_urls": bool(self.urls),
            "sitemap_file": self.upload is not None,
            "upload_id": bool(self.upload_id),
        }
        return [name for name, is_there in found.items() if is_there]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A wish for a job. `rate_key` is whose starts are counted; empty: nobody's."""

    source: Source
    options: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    how: str = "api"
    clone_of: str = ""
    rights_confirmed: bool = True
    idempotency_key: str = ""
    bulk_id: str | None = None
    schedule_id: str | None = None
    rate_key: str = ""


@dataclass(frozen=True)
class Started:
    """The job, and whether it is new; False: an earlier order with the same key made it."""

    job: Job
    is_new: bool


@dataclass(frozen=True)
class Starter:
    """Turns orders into jobs."""

    deps: SitesDeps
    quotas: Any

    def start(self, order: Order) -> Started:
        """The job; the errors are those of S18."""
        if not order.rights_confirmed:
            raise InputError(
                "rights_confirmed: starting a job asserts the right to collect these pages",
                code="rights_not_confirmed",
            )
        order = self._with_cloned_options(order)
        before = self._earlier(order)
        if before is not None:
            return before
        new = self._prepared(order)
        self.count_start(order.rate_key)
        try:
            job = job_store(self.deps).create_job(new)
        except (IntegrityError, JobActive):
            before = self._earlier(order)  # the same order came twice at once
            if before is None:
                raise
            return before
        facts = {"domain": job["domain"], "input": job["input_kind"], "how": order.how}
        with self.deps.db.tx() as conn:
            audit.append(conn, order.by or order.how, "export_start", str(job["id"]), facts)
        return Started(job, True)

    def count_start(self, who: str) -> None:
        """One more start or upload of somebody; `TooManyError` over the limit (S18)."""
        rate = self.deps.settings.povod_sites_start_rate
        if not who or not rate:
            return
        wait = self.quotas.take(f"sites.start:{who}", [Limit(rate, RATE_SECONDS)])
        if wait > timedelta():
            raise TooManyError(
                f"more than {rate} starts or uploads in a minute",
                extra={"retry_after": wait.total_seconds()},
            )

    # -- idempotency ------------------------------------------------------------------------

    def _earlier(self, order: Order) -> Started | None:
        """The job that the same key made within a day; older keys are free again (S19)."""
        key = _scoped(order)
        if key is None:
            return None
        since = self.deps.now() - KEPT_FOR
        with self.deps.db.tx() as conn:
            mine = jobs.c.idempotency_key == key
            old = sa.update(jobs).where(mine, jobs.c.created_at < since)
            conn.execute(old.values(idempotency_key=None))
            row = conn.execute(sa.select(jobs.c.id, jobs.c.idempotency_hash).where(mine)).first()
            if row is None:
                return None
            if row.idempotency_hash != _hash_of(order):
                raise mismatch()
            return Started(get_job(conn, row.id), False)

    # -- preparation ------------------------------------------------------------------------

    def _with_cloned_options(self, order: Order) -> Order:
        """Options of another job, changed by those given (S7)."""
        if not order.clone_of:
            return order
        with self.deps.db.read() as conn:
            other = get_job(conn, order.clone_of)
            source = order.source
            if not source.given:
                source = _source_of(conn, other)
        options = {**other["options"], **order.options}
        return replace(order, options=options, source=source)

    def _prepared(self, order: Order) -> NewJob:
        options = JobOptions.parse(order.options)
        kind = self._kind_of(order.source, options)
        masks = Masks.of(options.include, options.exclude)
        new = self._input_of(order, options, kind)
        profile = self.deps.profile_of(new.domain)
        self._check_consent(options, profile)
        if kind == "list":
            new = self._with_list(new, order.source, masks, profile)
        elif kind == "sitemap_url":
            check_source(new.input_ref, self.guard, profile.get("ports") or ())
        return new

    def previewed(self, source: Source, options: JobOptions) -> PreviewOrder:
        """The order for a look at a list; sources are those of a start."""
        kind = self._kind_of(source, options)
        new = self._input_of(Order(source=source), options, kind)
        return PreviewOrder(
            domain=new.domain,
            options=options,
            kind=kind,
            ref=new.input_ref,
            urls=source.urls,
            profile=self.deps.profile_of(new.domain),
        )

    @property
    def guard(self) -> AddressGuard:
        """Which literal addresses may be asked for."""
        return AddressGuard(self.deps.settings.povod_guard_allow)

    def _kind_of(self, source: Source, options: JobOptions) -> str:
        given = source.given
        if len(given) > 1:
            raise InputError(f"give one source, not {' and '.join(given)}", code="many_sources")
        if not given and not options.discover:
            raise InputError(
                "give a source: sitemap_url, sitemap_file, sitemap_urls or upload_id, "
                "or set options.discover",
                code="no_source",
            )
        kinds = {"sitemap_url": "sitemap_url", "sitemap_urls": "list"}
        return kinds.get(given[0], "sitemap_file") if given else "discover"

    def _input_of(self, order: Order, options: JobOptions, kind: str) -> NewJob:
        """Domain and reference of the list."""
        source, ref, first = order.source, "", options.domain
        if kind == "sitemap_url":
            ref = first = check_source(source.sitemap_url, self.guard, _any_port(source))
        elif kind == "list":
            first = _first_of(source.urls)
        elif kind == "sitemap_file":
            ref, first = self._upload(source, order.rate_key)
        domain = domain_of(options.domain or first)
        if not options.domain:
            options = options.model_copy(update={"domain": domain})
        return NewJob(
            domain=domain,
            options=options,
            input_kind=kind,
            input_ref=ref,
            created_by=order.by,
            rights_by=order.by,
            rights_how=order.how,
            clone_of=order.clone_of or None,
            bulk_id=order.bulk_id,
            schedule_id=order.schedule_id,
            idempotency_key=_scoped(order),
            idempotency_hash=_hash_of(order),
            policies_version=self.deps.policies.version,
            reports_version=REPORTS_VERSION,
        )

    def _upload(self, source: Source, who: str) -> tuple[str, str]:
        """Id of the stored list and the first address in it."""
        until = self.deps.now() + KEPT_FOR_JOB
        if source.upload is None:
            with self.deps.db.tx() as conn:
                check_upload(conn, source.upload_id)
                keep_longer(conn, source.upload_id, until)
            return source.upload_id, look(_beginning(self.deps, source.upload_id))
        if len(source.upload) > MAX_RECEIVED_BYTES:
            raise too_large()
        first = look(source.upload)
        with self.deps.db.tx() as conn:
            file_id = keep_upload(conn, source.upload, self.deps.now())
            keep_longer(conn, file_id, until)
        return file_id, first

    def _check_consent(self, options: JobOptions, profile: Mapping[str, Any]) -> None:
        if options.allow_residential and not profile.get("allow_residential"):
            raise ForbiddenError(
                "options.allow_residential: the site's profile does not allow it",
                code="residential_forbidden",
            )

    def _with_list(
        self, new: NewJob, source: Source, masks: Masks, profile: Mapping[str, Any]
    ) -> NewJob:
        if len(source.urls) > MAX_URLS:
            raise InputError(f"a list may have {MAX_URLS} addresses", code="too_many_urls")
        options, hosts = new.options, {new.domain, *(profile.get("hosts") or ())}
        drop = tuple(profile.get("drop_params") or ())
        with Spool(options.sort) as spool:
            sieve = Sieve(spool, hosts, masks, drop, options.max_urls)
            for url in source.urls:
                sieve.offer(url, source="list")
            report = sieve.report()
            if not sieve.accepted:
                raise _none_usable(report["rejected"])
            urls = [
                NewUrl(kept.url, kept.url_key, place) for place, kept in enumerate(sieve.taken())
            ]
        _check_literals(urls, self.guard, profile)
        rejected = report["rejected"]
        told = [f"left out of the list: {said(rejected)}"] if rejected else []
        return replace(new, urls=urls, input_report=report, warnings=told)


def _source_of(conn: Connection, job: Job) -> Source:
    """Where another job had its addresses from."""
    ref = job["input_ref"]
    match job["input_kind"]:
        case "sitemap_url":
            return Source(sitemap_url=ref)
        case "sitemap_file":
            return Source(upload_id=ref)
        case "list":
            mine = (job_urls.c.job_id == job["id"], job_urls.c.source == "list")
            listed = sa.select(job_urls.c.url).where(*mine).order_by(job_urls.c.position)
            return Source(urls=list(conn.execute(listed).scalars()))
    return Source()


def domain_of(text: str) -> str:
    """A domain as jobs have it: lower case, punycode, without `www.`; from an address too."""
    address = text if "://" in text else f"https://{text.strip()}"
    try:
        host = host_of_key(url_key(address)).partition(":")[0]
    except UrlKeyError as error:
        raise InvalidOption("domain", str(error) if text else "cannot be told; give it") from None
    if not host:
        raise InvalidOption("domain", "give a name such as shop.ru")
    return host


def _none_usable(rejected: Mapping[str, int]) -> InputError:
    code = "off_domain" if set(rejected) == {"off_domain"} else "no_urls"
    message = f"no address of the list can be used: {said(dict(rejected))}"
    return InputError(message, code=code, errors=[{"field": "sitemap_urls", "message": message}])


def _check_literals(
    urls: Sequence[NewUrl], guard: AddressGuard, profile: Mapping[str, Any]
) -> None:
    """A list of one site has few hosts; an IP address among them is vetted at once."""
    seen = set()
    for new in urls:
        host = host_of_key(new.url_key)
        if host not in seen:
            seen.add(host)
            check_source(new.url, guard, profile.get("ports") or ())


def _first_of(urls: Sequence[str]) -> str:
    """The first address of a list that is one."""
    for url in urls:
        try:
            return url_key(url)
        except UrlKeyError:
            continue
    return ""


def _any_port(source: Source) -> set[int]:
    """Ports are judged with the site's profile, which is known only with the domain."""
    return set(range(1, 65536)) if source.sitemap_url else set()


def _beginning(deps: SitesDeps, upload_id: str) -> bytes:
    """Enough of a stored list to know its first address: an archive whole, else its head."""
    pieces = pieces_of(deps.db, upload_id)
    head = next(pieces, b"")
    return b"".join([head, *pieces]) if head.startswith((GZIP, ZIP)) else head


def _scoped(order: Order) -> str | None:
    return scoped(order.by, order.idempotency_key)


def _hash_of(order: Order) -> str:
    source = order.source
    upload = hashlib.sha256(source.upload).hexdigest() if source.upload is not None else ""
    parts = [source.sitemap_url, list(source.urls), source.upload_id, upload, order.clone_of]
    return digest([parts, dict(order.options)])
