"""Which page of a company's site to fetch next, and when enough is known (L74). Pure.

The caller fetches; this module only looks at links, at what was fetched and at what was found.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from povod.crawl.extract.ranking import PageRole
from povod.crawl.extract.text import Link
from povod.kit.errors import InvalidUrl
from povod.kit.url import host_of, normalize_url, parse_url, registrable_domain

FIXED_PATHS = (
    "/contacts", "/kontakty", "/contact", "/kontakt", "/contact-us", "/svyaz", "/контакты",
    "/about", "/about-us", "/company", "/rekvizity",
)  # fmt: skip
"""Addresses worth a try on a site that links to nothing of the kind."""

MAX_SITEMAP_PAGES = 3
GOOD_QUALITY = 0.9
"""An own address of this quality ends the search for a better one."""

_WORDS: tuple[tuple[PageRole, int, re.Pattern[str]], ...] = (
    (
        "contacts",
        100,
        re.compile(r"контакт|contact|kontakt|svyaz|связ(?:ь|аться)|как нас найти", re.I),
    ),
    ("requisites", 90, re.compile(r"реквизит|rekvizit|requisit|bank-details", re.IGNORECASE)),
    (
        "about",
        60,
        re.compile(
            r"\bо (?:компании|нас|фирме|клинике|студии|магазине)|about"
            r"|\bo[-_](?:kompanii|nas|firme)|company|kompani|компани[яи]$",
            re.IGNORECASE,
        ),
    ),
    (
        "policy",
        30,
        re.compile(
            r"policy|privacy|политик|конфиденц|оферт|oferta|соглашени|agreement", re.IGNORECASE
        ),
    ),
)
_NO_PAGE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|rtf|zip|rar|7z|jpe?g|png|gif|svg|webp|mp[34]|avi|exe|apk|ics|vcf|xml)$",
    re.IGNORECASE,
)
_DEEP = re.compile(
    r"/(?:blog|news|novosti|article|stati|product|catalog|tovar|vacanc|forum)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one visit may take: pages that came, and requests in all."""

    pages: int = 6
    requests: int = 10


class Candidate(NamedTuple):
    """A page that may tell something, the kind of page it seems to be, and its promise."""

    url: str
    role: PageRole
    score: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What the visit has so far. `fetched` holds every address asked for, answered or not."""

    fetched: Collection[str] = ()
    pages: int = 0
    own_email_quality: float = 0.0
    has_phone: bool = False
    roles: Collection[PageRole] = ()

    @property
    def requests(self) -> int:
        """Requests made."""
        return len(self.fetched)


def home_addresses(domain: str) -> tuple[str, ...]:
    """Addresses of a home page in the order in which they are tried."""
    return f"https://{domain}/", f"https://www.{domain}/", f"http://{domain}/"


def page_role(url: str, text: str = "") -> PageRole:
    """The kind of page that an address and the words of a link to it promise."""
    return _promise(url, text)[0]


def candidates_of(page_url: str, links: Iterable[Link]) -> list[Candidate]:
    """Links of a page that stay on its site and promise contacts, best first, each page once."""
    own = registrable_domain(_host(page_url))
    best: dict[str, Candidate] = {}
    for link in links:
        candidate = _candidate(page_url, link, own)
        if candidate is None:
            continue
        known = best.get(page_key(candidate.url))
        if known is None or candidate.score > known.score:
            best[page_key(candidate.url)] = candidate
    return sorted(best.values(), key=lambda item: (-item.score, len(item.url), item.url))


def is_enough(candidates: Sequence[Candidate], progress: Progress) -> bool:
    """Whether an own address, a number and the requisites (if a page of them exists) are in."""
    has_requisites_page = any(item.role == "requisites" for item in candidates)
    return (
        progress.own_email_quality >= GOOD_QUALITY
        and progress.has_phone
        and (not has_requisites_page or "requisites" in progress.roles)
    )


def choose_next(
    home: str,
    candidates: Sequence[Candidate],
    progress: Progress,
    sitemap: Sequence[str] = (),
    limits: Limits = Limits(),
) -> Candidate | None:
    """The page to fetch next, or None when the visit is over.

    First what the site itself links to, then the usual addresses of a kind not seen yet, then
    addresses of its sitemap with the same words in them.
    """
    if progress.pages >= limits.pages or progress.requests >= limits.requests:
        return None
    if is_enough(candidates, progress):
        return None
    tried = {page_key(url) for url in progress.fetched}
    for item in (*candidates, *_fixed(home, progress), *_from_sitemap(home, sitemap)):
        if page_key(item.url) not in tried:
            return item
    return None


def page_key(url: str) -> str:
    """Equal for two addresses of one page."""
    try:
        return normalize_url(url)
    except InvalidUrl:
        return url


def _candidate(page_url: str, link: Link, own: str | None) -> Candidate | None:
    role, score = _promise(link.href, link.text)
    if score <= 0:
        return None
    try:
        url = parse_url(link.href, page_url)
        host = host_of(url)
    except InvalidUrl:
        return None
    if (
        not url.startswith(("http://", "https://"))
        or registrable_domain(host) != own
        or own is None
    ):
        return None
    if host.removeprefix("www.") != _host(page_url).removeprefix("www."):
        score -= 20
    return Candidate(url.partition("#")[0], role, score)


def _promise(url: str, text: str) -> tuple[PageRole, int]:
    """Role and score; words in the address count as much as those of the link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "other", 0
    path = unquote(parts.path).rstrip("/")
    if _NO_PAGE.search(path) or parts.scheme not in ("", "http", "https"):
        return "other", 0
    if not path and not parts.query and not text:
        return "home", 0
    for role, score, words in _WORDS:
        hits = (words.search(path) is not None) + (words.search(text[:60]) is not None)
        if hits:
            depth = max(path.count("/") - 1, 0)
            deep = 40 if _DEEP.search(path) else 0
            return role, score + 5 * hits - 5 * depth - deep - (10 if parts.query else 0)
    return "other", 0


def _fixed(home: str, progress: Progress) -> list[Candidate]:
    """The usual addresses, without the kinds of page that were seen under another address."""
    guesses = []
    for path in FIXED_PATHS:
        role = page_role(path)
        if role not in progress.roles:
            guesses.append(Candidate(parse_url(path, home), role, 0))
    return guesses


def _from_sitemap(home: str, sitemap: Sequence[str]) -> list[Candidate]:
    links = (Link(url, "") for url in sitemap)
    return candidates_of(home, links)[:MAX_SITEMAP_PAGES]


def _host(url: str) -> str:
    try:
        return host_of(url)
    except InvalidUrl:
        return ""
