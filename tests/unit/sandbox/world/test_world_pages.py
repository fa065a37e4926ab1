"""Pages carry what was planted: contacts in their disguise, requisites, facts, traps."""

import html
import json
import re

import pytest

from povod.sandbox.world import build_world
from povod.sandbox.world.blocks import decoys_of
from povod.sandbox.world.disguise import address_html, cloudflare, phone_html, phone_text
from povod.sandbox.world.model import Address, Place, Shown, Trouble
from povod.sandbox.world.pages import paths_of, render, render_bystander

VALUE = "zakaz@velmar-dent.ru"


@pytest.fixture(scope="module")
def sixty():
    return build_world(7, 60)


def live(world):
    return [
        site
        for site in world.sites
        if site.trouble in {Trouble.NONE, Trouble.HTTP_ONLY} and site.redirect is None
    ]


def whole(site) -> str:
    return "".join(render(site, path) or "" for path in paths_of(site))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (Shown.MAILTO, f'<a href="mailto:{VALUE}">{VALUE}</a>'),
        (Shown.TEXT, f"E-mail: {VALUE}"),
        (Shown.JSON_LD, ""),
        (Shown.DOG, "Пишите: zakaz (собака) velmar-dent точка ru"),
        (Shown.BRACKETS, "Почта zakaz [at] velmar-dent [.] ru"),
        (Shown.FULLWIDTH, "Почта: zakaz＠velmar-dent．ru"),
        (Shown.SOFT_HYPHEN, "E-mail: za&shy;kaz@vel\u200bmar-dent.ru"),
    ],
)
def test_an_address_in_its_disguise(shown, expected):
    assert address_html(Address(VALUE, shown)) == expected


def test_a_reversed_address_reads_backwards():
    page = address_html(Address(VALUE, Shown.REVERSED))
    assert "direction:rtl" in page
    assert re.search(r">([^<]+)<", page)[1][::-1] == VALUE


@pytest.mark.parametrize("shown", [Shown.SPLIT, Shown.ENTITIES])
def test_tags_and_entities_hide_nothing_from_a_browser(shown):
    text = html.unescape(re.sub("<[^>]+>", "", address_html(Address(VALUE, shown))))
    assert text == VALUE


def test_cloudflare_protection_can_be_undone():
    code = bytes.fromhex(cloudflare(VALUE))
    assert bytes(byte ^ code[0] for byte in code[1:]).decode() == VALUE
    assert f'data-cfemail="{cloudflare(VALUE)}"' in address_html(Address(VALUE, Shown.CLOUDFLARE))


@pytest.mark.parametrize(
    ("phone", "city", "text"),
    [
        ("+78432123456", "Казань", "+7 (843) 212-34-56"),
        ("+73812212345", "Омск", "+7 (3812) 21-23-45"),
        ("+79171234567", "Омск", "+7 (917) 123-45-67"),
        ("+78004574432", "Омск", "8 800 457-44-32"),
    ],
)
def test_phones_are_written_as_people_do(phone, city, text):
    assert phone_text(phone, city) == text
    assert phone_html(phone, city, linked=True) == f'<a href="tel:{phone}">{text}</a>'


def test_an_unlinked_phone_begins_with_eight():
    assert phone_html("+78432123456", "Казань", linked=False) == "тел. 8 (843) 212-34-56"


def test_every_planted_contact_stands_somewhere_on_the_site(sixty):
    for site in live(sixty):
        pages = whole(site)
        for address in site.emails:
            shown = address_html(address) or json.dumps(address.value)
            assert shown in pages, (site.host, address)
        for phone in site.phones:
            assert phone_text(phone, site.city).removeprefix("+7") in pages, (site.host, phone)


def test_contacts_stand_only_where_they_belong(sixty):
    for site in live(sixty):
        if site.look.place is Place.ABOUT:
            address = address_html(site.emails[0])
            assert address in render(site, "/o-kompanii")
            assert address not in render(site, "/")
            assert address not in render(site, "/kontakty")


def test_requisites_stand_where_they_belong(sixty):
    for site in live(sixty):
        where = [path for path in paths_of(site) if f"ИНН {site.inn}" in render(site, path)]
        expected = {
            None: [],
            Place.CONTACTS: ["/kontakty"],
            Place.REQUISITES: ["/rekvizity"],
            Place.FOOTER: paths_of(site),
        }
        assert where == expected[site.look.requisites_in], site.host


def test_one_site_shows_two_taxpayer_numbers(sixty):
    (site,) = [site for site in live(sixty) if site.requisites.second_inn]
    assert f"ИНН {site.inn}" in whole(site)
    assert f"ИНН {site.requisites.second_inn}" in whole(site)


def test_the_home_page_states_the_facts(sixty):
    for site in live(sixty):
        page = render(site, "/")
        assert f"с {site.facts.founded} года" in page
        assert re.search(rf"\b{site.facts.years} (год|года|лет) на рынке", page)
        assert f"более {site.facts.clients}" in page
        assert all(service.name in page for service in site.facts.services)
        assert len(re.sub("<[^>]+>", "", page)) > 400


def test_decoys_are_on_the_pages_and_not_among_the_contacts(sixty):
    with_decoys = [site for site in live(sixty) if decoys_of(site)]
    assert len([site for site in with_decoys if site.studio]) >= 6
    for site in with_decoys:
        assert all(address in whole(site) for address in decoys_of(site))
        assert {item.value for item in site.emails}.isdisjoint(decoys_of(site))


def test_there_is_no_page_for_an_unknown_path(sixty):
    site = live(sixty)[0]
    assert render(site, "/nowhere") is None
    assert render(site, "/kontakty/") == render(site, "/kontakty")


def test_bystanders_have_pages():
    assert "Домен припаркован" in render_bystander("parkovka-domenov.ru", parking=True)
    assert "help@avito.ru" in render_bystander("avito.ru", parking=False)
