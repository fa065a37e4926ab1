"""Which addresses may be requested at all, before any name is looked up (S133)."""

import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.request import WEB_PORTS
from povod.crawl.fetch.result import FetchError
from povod.kit.errors import InvalidUrl
from povod.kit.guard import AddressGuard
from povod.kit.url import parse_url

PUBLIC_ONLY = AddressGuard()

_USUAL = re.compile(r"http(s?)://([a-z0-9._-]+)(?=[/?]|$)")
"""An address without a login and a port: nearly all of them, so they cost little."""

_ORIGIN = re.compile(r"https?://[^/?#]*")

_SETTLED = re.compile(
    r"(https?://[a-z0-9.:-]+)(/[A-Za-z0-9\-._~/:@!$&()*+,;=]*)(?:\?[A-Za-z0-9\-._~/:@!$&()*+,;=?]*)?"
)
"""Path and query that a browser leaves as they are, if no segment begins with a dot."""


def check_address(
    url: str, guard: AddressGuard = PUBLIC_ONLY, ports: Collection[int] = WEB_PORTS
) -> str:
    """Refuse what must not be requested whatever DNS says: scheme, login, port, literals.

    Gives the host. `url` is an href of `parse_url`: numbers in any spelling are dotted by then.
    """
    usual = _USUAL.match(url)
    if usual is not None and (443 if usual[1] else 80) in ports:
        host = usual[2]
        if not is_literal(host):
            return host
    origin = _ORIGIN.match(url)
    host, refusal = _judged(origin[0] if origin else url, guard, frozenset(ports))
    if refusal:
        raise refused(url, refusal)
    return host


@lru_cache(maxsize=4096)
def _judged(origin: str, guard: AddressGuard, ports: frozenset[int]) -> tuple[str, str]:
    """The host, and why nothing of that origin may be requested, if so."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return "", "is no address"
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https"):
        return host, f"scheme {parts.scheme!r} is not fetched"
    if parts.username or parts.password:
        return host, "an address with a login is not fetched"
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    if port not in ports:
        allowed = ", ".join(str(item) for item in sorted(ports))
        return host, f"port {port} is not fetched, only {allowed}"
    if is_literal(host) and not guard.permits(host):
        return host, f"{host} is not a public address"
    return host, ""


def refused(url: str, detail: str) -> FetchError:
    """The error of an address that must not be requested."""
    return FetchError(FailureClass.GUARD_BLOCKED, url, detail)


def is_literal(host: str) -> bool:
    """Whether a host of an href is an IP address."""
    return ":" in host or host.replace(".", "").isdigit()


def href(url: str) -> str:
    """The address as a browser would send it."""
    settled = _SETTLED.fullmatch(url)
    if settled is not None and "/." not in settled[2] and _is_settled(settled[1]):
        return url
    try:
        return parse_url(url)
    except InvalidUrl:
        raise refused(url, "is no address") from None


@lru_cache(maxsize=4096)
def _is_settled(origin: str) -> bool:
    """Whether a browser leaves scheme, host and port as they are."""
    try:
        return parse_url(origin) == f"{origin}/"
    except InvalidUrl:
        return False


def redirect_target(target: str, base: str) -> str:
    """Where a `Location` leads."""
    try:
        return parse_url(target, base)
    except InvalidUrl:
        detail = f"redirect to {target[:200]!r}, which is no address"
        raise FetchError(FailureClass.TOO_MANY_REDIRECTS, base, detail) from None


def same_site(host: str, hosts: Collection[str]) -> bool:
    """Whether the host is one of `hosts`; `www.` makes no difference (S60)."""
    return host.removeprefix("www.") in hosts
