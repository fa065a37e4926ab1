"""Asking Firecrawl for the addresses of a site that names no map (S41)."""

import asyncio
from collections.abc import Sequence

from povod.crawl.fetch.firecrawl_map import map_site
from povod.kit.errors import ExternalError
from povod.sites.deps import JobContext
from povod.sites.input.maps import MapTree
from povod.sites.jobs import FIRECRAWL_KEY, get_secret

LIMITS = (60, 30, 10)
"""How many addresses are asked for; fewer after each failure."""


def read_firecrawl_map(ctx: JobContext, tree: MapTree) -> int:
    """Take what the service knows of the site; 0 when it is not enabled or knows nothing."""
    if not ctx.options.enable_firecrawl:
        return 0
    key = _key(ctx)
    if not key:
        tree.warn("Firecrawl is enabled and has no key")
        return 0
    links = _ask(ctx, tree, key)
    return sum(tree.sieve.offer(link, source="discovery") for link in links)


def _key(ctx: JobContext) -> str:
    with ctx.deps.db.read() as conn:
        own = get_secret(conn, ctx.deps.sealer, ctx.job_id, FIRECRAWL_KEY)
    house = ctx.deps.settings.firecrawl_api_key
    return own or (house.get_secret_value() if house else "")


def _ask(ctx: JobContext, tree: MapTree, key: str) -> Sequence[str]:
    site = f"https://{ctx.job['domain']}/"
    for limit in LIMITS:
        try:
            return asyncio.run(map_site(ctx.deps.settings.firecrawl_url, key, site, limit))
        except ExternalError as error:
            tree.warn(f"Firecrawl, {limit} addresses: {error}")
    return []
