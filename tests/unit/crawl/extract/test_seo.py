"""SEO fields of a page (S98)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.extract.seo import SeoFields, cut, extract_seo, merged_robots

URL = "https://shop.example/catalog/chay"


def seo(head: str = "", body: str = "", url: str = URL, **headers: str) -> SeoFields:
    html = f"<!doctype html><html lang=' ru '><head>{head}</head><body>{body}</body></html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return extract_seo(html, url, named)


def meta(**contents: str) -> str:
    return "".join(
        f'<meta name="{name.replace("_", ":", 1)}" content="{content}">'
        for name, content in contents.items()
    )


def test_an_empty_page_has_nothing() -> None:
    fields = extract_seo("<html></html>", URL)
    assert fields == SeoFields(word_count=None)
    assert fields.title is None
    assert fields.h1_count == 0


def test_texts_of_head_and_heading() -> None:
    fields = seo(
        "<title> Чай \n чёрный </title>"
        + meta(
            description="Купить чай", keywords="чай, чёрный", og_title="Чай!",
            og_description="О чае", og_image="/i.jpg", og_url=URL, og_site_name="Лавка",
            twitter_title="Чай…",
            twitter_description="в птичнике", robots="index, follow",
        ),
        "<h1>Чай <b>чёр</b>ный<br>байховый</h1><h1> </h1><h1>Ещё</h1>",
    )  # fmt: skip
    assert (fields.title, fields.meta_description) == ("Чай чёрный", "Купить чай")
    assert (fields.meta_keywords, fields.robots) == ("чай, чёрный", "index, follow")
    assert (fields.og_title, fields.og_description) == ("Чай!", "О чае")
    assert (fields.og_image, fields.og_url, fields.og_site_name) == ("/i.jpg", URL, "Лавка")
    assert (fields.twitter_title, fields.twitter_description) == ("Чай…", "в птичнике")
    assert fields.h1_count == 2
    assert fields.lang == "ru"


def test_words_around_a_line_break_stay_apart() -> None:
    assert seo(body="<h1>Чай<br>чёрный</h1>").h1 == "Чай чёрный"
    assert seo(body="<h1>Ч<b>ай</b></h1>").h1 == "Чай"


def test_the_title_of_a_drawing_is_no_title() -> None:
    assert seo(body="<svg><title>Корзина</title></svg>").title is None
    assert seo("<title>Чай</title>", "<svg><title>Корзина</title></svg>").title == "Чай"


@pytest.mark.parametrize(
    ("href", "canonical"),
    [
        ("https://shop.example/p", "https://shop.example/p"),
        ("/p?x=1", "https://shop.example/p?x=1"),
        ("p", "https://shop.example/catalog/p"),
        ("//other.example/p", "https://other.example/p"),
        ("", None),
        ("javascript:void(0)", None),
    ],
)
def test_the_canonical_is_absolute(href: str, canonical: str | None) -> None:
    assert seo(f'<link rel="Canonical" href="{href}">').canonical == canonical


def test_the_first_canonical_counts() -> None:
    assert seo('<link rel="canonical" href="/a"><link rel="canonical" href="/b">').canonical == (
        "https://shop.example/a"
    )


def test_links_of_a_head() -> None:
    fields = seo(
        '<link rel="alternate" hreflang="en" href="/en"><link rel="alternate" hreflang="x-default"'
        ' href="https://shop.example/"><link rel="alternate" type="application/rss+xml" href="/r">'
        '<link rel="next" href="?page=3"><link rel="prev" href="?page=1">'
        '<link rel="stylesheet" href="/s.css">'
    )
    assert fields.hreflang == (
        ("en", "https://shop.example/en"),
        ("x-default", "https://shop.example/"),
    )
    assert (fields.rel_prev, fields.rel_next) == (f"{URL}?page=1", f"{URL}?page=3")
    assert fields.data()["hreflang"][0] == {"lang": "en", "url": "https://shop.example/en"}


@pytest.mark.parametrize(
    ("in_page", "header", "robots"),
    [
        ("noindex", None, "noindex"),
        ("NOINDEX,nofollow", None, "NOINDEX,nofollow"),
        ("NOINDEX,nofollow", "noindex", "noindex, nofollow"),
        (None, "noindex", "noindex"),
        ("index, follow", "noindex, follow", "index, follow, noindex"),
        (None, None, None),
    ],
)
def test_robots_of_page_and_header(
    in_page: str | None, header: str | None, robots: str | None
) -> None:
    head = meta(robots=in_page) if in_page else ""
    headers = {"X_Robots_Tag": header} if header else {}
    assert seo(head, **headers).robots == robots


def test_last_modified_of_header_or_page() -> None:
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    assert seo(Last_Modified=date).last_modified == date
    head = '<meta property="article:modified_time" content="2026-10-21">'
    assert seo(head).last_modified == "2026-10-21"


def test_images_and_their_texts() -> None:
    fields = seo(body='<img alt="Чай  чёрный"><img alt=""><img><img alt="Чашка">')
    assert fields.images_alt_joined == "Чай чёрный|Чашка"
    assert (fields.images_total, fields.images_without_alt) == (4, 2)


def test_links_within_and_out() -> None:
    fields = seo(
        body='<a href="/a">1</a><a href="b">2</a><a href="https://www.shop.example/c">3</a>'
        '<a href="http://shop.example/d">4</a><a href="https://other.example/">5</a>'
        '<a href="//shop.example/e">6</a><a href="#x">7</a><a href="tel:+7">8</a><a>9</a>'
        '<a href="mailto:a@b.c">10</a><a href="javascript:x()">11</a><a href="">12</a>'
    )
    assert (fields.links_internal, fields.links_external, fields.links_mixed) == (5, 1, 1)


def test_structured_data_types_and_errors() -> None:
    good = json.dumps({"@type": "Product", "offers": {"@type": "Offer"}})
    fields = seo(
        f'<script type="application/ld+json">{good}</script>'
        '<script type="application/ld+json">{"@type": "Thing",}</script>'
        '<script type="application/ld+json">нет</script>'
        '<script type="application/ld+json"> </script>'
    )
    assert fields.json_ld_types == ("Product", "Offer", "Thing")
    assert fields.json_ld_errors == 2
    assert fields.data()["json_ld_types"] == ["Product", "Offer", "Thing"]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("абв", 3, "абв"), ("абвг", 3, "аб…"), ("аб вг", 4, "аб…"), ("", 3, None), (None, 3, None)],
)
def test_cuts_end_with_an_ellipsis(text: str | None, limit: int, expected: str | None) -> None:
    assert cut(text, limit) == expected


def test_limits_are_kept() -> None:
    fields = seo(
        f"<title>{'я' * 600}</title>" + meta(description="ю" * 2000),
        "".join(f'<img alt="картинка номер {n}">' for n in range(100)),
    )
    assert fields.title is not None
    assert (len(fields.title), fields.title[-1]) == (512, "…")
    assert len(fields.meta_description or "") == 1024
    assert len(fields.images_alt_joined or "") <= 512


@settings(deadline=None)
@given(st.text(max_size=700), st.integers(min_value=2, max_value=600))
def test_a_cut_never_exceeds_its_limit(text: str, limit: int) -> None:
    result = cut(text, limit)
    assert result is None or len(result) <= limit


def test_no_directive_is_none() -> None:
    assert merged_robots(None, "", " , ") is None


def test_bytes_of_another_charset() -> None:
    html = '<meta charset="windows-1251"><title>Чай</title><h1>Чёрный</h1>'
    fields = extract_seo(html.encode("cp1251"), URL)
    assert (fields.title, fields.h1) == ("Чай", "Чёрный")


def test_an_address_that_is_none_is_survived() -> None:
    fields = seo('<link rel="canonical" href="/p">', '<a href="/a">1</a>', url="что-то")
    assert fields.canonical is None
    assert fields.links_internal == 1
