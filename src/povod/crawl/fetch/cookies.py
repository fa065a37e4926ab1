"""Cookies and clearances by (site, tier): they never cross from one to another (S52)."""

import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

from aiohttp import CookieJar
from yarl import URL

MAX_JARS = 2000


@dataclass(slots=True)
class _Shelf:
    """What one site gave at one tier; `agent` is the user agent that its cookies were given to."""

    jar: CookieJar = field(default_factory=lambda: CookieJar(quote_cookie=False))
    agent: str = ""
    agent_until: float = 0.0


class CookieStore:
    """Jars by (host without `www.`, tier), the least recently used forgotten first."""

    def __init__(self) -> None:
        self._shelves: OrderedDict[tuple[str, str], _Shelf] = OrderedDict()

    def headers(self, url: URL, tier: str) -> dict[str, str]:
        """`Cookie` and, after a clearance, `User-Agent` of a request; empty as a rule."""
        shelf = self._shelves.get(_key(url, tier)) if self._shelves else None
        if shelf is None:
            return {}
        found = shelf.jar.filter_cookies(url)
        fields = {}
        if found:
            fields["Cookie"] = "; ".join(f"{name}={item.value}" for name, item in found.items())
        if shelf.agent and time.monotonic() < shelf.agent_until:
            fields["User-Agent"] = shelf.agent
        return fields

    def keep(self, url: URL, tier: str, set_cookies: Iterable[str]) -> None:
        """Take the `Set-Cookie` fields of an answer."""
        self._shelf(url, tier).jar.update_cookies_from_headers(list(set_cookies), url)

    def clear(
        self,
        url: URL,
        tier: str,
        cookies: Iterable[Mapping[str, object]],
        agent: str,
        ttl_s: float,
    ) -> None:
        """Take the cookies of a solved challenge, with the user agent that they belong to (S55)."""
        shelf = self._shelf(url, tier)
        shelf.agent, shelf.agent_until = agent, time.monotonic() + ttl_s
        for item in cookies:
            morsels: SimpleCookie = SimpleCookie()
            name = str(item.get("name", ""))
            if not name:
                continue
            morsels[name] = str(item.get("value", ""))
            morsels[name]["path"] = str(item.get("path") or "/")
            morsels[name]["domain"] = str(item.get("domain") or "").lstrip(".")
            shelf.jar.update_cookies(morsels, url)

    def forget(self, hosts: Collection[str] = ()) -> None:
        """Drop what these sites gave; everything when none is named."""
        for key in [key for key in self._shelves if not hosts or key[0] in hosts]:
            del self._shelves[key]

    def _shelf(self, url: URL, tier: str) -> _Shelf:
        key = _key(url, tier)
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = _Shelf()
        self._shelves.move_to_end(key)
        while len(self._shelves) > MAX_JARS:
            self._shelves.popitem(last=False)
        return shelf


def _key(url: URL, tier: str) -> tuple[str, str]:
    return (url.host or "").removeprefix("www."), tier
