"""The world through its proxies, with real clients."""

import asyncio
import ssl
import time
from functools import cache

import aiohttp
import httpx
import pytest
from aiohttp_socks import ProxyConnector, ProxyError

PAGE = "https://dom-uyut.ru/"


HTTP = httpx.Client(trust_env=False, verify=False, timeout=10)


@cache
def tls(box) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=HTTP.get(f"{box.api_url}/sandbox/ca.pem").text)


def through_http(box, url, user="user", proxy=None):
    address = proxy or box.proxy_url("http", user)
    with httpx.Client(proxy=address, verify=tls(box), trust_env=False, timeout=5) as client:
        return client.get(url)


def through_socks(box, url, user="user", password="sandbox"):
    async def get():
        port = box.ports["socks"]
        connector = ProxyConnector.from_url(
            f"socks5://{user}:{password}@127.0.0.1:{port}", rdns=True, ssl=tls(box)
        )
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.read()

    return asyncio.run(get())


def users(box):
    return box.get("/sandbox/proxies")["users"]


def test_a_tunnel_counts_its_bytes(box):
    answer = through_http(box, PAGE, "alice")
    assert answer.status_code == 200
    assert "Товары для дома" in answer.text
    counted = users(box)["alice"]
    assert counted["connections"] == 1
    assert counted["down"] > len(answer.content)
    assert counted["up"] > 200
    assert box.get("/sandbox/shops/dom-uyut.ru/log")["total"] == 1


def test_plain_http_goes_through_too(box):
    answer = through_http(box, "http://dom-uyut.ru/catalog/?page=1")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{PAGE}catalog/?page=1"


def test_socks_reaches_the_same_site(box):
    status, body = through_socks(box, PAGE, "bob")
    assert status == 200
    assert users(box)["bob"]["down"] > len(body)


def test_a_loopback_address_is_taken_as_it_is(box):
    answer = through_http(box, f"{box.api_url}/sandbox/clock")
    assert answer.json()["shift_seconds"] == 0


@pytest.mark.parametrize("credentials", ["user:wrong", ":sandbox", ""])
def test_strangers_get_407(box, credentials):
    at = f"{credentials}@" if credentials else ""
    proxy = f"http://{at}127.0.0.1:{box.ports['proxy']}"
    with pytest.raises(httpx.ProxyError, match="407"):
        through_http(box, PAGE, proxy=proxy)
    assert through_http(box, "http://dom-uyut.ru/", proxy=proxy).status_code == 407


def test_strangers_are_refused_by_socks(box):
    with pytest.raises(ProxyError):
        through_socks(box, PAGE, password="wrong")


@pytest.mark.parametrize("mode", ["deny", "unreachable", "refuse", "drop"])
def test_a_user_that_fares_badly(box, mode):
    box.post("/sandbox/proxies/mode", {"user": "carol", "mode": mode})
    with pytest.raises(httpx.TransportError):
        through_http(box, "https://dom-uyut.ru/sitemap.xml", "carol")
    with pytest.raises((ProxyError, aiohttp.ClientError, OSError, EOFError)):
        through_socks(box, "https://dom-uyut.ru/sitemap.xml", "carol")
    assert through_http(box, PAGE, "dave").status_code == 200


def test_everybody_at_once_and_back(box):
    box.post("/sandbox/proxies/mode", {"mode": "refuse"})
    with pytest.raises(httpx.TransportError):
        through_http(box, PAGE)
    with pytest.raises((ProxyError, OSError, EOFError)):
        through_socks(box, PAGE)
    box.delete("/sandbox/proxies")
    assert through_http(box, PAGE).status_code == 200
    wrong = HTTP.post(f"{box.api_url}/sandbox/proxies/mode", json={"mode": "explode"})
    assert wrong.status_code == 400


@pytest.mark.parametrize("url", ["https://nobody.example/", "http://8.8.8.8/", "https://[::2]/"])
def test_nothing_but_the_world_is_reached(box, url):
    with pytest.raises((httpx.ProxyError, AssertionError)):
        assert through_http(box, url).status_code != 502
    with pytest.raises((ProxyError, OSError, aiohttp.ClientError)):
        through_socks(box, url)


def test_a_slow_user_waits(box):
    box.post("/sandbox/proxies/mode", {"user": "erin", "mode": "slow"})
    started = time.monotonic()
    assert through_http(box, PAGE, "erin").status_code == 200
    assert time.monotonic() - started >= 1.9
