import pytest

from povod.kit.errors import ConfigurationError
from povod.leads.regions import RUSSIA, Place, Region, Regions, shipped_regions


@pytest.mark.parametrize(
    "name",
    ["Санкт-Петербург", "Санкт\u2011Петербург", "Санкт–Петербург", "санкт петербург", "СПб",
     "г. Санкт-Петербург", " САНКТ-ПЕТЕРБУРГ "],
)  # fmt: skip
def test_all_spellings_of_a_city_are_one_region(name):
    assert shipped_regions().find(name).lr == 2


def test_every_name_of_the_table_finds_its_own_row():
    regions = shipped_regions()
    assert len(regions.rows) > 200
    for region in regions.rows:
        for name in region.names():
            assert regions.find(name) is region


def test_rows_from_knowledge_are_usable_but_not_confirmed():
    confirmed = {region.confirmed for region in shipped_regions().rows}
    assert confirmed == {True, False}


def test_two_regions_of_one_name_are_refused():
    one = Region(1, "Москва", "Moscow", "city", "RU")
    two = Region(2, "Тула", "Tula", "city", "RU", aliases=("г. Москва",))
    with pytest.raises(ConfigurationError, match="lr 1 and lr 2"):
        Regions([one, two])


@pytest.mark.parametrize(
    ("lr", "city", "country", "expected"),
    [
        (77, "Казань", "Россия", (77, "column")),
        (None, "Казань", "", (43, "city")),
        (None, "", "Казахстан", (159, "country")),
        (None, "", "KZ", (159, "country")),
        (None, "", "", (RUSSIA, "fallback")),
        (None, "", "Атлантида", (RUSSIA, "fallback")),
    ],
)
def test_the_most_exact_place_decides(lr, city, country, expected):
    place = shipped_regions().place(lr, city, country)
    assert (place.lr, place.source) == expected
    assert place.warning == ""


def test_an_unknown_city_falls_back_with_a_warning():
    regions = shipped_regions()
    assert regions.place(None, "Урюпинск", "").lr == RUSSIA
    assert "Урюпинск" in regions.place(None, "Урюпинск", "").warning
    abroad = regions.place(None, "Байконур", "Казахстан")
    assert (abroad.lr, abroad.source) == (159, "country")
    assert isinstance(abroad, Place)
