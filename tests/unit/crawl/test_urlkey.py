"""S34, N48: one page, one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.urlkey import UrlKeyError, host_of_key, origin_of, url_key


@pytest.mark.parametrize(
    "twin",
    [
        "https://shop.ru/catalog/товар-1",
        "http://shop.ru/catalog/товар-1",
        "https://www.shop.ru/catalog/товар-1/",
        "https://SHOP.ru:443/catalog/товар-1#reviews",
        "http://shop.ru:80/catalog/товар-1?utm_source=ya&utm_medium=cpc",
        "https://shop.ru/catalog/%D1%82%D0%BE%D0%B2%D0%B0%D1%80%2d1?yclid=9&from=mail",
        "  https://shop.ru./catalog/%d1%82%d0%be%d0%b2%d0%b0%d1%80-1?PHPSESSID=1&sid=2  ",
        "https://shop.ru/catalog/./x/../товар-1//",
    ],
)
def test_twins_have_one_key(twin):
    assert url_key(twin) == "https://shop.ru/catalog/%D1%82%D0%BE%D0%B2%D0%B0%D1%80-1"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://магазин.рф/", "https://xn--80aairftm.xn--p1ai/"),
        ("https://shop.ru", "https://shop.ru/"),
        ("https://shop.ru/?b=2&a=1&gclid=z", "https://shop.ru/?a=1&b=2"),
        ("https://shop.ru/?utm_source=x", "https://shop.ru/"),
        ("http://127.0.0.1:8080/p?id=1", "https://127.0.0.1:8080/p?id=1"),
        ("https://shop.ru/A/b", "https://shop.ru/A/b"),
        ("https://shop.ru/p?color=красный&q=a+b", "https://shop.ru/p?color=%D0%BA%D1%80%D0%B0%D1%81%D0%BD%D1%8B%D0%B9&q=a+b"),
        ("https://www.ru/x", "https://www.ru/x"),
        ("https://www.www.shop.ru/x", "https://shop.ru/x"),
    ],
)  # fmt: skip
def test_keys(url, key):
    assert url_key(url) == key


def test_different_pages_keep_different_keys():
    pages = [
        "https://shop.ru/a",
        "https://shop.ru/A",
        "https://m.shop.ru/a",
        "https://shop.ru/a?p=1",
    ]
    assert len({url_key(page) for page in pages}) == len(pages)


def test_the_profile_drops_parameters_of_its_own():
    assert url_key("https://shop.ru/p?id=1&sort=up", {"sort"}) == "https://shop.ru/p?id=1"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mailto:a@b.ru", "bad_url"),
        ("ftp://shop.ru/a", "bad_url"),
        ("/catalog/1", "bad_url"),
        ("", "bad_url"),
        ("https://user:secret@shop.ru/", "bad_url"),
        ("https://user@shop.ru/", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
        ("https://", "bad_url"),
        ("https://./", "bad_url"),
        ("https://shop.ru/" + "a" * 2048, "too_long"),
        ("https://shop.ru/" + "я" * 1000, "too_long"),
    ],
)
def test_what_is_no_page_is_refused_with_its_reason(url, reason):
    with pytest.raises(UrlKeyError) as refused:
        url_key(url)
    assert refused.value.reason == reason
    assert "secret" not in str(refused.value)


_PART = st.text(alphabet="abzABZ0189йцжЁ%._-~+=&?/ #:@!$'()*,;[]{}|\\^`\u0301", max_size=25)


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["shop.ru", "www.shop.ru", "WWW.Shop.RU:8080", "кафе.рф", "b.shop.su:80"]),
    path=_PART,
    query=_PART,
)  # fmt: skip
def test_the_key_of_a_key_is_the_key(scheme, host, path, query):
    key = url_key(f"{scheme}://{host}/{path}?{query}")
    assert url_key(key) == key
    assert "www." not in host_of_key(key)


@given(st.text(max_size=60))
def test_any_text_has_a_key_or_a_reason(text):
    try:
        key = url_key(text)
    except UrlKeyError:
        return
    assert url_key(key) == key


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("https://Shop.ru/a?b", "https://shop.ru", "shop.ru"),
        ("http://www.shop.ru:8080", "http://www.shop.ru:8080", "shop.ru:8080"),
        ("https://shop.ru?x=/y", "https://shop.ru", "shop.ru"),
    ],
)
def test_origin_and_host(url, origin, host):
    assert origin_of(url) == origin
    assert host_of_key(url_key(url)) == host
