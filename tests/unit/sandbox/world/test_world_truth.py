"""The written truth says what a good reader can find, not what nobody could."""

import json

import pytest

from povod.sandbox.world import build_world
from povod.sandbox.world.model import Trouble


@pytest.fixture(scope="module")
def sixty():
    return build_world(7, 60)


@pytest.fixture(scope="module")
def truth(sixty):
    return json.loads(json.dumps(sixty.truth()))


@pytest.fixture(scope="module")
def by_host(truth):
    return {site["host"]: site for site in truth["sites"]}


def test_every_site_has_an_entry(sixty, by_host):
    assert set(by_host) == {site.host for site in sixty.sites}


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Trouble.DEAD_DNS, "dns"),
        (Trouble.PRIVATE_DNS, "guard"),
        (Trouble.METADATA_DNS, "guard"),
        (Trouble.ROBOTS_FORBID, "robots"),
        (Trouble.ROBOTS_ERROR, "robots"),
        (Trouble.FORBIDDEN, "blocked"),
        (Trouble.SLOW, "timeout"),
        (Trouble.ENDLESS, "too_large"),
        (Trouble.BOMB, "too_large"),
        (Trouble.EXPIRED_TLS, "tls"),
        (Trouble.SPA, "needs_browser"),
        (Trouble.PARKED, "parked"),
        (Trouble.THROTTLED, None),
        (Trouble.HTTP_ONLY, None),
    ],
)
def test_trouble_is_named_and_hides_the_contacts(sixty, by_host, trouble, reason):
    site = next(site for site in sixty.sites if site.trouble is trouble)
    entry = by_host[site.host]
    assert entry["unreachable"] == reason
    assert bool(entry["emails"]) == (reason is None)
    assert bool(entry["phones"]) == (reason is None)
    assert bool(entry["inn"]) == (reason is None)


def test_the_best_address_is_the_first_one(by_host):
    for entry in by_host.values():
        assert entry["best_email"] == (entry["emails"][0] if entry["emails"] else None)


def test_a_number_that_is_not_shown_is_not_expected(sixty, by_host):
    for site in sixty.sites:
        if site.look.requisites_in is None or site.requisites.second_inn:
            assert by_host[site.host]["inn"] is None


def test_duplicates_say_how_they_should_come_together(truth):
    expected = {(item["kind"], item["expected"]) for item in truth["duplicates"]}
    assert expected == {
        ("moved", "auto"), ("legal_form", "auto"), ("typo", "auto"), ("transliteration", "auto"),
        ("chain", "auto"), ("shared_phone", "auto"), ("second_site", "review"),
        ("second_site_phone", "review"), ("subdomain", "same_key"),
    }  # fmt: skip
    automatic = [item for item in truth["duplicates"] if item["expected"] == "auto"]
    real = [item for item in truth["duplicates"] if item["expected"] != "same_key"]
    assert len(automatic) / len(real) >= 0.78


def test_a_redirected_duplicate_has_nothing_of_its_own(truth, by_host):
    for item in truth["duplicates"]:
        if item["expected"] == "auto":
            assert by_host[item["host"]]["emails"] == []
            assert by_host[item["host"]]["inn"] is None


def test_traps_are_listed(truth):
    assert len(truth["distinct"]) == 2
    (phone,) = [number for number in truth["shared_phones"] if number.startswith("+7800")]
    assert len(truth["shared_phones"][phone]) == 3
    assert "avito.ru" in truth["excluded_hosts"]
    assert truth["parking_hosts"] == ["parkovka-domenov.ru"]
    assert set(truth["mailboxes"].values()) > {"reply", "bounce", "stop"}
