"""The plan of a world: every kind of mess is there, nothing collides, the seed decides all."""

from collections import Counter

import pytest

from povod.kit.email import normalize_email
from povod.kit.inn import is_valid_inn, is_valid_ogrn
from povod.kit.phone import find_phones
from povod.kit.url import registrable_domain
from povod.sandbox.world import build_world
from povod.sandbox.world.model import Mailbox, Place, Shown, Trouble
from povod.sandbox.world.recipes import PORTION, REDIRECTED


@pytest.fixture(scope="module")
def sixty():
    return build_world(7, PORTION)


def test_the_same_seed_gives_the_same_world_and_another_seed_another(sixty):
    assert build_world(7, PORTION).truth() == sixty.truth()
    assert build_world(8, PORTION).truth() != sixty.truth()


@pytest.mark.parametrize("size", [0, 1, 7, 60, 61, 130])
def test_any_size_can_be_built(size):
    assert len(build_world(3, size).sites) == size


@pytest.mark.parametrize("seed", range(12))
def test_every_seed_plants_the_same_number_of_traps(seed):
    truth = build_world(seed, PORTION).truth()
    assert (len(truth["duplicates"]), len(truth["distinct"])) == (12, 2)
    assert {site["trouble"] for site in truth["sites"]} == {kind.value for kind in Trouble}


def test_a_portion_holds_every_trouble_and_every_way_to_show_an_address(sixty):
    assert {site.trouble for site in sixty.sites} == set(Trouble)
    shown = {address.shown for site in sixty.sites for address in site.emails}
    assert shown == set(Shown)
    assert {site.look.place for site in sixty.sites} >= set(Place) - {Place.REQUISITES}
    assert {site.look.charset for site in sixty.sites} == {"utf-8", "cp1251", "koi8-r"}


def test_special_hosts_are_there(sixty):
    hosts = [site.host for site in sixty.sites]
    assert any(host.endswith(".xn--p1ai") for host in hosts)
    assert any(host.endswith(".tilda.ws") for host in hosts)
    assert sum(len(site.aliases) for site in sixty.sites) == 2


def test_hosts_are_unique_and_have_a_registrable_domain():
    world = build_world(7, 600)
    names = Counter(name for site in world.sites for name in site.hosts())
    assert max(names.values()) == 1
    assert all(registrable_domain(site.host) for site in world.sites)


def test_a_brand_is_borne_once_per_trade_and_city():
    firms = [site for site in build_world(7, 1200).sites if site.duplicate_of is None]
    names = Counter((site.brand, site.niche, site.city) for site in firms)
    assert max(names.values()) == 1


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_numbers_and_addresses_are_valid(seed):
    for site in build_world(seed, 120).sites:
        assert is_valid_inn(site.inn)
        assert is_valid_ogrn(site.requisites.ogrn)
        assert all(find_phones(phone) == [phone] for phone in site.phones)
        assert all(normalize_email(item.value) == item.value for item in site.emails)


def test_duplicates_name_a_living_original_of_the_same_firm(sixty):
    copies = [site for site in sixty.sites if site.duplicate_of]
    assert len(copies) == 10
    for copy in copies:
        original = sixty.site_at(copy.duplicate_of)
        assert original.duplicate_of is None
        assert original.trouble is Trouble.NONE
        assert original.inn == copy.inn
        assert (copy.redirect is not None) == (copy.duplicate_kind in REDIRECTED)


def test_redirected_duplicates_lead_to_their_original(sixty):
    for site in sixty.sites:
        if site.duplicate_kind in REDIRECTED:
            target = site.redirect.to.split("/")[2]
            assert sixty.site_at(target).host == site.duplicate_of
            assert site.redirect.status == 301


def test_homonyms_share_a_name_and_nothing_else(sixty):
    homonyms = [site for site in sixty.sites if site.homonym_of]
    assert len(homonyms) == 2
    for site in homonyms:
        other = sixty.site_at(site.homonym_of)
        assert site.brand == other.brand
        assert site.city != other.city
        assert site.inn != other.inn
        assert set(site.phones).isdisjoint(other.phones)


def test_one_call_centre_answers_for_several_firms(sixty):
    count = Counter(
        phone for site in sixty.sites for phone in site.phones if phone.startswith("+7800")
    )
    assert max(count.values()) >= 3


def test_mailboxes_are_planned_for_addresses_letters_go_to(sixty):
    addresses = {site.best_email for site in sixty.sites if site.duplicate_of is None}
    assert set(sixty.mailboxes) <= addresses
    planned = set(sixty.mailboxes.values())
    assert {Mailbox.REPLY, Mailbox.STOP, Mailbox.BOUNCE, Mailbox.LOSE_REPLY} <= planned
    assert Mailbox.REJECT_SPAM not in planned
    assert Mailbox.REJECT_SPAM in build_world(7, 180).mailboxes.values()


def test_unknown_addresses_accept_and_case_does_not_matter(sixty):
    address = next(key for key, kind in sixty.mailboxes.items() if kind is Mailbox.BOUNCE)
    assert sixty.mailbox(address.upper()) is Mailbox.BOUNCE
    assert sixty.mailbox("nobody@nowhere.ru") is Mailbox.ACCEPT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AVITO.ru", ["127.0.0.1"]),
        ("kazan.zoon.ru", ["127.0.0.1"]),
        ("parkovka-domenov.ru", ["127.0.0.1"]),
        ("nobody.example", None),
        ("", None),
        ("a..b", None),
        ("я" * 70 + ".рф", None),
    ],
)
def test_names_outside_the_sites(sixty, name, expected):
    assert sixty.dns(name) == expected


def test_names_of_sites_in_any_writing(sixty):
    site = next(site for site in sixty.sites if site.host.startswith("xn--"))
    readable = site.host.encode().decode("idna")
    for name in (site.host.upper(), readable, f"www.{site.host}.", f"WWW.{readable}"):
        assert sixty.dns(name) == ["127.0.0.1"]
