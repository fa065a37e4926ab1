"""The trail of a page, from structured data and from markup."""

import json

import pytest

from povod.crawl.extract.breadcrumbs import extract_breadcrumbs

URL = "https://shop.example/catalog/chay/chaynik"


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def script(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'


def test_a_fragment_is_the_trail_itself() -> None:
    html = '<div><a href="/">Главная</a> / <a href="/c/">Чай</a> / <span>Чайник</span></div>'
    assert extract_breadcrumbs(html, URL) == [
        ("Главная", "https://shop.example/"),
        ("Чай", "https://shop.example/c/"),
        ("Чайник", None),
    ]


@pytest.mark.parametrize("html", ["", "   ", "<!-- -->"])
def test_an_empty_fragment_has_no_trail(html: str) -> None:
    assert extract_breadcrumbs(html, URL) == []


def test_json_ld_is_read_in_the_order_of_positions() -> None:
    data = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": 2, "name": "Чай", "item": "/c/"},
            {"@type": "ListItem", "position": "1", "name": "Главная", "item": {"@id": "/"}},
            {"@type": "ListItem", "position": 3, "item": {"name": "Чайник", "url": "/c/1"}},
            {"@type": "ListItem", "position": 4},
        ],
    }
    assert extract_breadcrumbs(page("", script(data)), URL) == [
        ("Главная", "https://shop.example/"),
        ("Чай", "https://shop.example/c/"),
        ("Чайник", "https://shop.example/c/1"),
    ]


def test_of_several_json_ld_trails_the_longest_counts() -> None:
    def trail(*names: str) -> dict[str, object]:
        return {
            "@type": "BreadcrumbList",
            "itemListElement": [{"position": "x", "name": name} for name in names],
        }

    html = page("", script(trail("Главная")) + script({"@graph": [trail("Главная", "Чай")]}))
    assert extract_breadcrumbs(html, URL) == [("Главная", None), ("Чай", None)]


def test_microdata_trail() -> None:
    html = page(
        '<ol itemscope itemtype="https://schema.org/BreadcrumbList">'
        '<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem">'
        '<a itemprop="item" href="/"><span itemprop="name">Главная</span></a></li>'
        '<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem">'
        '<a itemprop="item" href="/c/">Чай</a></li>'
        '<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem">'
        '<span itemprop="name">Чайник</span></li></ol>'
    )
    assert extract_breadcrumbs(html, URL) == [
        ("Главная", "https://shop.example/"),
        ("Чай", "https://shop.example/c/"),
        ("Чайник", None),
    ]


@pytest.mark.parametrize(
    "attribute",
    ['class="breadcrumbs"', 'class="bx-breadcrumb"', 'id="breadcrumb"', 'class="kroshki"',
     'aria-label="Breadcrumb"', 'class="crumbs-list"'],
)  # fmt: skip
def test_the_trail_is_found_by_its_names(attribute: str) -> None:
    html = page(
        f'<div {attribute}><a href="/">Главная</a> » <a href="/c/">Чай</a> » Чайник</div>'
        "<h1>Чайник</h1>"
    )
    assert [name for name, _ in extract_breadcrumbs(html, URL)] == ["Главная", "Чай", "Чайник"]


def test_bytes_are_read_too() -> None:
    html = page('<div class="breadcrumbs"><a href="/">Главная</a> / <a href="/c/">Чай</a></div>')
    assert len(extract_breadcrumbs(html.encode(), URL)) == 2


def test_the_base_element_moves_the_links() -> None:
    html = page(
        '<div class="breadcrumbs"><a href="x/">Главная</a> / <a href="y/">Чай</a></div>',
        '<base href="https://other.example/a/">',
    )
    assert extract_breadcrumbs(html, URL)[0] == ("Главная", "https://other.example/a/x/")


def test_a_page_without_trail() -> None:
    assert extract_breadcrumbs(page("<h1>Чайник</h1><a href='/'>На главную</a>"), URL) == []


@pytest.mark.parametrize(
    ("trail", "names"),
    [
        ('<a href="/">Главная</a> / <a href="/c/">Чай</a> /', ["Главная", "Чай"]),
        ('<a href="/">Главная</a> / Чай / Чайник', ["Главная", "Чай / Чайник"]),
        ('<a href="/">Главная</a> / <span title="x">Чай</span>', ["Главная", "Чай"]),
        ('<a href="/"><img alt="x"></a> / <a href="/c/">Чай</a>', None),
        ('<a href="/">Главная</a> › «Чайник»', ["Главная", "«Чайник»"]),
        ("<span>Главная</span> / <span>Чай</span>", []),
    ],
)
def test_trails_plain_and_less_plain(trail: str, names: list[str] | None) -> None:
    crumbs = extract_breadcrumbs(page(f'<div class="breadcrumbs">{trail}</div>'), URL)
    if names is not None:
        assert [name for name, _ in crumbs] == names
    else:
        assert crumbs[-1] == ("Чай", "https://shop.example/c/")


def test_a_lists_menu_within_the_trail_is_left_out() -> None:
    html = page(
        '<ul class="breadcrumbs"><li><a href="/">Главная</a></li><li><a href="/c/">Чай</a>'
        '<ul><li><a href="/x/">Кофе</a></li></ul></li><li>Чайник</li></ul>'
    )
    assert [name for name, _ in extract_breadcrumbs(html, URL)] == ["Главная", "Чай", "Чайник"]


def test_a_huge_element_with_the_name_of_a_trail_is_none() -> None:
    html = page(f'<div class="breadcrumbs"><a href="/">Главная</a>{"<p>текст</p>" * 4000}</div>')
    assert extract_breadcrumbs(html, URL) == []


def test_microdata_trail_without_names() -> None:
    html = page(
        '<ol itemscope itemtype="https://schema.org/BreadcrumbList"><li itemprop="itemListElement" '
        'itemscope itemtype="https://schema.org/ListItem"></li></ol>'
    )
    assert extract_breadcrumbs(html, URL) == []
