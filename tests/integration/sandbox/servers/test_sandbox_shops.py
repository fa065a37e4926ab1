"""Shops on real sockets, over both schemes, with the troubles that need a connection."""

import asyncio
import socket
import ssl

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from povod.sandbox.shops.truth import url_of

BIG = "instrument-mag.ru"


class EverythingHere(AbstractResolver):
    def __init__(self, ports: dict[int, int]) -> None:
        self._ports = ports

    async def resolve(self, host, port=0, family=socket.AF_INET):
        here = {"hostname": host, "host": "127.0.0.1", "port": self._ports[port]}
        return [here | {"family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


class Visitor:
    """Fetches a URL and keeps at most `most` bytes of it."""

    def __init__(self, sites) -> None:
        self._ports = {80: sites.http_port, 443: sites.https_port}
        self._tls = ssl.create_default_context(cadata=sites.ca_pem)

    def get(self, url: str, most: int = 1 << 22, seconds: float = 5, **headers):
        return asyncio.run(self._get(url, most, seconds, headers))

    async def _get(self, url, most, seconds, headers):
        connector = aiohttp.TCPConnector(resolver=EverythingHere(self._ports), ssl=self._tls)
        limit = aiohttp.ClientTimeout(total=seconds)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            session.get(url, allow_redirects=False, headers=headers) as response,
        ):
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > most:
                    break
            return response, bytes(body)


@pytest.fixture
def visitor(sites) -> Visitor:
    return Visitor(sites)


@pytest.fixture
def big(sites):
    shop = sites.shops.named(BIG)
    shop.forget()
    yield shop
    shop.faults.clear()
    shop.changes.remove()


def test_a_page_over_tls_with_validators(visitor, big, sites):
    url = url_of(big.shop, 9_999)
    response, body = visitor.get(url)
    assert response.status == 200
    assert b"ld+json" in body
    again, nothing = visitor.get(url, **{"If-None-Match": response.headers["ETag"]})
    assert (again.status, nothing) == (304, b"")
    assert big.report(10)["total"] == 2
    assert sites.dns(BIG) == ["127.0.0.1"]
    assert sites.dns("nobody.example") is None


def test_http_leads_to_https(visitor, big):
    response, _ = visitor.get(f"http://{BIG}/catalog/?page=1")
    assert response.status == 301
    assert response.headers["Location"] == f"https://{BIG}/catalog/?page=1"


def test_the_map_of_the_big_shop_is_whole(visitor, big):
    assert visitor.get(f"https://{BIG}/sitemap.xml")[1].count(b"<loc>") == 10_008


def test_the_big_map_streams(visitor, big):
    _, body = visitor.get(f"https://{BIG}/maps/big.xml?n=3000")
    assert body.count(b"<loc>") == 3000
    _, body = visitor.get(f"https://{BIG}/maps/big.xml", most=100_000)
    assert 100_000 < len(body) < 1 << 20


@pytest.mark.parametrize("kind", ["huge", "endless"])
def test_a_long_body_can_be_left(visitor, big, kind):
    big.faults.add({"kind": kind, "times": 1})
    response, body = visitor.get(f"https://{BIG}/", most=1 << 20)
    assert response.status == 200
    assert 1 << 20 < len(body) < 4 << 20
    assert visitor.get(f"https://{BIG}/")[0].status == 200


@pytest.mark.parametrize("spec", [{"kind": "reset"}, {"kind": "hang", "seconds": 0.05}])
def test_the_connection_is_cut(visitor, big, spec):
    big.faults.add({**spec, "times": 2, "path": "/"})  # the client asks once more by itself
    with pytest.raises(aiohttp.ClientError):
        visitor.get(f"https://{BIG}/")
    assert visitor.get(f"https://{BIG}/")[0].status == 200


def test_a_drip_outlasts_a_patient_client(visitor, big):
    big.faults.add({"kind": "slow", "times": 1})
    with pytest.raises(TimeoutError):
        visitor.get(f"https://{BIG}/", seconds=0.4)


def test_a_shop_of_one_s_own_has_a_name_and_a_certificate(visitor, sites):
    sites.shops.create({"host": "own-tls.ru", "layout": "spa", "products": 3, "theme": "tea"})
    assert visitor.get("https://own-tls.ru/")[0].status == 200
    sites.shops.close("own-tls.ru")
    with pytest.raises(aiohttp.ClientConnectorError):
        visitor.get("https://own-tls.ru/")


def test_the_path_is_taken_as_it_was_sent(visitor, big):
    visitor.get(f"https://{BIG}/catalog/?q=%D1%87")
    assert "/catalog/?q=%D1%87" in big.report(0)["counts"]
