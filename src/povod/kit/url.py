"""Addresses: the WHATWG parse, Povod's canonical form, and the domain that somebody registered.

`parse_url` gives an address to fetch. `normalize_url` gives an identity: two addresses of one page
come out equal, and the result is not meant to be fetched.
"""

import re
from functools import lru_cache
from urllib.parse import quote

import ada_url
from publicsuffixlist import PublicSuffixList

from povod.kit.errors import InvalidUrl

MAX_LENGTH = 2048
"""Longest address that Povod takes, in characters (S34)."""

TRACKING_PARAMS = frozenset(
    {"gclid", "yclid", "ysclid", "fbclid", "_openstat", "from", "phpsessid", "sid", "session_id"}
    | {"etext"}
)
"""Query parameters that say how a visitor came, not which page this is (S34, L52)."""

TRACKING_PREFIX = "utm_"

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_SAFE = "/:@!$&'()*+,;=?%[]"
_ONE_SPELLING = re.compile(r"[A-Za-z0-9\-._~/:@!$&'()*+,;=?\[\]]*")
_USUAL = re.compile(
    r"https?://((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63})"
    r"(/[A-Za-z0-9\-._~/:@!$&()*+,;=]*)?(?:\?([A-Za-z0-9\-._~/:@!$&()*+,;=?]*))?"
)
_INDEX_PAGES = ("/index.html", "/index.htm", "/index.php", "/")
_WEB_PORTS = ("", "80", "443")


def parse_url(text: str, base: str | None = None) -> str:
    """The href that a browser would make of `text` (WHATWG URL standard), seen from `base`.

    Any scheme is parsed; refusing all but http(s) is the caller's work.
    """
    return _parse(text, base).href


def host_of(url: str) -> str:
    """Host of an absolute address: lower-case A-labels without a trailing dot, IPv6 unbracketed."""
    if usual := _usual_parts(url):
        return usual[0]
    host = _parse(url).hostname.strip("[]").removesuffix(".")
    if not host:
        raise InvalidUrl(f"{_shown(url)} names no host; an address of a page begins with https://")
    return host


def normalize_url(text: str) -> str:
    """Povod's canonical address of a page (S34, L52); idempotent.

    Scheme https, host without `www.`, no default port, fragment, tracking parameters or final
    index page; percent-encoding in one spelling; the rest of the query sorted.
    """
    _refuse_long(text, text)
    hostname, port, path, search = _usual_parts(text) or _parts(text)
    host = _public_host(hostname, text)
    port = "" if port in _WEB_PORTS else f":{port}"
    path = _page_path(one_spelling(path))
    query = _kept_query(one_spelling(search))
    canonical = f"https://{host}{port}{path}{'?' if query else ''}{query}"
    _refuse_long(canonical, text)
    return canonical


def _usual_parts(text: str) -> tuple[str, str, str, str] | None:
    """Host, port, path and query of an address that any parser would leave as it is.

    Most are; only the others need the parser, at ten times the time.
    """
    match = _USUAL.fullmatch(text)
    if match is None or "/." in text or "--" in match[1]:
        return None
    return match[1], "", match[2] or "/", match[3] or ""


def _parts(text: str) -> tuple[str, str, str, str]:
    """The same of any address, as a browser reads it."""
    url = _parse(text)
    if url.protocol not in ("http:", "https:"):
        raise InvalidUrl(f"{_shown(text)} is not a web address: the scheme must be http or https")
    if url.username or url.password:
        raise InvalidUrl(f"{_shown(text)} holds a user name or a password; give it without them")
    return url.hostname, url.port, url.pathname, url.search[1:]


@lru_cache(maxsize=16_384)
def registrable_domain(host: str) -> str | None:
    """The name that somebody registered (eTLD+1, private suffixes too), or None if there is none.

    Lower-case, in the form the host came in: Unicode stays Unicode, A-labels stay A-labels.
    """
    name = host.removesuffix(".")
    if not name or name.startswith(".") or ".." in name or _is_address(name):
        return None
    domain: str | None = _suffixes().privatesuffix(name)
    return domain


def to_unicode_host(host: str) -> str:
    """The host as people read it; a label that is no valid A-label stays as it is."""
    return ada_url.idna_to_unicode(host) if host.isascii() else host


def _parse(text: str, base: str | None = None) -> ada_url.URL:
    try:
        return ada_url.URL(_scalar(text), base=None if base is None else _scalar(base))
    except ValueError:
        seen = "" if base is None else f" (seen from {_shown(base)})"
        raise InvalidUrl(
            f"{_shown(text)}{seen} is not an address; a full one looks like https://firma.ru/page"
        ) from None


def _scalar(text: str) -> str:
    """Lone surrogates become U+FFFD, as the standard's USVString asks."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _refuse_long(address: str, text: str) -> None:
    if len(address) > MAX_LENGTH:
        raise InvalidUrl(f"{_shown(text)} is longer than {MAX_LENGTH} characters")


def _public_host(hostname: str, text: str) -> str:
    """The host as identity, or InvalidUrl when nobody can reach it by that name."""
    host = hostname.removesuffix(".")
    if _is_address(host):
        raise InvalidUrl(f"{_shown(text)} names an IP address; a company has a domain name")
    if "." not in host or host.startswith(".") or ".." in host:
        raise InvalidUrl(f"{_shown(text)} has a host of one label or an empty label")
    if not _has_known_suffix(host):
        raise InvalidUrl(f"{_shown(text)} ends in a suffix that nobody registers names under")
    while host.startswith("www.") and registrable_domain(host[4:]):
        host = host[4:]
    return host


@lru_cache(maxsize=16_384)
def _has_known_suffix(host: str) -> bool:
    return _suffixes(only_known=True).publicsuffix(host) is not None


def _is_address(host: str) -> bool:
    """Whether WHATWG rules read the host as an IP address (the last label is a number)."""
    return ":" in host or host.rpartition(".")[2].isdecimal()


@lru_cache(maxsize=2)
def _suffixes(only_known: bool = False) -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=not only_known)


def one_spelling(text: str) -> str:
    """Percent-encoding in one form: unreserved decoded, the rest as upper-case hex."""
    if _ONE_SPELLING.fullmatch(text):
        return text

    def respell(match: re.Match[str]) -> str:
        digits = match[1]
        if digits is None:
            return "%25"
        code = int(digits, 16)
        return chr(code) if code in _UNRESERVED else f"%{digits.upper()}"

    return quote(_ESCAPE.sub(respell, text), safe=_SAFE)


def _page_path(path: str) -> str:
    """The path without a final slash or index page, however many stand there."""
    while ending := next((page for page in _INDEX_PAGES if path.endswith(page)), None):
        path = path.removesuffix(ending)
    return path or "/"


def _kept_query(query: str) -> str:
    """The parameters that choose the page, sorted by name and value."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    return "&".join("".join(pair) for pair in sorted(pairs) if not is_tracking(pair[0]))


def is_tracking(name: str) -> bool:
    """Whether a query parameter says how a visitor came, not which page this is."""
    key = name.lower()
    return key in TRACKING_PARAMS or key.startswith(TRACKING_PREFIX)
