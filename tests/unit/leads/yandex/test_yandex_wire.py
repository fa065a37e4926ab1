"""Addresses that may be called, and texts without secrets."""

import pytest

from povod.kit.errors import ConfigurationError
from povod.kit.settings import load_settings
from povod.leads.yandex.wire import Call, Wire, base_url, scrub


def settings_with(url: str):
    return load_settings({"YANDEX_SEARCH_URL": url}, None)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://search.example", "https://search.example"),
        ("https://search.example/a/b/", "https://search.example/a/b"),
        ("http://127.0.0.1:8099/yandex/search", "http://127.0.0.1:8099/yandex/search"),
        ("http://127.8.0.1", "http://127.8.0.1"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("http://localhost:1/", "http://localhost:1"),
    ],
)
def test_addresses_with_a_path_and_plain_http_to_this_host(given, used):
    assert base_url(settings_with(given), "yandex_search_url") == used


@pytest.mark.parametrize(
    "given",
    [
        "http://search.example",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "ftp://127.0.0.1",
        "search.example",
        "https://",
        "https://user:pass@search.example",
        "https://search.example?a=1",
        "https://search.example#a",
        "http://[::1",
        "https://a.example:99999x",
    ],
)
def test_other_addresses_are_refused_by_name(given):
    with pytest.raises(ConfigurationError, match="YANDEX_SEARCH_URL") as caught:
        base_url(settings_with(given), "yandex_search_url")
    assert "pass" not in str(caught.value)


def test_secrets_are_taken_out_of_any_text():
    text = scrub(
        "key AQVNabc, header Bearer xyz, t1.abcdefgh, -----BEGIN A-----b-----END A-----",
        ["AQVNabc", ""],
    )
    assert "AQVNabc" not in text
    assert "xyz" not in text
    assert "t1.abcdefgh" not in text
    assert "BEGIN" not in text


def test_a_call_does_not_show_its_secrets():
    call = Call("create", "POST", "https://a.example", {"jwt": "J"}, {"Authorization": "K"}, ["L"])
    assert not {"'J'", "'K'", "'L'"} & set(repr(call).replace(",", " ").split())
    assert str(call) == "create"


def test_the_proxy_is_only_the_one_of_the_setting(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    plain = Wire(load_settings({}, None))
    assert plain._http._mounts == {}
    own = Wire(load_settings({"YANDEX_HTTP_PROXY": "http://127.0.0.1:2"}, None))
    assert len(own._http._mounts) == 1
    for wire in (plain, own):
        wire.close()
