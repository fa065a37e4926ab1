"""A visit to one company's site: which pages were asked for, what they say, why others failed.

No database and no decisions about companies: what comes back is everything a caller needs to
decide. Whatever a site does becomes part of the result; only being cancelled leaves as an error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from povod.crawl.extract.page import PageFacts, extract_page
from povod.crawl.extract.ranking import PageRole, is_own_address
from povod.crawl.fetch.http import raise_for_status
from povod.crawl.fetch.result import Failure, FetchError, FetchLimits, Response
from povod.crawl.fetch.visits import PageSource
from povod.crawl.parking import is_parked
from povod.crawl.politeness import PoliteSession
from povod.crawl.sitemaps import SitemapError, parse_sitemap
from povod.crawl.visit_plan import (
    Candidate,
    Limits,
    Progress,
    candidates_of,
    choose_next,
    home_addresses,
    is_enough,
    page_key,
)
from povod.kit.charset import decode
from povod.kit.url import host_of, registrable_domain

PERMANENT = frozenset({301, 308})
GONE = frozenset({404, 410})
_TRY_NEXT = frozenset({Failure.DNS, Failure.CONNECT, Failure.TLS})
"""After these the next address of the home page is worth a try; other answers are final."""

_REQUISITES_PAGES = frozenset({"contacts", "requisites"})
"""Where the legal data of a site usually stand."""


@dataclass(frozen=True)
class VisitRules:
    """How one site is visited; `pause` in seconds between requests (L73, L74)."""

    pages: int = 6
    requests: int = 10
    pause: float = 2.0
    fetch: FetchLimits = field(default_factory=FetchLimits)
    own_domain: Callable[[str], str | None] = registrable_domain
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True)
class VisitedPage:
    """One address that was asked for: read when `facts` is there, else `failure` says why not."""

    url: str
    role: PageRole
    final_url: str = ""
    status: int = 0
    charset: str = ""
    body: bytes = b""
    facts: PageFacts | None = None
    redirects: Sequence[tuple[int, str]] = ()
    failure: Failure | None = None
    detail: str = ""
    retry_after: float = 0


@dataclass(frozen=True)
class Visit:
    """What a visit brought; `failure` is why the home page could not be read.

    `moved_to` is another own domain on which the home page ended (at `moved_url`),
    `moved_for_good` whether by permanent redirects only; nothing of that domain was read.
    `website_url` is the working address of the home page, without `www.`
    """

    host: str
    pages: Sequence[VisitedPage]
    website_url: str = ""
    failure: Failure | None = None
    detail: str = ""
    retry_after: float = 0
    moved_to: str = ""
    moved_url: str = ""
    moved_for_good: bool = False
    needs_browser: bool = False
    canonical: str = ""
    requests: int = 0
    stopped: bool = False

    @property
    def read_pages(self) -> list[tuple[VisitedPage, PageFacts]]:
        """The pages that were read, in the order of the visit, the home page first."""
        return [(page, page.facts) for page in self.pages if page.facts is not None]


async def visit_site(
    fetcher: PageSource,
    host: str,
    rules: VisitRules,
    known: Collection[str] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> Visit:
    """Visit the site at `host` (given without `www.`), politely and no further than needed.

    `known` are addresses that are not fetched again, the home page excepted. `stopped` is asked
    before each page; once it says yes, the visit ends with what it has.
    """
    return await _Visitor(fetcher, host, rules, known, stopped).visit()


class _Visitor:
    """One visit under way."""

    def __init__(
        self,
        fetcher: PageSource,
        host: str,
        rules: VisitRules,
        known: Collection[str],
        stopped: Callable[[], bool],
    ) -> None:
        self._rules = rules
        self._host = host
        self._own = rules.own_domain(host)
        self._stopped = stopped
        self._session = PoliteSession(
            fetcher, pause=rules.pause, limits=rules.fetch, sleep=rules.sleep
        )
        self._pages: list[VisitedPage] = []
        self._asked: set[str] = set(known)
        self._candidates: dict[str, Candidate] = {}
        self._sitemap: list[str] | None = None

    async def visit(self) -> Visit:
        """Home page first; the rest only if it is this company's own page."""
        home = _judged(await self._home(), self._own, self._rules.own_domain)
        self._take(home)
        if home.facts is not None and not home.facts.needs_browser:
            await self._explore(home)
        return self._result(home)

    async def _home(self) -> VisitedPage:
        """The home page under the first address that answers, else the first failure."""
        first: VisitedPage | None = None
        for address in home_addresses(self._host):
            page = await self._load(address, "home")
            if page.failure not in _TRY_NEXT:
                return page
            first = first or page
        assert first is not None, "there is always an address to try"
        return first

    async def _explore(self, home: VisitedPage) -> None:
        while self._has_room() and not self._stopped():
            candidate = self._next(home.final_url)
            if candidate is None and self._sitemap is None and not self._is_enough():
                await self._load_sitemap(home.final_url)
                candidate = self._next(home.final_url)
            if candidate is None:
                return
            self._take(self._own_page(await self._load(candidate.url, candidate.role)))

    def _next(self, home: str) -> Candidate | None:
        candidates = self._ordered()
        if self._is_enough() and not self._has_requisites():
            # Contacts are in, but a linked page probably tells who runs the site (L87).
            tried = set(map(page_key, self._asked))
            legal = (item for item in candidates if item.role in _REQUISITES_PAGES)
            return next((item for item in legal if page_key(item.url) not in tried), None)
        sitemap = self._sitemap or ()
        return choose_next(home, candidates, self._progress(), sitemap, self._limits())

    def _ordered(self) -> list[Candidate]:
        return sorted(
            self._candidates.values(), key=lambda item: (-item.score, len(item.url), item.url)
        )

    def _is_enough(self) -> bool:
        return is_enough(self._ordered(), self._progress())

    def _progress(self) -> Progress:
        own = {self._own} if self._own else set()
        found = [contact for _, facts in self._read() for contact in facts.contacts]
        qualities = [
            contact.quality
            for contact in found
            if contact.kind == "email" and is_own_address(contact.value, own)
        ]
        return Progress(
            fetched=self._asked,
            pages=len(self._read()),
            own_email_quality=max(qualities, default=0.0),
            has_phone=any(contact.kind == "phone" for contact in found),
            roles={page.role for page, _ in self._read()},
        )

    def _limits(self) -> Limits:
        """The requests left, robots.txt counted, in the terms of `choose_next`."""
        left = self._rules.requests - self._session.requests
        return Limits(self._rules.pages, len(self._asked) + left)

    def _has_room(self) -> bool:
        return (
            len(self._read()) < self._rules.pages and self._session.requests < self._rules.requests
        )

    def _has_requisites(self) -> bool:
        found = [facts.requisites for _, facts in self._read()]
        return any(item.inns for item in found) and any(item.ogrns for item in found)

    def _read(self) -> list[tuple[VisitedPage, PageFacts]]:
        return [(page, page.facts) for page in self._pages if page.facts is not None]

    async def _load(self, url: str, role: PageRole) -> VisitedPage:
        self._asked.add(url)
        try:
            response = await self._session.get(url)
            raise_for_status(response)
        except FetchError as error:
            return VisitedPage(
                url,
                role,
                status=error.status,
                failure=error.failure,
                detail=error.detail,
                retry_after=error.retry_after,
            )
        return await self._parse(response, role)

    async def _parse(self, response: Response, role: PageRole) -> VisitedPage:
        page = VisitedPage(
            response.url,
            role,
            final_url=response.final_url,
            status=response.status,
            redirects=tuple(response.redirects),
        )
        if not response.looks_like_html or not response.body.strip():
            kind = response.content_type or "no type given"
            size = len(response.body)
            return _failed(page, Failure.NOT_HTML, f"{kind}, {size} bytes")
        page = await _read(page, response)
        if not (self._session.renders_all or (page.facts and page.facts.needs_browser)):
            return page
        shown = await self._session.render(response.final_url)  # L75
        return page if shown is None else await _read(page, shown)

    def _own_page(self, page: VisitedPage) -> VisitedPage:
        """The page, unless it is somebody else's or was read under another address."""
        if page.facts is None:
            return page
        if self._rules.own_domain(host_of(page.final_url)) != self._own:
            return _failed(page, Failure.REDIRECTS, f"leads to {page.final_url[:200]}")
        for known in self._pages:
            if known.body == page.body or page_key(known.final_url) == page_key(page.final_url):
                return _failed(page, Failure.REDIRECTS, f"is the same page as {known.url[:200]}")
        return page

    def _take(self, page: VisitedPage) -> None:
        self._pages.append(page)
        if page.facts is None:
            return
        self._asked.add(page.final_url)
        for candidate in candidates_of(page.final_url, page.facts.links):
            key = page_key(candidate.url)
            known = self._candidates.get(key)
            better = known is None or candidate.score > known.score
            if better and self._rules.own_domain(host_of(candidate.url)) == self._own:
                self._candidates[key] = candidate

    async def _load_sitemap(self, home: str) -> None:
        """Addresses of the site's first map; a map that cannot be had is an empty one."""
        self._sitemap = []
        try:
            rules = await self._session.rules(home)
            named = rules.sitemaps if rules else []
            url = named[0] if named else f"{_origin(home)}/sitemap.xml"
            response = await self._session.get(url)
            raise_for_status(response)
            found = parse_sitemap(response.body, response.final_url)
        except (FetchError, SitemapError):
            return
        self._sitemap = [entry.loc for entry in found.entries]

    def _result(self, home: VisitedPage) -> Visit:
        facts = home.facts
        moved_to, for_good = _moved(home, self._own, self._rules.own_domain)
        parked = home.failure is Failure.PARKED
        return Visit(
            host=self._host,
            pages=self._pages,
            website_url=f"{urlsplit(home.final_url).scheme}://{self._host}/" if facts else "",
            failure=home.failure,
            detail=home.detail,
            retry_after=home.retry_after,
            moved_to="" if parked else moved_to,
            moved_url=_root(home.final_url) if moved_to and not parked else "",
            moved_for_good=for_good and not parked,
            needs_browser=facts is not None and facts.needs_browser,
            canonical=(facts.canonical or "") if facts else "",
            requests=self._session.requests,
            stopped=self._stopped(),
        )


async def _read(page: VisitedPage, response: Response) -> VisitedPage:
    """The page with what the body says."""
    text, charset = decode(response.body, response.content_type)
    facts = await asyncio.to_thread(extract_page, text, response.final_url)
    return replace(page, charset=charset, body=response.body, facts=facts)


def _judged(
    home: VisitedPage, own: str | None, own_domain: Callable[[str], str | None]
) -> VisitedPage:
    """The home page, unless it is gone, a parking page or on somebody else's domain (L79)."""
    if home.status in GONE:
        return _failed(home, Failure.PARKED, f"status {home.status}")
    if home.facts is None:
        return home
    if is_parked(home.facts.text):
        return _failed(home, Failure.PARKED, home.facts.title[:200])
    if own_domain(host_of(home.final_url)) != own:
        return _failed(home, Failure.REDIRECTS, f"leads to {home.final_url[:200]}")
    return home


def _moved(
    home: VisitedPage, own: str | None, own_domain: Callable[[str], str | None]
) -> tuple[str, bool]:
    """The other own domain on which the page ended, and whether each step there was permanent."""
    if not home.final_url:
        return "", False
    end = own_domain(host_of(home.final_url))
    if end is None or end == own:
        return "", False
    hops = [*(address for _, address in home.redirects), home.final_url]
    domains = [own_domain(host_of(address)) for address in hops]
    leaving = [
        status
        for (status, _), here, there in zip(home.redirects, domains[:-1], domains[1:], strict=True)
        if here != there
    ]
    return end, all(status in PERMANENT for status in leaving)


def _failed(page: VisitedPage, failure: Failure, detail: str) -> VisitedPage:
    """The page as one that gave nothing; its contents are not this company's."""
    return replace(page, failure=failure, detail=detail, facts=None, body=b"", charset="")


def _root(url: str) -> str:
    """The main page of the site that an address belongs to, without `www.`"""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.removeprefix('www.')}/"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
