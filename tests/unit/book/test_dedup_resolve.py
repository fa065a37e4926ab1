import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.book.dedup import resolve
from povod.kit.errors import InputError

INN = "7707083893"
OTHER_INN = "7736207543"


def rec(number, name, **values):
    return {"id": number, "name": name, **values}


def outcome(*records):
    """What becomes of two records: `merged`, `review` or `apart`."""
    result = resolve(records)
    if any(len(cluster) > 1 for cluster in result.clusters):
        return "merged"
    return "review" if result.pairs else "apart"


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        # the same own domain
        (
            rec(1, "ООО «Ромашка»", website="romashka.ru"),
            rec(2, "Romashka", website="https://www.romashka.ru/o-nas"),
            "merged",
        ),
        (
            rec(1, "Ромашка", website="romashka.ru", phone="8432223344"),
            rec(2, "Клиника доктора Петрова", website="romashka.ru", phone="+7 843 222-33-44"),
            "merged",
        ),
        # a name alone is never enough
        (rec(1, "Ромашка"), rec(2, "Ромашка"), "apart"),
        (rec(1, "Ромашка", city="Казань"), rec(2, "Ромашка", city="Омск"), "apart"),
        (
            rec(1, "Ромашка", city="Казань", website="a.ru"),
            rec(2, "Ромашка", city="Омск", website="b.ru"),
            "apart",
        ),
        # a rare name in one city, nothing against it
        (
            rec(1, "Велмар Трейд", city="Казань", phone="8432223344"),
            rec(2, "ООО «Велмар трейд»", city="г. Казань"),
            "merged",
        ),
        (
            rec(1, "Велмар Трейд", city="Казань", phone="8432223344"),
            rec(2, "Велмар Трейд", city="Казань", phone="8432223355"),
            "apart",
        ),
        (
            rec(1, "Велмар Трейд", city="Казань", address="ул. Баумана, д. 5"),
            rec(2, "Велмар Трейд", city="Казань", address="ул. Мира, д. 70"),
            "review",
        ),
        # two sites are two firms until proved
        (
            rec(1, "Велмар", city="Казань", website="velmar.ru", phone="8432223344"),
            rec(2, "Велмар", city="Казань", website="velmar-kzn.ru", phone="8432223344"),
            "review",
        ),
        (
            rec(1, "Велмар", website="velmar.ru", inn=INN),
            rec(2, "Другое имя", website="velmar-kzn.ru", inn=INN),
            "review",
        ),
        # the same INN under another name; two different ones never meet
        (rec(1, "Велмар", inn=INN), rec(2, "Совсем другое имя", inn=INN), "merged"),
        (
            rec(1, "Велмар", website="velmar.ru", inn=INN),
            rec(2, "Велмар", website="velmar.ru", inn=OTHER_INN),
            "apart",
        ),
        # phones and addresses
        (
            rec(1, "Автосервис Гранмар", phone="89171112233"),
            rec(2, "Гранмар автосервис", phone="+7 (917) 111-22-33"),
            "merged",
        ),
        (rec(1, "Велмар", phone="89171112233"), rec(2, "Улыбка", phone="89171112233"), "apart"),
        (
            rec(1, "Велмар", email="velmar@mail.ru"),
            rec(2, "ООО Велмар", email="velmar@mail.ru"),
            "merged",
        ),
        (
            rec(1, "Велмар", email="office@mail.ru"),
            rec(2, "Клиника доктора Петрова", email="office@mail.ru"),
            "review",
        ),
        (
            rec(1, "Велмар", email="info@velmar.ru"),
            rec(2, "Компания Велмар", website="velmar.ru"),
            "merged",
        ),
        (
            rec(1, "Велмар", email="a@gmail.com"),
            rec(2, "Велмар", email="b@gmail.com"),
            "apart",
        ),
        # typo and transliteration with the same address
        (
            rec(1, "Стоматология Улыбка", city="Тула", address="ул. Мира, д. 7"),
            rec(2, "Stomatologiya Ulibka", city="Тула", address="Мира улица, дом 7"),
            "merged",
        ),
    ],
)
def test_pairs(one, two, expected):
    assert outcome(one, two) == expected
    assert outcome(two, one) == expected


def test_a_call_centre_phone_joins_nobody():
    phone = "88005553535"
    names = ["Альфа", "Белград", "Вектор", "Гранит", "Дельта", "Евромир", "Жемчуг", "Заря"]
    records = [rec(n, name, phone=phone, city="Омск") for n, name in enumerate(names)]
    records.append(rec(99, "Альфа Групп Север", phone=phone, city="Омск"))
    result = resolve(records)
    assert result.clusters == []


def test_a_common_name_in_one_city_is_left_to_people():
    records = [rec(n, "Ромашка", city=f"Город {n}") for n in range(10)]
    records += [rec(20, "Ромашка", city="Казань"), rec(21, "Ромашка", city="Казань")]
    result = resolve(records)
    assert result.clusters == []
    assert [pair[:2] for pair in result.pairs] == [(20, 21)]
    assert resolve(records, rare_name=20).clusters == [[20, 21]]


def test_a_sparse_record_between_two_firms_does_not_join_them():
    records = [
        rec(1, "Велмар", city="Казань", website="velmar.ru"),
        rec(2, "Велмар", city="Казань", website="velmar-kzn.ru"),
        rec(3, "Велмар", city="Казань"),
    ]
    result = resolve(records)
    assert result.clusters == [], "nobody knows whose the third record is"
    assert {pair[:2] for pair in result.pairs} == {(1, 2), (1, 3), (2, 3)}


def test_strong_chains_stop_at_a_second_site():
    records = [
        rec(1, "Велмар", website="velmar.ru", phone="9171112233"),
        rec(2, "Велмар", phone="9171112233", email="info@velmar2.ru"),
        rec(3, "Велмар", website="velmar2.ru"),
    ]
    result = resolve(records)
    assert result.clusters == [[2, 3]], "the mail domain is stronger than the phone"
    assert (1, 2) in [pair[:2] for pair in result.pairs]


def test_scores_are_between_0_and_100_and_pairs_unpack():
    records = [
        rec("a", "Велмар", city="Казань", website="velmar.ru"),
        rec("b", "Велмар", city="Казань", website="velmar-kzn.ru"),
    ]
    [(a, b, score)] = resolve(records).pairs
    assert (a, b, score) == ("a", "b", 100.0)


def test_ids_are_required_and_unique():
    with pytest.raises(InputError, match="without id"):
        resolve([{"name": "Ромашка"}])
    with pytest.raises(InputError, match="comes twice"):
        resolve([rec(1, "a"), rec(1, "b")])
    assert resolve([]) == ([], [])


def test_quality_on_a_register_with_planted_duplicates(register_of):
    register = register_of(4000, seed=11)
    result = resolve(register.records)
    merged = {pair for cluster in result.clusters for pair in pairs_of(cluster)}
    seen = merged | {tuple(sorted(pair[:2])) for pair in result.pairs}
    truth = register.true_pairs()
    assert len(merged & truth) / len(merged) >= 0.99
    assert len(merged & truth) / len(truth) >= 0.78
    assert len(seen & truth) / len(truth) >= 0.90


def pairs_of(ids):
    ids = sorted(ids)
    return {(a, b) for place, a in enumerate(ids) for b in ids[place + 1 :]}


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 1000))
def test_the_order_of_records_does_not_change_the_answer(rng, seed):
    records = small_register(seed)
    expected = resolve(records)
    shuffled = list(records)
    rng.shuffle(shuffled)
    assert resolve(shuffled) == expected


def small_register(seed):
    """Few values, so that almost everything collides with something."""
    rng = random.Random(seed)
    names = ["Велмар", "ООО Велмар", "Velmar", "Велмра", "Ромашка", "Ромашка Плюс", None]
    sites = [None, None, "velmar.ru", "velmar2.ru"]
    phones = [None, None, "9171112233", "9172223344"]
    cities, inns = [None, "Казань", "Омск"], [None, None, None, INN, OTHER_INN]
    mails = [None, "info@velmar.ru", "a@mail.ru"]
    return [
        rec(
            f"r{n}", rng.choice(names), website=rng.choice(sites), phone=rng.choice(phones),
            city=rng.choice(cities), inn=rng.choice(inns), email=rng.choice(mails),
        )
        for n in range(14)
    ]  # fmt: skip
