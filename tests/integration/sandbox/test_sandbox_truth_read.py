"""The house's own reader finds on the shops' pages what their truth says: neither can drift."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from povod.crawl.extract.site_page import SitePage, extract_site_page, with_answer
from povod.crawl.site_profile import SiteProfile
from povod.sandbox.shops.layouts import LAYOUTS
from povod.sandbox.shops.model import Shop
from povod.sandbox.shops.service import OpenShop, Visit
from povod.sandbox.shops.truth import page_truth

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGES = 40
READ_BY_A_PROFILE = {"api"}
SEO = ("title", "meta_description", "h1", "canonical", "robots", "og_title", "og_image")


def fetch(shop: OpenShop, url: str):
    parts = urlsplit(url)
    headers = {"X-Sandbox-Via": "flaresolverr"} if shop.shop.layout == "spa" else {}
    return shop.answer(Visit("https", parts.netloc, "GET", parts.path, parts.query, headers), NOON)


def read(shop: OpenShop, url: str) -> SitePage:
    answer = fetch(shop, url)
    kind = answer.headers["Content-Type"]
    page = extract_site_page(answer.body, kind, url, SiteProfile(), headers=answer.headers)
    for wanted in list(page.wants):
        page = with_answer(page, wanted, fetch(shop, wanted).body)
    return page


def money(value):
    return None if value is None else f"{Decimal(str(value)):.2f}"


def shown(page: SitePage, wanted: dict) -> dict:
    """What was read, in the words of the truth, for the fields that the truth has."""
    product = page.product
    assert product is not None
    found = {name: getattr(product, name, None) for name in wanted}
    for name in ("price", "price_old"):
        if name in found:
            found[name] = money(found[name])
    if "rating" in found:
        found["rating"] = str(product.rating) if product.rating is not None else None
    found["breadcrumbs"] = [list(crumb) for crumb in product.breadcrumbs]
    found["images"] = list(product.images)
    if "variants" in found:
        names = ("id", "sku", "type", "value", "stock", "in_stock")
        found["variants"] = [
            {name: getattr(v, name) for name in names} | {"price": money(v.price)}
            for v in product.variants
        ]
    return found


def without(variants: list[dict], name: str) -> list[dict]:
    return [{key: value for key, value in v.items() if key != name} for v in variants]


@pytest.mark.parametrize("theme", ["tools", "tea"])
@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - READ_BY_A_PROFILE))
def test_the_reader_and_the_truth_agree(layout, theme):
    shop = OpenShop(Shop("read-shop.ru", layout, PAGES, theme))
    for index in range(PAGES):
        truth = page_truth(shop.changes, index)
        page = read(shop, truth["url"])
        wanted, found = truth["product"], shown(page, truth["product"])
        if layout == "magento":  # what is on sale stands in the page; not every reader looks
            found["variants"] = without(found["variants"], "in_stock")
            wanted = wanted | {"variants": without(wanted["variants"], "in_stock")}
        if layout == "cm3":  # the engine writes a label into the same node
            found["sku"] = found["sku"].removeprefix("Артикул: ")
        assert found == wanted, truth["url"]
        assert {name: getattr(page.seo, name) for name in SEO} == {
            name: truth["seo"][name] for name in SEO
        }


def test_a_cp1251_shop_reads_the_same():
    utf = OpenShop(Shop("read-shop.ru", "microdata", PAGES, "tea"))
    old = OpenShop(
        Shop("read-shop.ru", "microdata", PAGES, "tea", charset="windows-1251", header_charset=None)
    )
    for index in range(10):
        url = page_truth(utf.changes, index)["url"]
        assert read(utf, url).product == read(old, url).product
        assert read(utf, url).text_hash == read(old, url).text_hash


def test_changes_show_in_what_is_read():
    shop = OpenShop(Shop("read-shop.ru", "bitrix", PAGES, "build"))
    planted = shop.changes.plant({"count": 16, "seed": 5}, NOON)
    for change in planted:
        truth = page_truth(shop.changes, change.index)
        if truth["removed"]:
            assert fetch(shop, truth["url"]).status == 404
        else:
            assert shown(read(shop, truth["url"]), truth["product"]) == truth["product"]


@pytest.mark.parametrize(("kind", "sign"), [("soft_404", "soft_404"), ("silent_block", "phrase")])
def test_planted_pages_are_known_for_what_they_are(kind, sign):
    shop = OpenShop(Shop("read-shop.ru", "plain", 5, "tools"))
    shop.faults.add({"kind": kind})
    page = read(shop, page_truth(shop.changes, 1)["url"])
    assert page.product is None
    assert page.soft_404 if sign == "soft_404" else page.suspicion()


def test_a_shell_needs_a_browser():
    shop = OpenShop(Shop("read-shop.ru", "spa", 5, "tools"))
    url = page_truth(shop.changes, 1)["url"]
    answer = shop.answer(Visit("https", "read-shop.ru", "GET", urlsplit(url).path, "", {}), NOON)
    page = extract_site_page(answer.body, answer.headers["Content-Type"], url)
    assert page.needs_js
    assert page.product is None
