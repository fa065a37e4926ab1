import csv
import gzip
import io
import zipfile
from xml.etree import ElementTree as ET

import pytest

from povod.sandbox.shops.maps import CHILD, ROBOTS
from povod.sandbox.shops.truth import url_of

NS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def locations(body: bytes) -> list[str]:
    return [node.text for node in ET.fromstring(body).iter(f"{NS}loc")]


def test_the_main_map_lists_sections_and_all_products(open_shop):
    client = open_shop("plain", 30)
    found = locations(client.get("/sitemap.xml").body)
    assert found[0] == "https://tiny-shop.ru/"
    assert found[-30:] == [url_of(client.shop.shop, n) for n in range(30)]
    assert all(client.get(url).status == 200 for url in found)


def test_the_index_leads_to_everything_once(open_shop):
    client = open_shop("plain", 2 * CHILD + 5)
    found: list[str] = []
    children = locations(client.get("/sitemap_index.xml").body)
    for child in children:
        body = client.get(child).body
        found += locations(gzip.decompress(body) if child.endswith(".gz") else body)
    assert children[-1].endswith("sitemap-products-3.xml.gz")
    assert len(found) == len(set(found))
    assert set(found) == set(locations(client.get("/sitemap.xml").body))
    assert client.get("/sitemap-products-4.xml").status == 404
    assert client.get("/sitemap-products-one.xml").status == 404


def test_a_large_shop_has_an_index_for_a_map(open_shop):
    body = open_shop("plain", 60_000).get("/sitemap.xml").body
    assert ET.fromstring(body).tag == f"{NS}sitemapindex"
    assert len(locations(body)) == 61


def test_text_csv_and_gzip_name_the_same_pages(open_shop):
    client = open_shop("plain", 20)
    whole = locations(client.get("/sitemap.xml").body)
    assert client.text("/sitemap.txt").split() == whole
    assert locations(gzip.decompress(client.get("/sitemap.xml.gz").body)) == whole
    table = client.get("/sitemap.csv").body.decode("cp1251")
    rows = list(csv.DictReader(io.StringIO(table), delimiter=";"))
    assert [row["Ссылка"] for row in rows] == whole[-20:]


def test_a_big_map_is_made_piece_by_piece(open_shop):
    answer = open_shop().get("/maps/big.xml?n=2500")
    parts = list(answer.parts)
    assert len(parts) == 5
    found = locations(b"".join(parts))
    assert len(set(found)) == 2500
    default = open_shop().get("/maps/big.xml").parts
    assert sum(part.count(b"<loc>") for part in default) == 200_000


def test_entities_four_deep_would_make_ten_thousand_letters(open_shop):
    body = open_shop().get("/maps/bomb.xml").body
    text = next(ET.fromstring(body).iter(f"{NS}loc")).text
    assert text.count("a") == 10_000 + "https://tiny-shop.ru/".count("a")


def test_loops_and_depth(open_shop):
    client = open_shop()
    assert client.shop.shop.home + "maps/loop.xml" in locations(client.get("/maps/loop.xml").body)
    there = locations(client.get("/maps/loop-a.xml").body)[-1]
    assert locations(client.get(there).body)[-1].endswith("/maps/loop-a.xml")
    address, steps = "/maps/deep-1.xml", 0
    while ET.fromstring(body := client.get(address).body).tag == f"{NS}sitemapindex":
        address, steps = locations(body)[0], steps + 1
    assert steps == 9
    assert client.get("/maps/deep-11.xml").status == 404
    assert len(locations(client.get("/maps/wide.xml").body)) == 1200


@pytest.mark.parametrize("name", ["broken.xml", "ampersand.xml", "leading.xml"])
def test_maps_that_a_strict_parser_refuses(open_shop, name):
    body = open_shop().get(f"/maps/{name}").body
    with pytest.raises(ET.ParseError):
        ET.fromstring(body)
    assert b"<loc>https://tiny-shop.ru/catalog/" in body


def test_maps_with_odd_addresses(open_shop):
    client = open_shop()
    assert all(url.startswith("/") for url in locations(client.get("/maps/relative.xml").body))
    assert len({url.split("/")[2] for url in locations(client.get("/maps/offsite.xml").body)}) == 4
    assert len(locations(client.get("/maps/twins.xml").body)) == 6
    assert ET.fromstring(client.get("/maps/bare.xml").body).tag == "urlset"
    assert len(list(ET.fromstring(client.get("/maps/rss.xml").body).iter("link"))) == 10
    lost = locations(client.get("/maps/lost-child.xml").body)
    assert [client.get(url).status for url in lost] == [200, 404]


def test_a_wrong_label(open_shop):
    body = open_shop().get("/maps/wrong-charset.xml").body
    assert b'encoding="UTF-8"' in body
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    assert "карта сайта" in body.decode("cp1251")


def test_archives(open_shop):
    client = open_shop()
    inner = gzip.decompress(client.get("/maps/double.gz").body)
    assert len(locations(gzip.decompress(inner))) == 10
    for name, members in (("one.zip", 1), ("two.zip", 2)):
        with zipfile.ZipFile(io.BytesIO(client.get(f"/maps/{name}").body)) as archive:
            assert len(archive.namelist()) == members
    assert client.get("/maps/nothing.xml").status == 404


def test_robots_of_every_kind(open_shop):
    client = open_shop()
    seen = {}
    for kind in ROBOTS:
        client.shop.configure({"robots": kind})
        seen[kind] = client.get("/robots.txt")
    assert [seen[kind].status for kind in ("403", "404", "429", "500", "503")] == [
        403, 404, 429, 500, 503,
    ]  # fmt: skip
    assert "Crawl-delay: 120" in seen["crawl_delay"].body.decode()
    assert "Sitemap: https://tiny-shop.ru/sitemap.xml" in seen["normal"].body.decode()
    assert "Disallow: /\n" in seen["forbid"].body.decode()
    assert seen["slow"].slow
    assert seen["429"].headers["Retry-After"]
    assert "Retry-After" not in seen["500"].headers


def test_shelves_lead_through_all_products(open_shop):
    client = open_shop("microdata", 130)
    found = set()
    for shelf in (url for url in locations(client.get("/sitemap-sections.xml").body)[2:]):
        address = shelf
        while address:
            text = client.text(address)
            found |= {part.split('"')[0] for part in text.split('class="card"><a href="')[1:]}
            address = text.partition('rel="next" href="')[2].split('"')[0]
    assert found == {url_of(client.shop.shop, n)[20:] for n in range(130)}
    assert client.get("/catalog/dreli/?page=99").status == 404
