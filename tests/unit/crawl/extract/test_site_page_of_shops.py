"""Every field that the sandbox's shops show is read, in every layout and charset."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from povod.crawl.extract.site_page import SitePage, extract_site_page, with_answer
from povod.sandbox.shops.changes import Changes
from povod.sandbox.shops.model import Shop
from povod.sandbox.shops.pages import Asked, page_of
from povod.sandbox.shops.truth import product_truth, url_of

PAGES = 24
ENGINES = {
    "plain": None, "microdata": None, "spa": None, "bitrix": "bitrix", "cscart": "cscart",
    "woocommerce": "woocommerce", "insales": "insales",
}  # fmt: skip


def shop_of(layout: str, charset: str = "utf-8") -> Changes:
    return Changes(Shop("shop.example", layout, PAGES, charset=charset, header_charset=None))


def asked(changes: Changes, url: str, *, via: str = "") -> tuple[bytes, dict[str, str]]:
    parts = urlsplit(url)
    answer = page_of(changes, Asked(parts.path, parts.query, via))
    assert answer.status == 200
    return answer.body, answer.headers


def read(changes: Changes, index: int) -> SitePage:
    url = url_of(changes.shop, index)
    body, headers = asked(changes, url, via="browser")
    found = extract_site_page(body, headers.get("Content-Type", ""), url, headers=headers)
    for wanted in found.wants:
        found = with_answer(found, wanted, asked(changes, wanted)[0])
    return found


def shown(found: SitePage, truth: dict[str, Any]) -> dict[str, Any]:
    """The fields of the truth as they were read."""
    assert found.product is not None
    data = {name: found.product.data()[name] for name in truth}
    crumbs = [[crumb["name"], crumb["url"]] for crumb in data["breadcrumbs"]]
    data["breadcrumbs"] = crumbs[: len(truth["breadcrumbs"])]
    if truth.get("variants"):
        names = truth["variants"][0]
        data["variants"] = [{n: v[n] for n in names} for v in data["variants"]]
    return data


@pytest.mark.parametrize("charset", ["utf-8", "cp1251"])
@pytest.mark.parametrize("layout", ENGINES)
def test_products_are_read_to_the_last_field(layout: str, charset: str) -> None:
    changes = shop_of(layout, charset)
    for index in range(PAGES):
        product = changes.product(index)
        assert product is not None
        truth = product_truth(changes.shop, product)
        found = read(changes, index)
        assert shown(found, truth) == truth
        assert (found.cms, found.warnings) == (ENGINES[layout], [])
        assert (found.page_kind, found.soft_404, found.suspicion()) == ("product", False, None)


@pytest.mark.parametrize("layout", ENGINES)
def test_charsets_give_one_text(layout: str) -> None:
    pages = [read(shop_of(layout, charset), 3) for charset in ("utf-8", "cp1251")]
    assert pages[0].text_hash == pages[1].text_hash
    assert pages[0].charset != pages[1].charset


@pytest.mark.parametrize("path", ["/", "/catalog/"])
def test_other_pages_are_no_products(path: str) -> None:
    changes = shop_of("bitrix")
    body, headers = asked(changes, f"https://shop.example{path}")
    found = extract_site_page(body, headers["Content-Type"], f"https://shop.example{path}")
    assert found.product is None
    assert found.page_kind in ("category", "other")


@pytest.mark.parametrize("layout", ENGINES)
def test_shelves_are_categories(layout: str) -> None:
    changes = shop_of(layout)
    product = changes.product(0)
    assert product is not None
    truth = product_truth(changes.shop, product)
    url = [address for _, address in truth["breadcrumbs"] if address][-1]
    body, headers = asked(changes, url)
    found = extract_site_page(body, headers["Content-Type"], url, headers=headers)
    assert (found.page_kind, found.product) == ("category", None)


def test_a_missing_page_says_so() -> None:
    changes = shop_of("plain")
    answer = page_of(changes, Asked("/catalog/nothing-99999.html"))
    found = extract_site_page(answer.body, "text/html", "https://shop.example/x")
    assert (found.soft_404, found.product) == (True, None)


def test_a_shell_needs_a_browser() -> None:
    changes = shop_of("spa")
    url = url_of(changes.shop, 0)
    body, headers = asked(changes, url)
    found = extract_site_page(body, headers["Content-Type"], url)
    assert (found.needs_js, found.product) == (True, None)
