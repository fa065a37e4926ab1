"""Invented names and numbers are well formed for any seed."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from povod.kit.inn import is_valid_inn, is_valid_ogrn
from povod.kit.phone import find_phones
from povod.sandbox.world import names
from povod.sandbox.world.cities import CITIES

seeds = st.integers(0, 2**32)
cities = st.sampled_from(CITIES)


@settings(max_examples=60, deadline=None)
@given(seeds, cities)
def test_register_numbers_have_valid_checksums(seed, city):
    rng = Random(seed)
    company, person = (make(rng, city.inn_region) for make in (names.company_inn, names.person_inn))
    assert (len(company), len(person)) == (10, 12)
    assert is_valid_inn(company)
    assert is_valid_inn(person)
    assert is_valid_ogrn(names.ogrn(rng, city.inn_region))
    assert is_valid_ogrn(names.ogrn(rng, city.inn_region, entrepreneur=True))
    assert names.kpp(company).startswith(company[:4])


@settings(max_examples=60, deadline=None)
@given(seeds, cities)
def test_phones_are_valid_numbers(seed, city):
    rng = Random(seed)
    for phone in (names.landline(rng, city), names.mobile(rng), names.toll_free(rng)):
        assert find_phones(phone) == [phone]


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_a_brand_has_two_writings_and_a_typo_keeps_its_letters(seed):
    rng = Random(seed)
    russian, latin = names.brand(rng)
    assert russian[0].isupper()
    assert latin.isascii()
    assert latin.isalpha()
    wrong = names.typo(russian, rng)
    assert wrong != russian
    assert sorted(wrong) == sorted(russian)
    assert wrong[0] == russian[0]


def test_a_person_has_three_names():
    assert len(names.person(Random(1)).split()) == 3
