"""Looking after proxies that nobody uses: one request each to a page of the operator (S83)."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.fetchers import Attempt
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.proxies.model import Proxy
from povod.crawl.proxies.pool import ProxyPool
from povod.crawl.steps import Step

CHECK_SECONDS = 20.0
CHECK_BYTES = 65_536

PROXY_FAILURES = frozenset(
    {
        FailureClass.PROXY_ERROR,
        FailureClass.CONNECT_TIMEOUT,
        FailureClass.CONNECT_RESET,
        FailureClass.READ_TIMEOUT,
        FailureClass.TOTAL_TIMEOUT,
    }
)
"""Classes that speak against the proxy rather than against the site."""


async def check_proxy(
    proxy: Proxy, url: str, attempt: Callable[[FetchRequest], Awaitable[Attempt]]
) -> Attempt:
    """Ask for the page through the proxy."""
    request = FetchRequest(
        url=url,
        step=Step("http", proxy.tier),
        proxy=proxy,
        timeout_s=CHECK_SECONDS,
        max_body=CHECK_BYTES,
    )
    return await attempt(request)


async def check_idle(
    pool: ProxyPool, url: str, attempt: Callable[[FetchRequest], Awaitable[Attempt]]
) -> int:
    """Check the proxies that have been idle for too long; how many. `url` empty: none."""
    if not url:
        return 0
    due = pool.idle()
    for proxy in due:
        report_use(pool, await check_proxy(proxy, url, attempt), urlsplit(url).hostname or "")
    return len(due)


def report_use(pool: ProxyPool, attempt: Attempt, host: str) -> None:
    """Tell the pool how an attempt through a proxy went; a site's refusal is no fault of it."""
    if attempt.proxy_id:
        pool.report(
            attempt.proxy_id,
            host,
            ok=attempt.failure not in PROXY_FAILURES,
            latency_ms=attempt.duration_ms,
            size=attempt.bytes_total,
            refused=attempt.proxy_refused,
        )
