"""What a host of the world answers to a request: pages, redirects, and the planted troubles."""

import gzip
import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from povod.sandbox.world.build import home_url
from povod.sandbox.world.hosts import PARKING_HOST, is_bystander
from povod.sandbox.world.model import Site, Trouble, World
from povod.sandbox.world.pages import paths_of, render, render_bystander

RETRY_AFTER_SECONDS = 30
_BOMB_MEBIBYTES = 32
_ANY_HTML = "text/html; charset=utf-8"


@dataclass(slots=True)
class Answer:
    """A response; `endless` repeats the body for ever, `slow` lets it drip.

    `parts` are sent one after another in place of the body; after `delay` seconds, and `reset`
    closes the connection instead.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False
    slow: bool = False
    parts: Iterable[bytes] | None = None
    delay: float = 0
    reset: bool = False


class Hosts:
    """Answers for all virtual hosts of a world; remembers who was told to come back later."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._throttled: dict[str, datetime] = {}

    def answer(self, scheme: str, host: str, path: str, now: datetime) -> Answer:
        """The response of `host` to a GET of `path`; `now` is virtual time."""
        site = self._world.site_at(host)
        if site is None:
            return _bystander(host) if is_bystander(host) else _plain(421, "No such host here")
        if path == "/robots.txt":
            return _robots(site)
        elsewhere = _led_away(site, scheme, host)
        if elsewhere is not None:
            return elsewhere
        return self._troubled(site, path, now) or _page(site, path)

    def _troubled(self, site: Site, path: str, now: datetime) -> Answer | None:
        match site.trouble:
            case Trouble.FORBIDDEN:
                return _plain(403, "Forbidden")
            case Trouble.THROTTLED:
                return self._throttle(site, now)
            case Trouble.SLOW:
                return Answer(body=b"<p>", headers={"Content-Type": _ANY_HTML}, slow=True)
            case Trouble.ENDLESS:
                return Answer(
                    body=b"<p>more and more</p>" * 3000,
                    headers={"Content-Type": _ANY_HTML},
                    endless=True,
                )
            case Trouble.BOMB:
                headers = {"Content-Type": _ANY_HTML, "Content-Encoding": "gzip"}
                return Answer(body=_bomb(), headers=headers)
            case Trouble.LOOP:
                return _redirect("/start" if path != "/start" else "/again")
            case _:
                return None

    def _throttle(self, site: Site, now: datetime) -> Answer | None:
        """429 until the asked time has passed since the first request."""
        first = self._throttled.setdefault(site.host, now)
        wait = first + timedelta(seconds=RETRY_AFTER_SECONDS) - now
        if wait <= timedelta():
            return None
        answer = _plain(429, "Too Many Requests")
        answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return answer


def _led_away(site: Site, scheme: str, host: str) -> Answer | None:
    """Redirects that hold for every path: to https, to the one true host, to another firm."""
    if site.redirect is not None:
        way = [site.host, *site.redirect.via]
        place = way.index(host) if host in way else 0
        following = way[place + 1 :]
        to = f"https://{following[0]}/" if following else site.redirect.to
        return _redirect(to, site.redirect.status)
    if site.trouble is Trouble.EXPIRED_TLS and scheme == "http":
        return _redirect(f"https://{site.host}/")
    right_host = host if host in site.aliases else home_url(site).split("/")[2]
    right_scheme = "https" if site.https else "http"
    if (scheme, host) != (right_scheme, right_host):
        return _redirect(f"{right_scheme}://{right_host}/")
    return None


def _page(site: Site, path: str) -> Answer:
    if path == "/sitemap.xml":
        return _sitemap(site)
    text = render(site, path)
    if text is None:
        missing = "<!doctype html><title>404</title><h1>Страница не найдена</h1>"
        return _encoded(site, missing, 404)
    return _encoded(site, text, 200)


def _encoded(site: Site, text: str, status: int) -> Answer:
    """The text in the site's charset, labelled as the site labels it, rightly or not."""
    declared = site.look.header_charset
    kind = f"text/html; charset={declared}" if declared else "text/html"
    body = text.encode(site.look.charset, "xmlcharrefreplace")
    return Answer(status, body, {"Content-Type": kind})


def _robots(site: Site) -> Answer:
    if site.trouble is Trouble.ROBOTS_ERROR:
        return _plain(500, "Internal Server Error")
    if site.trouble is Trouble.ROBOTS_FORBID:
        return _plain(200, "User-agent: *\nDisallow: /\n")
    return _plain(
        200,
        "User-agent: *\nDisallow: /send\nDisallow: /admin/\n\n"
        f"Sitemap: {home_url(site)}sitemap.xml\n",
    )


def _sitemap(site: Site) -> Answer:
    home = home_url(site).rstrip("/")
    entries = "".join(
        f"<url><loc>{html.escape(home + path)}</loc></url>" for path in paths_of(site)
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
    )
    return Answer(200, body.encode(), {"Content-Type": "application/xml"})


def _bystander(host: str) -> Answer:
    page = render_bystander(host, parking=host.removeprefix("www.") == PARKING_HOST)
    return Answer(200, page.encode(), {"Content-Type": _ANY_HTML})


def _redirect(to: str, status: int = 301) -> Answer:
    return Answer(status, b"", {"Location": to, "Content-Type": _ANY_HTML})


def _plain(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})


@cache
def _bomb() -> bytes:
    """About 33 KB in one gzip stream that unpacks to 32 MiB of spaces."""
    return gzip.compress(b" " * (_BOMB_MEBIBYTES << 20), 6)
