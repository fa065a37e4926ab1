"""Making the fetchers that the settings ask for."""

import ssl
import urllib.request
from dataclasses import dataclass

from povod import __version__
from povod.crawl.fetch.browser import BrowserFetcher
from povod.crawl.fetch.chromium import browser_problem
from povod.crawl.fetch.cookies import CookieStore
from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.fetchers import FetcherSet
from povod.crawl.fetch.firecrawl import FirecrawlFetcher
from povod.crawl.fetch.flaresolverr import FlareSolverrFetcher
from povod.crawl.fetch.http import HttpFetcher
from povod.crawl.fetch.http_tls import HttpTlsFetcher
from povod.crawl.fetch.resolver import PublicResolver, SandboxResolver
from povod.crawl.fetch.result import Fetcher, FetchLimits
from povod.crawl.fetch.service import ServiceClient
from povod.crawl.fetch.visits import VisitFetcher, visit_proxies
from povod.crawl.policies import Policies, read_policies
from povod.kit.guard import AddressGuard
from povod.kit.settings import Settings


def build_fetcher(settings: Settings) -> HttpFetcher:
    """The fetcher for company sites; in the sandbox it sees the sandbox's names and authority."""
    guard = AddressGuard(settings.povod_guard_allow)
    return HttpFetcher(
        build_resolver(settings, guard),
        user_agent=user_agent(settings.leads_bot_url),
        limits=enrich_limits(settings),
        tls=_tls(settings),
        guard=guard,
    )


def build_visit_fetcher(settings: Settings) -> VisitFetcher:
    """What visits of leads fetch with: under their own name, plainly unless set up otherwise."""
    return VisitFetcher(
        build_fetchers(settings, agent=user_agent(settings.leads_bot_url)),
        limits=enrich_limits(settings),
        browser=settings.enrich_browser,
        proxies=visit_proxies(settings.enrich_proxy_url),
    )


def build_fetchers(
    settings: Settings, policies: Policies | None = None, *, agent: str = ""
) -> FetcherSet:
    """All fetchers that are configured and installed; one set per event loop.

    What is missing is named with its reason in `FetcherSet.missing` and its step is skipped (S4).
    `agent` is the name under which the browser goes too.
    """
    policies = policies or read_policies(settings)
    guard = AddressGuard(settings.povod_guard_allow)
    resolver = build_resolver(settings, guard)
    parts = _Parts(
        settings,
        guard,
        CookieStore(),
        EgressProxy(resolver, guard, advertise=settings.povod_egress_advertise),
        ServiceClient(),
        sandbox_authority(settings.sandbox_url) if settings.sandbox_url else "",
    )
    http = HttpFetcher(
        resolver,
        user_agent=agent or settings.povod_sites_user_agent or user_agent(settings.leads_bot_url),
        tls=ssl.create_default_context(cadata=parts.authority) if parts.authority else None,
        guard=guard,
        cookies=parts.cookies,
        egress=parts.egress,
    )
    dressed = HttpTlsFetcher(parts.egress, parts.cookies, guard=guard, authority=parts.authority)
    fetchers: list[Fetcher] = [http, dressed, _firecrawl(parts)]
    missing = {}
    problem = browser_problem(settings.browser_executable)
    if problem:
        missing["browser"] = problem
    else:
        fetchers.append(_browser(parts, policies, agent))
    if settings.flaresolverr_url:
        fetchers.append(_flaresolverr(parts, policies))
    else:
        missing["flaresolverr"] = "FLARESOLVERR_URL is not set"
    return FetcherSet(
        fetchers,
        egress=parts.egress,
        cookies=parts.cookies,
        services=parts.services,
        missing=missing,
    )


@dataclass(frozen=True)
class _Parts:
    """What the fetchers of one set share."""

    settings: Settings
    guard: AddressGuard
    cookies: CookieStore
    egress: EgressProxy
    services: ServiceClient
    authority: str


def _browser(parts: _Parts, policies: Policies, agent: str) -> BrowserFetcher:
    return BrowserFetcher(
        parts.egress,
        policies.browser,
        guard=parts.guard,
        executable=parts.settings.browser_executable,
        authority=parts.authority,
        agent=agent,
    )


def _flaresolverr(parts: _Parts, policies: Policies) -> FlareSolverrFetcher:
    return FlareSolverrFetcher(
        parts.services,
        parts.settings.flaresolverr_url,
        policies.flaresolverr,
        egress=parts.egress,
        cookies=parts.cookies,
        guard=parts.guard,
        max_timeout_ms=parts.settings.flaresolverr_timeout_ms,
        advertise=parts.settings.povod_egress_advertise,
    )


def _firecrawl(parts: _Parts) -> FirecrawlFetcher:
    settings = parts.settings
    return FirecrawlFetcher(
        parts.services, settings.firecrawl_url, guard=parts.guard, key=settings.firecrawl_api_key
    )


def build_resolver(
    settings: Settings, guard: AddressGuard | None = None
) -> PublicResolver | SandboxResolver:
    """Public names only, or the sandbox's names only."""
    if settings.sandbox_url:
        return SandboxResolver(settings.sandbox_url)
    return PublicResolver(guard or AddressGuard(settings.povod_guard_allow))


def enrich_limits(settings: Settings) -> FetchLimits:
    """The caps of a visit (L73)."""
    return FetchLimits(
        timeout=settings.enrich_timeout_seconds,
        max_redirects=settings.enrich_max_redirects,
        max_body=settings.enrich_max_body_bytes,
    )


def user_agent(contact_url: str) -> str:
    """`PovodBot/<version>`, with an address where the site's owner can complain."""
    suffix = f" (+{contact_url})" if contact_url else ""
    return f"PovodBot/{__version__}{suffix}"


def sandbox_authority(sandbox_url: str) -> str:
    """The certificate of the sandbox's authority, PEM."""
    with urllib.request.urlopen(f"{sandbox_url}/sandbox/ca.pem", timeout=5) as answer:  # noqa: S310
        text: str = answer.read().decode("ascii")
    return text


def sandbox_tls(sandbox_url: str) -> ssl.SSLContext:
    """A context that trusts the sandbox's authority and nothing else."""
    return ssl.create_default_context(cadata=sandbox_authority(sandbox_url))


def _tls(settings: Settings) -> ssl.SSLContext | None:
    return sandbox_tls(settings.sandbox_url) if settings.sandbox_url else None
