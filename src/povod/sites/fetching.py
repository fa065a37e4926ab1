"""One claimed address from the request to what it says: robots, proxy, fetch, extraction."""

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import structlog

from povod.crawl.budgets import take_request
from povod.crawl.extract.site_page import (
    SitePage,
    with_answer,
    without_answer,
)
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.fetchers import Attempt, FetcherSet
from povod.crawl.fetch.request import FetchRequest, FirecrawlOptions
from povod.crawl.fetch.result import Response
from povod.crawl.frontier import JobPlan, Settled, Ticket
from povod.crawl.frontier.turns import reserve_more
from povod.crawl.ladder import LadderPolicy
from povod.crawl.proxies import Proxy
from povod.crawl.proxies.pool import ProxyPool
from povod.crawl.robots import RobotsRules
from povod.crawl.robots_cache import AGENT, RobotsAnswer, RobotsCache
from povod.crawl.urlkey import origin_of
from povod.sites.attempts import (
    Fetched,
    failure_of_page,
    given_back,
    observation,
    settled,
    skipped,
)
from povod.sites.deps import JobContext
from povod.sites.known import UNKNOWN, Known

log = structlog.get_logger()

T = TypeVar("T")
InThread = Callable[[Callable[[], T]], "asyncio.Future[T]"]

PARSER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a page that nobody thought of can raise in pure code: that page fails, not the job (N46)."""

PROXY_FAULTS = frozenset(
    {
        FailureClass.PROXY_ERROR,
        FailureClass.CONNECT_TIMEOUT,
        FailureClass.READ_TIMEOUT,
        FailureClass.TOTAL_TIMEOUT,
    }
)
"""What speaks against the proxy that was used."""

GB = 1024**3
NOTHING = Decimal(0)


class ByteAllowance:
    """The bytes that one claim may still read (S74)."""

    def __init__(
        self, plan: JobPlan, ctx: JobContext, ticket: Ticket, thread: "InThread[int]"
    ) -> None:
        self.granted = ticket.reserved
        self.total = ticket.reserved
        self._more = lambda: reserve_more(
            ctx.deps.db, plan, ticket.id, ticket.token, ticket.step.tier
        )
        self._thread = thread

    def spend(self, used: int) -> None:
        """Bytes of an earlier request of the same claim."""
        self.granted = max(0, self.granted - used)

    async def more(self) -> bool:
        """Reserve again; False when the budget is out."""
        added = await self._thread(self._more)
        self.granted += added
        self.total += added
        return added > 0


@dataclass(frozen=True, slots=True)
class Means:
    """What this process fetches with."""

    ctx: JobContext
    plan: JobPlan
    fetchers: FetcherSet
    proxies: ProxyPool
    robots: RobotsCache
    thread: "InThread[Any]"
    firecrawl: FirecrawlOptions | None = None


class Desk:
    """Works on one address at a time, many of them at once."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._ctx = means.ctx
        self._respects = bool(means.ctx.profile.get("respect_robots", True))
        self._keeps = means.ctx.options.keep_html or bool(means.ctx.profile.get("keep_html"))
        self._profile = means.ctx.site_profile
        self._ports = frozenset({80, 443, *(means.ctx.profile.get("ports") or ())})

    async def process(self, ticket: Ticket, known: Known, ladder: LadderPolicy) -> Settled:
        """Ask for the address and judge what came."""
        refused = await self._refused(ticket)
        if refused is not None:
            return refused
        allowance = ByteAllowance(self._means.plan, self._ctx, ticket, self._means.thread)
        got = await self._fetch(ticket, known, allowance)
        if got.attempt.failure is None:
            got = await self._read(got, allowance)
        result = settled(got, ladder, self._ctx.deps.now(), _jitter())
        if allowance.total != ticket.reserved:
            result = replace(result, ticket=replace(ticket, reserved=allowance.total))
        return result

    async def _refused(self, ticket: Ticket) -> Settled | None:
        """What robots.txt says against it (S63)."""
        if not self._respects:
            return None
        standing = await self._means.robots.standing(origin_of(ticket.url))
        if standing.rules is not None:
            allowed = standing.rules.allows(AGENT, ticket.url)
            return None if allowed else skipped(ticket, "robots")
        if standing.retry_at is not None:
            at = standing.retry_at
            return given_back(ticket, at, block_until=at)
        reason = "robots_unreachable"
        return skipped(ticket, reason, give_up=reason)

    def _may_follow(self, url: str) -> FailureClass | None:
        """Asked for redirects: by the rules of the target, as far as they are known."""
        origin = origin_of(url)
        rules = self._means.robots.known(origin) or self._other_scheme(origin)
        if rules is None or rules.allows(AGENT, url):
            return None
        return FailureClass.ROBOTS

    def _other_scheme(self, origin: str) -> RobotsRules | None:
        scheme, _, host = origin.partition("://")
        return self._means.robots.known(f"{'http' if scheme == 'https' else 'https'}://{host}")

    async def _fetch(self, ticket: Ticket, known: Known, allowance: ByteAllowance) -> Fetched:
        proxy, tier = None, ticket.step.tier
        if tier != "direct":
            avoid = [str(entry["proxy"]) for entry in ticket.log if entry.get("proxy")]
            tags = self._ctx.options.proxy_tags
            proxy = self._means.proxies.choose(tier, ticket.host, avoid, tags)
        if (tier != "direct" and proxy is None) or not await self._may_pay(ticket):
            kind = FailureClass.PROXY_ERROR if proxy is None else FailureClass.BUDGET
            nothing = Attempt(ticket.step, None, kind, "there is no means for this step now")
            return Fetched(ticket, nothing, known, failure=kind)
        request = self._request(ticket.url, ticket, known, allowance, proxy)
        attempt = await self._means.fetchers.attempt(request)
        if proxy is not None:
            await self._report(proxy, ticket, attempt)
        return Fetched(
            ticket, attempt, known, failure=attempt.failure,
            proxy_used=f"{proxy.tier}#{proxy.id}" if proxy else "",
            proxy_provider=proxy.provider if proxy else "",
            cost=_cost(proxy, attempt.bytes_total),
        )  # fmt: skip

    async def _may_pay(self, ticket: Ticket) -> bool:
        if ticket.step.fetcher != "firecrawl":
            return True
        most, db = self._ctx.options.firecrawl_max_requests, self._ctx.deps.db

        def take() -> bool:
            with db.tx() as conn:
                return take_request(conn, self._ctx.job_id, "firecrawl", most)

        return bool(await self._means.thread(take))

    async def _report(self, proxy: Proxy, ticket: Ticket, attempt: Attempt) -> None:
        good = attempt.failure not in PROXY_FAULTS
        await self._means.thread(
            lambda: self._means.proxies.report(
                proxy.id,
                ticket.host,
                ok=good,
                latency_ms=attempt.duration_ms,
                size=attempt.bytes_total,
                refused=attempt.proxy_refused,
            )
        )

    def _request(
        self,
        url: str,
        ticket: Ticket,
        known: Known,
        allowance: ByteAllowance,
        proxy: Proxy | None,
    ) -> FetchRequest:
        numbers = self._ctx.policies.fetch
        is_service = ticket.step.fetcher in ("flaresolverr", "firecrawl")
        return FetchRequest(
            url=url,
            step=ticket.step,
            proxy=proxy,
            hosts=self._ctx.hosts,
            ports=self._ports,
            etag=known.etag,
            last_modified=known.last_modified,
            timeout_s=numbers.service_timeout_s if is_service else self._ctx.options.url_timeout_s,
            connect_timeout_s=numbers.connect_timeout_s,
            read_timeout_s=numbers.read_timeout_s,
            max_redirects=numbers.max_redirects,
            max_body=self._ctx.policies.content.body_max_bytes,
            allowance=allowance,
            may_follow=self._may_follow if self._respects else None,
            wait_selector=str(self._ctx.profile.get("wait_selector") or ""),
            firecrawl=self._means.firecrawl,
        )

    async def _read(self, got: Fetched, allowance: ByteAllowance) -> Fetched:
        """Extract the page, with what its adapter wants from further addresses (S85)."""
        response = got.attempt.response
        if response is None or response.not_modified:
            return got
        page = self._extract(response)
        if page is None:
            return replace(got, failure=FailureClass.PARSE_ERROR)
        failure = failure_of_page(page, got.known)
        got = replace(got, page=page, failure=failure)
        if failure is None and page.wants:
            got = await self._with_wanted(got, page, allowance)
        if failure is None and self._keeps:
            got = replace(got, html_path=await self._keep(got.ticket, response.body))
        return got

    def _extract(self, response: Response) -> SitePage | None:
        try:
            return self._ctx.deps.extract(
                response.body,
                response.headers.get("content-type", ""),
                response.final_url,
                self._profile,
                response.truncated,
                headers=response.headers,
            )
        except PARSER_FAULTS as error:
            log.warning("page not understood", url=response.final_url, exc_info=error)
            return None

    async def _with_wanted(self, got: Fetched, page: SitePage, allowance: ByteAllowance) -> Fetched:
        """Fetch what the adapter asks for through the same step, budget and guard."""
        seen, used = list(got.extra), got.extra_bytes
        allowance.spend(got.attempt.bytes_total)
        for url in list(page.wants):
            attempt = await self._wanted(got.ticket, url, allowance)
            if attempt is None:
                page = without_answer(page, url)
                continue
            used += attempt.bytes_total
            allowance.spend(attempt.bytes_total)
            seen.append(observation(replace(got, attempt=attempt)))
            page = self._merged(page, url, attempt)
        return replace(got, page=page, extra=seen, extra_bytes=used, second_request=True)

    async def _wanted(self, ticket: Ticket, url: str, allowance: ByteAllowance) -> Attempt | None:
        if self._respects:
            standing = await self._means.robots.standing(origin_of(url))
            if standing.rules is None or not standing.rules.allows(AGENT, url):
                return None
        request = self._request(url, ticket, UNKNOWN, allowance, None)
        if ticket.step.tier != "direct":
            proxy = self._means.proxies.choose(ticket.step.tier, ticket.host)
            request = replace(request, proxy=proxy)
        return await self._means.fetchers.attempt(replace(request, accept=_WANTED))

    def _merged(self, page: SitePage, url: str, attempt: Attempt) -> SitePage:
        if attempt.failure is not None or attempt.response is None:
            return without_answer(page, url)
        try:
            return with_answer(page, url, attempt.response.body)
        except PARSER_FAULTS as error:
            log.warning("answer not understood", url=url, exc_info=error)
            return without_answer(page, url)

    async def _keep(self, ticket: Ticket, body: bytes) -> str:
        keep = self._ctx.deps.keep_page
        if keep is None:
            return ""
        path = await self._means.thread(lambda: keep(self._ctx.job_id, ticket.url_key, body))
        return str(path)


_WANTED = "application/json,text/html;q=0.9,*/*;q=0.5"


def _jitter() -> float:
    return random.uniform(1.1, 1.5)  # noqa: S311 - spreads retries, no secret


def _cost(proxy: Proxy | None, size: int) -> Decimal:
    return proxy.cost_per_gb * size / GB if proxy is not None else NOTHING


async def ask_robots(
    fetchers: FetcherSet, ctx: JobContext, url: str, spent: Callable[[int], None]
) -> RobotsAnswer:
    """robots.txt of an origin, by the plain fetcher and directly."""
    rules, numbers = ctx.policies.politeness, ctx.policies.fetch
    request = FetchRequest(
        url=url,
        ports=frozenset({80, 443, *(ctx.profile.get("ports") or ())}),
        timeout_s=ctx.options.url_timeout_s,
        connect_timeout_s=numbers.connect_timeout_s,
        read_timeout_s=numbers.read_timeout_s,
        max_redirects=rules.robots_max_redirects,
        max_body=rules.robots_max_bytes,
        stop_at_html_end=False,
        accept="text/plain,*/*;q=0.5",
    )
    attempt = await fetchers.attempt(request)
    spent(attempt.bytes_total)
    response = attempt.response
    if response is None:
        refused = attempt.failure is FailureClass.TOO_MANY_REDIRECTS
        return RobotsAnswer(404 if refused else 0)
    return RobotsAnswer(response.status, response.body)


def firecrawl_options(
    ctx: JobContext, keys: Sequence[str], profile: Mapping[str, Any]
) -> FirecrawlOptions | None:
    """What the job gives to the paid service; None when it is not to be used."""
    from pydantic import SecretStr

    if not ctx.options.enable_firecrawl:
        return None
    asked = profile.get("firecrawl") or {}
    return FirecrawlOptions(
        keys=tuple(SecretStr(key) for key in keys if key),
        zero_data_retention=bool(asked.get("zero_data_retention", False)),
        max_age_ms=int(asked.get("max_age_ms", 0)),
    )


def wait_for(ticket: Ticket, now: datetime) -> float:
    """Seconds until the claim may be asked for."""
    return max(0.0, (ticket.starts_at - now).total_seconds())


def allowed_tiers(
    wanted: Sequence[str], alive: Collection[str], strategy: str, residential: str
) -> tuple[str, ...]:
    """The tiers that an address may climb to now; `residential` says why not, if so (S78)."""
    if strategy == "none":
        return ("direct",)
    usable = {"direct", *alive} - ({"residential", "mobile"} if residential else set())
    return tuple(tier for tier in wanted if tier in usable)
