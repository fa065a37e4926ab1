import pytest

from povod.book.dedup.blocks import block_keys, neighbours
from povod.book.dedup.profile import Profile, compared_words, fold, profile_of, split_address


def test_a_record_is_reduced_to_comparable_keys():
    profile = profile_of(
        {
            "id": 7,
            "name": "ООО «Ромашка Плюс»",
            "city": "г. Казань",
            "phone": "8 (843) 222-33-44, +7 917 111-22-33",
            "website": "https://www.spb.romashka.ru/kontakty?x=1",
            "email": "Info@Romashka.ru; zakaz@mail.ru",
            "inn": "7707083893",
            "address": "ул. Баумана, д. 5, оф. 12",
        }
    )
    assert profile.city == "казань"
    assert profile.phones == {"8432223344", "9171112233"}
    assert profile.domains == {"romashka.ru"}
    assert profile.mail_domains == {"romashka.ru"}
    assert profile.mails == {"info@romashka.ru", "zakaz@mail.ru"}
    assert profile.inn == "7707083893"
    assert profile.houses == {"5", "12"}


def test_missing_and_useless_values_are_unknown():
    record = dict.fromkeys(("name", "city", "phone", "website", "email", "inn", "address"))
    profile = profile_of({"id": 1, **record})
    assert profile == Profile(id=1, words=(), joined="", city="")
    useless = {"id": 1, "website": "http://vk.com/firm", "email": "a@gmail.com", "inn": "123"}
    assert profile_of(useless).domains == frozenset()
    assert profile_of(useless).mail_domains == frozenset()
    assert profile_of(useless).inn == ""


def test_the_city_is_read_from_the_address_when_it_is_named_there():
    assert profile_of({"id": 1, "address": "420111, г. Казань, ул. Баумана, 5"}).city == "казань"


@pytest.mark.parametrize(
    ("one", "two"),
    [("yuzhnyy", "juzhnyj"), ("khleb", "hleb"), ("tsentr", "center"), ("shchit", "schit")],
)
def test_transliteration_schemes_meet(one, two):
    assert fold(one)[:3] == fold(two)[:3]


def test_words_that_say_nothing_are_left_out_unless_alone():
    assert compared_words("Группа компаний «Вектор»") == compared_words("Вектор")
    assert compared_words("Компания") == (fold("kompaniya"),)


def test_an_address_without_number_is_no_evidence():
    assert split_address("Казань, улица Баумана") == ("", frozenset())
    one, two = split_address("ул. Баумана, д. 5"), split_address("Баумана улица, дом 5")
    assert one == two


def test_blocks_hold_contacts_everywhere_and_names_within_a_city():
    profile = Profile(
        id=1, words=("romaska",), joined="romaska", city="казань",
        domains=frozenset({"a.ru"}), phones=frozenset({"9170000000"}),
    )  # fmt: skip
    assert block_keys(profile) == {
        "d:a.ru", "p:9170000000", "n:romas:казань", "w:romaka:казань",
    }  # fmt: skip
    nowhere = Profile(id=1, words=("romaska",), joined="romaska", city="")
    assert block_keys(nowhere) == set()


def test_every_pair_comes_once_and_a_huge_block_is_compared_within_a_window():
    crowd = [
        Profile(id=n, words=(f"imya{n:03}",), joined=f"imya{n:03}", city="омск") for n in range(100)
    ]
    pairs = [(place, other) for place, others in neighbours(crowd) for other in others]
    assert len(pairs) == len(set(pairs))
    assert all(a < b <= a + 10 for a, b in pairs)
    few = crowd[:20]
    pairs = [(place, other) for place, others in neighbours(few) for other in others]
    assert len(pairs) == 20 * 19 // 2
