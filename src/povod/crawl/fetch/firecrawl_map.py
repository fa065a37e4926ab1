"""Firecrawl's list of a site's addresses (S41): one call, asked by operators only."""

from collections.abc import Iterator
from typing import Any

from povod.crawl.fetch.service import ServiceClient
from povod.kit.errors import ExternalError

TIMEOUT_S = 75.0


async def map_site(service_url: str, key: str, site: str, limit: int) -> list[str]:
    """Up to `limit` addresses that the service knows; `ExternalError` when it gives none."""
    async with ServiceClient() as client:
        body = {"url": site, "limit": limit}
        address = f"{service_url.rstrip('/')}/v2/map"
        answer = await client.post(address, body, timeout_s=TIMEOUT_S, key=key)
    if answer.status != 200 or answer.data.get("success") is False:
        reason = str(answer.data.get("error") or "no list in the answer")[:200]
        raise ExternalError(f"Firecrawl: status {answer.status}: {reason}")
    return list(_links(answer.data.get("links")))


def _links(found: Any) -> Iterator[str]:
    """Older answers hold plain addresses, newer ones objects with `url`."""
    for item in found if isinstance(found, list) else []:
        url = item.get("url") if isinstance(item, dict) else item
        if isinstance(url, str) and url:
            yield url
