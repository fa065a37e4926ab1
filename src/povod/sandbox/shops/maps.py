"""Sitemaps and robots.txt of a shop: the ordinary ones (S35); `odd_maps` has the others."""

import gzip
import html
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from povod.sandbox.answers import RETRY_AFTER_SECONDS, Answer
from povod.sandbox.shops.changes import Changes
from povod.sandbox.shops.chrome import categories_of, category_path
from povod.sandbox.shops.truth import url_of

ROBOTS = ("normal", "forbid", "crawl_delay", "404", "403", "429", "500", "503", "slow")
CHILD = 1000
LARGEST = 50_000
NAMESPACE = ' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XML = {"Content-Type": "application/xml"}
_FIRST_DAY = datetime(2026, 6, 1, tzinfo=UTC)


def robots_answer(changes: Changes) -> Answer:
    """robots.txt as the shop's settings say."""
    shop = changes.shop
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    match shop.robots:
        case "forbid":
            return Answer(200, b"User-agent: *\nDisallow: /\n", plain)
        case "slow":
            return Answer(200, b"#", plain, slow=True)
        case "normal" | "crawl_delay":
            delay = f"Crawl-delay: {shop.crawl_delay:g}\n" if shop.robots == "crawl_delay" else ""
            text = (
                f"User-agent: *\nDisallow: /cart/\nDisallow: /search\n{delay}\n"
                f"Sitemap: {shop.home}sitemap.xml\n"
            )
            return Answer(200, text.encode(), plain)
        case status:
            later = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in {"429", "503"} else {}
            return Answer(int(status), b"no robots here", plain | later)


def map_answer(changes: Changes, path: str) -> Answer | None:
    """The answer for an ordinary map's path; `None` when the path is no map."""
    match path:
        case "/sitemap.xml":
            return _main(changes)
        case "/sitemap_index.xml":
            return _xml([_index(changes)])
        case "/sitemap.xml.gz":
            return _zipped(urlset(_all_entries(changes)))
        case "/sitemap.txt":
            lines = (f"{url}\n" for url, _ in _all_entries(changes))
            return Answer(200, "".join(lines).encode(), {"Content-Type": "text/plain"})
        case "/sitemap.csv":
            return _table(changes)
        case "/sitemap-sections.xml":
            return _xml(urlset(_section_entries(changes)))
    if path.startswith("/sitemap-products-"):
        return _child(changes, path.removeprefix("/sitemap-products-"))
    return None


def urlset(entries: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """A urlset of (address, day or "")."""
    yield f"{HEADER}<urlset{NAMESPACE}>\n".encode()
    for url, day in entries:
        dated = f"<lastmod>{day}</lastmod>" if day else ""
        yield f"<url><loc>{html.escape(url)}</loc>{dated}</url>\n".encode()
    yield b"</urlset>\n"


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """An index of child maps."""
    entries = "".join(f"<sitemap><loc>{html.escape(a)}</loc></sitemap>\n" for a in addresses)
    return f"{HEADER}<sitemapindex{NAMESPACE}>\n{entries}</sitemapindex>\n".encode()


def product_entries(changes: Changes, start: int, stop: int) -> Iterator[tuple[str, str]]:
    """(address, day of the last change) of the listed products in a range of numbers."""
    for index in range(start, min(stop, changes.total)):
        if changes.is_listed(index):
            day = _FIRST_DAY + timedelta(days=index % 90)
            moments = [change.at for change in changes.of(index) if change.at]
            yield url_of(changes.shop, index), f"{max([day, *moments]):%Y-%m-%d}"


def _all_entries(changes: Changes) -> Iterator[tuple[str, str]]:
    yield from _section_entries(changes)
    yield from product_entries(changes, 0, changes.total)


def _section_entries(changes: Changes) -> Iterator[tuple[str, str]]:
    shop = changes.shop
    yield shop.home, ""
    yield f"{shop.home}catalog/", ""
    for category in categories_of(shop):
        yield shop.home.rstrip("/") + category_path(category), ""


def _main(changes: Changes) -> Answer:
    if changes.total > LARGEST:
        return _xml([_index(changes)])
    return _xml(urlset(_all_entries(changes)))


def _index(changes: Changes) -> bytes:
    """Sections, then products by the thousand; every third child is compressed."""
    home = changes.shop.home
    children = range(-(-changes.total // CHILD))
    names = (f"sitemap-products-{n + 1}.xml" + (".gz" if n % 3 == 2 else "") for n in children)
    return sitemap_index([f"{home}sitemap-sections.xml", *(home + name for name in names)])


def _child(changes: Changes, name: str) -> Answer | None:
    number, _, ending = name.partition(".")
    if not number.isdigit() or ending not in {"xml", "xml.gz"}:
        return None
    start = (int(number) - 1) * CHILD
    if not 0 <= start < changes.total:
        return None
    body = urlset(product_entries(changes, start, start + CHILD))
    return _xml(body) if ending == "xml" else _zipped(body)


def _table(changes: Changes) -> Answer:
    """A price list as a shop's manager saves it: semicolons, Windows-1251."""
    lines = ["Название;Ссылка;Цена\n"]
    for index in range(changes.total):
        product = changes.product(index)
        if product is not None:
            lines.append(f'"{product.name}";{url_of(changes.shop, index)};{product.price}\n')
    return Answer(200, "".join(lines).encode("cp1251", "replace"), {"Content-Type": "text/csv"})


def _xml(parts: Iterable[bytes]) -> Answer:
    return Answer(200, b"".join(parts), dict(_XML))


def _zipped(parts: Iterable[bytes]) -> Answer:
    body = gzip.compress(b"".join(parts), 6, mtime=0)
    return Answer(200, body, {"Content-Type": "application/gzip"})
