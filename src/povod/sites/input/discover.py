"""Finding a site's maps without being told where they are (S41)."""

from collections.abc import Iterator, Mapping
from typing import Any

from povod.crawl.extract.document import Document
from povod.crawl.robots import RobotsRules
from povod.kit.errors import InvalidUrl
from povod.kit.url import parse_url
from povod.sites.input.loading import Load, MapNotThereError
from povod.sites.input.maps import MapTree

USUAL_PLACES = ("sitemap.xml", "sitemap_index.xml")
MAX_DISCOVERED = 5000
MAX_PAGES = 50


def usual_maps(load: Load, home: str) -> Iterator[str]:
    """Maps that robots.txt names, then the usual places."""
    try:
        rules = RobotsRules.parse(load(f"{home}robots.txt"))
    except MapNotThereError:
        rules = RobotsRules.parse("")
    for text in rules.sitemaps:
        try:
            yield parse_url(text, home)
        except InvalidUrl:
            continue
    for place in USUAL_PLACES:
        yield home + place


def read_usual_maps(tree: MapTree, load: Load, home: str) -> int:
    """Read every map that can be found; how many there were."""
    return sum(tree.try_root(url) for url in usual_maps(load, home))


def home_of(load: Load, domain: str) -> str:
    """Under which address the site answers: https, or http if there is no other."""
    for scheme in ("https", "http"):
        home = f"{scheme}://{domain}/"
        try:
            load(f"{home}robots.txt")
        except MapNotThereError as error:
            if error.kind == "gone":
                return home
            continue
        return home
    return f"https://{domain}/"


def category_pages(profile: Mapping[str, Any]) -> Iterator[list[str]]:
    """Addresses of list pages to look through, by category, as the profile tells (S41)."""
    pages = profile.get("pagination") or {}
    param = str(pages.get("param") or "page")
    first = int(pages.get("start", 2))
    most = int(pages.get("max_pages", MAX_PAGES))
    for category in profile.get("category_urls") or ():
        joint = "&" if "?" in category else "?"
        numbered = [f"{category}{joint}{param}={n}" for n in range(first, first + most)]
        with_base = pages.get("include_base", True)
        yield ([category] if with_base else []) + numbered


def read_categories(tree: MapTree, load: Load, profile: Mapping[str, Any]) -> int:
    """Take the links of list pages; a category ends with its first page without anything new."""
    most = int(profile.get("max_discovery_urls") or MAX_DISCOVERED)
    stop_on_empty = bool((profile.get("pagination") or {}).get("stop_on_empty", True))
    found = 0
    for pages in category_pages(profile):
        for url in pages:
            if found >= most or not tree.alive():
                return found
            new = _take_links(tree, load, url, most - found)
            found += new
            if not new and stop_on_empty:
                break
    return found


def _take_links(tree: MapTree, load: Load, url: str, most: int) -> int:
    try:
        html = load(url)
    except MapNotThereError as error:
        tree.warn(str(error))
        return 0
    taken = 0
    for link in _links(html, url):
        if taken == most:
            break
        taken += tree.sieve.offer(link, source="discovery")
    return taken


def _links(html: bytes, url: str) -> Iterator[str]:
    page = Document(html, url)
    found = (page.link(node.attributes.get("href")) for node in page.tree.css("a[href]"))
    return iter(dict.fromkeys(link for link in found if link))
