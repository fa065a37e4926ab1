"""All shops of the sandbox: who answers for a host, with what, and the log of every request."""

import gzip
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

from povod.kit.errors import InputError, NotFoundError
from povod.sandbox.answers import Answer
from povod.sandbox.shops.changes import Changes
from povod.sandbox.shops.faults import ShopFaults, Visitor
from povod.sandbox.shops.layouts import LAYOUTS
from povod.sandbox.shops.maps import ROBOTS
from povod.sandbox.shops.model import Shop
from povod.sandbox.shops.pages import Asked, page_of
from povod.sandbox.shops.themes import THEMES

MOST_ENTRIES = 200_000
LARGEST_SHOP = 2_000_000
VIA_HEADER = "X-Sandbox-Via"
_FIRST_DAY = datetime(2026, 6, 1, tzinfo=UTC)

DEFAULT_SHOPS = (
    Shop("instrument-mag.ru", "plain", 10_000, "tools"),
    Shop("dom-uyut.ru", "microdata", 120, "home"),
    Shop("stroy-bitrix.ru", "bitrix", 150, "build"),
    Shop("teplo-woo.ru", "woocommerce", 90, "heat"),
    Shop("svet-insales.ru", "insales", 80, "light"),
    Shop("detki-cscart.ru", "cscart", 80, "kids"),
    Shop("mebel-spa.ru", "spa", 40, "furniture"),
    Shop("chay-kofe.ru", "microdata", 60, "tea", charset="windows-1251", header_charset=None),
)


@dataclass(frozen=True)
class Visit:
    """One request to a shop."""

    scheme: str
    host: str
    method: str
    path: str
    query: str
    headers: Any

    @property
    def whole(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


class OpenShop:
    """A shop that serves: its changes, its faults, its log."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.changes = Changes(shop)
        self.faults = ShopFaults(shop)
        self.log: list[tuple[str, str, str, int, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()

    def answer(self, visit: Visit, now: datetime) -> Answer:
        """The response to one request, written to the log."""
        visitor = _visitor(visit)
        answer = self._answer(visit, visitor, now)
        if len(self.log) < MOST_ENTRIES:
            agent = visitor.agent
            entry = (now.isoformat(), visit.method, visit.whole, answer.status, agent, visitor.via)
            self.log.append(entry)
        self.counts[visit.whole] += 1
        self.sent["bytes"] += len(answer.body)
        return answer

    def _answer(self, visit: Visit, visitor: Visitor, now: datetime) -> Answer:
        fault = self.faults.answer(visit.whole, visitor, now)
        if fault is not None:
            return fault
        if visit.path != "/robots.txt" and (visit.scheme, visit.host) != ("https", self.shop.host):
            return Answer(301, b"", {"Location": self.shop.home.rstrip("/") + visit.whole})
        answer = page_of(self.changes, Asked(visit.path, visit.query, visitor.via))
        cookie = self.faults.cookie_for(visitor)
        if cookie:
            answer.headers["Set-Cookie"] = cookie
        return self._finished(answer, visit, now)

    def _finished(self, answer: Answer, visit: Visit, now: datetime) -> Answer:
        """With validators (or 304 in its place) and compressed, as the shop's settings say."""
        if answer.status == 200 and self.shop.etag and answer.parts is None:
            tag = f'"{hashlib.sha1(answer.body, usedforsecurity=False).hexdigest()}"'
            modified = self._modified(visit.path)
            answer.headers["ETag"] = tag
            answer.headers["Last-Modified"] = format_datetime(modified, usegmt=True)
            if _unchanged(visit.headers, tag, modified):
                return Answer(304, b"", {"ETag": tag})
        packable = self.shop.gzip and "gzip" in visit.headers.get("Accept-Encoding", "")
        if packable and answer.headers.get("Content-Type", "").startswith("text/html"):
            answer.body = gzip.compress(answer.body, 5, mtime=0)
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    def _modified(self, path: str) -> datetime:
        """When the product behind a path last changed, or the shop as a whole."""
        digits = "".join(filter(str.isdigit, path.rpartition("-")[2]))
        index = int(digits) if digits else -1
        changes = self.changes.of(index) if digits else list(self.changes)
        moments = [change.at for change in changes if change.at]
        return max([_FIRST_DAY + timedelta(days=index % 90), *moments]).replace(microsecond=0)

    def report(self, entries: int) -> dict[str, Any]:
        """The log: totals, requests by path, and the last `entries` requests."""
        names = ("at", "method", "path", "status", "agent", "via")
        shown = self.log[-entries:] if entries else []
        return {
            "total": self.counts.total(),
            "bytes": self.sent["bytes"],
            "counts": dict(self.counts),
            "entries": [dict(zip(names, entry, strict=True)) for entry in shown],
        }

    def forget(self) -> None:
        """Begin a new log."""
        self.log.clear()
        self.counts.clear()
        self.sent.clear()

    def configure(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Change robots, crawl_delay, gzip or etag; returns what the shop says of itself."""
        strange = set(settings) - self.shop.settings
        if strange:
            known = ", ".join(sorted(self.shop.settings))
            raise InputError(f"settings: {known} can be changed, got {sorted(strange)}")
        if settings.get("robots", "normal") not in ROBOTS:
            raise InputError(f"robots: one of {', '.join(ROBOTS)} expected")
        for name, value in settings.items():
            setattr(self.shop, name, value)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """What a caller needs to know to crawl the shop."""
        shop = self.shop
        return {
            "host": shop.host,
            "layout": shop.layout,
            "theme": shop.theme,
            "products": self.changes.total,
            "charset": shop.charset,
            "robots": shop.robots,
            "gzip": shop.gzip,
            "etag": shop.etag,
            "home": shop.home,
            "sitemap": f"{shop.home}sitemap.xml",
        }


class Shops:
    """The shops by host; the default ones are there from the start."""

    def __init__(self, shops: tuple[Shop, ...] = DEFAULT_SHOPS) -> None:
        self._open: dict[str, OpenShop] = {}
        for shop in shops:
            self._put(replace(shop))

    def at(self, host: str) -> OpenShop | None:
        """The shop that answers to a host name, with or without `www.`."""
        return self._open.get(host.lower().rstrip(".").removeprefix("www."))

    def named(self, host: str) -> OpenShop:
        """The shop of that host; `NotFoundError` names those there are."""
        found = self.at(host)
        if found is None:
            raise NotFoundError(f"{host}: no such shop; there are {', '.join(self._open)}")
        return found

    def dns(self, name: str) -> list[str] | None:
        """Loopback for a shop, `None` for everything else."""
        return ["127.0.0.1"] if self.at(name) else None

    def create(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Open a shop of the caller's own; one of the same host is replaced."""
        try:
            shop = Shop(**{k: v for k, v in spec.items() if k != "settings"})
        except TypeError as error:
            raise InputError(f"shop: {error}") from None
        problem = _problem(shop)
        if problem:
            raise InputError(problem)
        return self._put(shop).summary()

    def close(self, host: str) -> None:
        """Forget a shop: its name no longer resolves."""
        del self._open[self.named(host).shop.host]

    def summaries(self) -> list[dict[str, Any]]:
        """All shops, for the truth file and the control."""
        return [shop.summary() for shop in self._open.values()]

    def _put(self, shop: Shop) -> OpenShop:
        opened = self._open[shop.host] = OpenShop(shop)
        return opened


def _problem(shop: Shop) -> str:
    """Why there can be no such shop; empty when there can."""
    if shop.layout not in LAYOUTS:
        return f"layout: one of {', '.join(LAYOUTS)} expected, got {shop.layout!r}"
    if shop.theme not in THEMES:
        return f"theme: one of {', '.join(THEMES)} expected, got {shop.theme!r}"
    if not isinstance(shop.products, int) or not 0 < shop.products <= LARGEST_SHOP:
        return f"products: expected 1..{LARGEST_SHOP}, got {shop.products!r}"
    plain = shop.host == shop.host.lower() and "." in shop.host and "/" not in shop.host
    if not plain or shop.host.startswith("www."):
        return f"host: expected a lower-case host without www., got {shop.host!r}"
    if shop.robots not in ROBOTS:
        return f"robots: one of {', '.join(ROBOTS)} expected, got {shop.robots!r}"
    try:
        "".encode(shop.charset)
    except LookupError:
        return f"charset: {shop.charset!r} is not known"
    return ""


def _visitor(visit: Visit) -> Visitor:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(visit.headers.get("Cookie", ""))
    except CookieError:
        cookies.clear()
    return Visitor(
        visit.headers.get("User-Agent", ""),
        {name: morsel.value for name, morsel in cookies.items()},
        visit.headers.get(VIA_HEADER, ""),
    )


def _unchanged(headers: Any, tag: str, modified: datetime) -> bool:
    """Whether the client's copy is still right; a tag decides alone where there is one."""
    known = headers.get("If-None-Match")
    if known:
        return tag in known
    since = headers.get("If-Modified-Since")
    if not since:
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except ValueError:
        return False
