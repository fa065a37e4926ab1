"""Following redirects: every hop is vetted anew and may be refused by the job (S60, S133)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from povod.crawl.fetch.addresses import check_address, href, redirect_target, same_site
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError
from povod.kit.guard import AddressGuard

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Hop(NamedTuple):
    """One answer: `location` is where it sends us, empty for an answer that stays."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    location: str = ""


class End(NamedTuple):
    """The last answer, where it came from, and the way there."""

    url: str
    hop: Hop
    redirects: list[tuple[int, str]]
    wait: str = ""

    def headers(self) -> dict[str, str]:
        """Fields of the last answer by lower-case name; a redirect's `Retry-After` stays (S65)."""
        fields = {name.lower(): value for name, value in self.hop.headers.items()}
        return {"retry-after": self.wait, **fields} if self.wait else fields


async def follow(
    request: FetchRequest, guard: AddressGuard, ask: Callable[[str, str], Awaitable[Hop]]
) -> End:
    """`ask(url, host)` from hop to hop until an answer stays; `FetchError` for a way not to go."""
    redirects: list[tuple[int, str]] = []
    wait = ""
    address = href(request.url)
    while True:
        host = check_address(address, guard, request.ports)
        if redirects:
            _check_hop(request, address, host)
        hop = await ask(address, host)
        if not hop.location:
            return End(address, hop, redirects, wait)
        wait = hop.headers.get("Retry-After") or hop.headers.get("retry-after") or wait
        redirects.append((hop.status, address))
        if len(redirects) > request.max_redirects:
            raise too_many(request)
        address = redirect_target(hop.location, address)


def check_end(url: str, request: FetchRequest, guard: AddressGuard) -> str:
    """The address on which a fetcher that follows by itself has ended, vetted like a hop."""
    final = href(url)
    host = check_address(final, guard, request.ports)
    if request.hosts and not same_site(host, request.hosts):
        raise off_site(request, final)
    return final


def check_sent(request: FetchRequest, guard: AddressGuard) -> tuple[str, str]:
    """Address and host that a service may be told: of the job's hosts only (S133)."""
    address = href(request.url)
    host = check_address(address, guard, request.ports)
    if request.hosts and not same_site(host, request.hosts):
        raise off_site(request, address)
    return address, host


def off_site(request: FetchRequest, url: str) -> FetchError:
    """The way leads to another site."""
    return FetchError(FailureClass.OFF_DOMAIN_REDIRECT, request.url, f"leads to {url[:200]}")


def too_many(request: FetchRequest) -> FetchError:
    """The way has too many hops."""
    detail = f"more than {request.max_redirects} redirects"
    return FetchError(FailureClass.TOO_MANY_REDIRECTS, request.url, detail)


def _check_hop(request: FetchRequest, address: str, host: str) -> None:
    if request.hosts and not same_site(host, request.hosts):
        raise off_site(request, address)
    refusal = request.may_follow(address) if request.may_follow else None
    if refusal is not None:
        raise FetchError(refusal, request.url, f"leads to {address[:200]}")
