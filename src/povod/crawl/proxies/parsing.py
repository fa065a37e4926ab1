"""Reading a list of proxies as people paste it: one address per line (S82)."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from povod.crawl.proxies.model import SCHEMES

MAX_LINES = 20_000


class ProxyAddress(NamedTuple):
    """What identifies a proxy, and its password."""

    scheme: str
    host: str
    port: int
    username: str
    password: str


class BadLine(NamedTuple):
    """A line that is no proxy; `reason` does not repeat it, since it may hold a password."""

    number: int
    reason: str


@dataclass(frozen=True)
class Parsed:
    """Good lines without repeats, and the bad ones by number."""

    proxies: list[ProxyAddress]
    bad: list[BadLine]


def parse_proxies(text: str) -> Parsed:
    """Lines `<scheme>://[user:pass@]host:port`; blank ones and those after `#` are passed over."""
    found: dict[tuple[str, str, int, str], ProxyAddress] = {}
    bad = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines()[:MAX_LINES], 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        address = _parse(line.strip())
        if isinstance(address, str):
            bad.append(BadLine(number, address))
        else:
            found[address[:4]] = address
    return Parsed(list(found.values()), bad)


def _parse(line: str) -> ProxyAddress | str:
    try:
        parts = urlsplit(line)
        port = parts.port
    except ValueError:
        return "is no address; expected http://user:password@host:port"
    scheme = {"socks5h": "socks5"}.get(parts.scheme, parts.scheme)
    if scheme not in SCHEMES or "://" not in line:
        return "the scheme must be http, https or socks5"
    if not parts.hostname:
        return "names no host"
    if not port:
        return "names no port"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "has something after the port"
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    return ProxyAddress(scheme, parts.hostname.lower(), port, username, password)
