"""Which addresses may be requested at all, before any name is looked up (S133)."""

import re
from collections.abc import Collection
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
    return _check_parts(url, guard, ports)


def _check_parts(url: str, guard: AddressGuard, ports: Collection[int]) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused(url, "is no address") from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https"):
        raise refused(url, f"scheme {parts.scheme!r} is not fetched")
    if parts.username or parts.password:
        raise refused(url, "an address with a login is not fetched")
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    if port not in ports:
        allowed = ", ".join(str(item) for item in sorted(ports))
        raise refused(url, f"port {port} is not fetched, only {allowed}")
    if is_literal(host) and not guard.permits(host):
        raise refused(url, f"{host} is not a public address")
    return host


def refused(url: str, detail: str) -> FetchError:
    """The error of an address that must not be requested."""
    return FetchError(FailureClass.GUARD_BLOCKED, url, detail)


def is_literal(host: str) -> bool:
    """Whether a host of an href is an IP address."""
    return ":" in host or host.replace(".", "").isdigit()


def href(url: str) -> str:
    """The address as a browser would send it."""
    try:
        return parse_url(url)
    except InvalidUrl:
        raise refused(url, "is no address") from None


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
