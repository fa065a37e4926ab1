"""Addresses that are judged the short way: never otherwise than the long way would."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from povod.crawl.fetch.addresses import check_address, href
from povod.crawl.fetch.result import FetchError
from povod.kit.errors import InvalidUrl
from povod.kit.guard import AddressGuard
from povod.kit.url import parse_url

ORIGINS = [
    "http://firma.ru", "https://firma.ru:443", "http://firma.ru:80", "http://firma.ru:8080",
    "http://127.0.0.1:8080", "http://127.1", "http://0x7f.1", "http://1.2.3.4:", "http://a..ru",
    "http://-a.ru", "https://xn--a.ru", "HTTP://firma.ru", "http://ФИРМА.рф", "http://[::1]:99",
]  # fmt: skip
REST = st.text(st.sampled_from("aZ09-._~/:@!$&()*+,;=?%2eE#'\" \\[]|^я\t\n"), max_size=12)


@given(st.sampled_from(ORIGINS), st.sampled_from(["", "/", "?", "/a/"]), REST)
@example("http://firma.ru", "/", ".")
@example("http://firma.ru", "/", "a/..")
@example("http://firma.ru", "/", "%2e%2e/a")
def test_an_address_is_what_a_browser_would_send(origin: str, path: str, rest: str) -> None:
    url = f"{origin}{path}{rest}"
    try:
        expected = parse_url(url)
    except InvalidUrl:
        with pytest.raises(FetchError):
            href(url)
    else:
        assert href(url) == expected


def test_what_is_remembered_of_an_origin_belongs_to_guard_and_ports() -> None:
    loopback, url = AddressGuard(["127.0.0.0/8"]), "http://127.0.0.1:8080/a"
    for _ in range(2):
        assert check_address(url, loopback, {8080}) == "127.0.0.1"
        with pytest.raises(FetchError, match=r"8080/a.*not a public address"):
            check_address(url, AddressGuard(), {8080})
        with pytest.raises(FetchError, match=r"8080/a.*port 8080"):
            check_address(url, loopback, {80})
        with pytest.raises(FetchError, match="login"):
            check_address("http://a:b@127.0.0.1:8080/", loopback, {8080})
