"""Maps that name maps: each once, three deep, nothing lost silently (S36, S37, N27)."""

from collections.abc import Iterator

import pytest

from povod.crawl.sitemaps import SitemapError
from povod.kit.errors import InputError
from povod.kit.guard import AddressGuard
from povod.sites.input import discover
from povod.sites.input.loading import MapNotThereError, check_source
from povod.sites.input.maps import MapTree
from povod.sites.input.masks import Masks
from povod.sites.input.sieve import Sieve
from povod.sites.input.spool import Spool

HOME = "https://shop.ru/"


def index(*names: str) -> str:
    entries = "".join(f"<sitemap><loc>{HOME}{name}</loc></sitemap>" for name in names)
    return f"<sitemapindex>{entries}</sitemapindex>"


def urlset(*names: str) -> str:
    entries = "".join(f"<url><loc>{HOME}{name}</loc></url>" for name in names)
    return f"<urlset>{entries}</urlset>"


class Web:
    """Pages by their path; what is asked for is remembered."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []

    def load(self, url: str) -> bytes:
        name = url.removeprefix(HOME)
        self.asked.append(name)
        if name not in self.pages:
            raise MapNotThereError(url, "gone", "answered 404")
        return self.pages[name].encode()


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def tree(web: Web) -> Iterator[MapTree]:
    with Spool("file") as spool:
        yield MapTree(web.load, Sieve(spool, {"shop.ru"}, Masks.of([], [])))


def found(tree: MapTree) -> list[str]:
    return [kept.url.removeprefix(HOME) for kept in tree.sieve.taken()]


def test_children_are_read_in_order_and_once(web: Web, tree: MapTree) -> None:
    web.pages = {"i": index("a", "b", "a", "i"), "a": urlset("1", "2"), "b": index("a", "c"),
                 "c": urlset("3")}  # fmt: skip
    tree.fetch_root(f"{HOME}i")
    assert found(tree) == ["1", "2", "3"]
    assert web.asked == ["i", "a", "b", "c"]
    assert (tree.kind, tree.complete, tree.read) == ("index", True, 4)


def test_it_stops_three_deep_with_a_warning(web: Web, tree: MapTree) -> None:
    web.pages = {str(n): index(str(n + 1)) for n in range(10)}
    tree.fetch_root(f"{HOME}0")
    assert web.asked == ["0", "1", "2", "3"]
    assert not tree.complete
    assert tree.warnings == [f"{HOME}4: maps deeper than 3 are not read"]


def test_a_child_that_fails_is_a_warning_with_its_address(web: Web, tree: MapTree) -> None:
    web.pages = {"i": index("lost", "bad", "b"), "bad": "<html></html>", "b": urlset("1")}
    tree.fetch_root(f"{HOME}i")
    assert found(tree) == ["1"]
    assert not tree.complete
    assert [f"{HOME}lost" in tree.warnings[0], f"{HOME}bad" in tree.warnings[1]] == [True, True]


def test_a_root_that_fails_is_an_error(web: Web, tree: MapTree) -> None:
    with pytest.raises(MapNotThereError, match="404"):
        tree.fetch_root(f"{HOME}none")
    web.pages = {"html": "<html></html>"}
    with pytest.raises(SitemapError, match="no sitemap"):
        tree.fetch_root(f"{HOME}html")


def test_no_more_children_than_a_thousand(
    web: Web, tree: MapTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("povod.sites.input.maps.MAX_CHILDREN", 3)
    web.pages = {"i": index(*"abcdef"), **{name: urlset(name) for name in "abcdef"}}
    tree.fetch_root(f"{HOME}i")
    assert found(tree) == ["a", "b", "c"]
    assert not tree.complete


def test_more_addresses_than_a_list_may_have_are_left(
    web: Web, tree: MapTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("povod.sites.input.sieve.MAX_URLS", 3)
    web.pages = {"i": index("a", "b"), "a": urlset("1", "2"), "b": urlset("3", "4", "5")}
    tree.fetch_root(f"{HOME}i")
    assert found(tree) == ["1", "2", "3"]
    assert not tree.complete


def test_it_ends_early_when_the_job_does(web: Web, tree: MapTree) -> None:
    web.pages = {"i": index("a", "b"), "a": urlset("1"), "b": urlset("2")}
    tree.alive = lambda: len(web.asked) < 2
    tree.fetch_root(f"{HOME}i")
    assert found(tree) == ["1"]


# -- discovery ----------------------------------------------------------------------------------


def test_robots_and_the_usual_places_are_looked_through(web: Web, tree: MapTree) -> None:
    web.pages = {
        "robots.txt": f"Sitemap: {HOME}own.xml\nSitemap: /rel.xml\n",
        "own.xml": urlset("1"),
        "sitemap.xml": urlset("2"),
    }
    assert discover.read_usual_maps(tree, web.load, HOME) == 2
    assert found(tree) == ["1", "2"]
    assert tree.complete, "what may be missing is no fault"


def test_pages_of_categories_until_nothing_is_new(web: Web, tree: MapTree) -> None:
    def link(*names: str) -> str:
        return "".join(f'<a href="/{name}">x</a>' for name in names)

    web.pages = {"c": link("p1", "p2"), "c?page=2": link("p2", "p3"), "c?page=3": link("p3")}
    profile = {"category_urls": [f"{HOME}c"], "pagination": {"param": "page", "start": 2}}
    assert discover.read_categories(tree, web.load, profile) == 3
    assert found(tree) == ["p1", "p2", "p3"]
    assert web.asked == ["c", "c?page=2", "c?page=3"]


def test_discovery_is_bounded(web: Web, tree: MapTree) -> None:
    web.pages = {"c": "".join(f'<a href="/p{n}">x</a>' for n in range(20))}
    profile = {"category_urls": [f"{HOME}c"], "max_discovery_urls": 5}
    assert discover.read_categories(tree, web.load, profile) == 5


def test_a_site_without_https_is_found_by_http(web: Web) -> None:
    def load(url: str) -> bytes:
        if url.startswith("https:"):
            raise MapNotThereError(url, "connect_refused", "")
        return b""

    assert discover.home_of(load, "shop.ru") == "http://shop.ru/"
    assert discover.home_of(web.load, "shop.ru") == HOME


# -- guard --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://0x7f000001/",
        "http://2130706433/map.xml",
        "http://127.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1]/",
        "https://user:pass@shop.ru/",
        "https://shop.ru:22/",
        "ftp://shop.ru/",
        "file:///etc/passwd",
        "не адрес",
    ],
)
def test_addresses_that_are_never_asked(url: str) -> None:
    """N39."""
    with pytest.raises(InputError) as caught:
        check_source(url, AddressGuard())
    assert caught.value.code == "url_blocked"


def test_exempt_addresses_and_ports_may_be_asked() -> None:
    guard = AddressGuard(["127.0.0.0/8"])
    assert check_source("http://127.0.0.1:8080/a", guard, [8080]) == "http://127.0.0.1:8080/a"
    assert check_source("https://МАГАЗИН.рф/карта", guard).startswith("https://xn--")
