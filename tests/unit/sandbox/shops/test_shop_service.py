import asyncio
import gzip
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette

from povod.kit.clock import FixedClock
from povod.kit.errors import InputError, NotFoundError
from povod.sandbox.control import _route
from povod.sandbox.shops.control import handlers
from povod.sandbox.shops.service import DEFAULT_SHOPS, Shops, Visit

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BIG = "instrument-mag.ru"


@pytest.fixture
def shops():
    return Shops()


@pytest.fixture
def call(shops):
    routes = [_route(*control) for control in handlers(shops, FixedClock(NOON))]

    async def send(method, path, body):
        transport = httpx.ASGITransport(Starlette(routes=routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, f"/sandbox{path}", json=body)

    def run(method, path, body=None):
        return asyncio.run(send(method, path, body))

    return run


def get(shops, url, **headers):
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    path, _, query = path.partition("?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return shops.named(host).answer(Visit(scheme, host, "GET", f"/{path}", query, named), NOON)


def test_names_of_shops_resolve_until_they_close(shops):
    assert shops.dns(BIG) == ["127.0.0.1"]
    assert shops.dns(f"WWW.{BIG}.") == ["127.0.0.1"]
    assert shops.dns("nobody.example") is None
    shops.close(BIG)
    assert shops.dns(BIG) is None
    with pytest.raises(NotFoundError, match="no such shop"):
        shops.close(BIG)


def test_one_true_address_per_page(shops):
    for url in (f"http://{BIG}/catalog/?a=1", f"https://www.{BIG}/catalog/?a=1"):
        answer = get(shops, url)
        assert (answer.status, answer.headers["Location"]) == (
            301, f"https://{BIG}/catalog/?a=1",
        )  # fmt: skip
    assert get(shops, f"http://{BIG}/robots.txt").status == 200


def test_pages_are_packed_for_those_who_unpack(shops):
    shops.named(BIG).configure({"gzip": True})
    packed = get(shops, f"https://{BIG}/", Accept_Encoding="gzip, br")
    plain = get(shops, f"https://{BIG}/")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "Content-Encoding" not in get(
        shops, f"https://{BIG}/sitemap.txt", Accept_Encoding="gzip"
    ).headers  # fmt: skip


def test_the_log_counts_every_request(shops):
    for _ in range(3):
        get(shops, f"https://{BIG}/catalog/?page=1", User_Agent="PovodBot/1")
    get(shops, f"https://{BIG}/nothing")
    report = shops.named(BIG).report(2)
    assert (report["total"], report["counts"]["/catalog/?page=1"]) == (4, 3)
    assert report["bytes"] > 0
    assert [entry["status"] for entry in report["entries"]] == [200, 404]
    assert report["entries"][0]["agent"] == "PovodBot/1"
    assert shops.named(BIG).report(0)["entries"] == []
    shops.named(BIG).forget()
    assert shops.named(BIG).report(10)["total"] == 0


@pytest.mark.parametrize(
    "spec",
    [
        {"host": "a.ru", "layout": "wix", "products": 5},
        {"host": "a.ru", "layout": "plain", "products": 0},
        {"host": "a.ru", "layout": "plain", "products": "5"},
        {"host": "www.a.ru", "layout": "plain", "products": 5},
        {"host": "A.ru", "layout": "plain", "products": 5},
        {"host": "a.ru", "layout": "plain", "products": 5, "theme": "cars"},
        {"host": "a.ru", "layout": "plain", "products": 5, "robots": "maybe"},
        {"host": "a.ru", "layout": "plain", "products": 5, "charset": "klingon"},
        {"host": "a.ru", "layout": "plain"},
        {"host": "a.ru", "layout": "plain", "products": 5, "colour": "red"},
    ],
)
def test_impossible_shops_are_refused(shops, spec):
    with pytest.raises(InputError):
        shops.create(spec)


@pytest.mark.parametrize("settings", [{"robots": "maybe"}, {"host": "b.ru"}])
def test_impossible_settings_are_refused(shops, settings):
    with pytest.raises(InputError):
        shops.named(BIG).configure(settings)


def test_two_worlds_do_not_share_a_shop():
    one, two = Shops(), Shops()
    one.named(BIG).configure({"robots": "forbid"})
    assert two.named(BIG).shop.robots == "normal"
    assert DEFAULT_SHOPS[0].robots == "normal"


def test_a_shop_by_the_controls_from_opening_to_closing(call):
    made = call("POST", "/shops", {"host": "own.ru", "layout": "bitrix", "products": 30}).json()
    assert made["sitemap"] == "https://own.ru/sitemap.xml"
    assert "own.ru" in [shop["host"] for shop in call("GET", "/shops").json()["shops"]]
    page = call("GET", "/shops/own.ru/products?offset=29&limit=5").json()
    assert page["total"] == 30
    assert [item["index"] for item in page["products"]] == [29]
    planted = call("POST", "/shops/own.ru/changes", {"count": 8}).json()["changes"]
    assert call("GET", "/shops/own.ru/changes").json()["changes"] == planted
    assert planted[0]["url"].startswith("https://own.ru/catalog/")
    truth = call("GET", "/shops/own.ru/truth").json()
    assert len(truth["new"]) + len(truth["removed"]) + len(truth["modified"]) == 8
    assert call("DELETE", f"/shops/own.ru/changes/{planted[0]['id']}").status_code == 200
    assert len(call("GET", "/shops/own.ru/changes").json()["changes"]) == 7
    call("DELETE", "/shops/own.ru/changes")
    assert call("GET", "/shops/own.ru/truth").json()["modified"] == []
    assert call("POST", "/shops/own.ru/settings", {"gzip": True}).json()["gzip"] is True
    assert call("DELETE", "/shops/own.ru").status_code == 200
    assert call("GET", "/shops/own.ru/truth").status_code == 404


def test_faults_and_logs_by_the_controls(call, shops):
    path = f"/shops/{BIG}/faults"
    assert call("POST", path, {"kind": "http_500"}).json()["kind"] == "http_500"
    assert get(shops, f"https://{BIG}/").status == 500
    assert call("GET", path).json()["faults"][0]["used"] == 1
    call("DELETE", path)
    assert get(shops, f"https://{BIG}/").status == 200
    assert call("GET", f"/shops/{BIG}/log?entries=1").json()["total"] == 2
    call("DELETE", f"/shops/{BIG}/log")
    assert call("GET", f"/shops/{BIG}/log").json() == {
        "total": 0, "bytes": 0, "counts": {}, "entries": [],
    }  # fmt: skip


@pytest.mark.parametrize("query", ["offset=-1", "offset=a", "limit=1001"])
def test_odd_pages_of_truth_are_refused(call, query):
    assert call("GET", f"/shops/{BIG}/products?{query}").status_code == 400
