"""Addresses: the browser's parse, the canonical form, the registered domain."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.kit.errors import InvalidUrl
from povod.kit.url import (
    MAX_LENGTH,
    _parts,
    _usual_parts,
    host_of,
    normalize_url,
    parse_url,
    registrable_domain,
    to_unicode_host,
)


@pytest.mark.parametrize(
    ("text", "base", "href"),
    [
        ("HTTPS://Firma.RU:443/a/../b", None, "https://firma.ru/b"),
        ("../цены?x=1#top", "https://firma.ru/a/b/", "https://firma.ru/a/%D1%86%D0%B5%D0%BD%D1%8B?x=1#top"),
        ("//cdn.firma.ru/x", "https://firma.ru/", "https://cdn.firma.ru/x"),
        ("  https://firma.ru\\a\n", None, "https://firma.ru/a"),
        ("http://0x7f.1/", None, "http://127.0.0.1/"),
        ("mailto:info@firma.ru", None, "mailto:info@firma.ru"),
        ("http://firma.ru/\ud800", None, "http://firma.ru/%EF%BF%BD"),
    ],
)  # fmt: skip
def test_parse_url_gives_what_a_browser_would_open(text, base, href):
    assert parse_url(text, base) == href


@pytest.mark.parametrize(
    "text", ["", "firma.ru", "/path", "http://", "http://a b/", "http://h:99999/"]
)
def test_parse_url_refuses_what_is_no_full_address(text):
    with pytest.raises(InvalidUrl, match="not an address"):
        parse_url(text)


def test_a_long_address_is_cut_in_the_message():
    with pytest.raises(InvalidUrl) as caught:
        parse_url("x" * 5000)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("HTTP://WWW.Firma.RU:80/index.php?utm_source=ya#top", "https://firma.ru/"),
        ("https://spb.firma.ru/kontakty/", "https://spb.firma.ru/kontakty"),
        ("http://окна-казань.рф/", "https://xn----7sbba8aocvgb7n.xn--p1ai/"),
        ("https://alfa.tilda.ws/page1", "https://alfa.tilda.ws/page1"),
        ("https://firm.msk.ru/", "https://firm.msk.ru/"),
        ("https://firma.ru./a", "https://firma.ru/a"),
        ("https://firma.ru:8443/a", "https://firma.ru:8443/a"),
        ("http://firma.ru:443/a", "https://firma.ru/a"),
        ("https://www.www.firma.ru", "https://firma.ru/"),
        ("https://www.ru/", "https://www.ru/"),
        ("https://firma.ru/a//", "https://firma.ru/a"),
        ("https://firma.ru/a/index.html/index.htm", "https://firma.ru/a"),
        ("https://firma.ru/myindex.html", "https://firma.ru/myindex.html"),
        ("https://firma.ru/?b=2&a=1", "https://firma.ru/?a=1&b=2"),
        ("https://firma.ru/?UTM_Source=x&yclid=1&PHPSESSID=2&from=3&etext=4", "https://firma.ru/"),
        ("https://firma.ru/?utm%5Fterm=x&&id=5", "https://firma.ru/?id=5"),
        ("https://firma.ru/?fromage=1", "https://firma.ru/?fromage=1"),
        ("https://firma.ru/%7euser/%d0%b0%2f", "https://firma.ru/~user/%D0%B0%2F"),
        ("https://firma.ru/100%", "https://firma.ru/100%25"),
        ("https://firma.ru/a|b", "https://firma.ru/a%7Cb"),
    ],
)
def test_normalize_url_gives_one_spelling(text, canonical):
    assert normalize_url(text) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("javascript:alert(1)", "scheme"),
        ("mailto:info@firma.ru", "scheme"),
        ("ftp://firma.ru/", "scheme"),
        ("https://user:secret@firma.ru/", "user name"),
        ("http://10.0.0.1/", "IP address"),
        ("http://0x0a000001/", "IP address"),
        ("http://[::1]/", "IP address"),
        ("http://localhost/", "one label"),
        ("https://firma..ru/", "empty label"),
        ("https://firma.nosuchsuffix/", "suffix"),
        ("http://firma.ru:99999x/", "not an address"),
        ("https://firma.ru/" + "a" * MAX_LENGTH, "longer than 2048"),
        ("https://firma.ru/" + "я" * 1000, "longer than 2048"),
    ],
)
def test_normalize_url_refuses_with_a_reason(text, reason):
    with pytest.raises(InvalidUrl, match=reason):
        normalize_url(text)


ESCAPES = st.sampled_from(["%", "%2", "%41", "%7e", "%2F", "%252e", "я", " ", "|", "'", ";"])
PATHS = st.sampled_from(["/", "//", ".", "..", "index.html", "index.php", "\\", "www.", "#"])
PARAMS = st.sampled_from(["?", "&", "=", "utm_x", "sid", "b", "A", "+"])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["http://", "https://"]),
    st.sampled_from(["firma.ru", "www.firma.ru.", "WWW.www.msk.ru", "окна.рф", "firma.ru:443"]),
    st.lists(ESCAPES | PATHS | PARAMS, max_size=12),
)
def test_normalize_url_is_idempotent(scheme, host, pieces):
    canonical = normalize_url(f"{scheme}{host}/{''.join(pieces)}")
    assert normalize_url(canonical) == canonical


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text):
    for function in (parse_url, normalize_url, host_of):
        with suppress(InvalidUrl):
            assert isinstance(function(text), str)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.firma.ru", "firma.ru"),
        ("Firma.RU", "firma.ru"),
        ("firma.ru.", "firma.ru"),
        ("firma.msk.ru", "firma.msk.ru"),
        ("user.github.io", "user.github.io"),
        ("msk.ru", None),
        ("ru", None),
        ("", None),
        (".firma.ru", None),
        ("a..ru", None),
        ("10.0.0.1", None),
        ("::1", None),
        ("www.окна.рф", "окна.рф"),
        ("www.xn--80atjc.xn--p1ai", "xn--80atjc.xn--p1ai"),
        ("a.firma.unlisted", "firma.unlisted"),
    ],
)
def test_registrable_domain(host, domain):
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Окна.РФ:8080/x", "www.xn--80atjc.xn--p1ai"),
        ("http://firma.ru./", "firma.ru"),
        ("http://[2001:DB8::1]/", "2001:db8::1"),
        ("http://firma.ru/a/./b?c=d", "firma.ru"),
        ("https://www.firma.ru", "www.firma.ru"),
    ],
)
def test_host_of(url, host):
    assert host_of(url) == host


def test_host_of_an_address_without_host_is_refused():
    with pytest.raises(InvalidUrl, match="names no host"):
        host_of("mailto:info@firma.ru")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("www.xn--80atjc.xn--p1ai", "www.окна.рф"),
        ("firma.ru", "firma.ru"),
        ("окна.рф", "окна.рф"),
        ("xn--zzzzzzzz---.ru", "xn--zzzzzzzz---.ru"),
    ],
)
def test_to_unicode_host(host, shown):
    assert to_unicode_host(host) == shown


USUAL_HOST = st.from_regex(r"([a-z0-9-]{1,6}\.){1,3}[a-z]{2,4}", fullmatch=True)
USUAL_REST = st.text("abcXYZ019-._~/:@!$&()*+,;=?%[]'#\\ ", max_size=20)


@given(st.sampled_from(["http", "https"]), USUAL_HOST, st.sampled_from(["", "/", "?"]), USUAL_REST)
@settings(max_examples=600)
def test_the_short_way_reads_what_the_parser_reads(scheme, host, first, rest):
    text = f"{scheme}://{host}{first}{rest}"
    short = _usual_parts(text)
    if short is not None:
        assert short == _parts(text)


def test_the_short_way_is_taken_by_usual_addresses_only():
    assert _usual_parts("https://www.firma.ru/uslugi/?utm_source=ya") is not None
    strange = (
        "https://firma.ru/a/../b",
        "https://xn--80ak6aa92e.ru/",
        "https://firma.ru/%41",
        "//x",
    )
    assert [_usual_parts(text) for text in strange] == [None] * len(strange)
