import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.leads.queries import (
    MAX_CHARS,
    QueryStyle,
    QueryTooLong,
    build_queries,
    query_hash,
    without_operators,
)
from povod.leads.yandex.protocol import DeferredQueryParams

PLAIN = QueryStyle()


def texts(niche, city="", country="", style=PLAIN):
    return [query.text for query in build_queries(niche, city, country, style)]


@pytest.mark.parametrize(
    ("niche", "city", "country", "text"),
    [
        ("стоматология", "Казань", "Россия", "стоматология Казань"),
        ("стоматология", "", "Россия", "стоматология Россия"),
        ("стоматология", "", "", "стоматология"),
        ("стоматология в г. Казань", "Казань", "", "стоматология в г. Казань"),
        ("окна Санкт-Петербург", "санкт петербург", "", "окна Санкт-Петербург"),
        ("омский завод", "Омск", "", "омский завод Омск"),
    ],
)
def test_the_place_is_added_unless_the_niche_names_it(niche, city, country, text):
    assert texts(niche, city, country) == [text]


def test_further_variants_add_one_trigger_each():
    found = build_queries("окна", "Омск", "", QueryStyle(variants=3))
    assert [query.text for query in found] == [
        "окна Омск", 'окна Омск "оставить заявку"', 'окна Омск "онлайн запись"',
    ]  # fmt: skip
    assert [query.selection for query in found] == ["balanced", "strict", "strict"]
    assert [query.trigger for query in found] == ["", "оставить заявку", "онлайн запись"]


def test_a_niche_may_bring_its_own_triggers_and_a_language():
    style = QueryStyle(variants=2, triggers=["прайс"], prefix="lang:ru")
    assert texts("окна", style=style) == ["lang:ru окна", 'lang:ru окна "прайс"']


def test_negatives_are_added_while_they_fit():
    style = QueryStyle(negatives=[f"site{number}.ru" for number in range(100)])
    [query] = build_queries("окна", "Омск", "", style)
    assert query.text.startswith("окна Омск -site:site0.ru -site:site1.ru")
    assert len(query.text) <= MAX_CHARS < len(query.text) + len(" -site:site25.ru")
    assert query.selection == "strict"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('окна "ПВХ" | (двери)', "окна ПВХ двери"),
        ("-дешёвые +окна", "дешёвые окна"),
        ("санкт-петербург", "санкт-петербург"),
        ("a//b [c] !d ~e ^f", "a b c d e f"),
        ("--- окна", "окна"),
    ],
)
def test_operators_of_the_user_become_words(text, plain):
    assert without_operators(text) == plain


def test_too_long_a_niche_is_refused_with_both_numbers():
    with pytest.raises(QueryTooLong, match="41 words"):
        texts(" ".join(["а"] * 41))
    with pytest.raises(QueryTooLong, match="401 characters"):
        texts("я" * 401)


def test_the_hash_names_text_and_region():
    assert query_hash("окна Омск", 66) == query_hash("окна Омск", 66)
    assert query_hash("окна Омск", 66) != query_hash("окна Омск", 225)
    assert len(query_hash("окна", 1)) == 40


@given(st.text(max_size=200), st.text(max_size=60), st.integers(1, 6))
def test_whatever_is_built_the_service_accepts(niche, city, variants):
    try:
        found = build_queries(niche, city, "", QueryStyle(variants=variants))
    except QueryTooLong:
        return
    for query in found:
        assert len(query.text) <= MAX_CHARS
        if query.text.strip():
            DeferredQueryParams(query_text=query.text, folder_id="b1g")
