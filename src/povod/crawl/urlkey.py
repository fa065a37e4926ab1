"""The key of a page: two addresses of one page have the same one (S34).

A key is an address itself, with the scheme https whatever the page's own is; what is fetched is
the listed address, never the key. Pure and idempotent.
"""

import re
from collections.abc import Collection, Iterator

import ada_url

from povod.kit.errors import InvalidUrl
from povod.kit.url import MAX_LENGTH, is_tracking, one_spelling

SCHEME = "https://"
_PATH = re.compile(r"[/?#]")
_WEB_PORTS = ("", "80", "443")


class UrlKeyError(InvalidUrl):
    """The address cannot be a page of a job; `reason` is the name under which it is counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def url_key(url: str, drop_params: Collection[str] = ()) -> str:
    """The key of `url`; `UrlKeyError` when it is no address of a web page.

    `drop_params` are query parameters that choose nothing on this site, beside the known ones.
    """
    text = url.strip()
    if len(text) > MAX_LENGTH:
        raise UrlKeyError("too_long", f"{text[:60]}… is longer than {MAX_LENGTH} characters")
    parsed = _parsed(text)
    host = _bare_host(parsed.hostname)
    if not host:
        raise UrlKeyError("bad_url", f"{text!r} names no host")
    port = "" if parsed.port in _WEB_PORTS else f":{parsed.port}"
    path = one_spelling(parsed.pathname).rstrip("/") or "/"
    kept = sorted(_kept(one_spelling(parsed.search[1:]), drop_params))
    key = f"{SCHEME}{host}{port}{path}{'?' if kept else ''}{'&'.join(kept)}"
    if len(key) > MAX_LENGTH:
        raise UrlKeyError("too_long", f"{text[:60]}… is longer than {MAX_LENGTH} characters")
    return key


def host_of_key(key: str) -> str:
    """The host of a key, with its port when that is not the web's own."""
    return key[len(SCHEME) :].partition("/")[0]


def origin_of(url: str) -> str:
    """Scheme, host and port of an address to fetch: what one robots.txt speaks for (S63)."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{_PATH.split(rest, 1)[0]}".lower()


def _parsed(text: str) -> ada_url.URL:
    try:
        parsed = ada_url.URL(text)
    except ValueError:
        raise UrlKeyError(
            "bad_url", f"{text[:80]!r} is not an address; a full one begins with https://"
        ) from None
    if parsed.protocol not in ("http:", "https:"):
        raise UrlKeyError("bad_url", f"{text[:80]!r}: the scheme must be http or https")
    if parsed.username or parsed.password:
        raise UrlKeyError("bad_url", "an address with a user name or a password is not taken")
    return parsed


def _bare_host(hostname: str) -> str:
    host = hostname.removesuffix(".")
    while host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    return host


def _kept(query: str, drop_params: Collection[str]) -> Iterator[str]:
    """The parameters that choose the page."""
    for part in query.split("&"):
        name = part.partition("=")[0]
        if part and not is_tracking(name) and name not in drop_params:
            yield part
