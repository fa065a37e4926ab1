"""Faults of pages (S99): each code with the page that shows it, and the one that does not."""

from decimal import Decimal

import pytest

from povod.crawl.extract.issues import (
    SEVERITIES,
    PageRow,
    issues_between,
    issues_of_page,
)
from povod.crawl.extract.product_model import Product
from povod.crawl.extract.seo import SeoFields

URL = "https://shop.example/chay"


def good(**more: object) -> SeoFields:
    fields = {
        "title": "Чай чёрный байховый",
        "meta_description": "Купить чай чёрный байховый с доставкой по всей России за два дня.",
        "h1": "Чай", "h1_count": 1, "canonical": URL, "word_count": 300,
        "images_total": 2,
    }  # fmt: skip
    return SeoFields(**{**fields, **more})  # type: ignore[arg-type]


def codes(fields: SeoFields, **more: object) -> list[str]:
    return [issue.code for issue in issues_of_page(fields, URL, **more)]  # type: ignore[arg-type]


def test_a_good_page_has_no_issue() -> None:
    product = Product(price=Decimal(5), availability="in_stock")
    assert codes(good(), product=product, duration_ms=500) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": None}, "title_missing"),
        ({"title": "я" * 71}, "title_long"),
        ({"title": "Чай"}, "title_short"),
        ({"meta_description": None}, "description_missing"),
        ({"meta_description": "я" * 161}, "description_long"),
        ({"meta_description": "коротко"}, "description_short"),
        ({"h1": None, "h1_count": 0}, "h1_missing"),
        ({"h1_count": 2}, "h1_multiple"),
        ({"robots": "follow, noindex"}, "noindex"),
        ({"robots": "NONE"}, "noindex"),
        ({"canonical": None}, "canonical_missing"),
        ({"canonical": "https://shop.example/"}, "canonical_elsewhere"),
        ({"links_mixed": 3}, "mixed_link"),
        ({"json_ld_errors": 1}, "jsonld_broken"),
        ({"images_without_alt": 1}, "image_no_alt"),
        ({"word_count": 99}, "thin_text"),
    ],
)
def test_each_fault_of_a_page(fields: dict[str, object], code: str) -> None:
    assert codes(good(**fields)) == [code]


@pytest.mark.parametrize(
    ("fields", "duration"),
    [
        ({"title": "я" * 70}, 3000),
        ({"title": "я" * 10}, None),
        ({"meta_description": "я" * 160}, 10),
        ({"meta_description": "я" * 50}, 0),
        ({"canonical": URL + "/"}, 1),
        ({"word_count": 100, "robots": "index"}, 1),
        ({"word_count": None}, 1),
    ],
)
def test_the_bounds_are_no_faults(fields: dict[str, object], duration: int | None) -> None:
    assert codes(good(**fields), duration_ms=duration) == []


def test_a_slow_page() -> None:
    (issue,) = issues_of_page(good(), URL, duration_ms=3001)
    assert (issue.code, issue.severity, issue.evidence) == ("slow_page", "warning", "3001 ms")


def test_a_product_without_price_or_availability() -> None:
    assert codes(good(), product=Product()) == ["product_no_price", "product_no_availability"]


def row(path: str, **more: object) -> PageRow:
    url = f"https://shop.example/{path}"
    seo = more.pop("seo", good(title=f"Страница {path}", meta_description=None, canonical=url))
    return PageRow(url, seo, **{"status": 200, "final_url": url, **more})  # type: ignore[arg-type]


def key(url: str) -> str:
    return url.rstrip("/").removeprefix("https://").removeprefix("http://")


def found(*rows: PageRow) -> set[tuple[str, str]]:
    return {(url.rpartition("/")[2], issue.code) for url, issue in issues_between(rows, key)}


def test_different_pages_have_no_issue() -> None:
    assert found(row("a"), row("b")) == set()
    assert issues_between([], key) == []


def test_faults_of_the_map() -> None:
    assert found(
        row("gone", status=404),
        row("broken", status=503),
        row("moved", final_url="https://shop.example/other"),
        row("slash", final_url="http://shop.example/slash/"),
        row("closed", blocked_by_robots=True),
        row("unlisted", status=404, in_map=False, final_url="https://shop.example/x"),
    ) == {
        ("gone", "http_4xx_in_map"),
        ("broken", "http_5xx_in_map"),
        ("moved", "redirect_in_map"),
        ("closed", "robots_blocked_in_map"),
    }


def test_a_canonical_that_points_on() -> None:
    rows = [
        row("a", seo=good(title="А", canonical="https://shop.example/b")),
        row("b", seo=good(title="Б", canonical="https://shop.example/c/")),
        row("c", seo=good(title="В", canonical="https://shop.example/c")),
        row("d", seo=None),
    ]
    chains = [(u[-1], i.code) for u, i in issues_between(rows, key) if "canonical" in i.code]
    assert chains == [("a", "canonical_chain")]


def test_translations_must_point_back() -> None:
    def translated(name: str, *targets: str) -> PageRow:
        pairs = tuple((target, f"https://shop.example/{target}") for target in targets)
        return row(name, seo=good(title=name, meta_description=None, hreflang=pairs))

    rows = [translated("ru", "ru", "en", "de", "fr"), translated("en", "ru"), translated("de")]
    assert [code for _, code in sorted(found(*rows))] == ["hreflang_no_return"]
    (issue,) = [issue for _, issue in issues_between(rows, key)]
    assert issue.evidence == "de: https://shop.example/de"


def test_every_code_has_a_severity() -> None:
    assert set(SEVERITIES.values()) == {"error", "warning", "notice"}
    assert len(SEVERITIES) == 26
