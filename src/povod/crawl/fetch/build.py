"""Making the fetcher that the settings ask for."""

import ssl
import urllib.request

from aiohttp.abc import AbstractResolver

from povod import __version__
from povod.crawl.fetch.http import HttpFetcher
from povod.crawl.fetch.resolver import PublicResolver, SandboxResolver
from povod.crawl.fetch.result import FetchLimits
from povod.kit.settings import Settings


def build_fetcher(settings: Settings) -> HttpFetcher:
    """The fetcher for company sites; in the sandbox it sees the sandbox's names and authority."""
    return HttpFetcher(
        build_resolver(settings),
        user_agent=user_agent(settings.leads_bot_url),
        limits=enrich_limits(settings),
        tls=sandbox_tls(settings.sandbox_url) if settings.sandbox_url else None,
    )


def build_resolver(settings: Settings) -> AbstractResolver:
    """Public names only, or the sandbox's names only."""
    return SandboxResolver(settings.sandbox_url) if settings.sandbox_url else PublicResolver()


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


def sandbox_tls(sandbox_url: str) -> ssl.SSLContext:
    """A context that trusts the sandbox's authority and nothing else."""
    with urllib.request.urlopen(f"{sandbox_url}/sandbox/ca.pem", timeout=5) as answer:  # noqa: S310
        return ssl.create_default_context(cadata=answer.read().decode("ascii"))
