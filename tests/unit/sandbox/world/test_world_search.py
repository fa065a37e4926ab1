"""What a search of the world finds, and the untidiness it must have (Y59)."""

from xml.etree import ElementTree as ET

import pytest

from povod.sandbox.world import build_world
from povod.sandbox.world.cities import CITIES
from povod.sandbox.world.hits import highlight
from povod.sandbox.world.hosts import is_bystander
from povod.sandbox.world.niches import NICHES
from povod.sandbox.world.search import city_of, niche_of

QUERIES = [
    ("стоматология Казань", "43"),
    ("пластиковые окна Самара", "51"),
    ("натяжные потолки Омск", "66"),
    ("кофейное оборудование Санкт-Петербург", "2"),
    ("ветеринарная клиника Екатеринбург", "54"),
    ("автосервис Новосибирск", "65"),
]


@pytest.fixture(scope="module")
def sixty():
    return build_world(7, 60)


@pytest.fixture(scope="module")
def many():
    return build_world(7, 1200)


def hosts(hits):
    return {hit.domain.removeprefix("www.") for hit in hits}


@pytest.mark.parametrize(("query", "region"), QUERIES)
def test_a_query_finds_enough_and_the_fitting_firms_first(sixty, query, region):
    hits = sixty.search(query, region)
    assert 25 <= len(hits) <= 80
    first = [sixty.site_at(hit.domain) for hit in hits[:8]]
    assert all(site is None or str(site.region_lr) == region for site in first)


def test_the_usual_queries_find_every_site_and_overlap(sixty):
    found = [hosts(sixty.search(*query)) for query in QUERIES]
    everything = set().union(*found)
    assert {site.host for site in sixty.sites} <= everything
    assert sum(map(len, found)) > 1.3 * len(everything)


def test_the_answer_is_repeatable_and_depends_on_the_region(many):
    one = many.search("стоматология", "43")
    assert many.search("стоматология", "43") == one
    assert many.search("стоматология", "2") != one


def test_at_most_250_documents_a_tenth_to_a_third_of_them_aggregators(many):
    hits = many.search("ремонт автосервис Казань", "43")
    assert len(hits) <= 250
    share = sum(is_bystander(hit.domain) for hit in hits) / len(hits)
    assert 0.1 <= share <= 0.3


def test_addresses_are_untidy(many):
    urls = [hit.url for query in QUERIES for hit in many.search(*query)]
    for piece in ("http://", "://www.", "utm_source=", ":443/", "index.php#", "/uslugi"):
        assert any(piece in url for url in urls), piece
    assert any(url.split("/")[2].isupper() for url in urls)
    assert any(".рф" in url for url in urls)
    assert any(".xn--p1ai" in url for url in urls)
    broken = sum(":99999x/" in url for url in urls)
    assert 0 < broken / len(urls) < 0.02


def test_some_documents_lack_an_element_but_never_the_address(many):
    hits = [hit for query in QUERIES for hit in many.search(*query)]
    incomplete = [hit for hit in hits if hit.drop]
    assert 0.01 < len(incomplete) / len(hits) < 0.06
    assert not any("url" in hit.drop for hit in hits)


def test_marked_texts_are_well_formed(sixty):
    for hit in sixty.search(*QUERIES[0]):
        for text in [hit.title_xml, hit.headline_xml, *hit.passages_xml]:
            ET.fromstring(f"<t>{text}</t>")


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        (True, "<hlword>Стоматология</hlword> &lt;&amp;&gt; в <hlword>Казани</hlword>"),
        (False, "<hlword>Стома</hlword>тология &lt;&amp;&gt; в <hlword>Казан</hlword>и"),
    ],
)
def test_words_of_the_query_are_marked_whole_or_inside(whole, expected):
    text = highlight("Стоматология <&> в Казани", ["стоматология", "казань"], whole=whole)
    assert text == expected


def test_nothing_is_marked_without_words():
    assert highlight("a & b", ["в"], whole=True) == "a &amp; b"


def test_a_misspelt_niche_is_corrected_and_searched(sixty):
    assert sixty.correction("стаматология Казань") == "стоматология Казань"
    assert sixty.correction("стоматология Казань") is None
    assert sixty.search("стаматология Казань", "43") == sixty.search("стоматология Казань", "43")


def test_a_query_about_nothing_known_still_finds_something(sixty):
    assert len(sixty.search("водолазные работы", "225")) >= 25
    assert build_world(7, 0).search("окна", "51") == []


@pytest.mark.parametrize("niche", NICHES, ids=lambda niche: niche.stem)
def test_every_trade_is_understood_by_its_name(niche):
    assert niche_of(niche.name.split()) is niche


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.latin)
@pytest.mark.parametrize("form", ["name", "at"])
def test_every_city_is_understood_in_two_case_forms(city, form):
    assert city_of(f"окна {getattr(city, form)}".lower().split()) is city
