"""JSON-LD as sites write it: correct, broken in the usual ways, and beyond mending."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.extract.structured import json_ld, mend, microdata_of, texts_of, types_of, walk
from povod.crawl.extract.text import parse_html


def page(script: str, kind: str = "application/ld+json") -> str:
    return f'<html><head><script type="{kind}">{script}</script></head><body>текст</body></html>'


def test_objects_come_in_the_order_of_the_page() -> None:
    html = page('{"name": "Первый"}') + page('[{"name": "Второй"}, {"name": "Третий"}]')
    assert [item["name"] for item in json_ld(html)] == ["Первый", "Второй", "Третий"]


def test_graph_stays_one_object() -> None:
    assert json_ld(page('{"@graph": [{"a": 1}, {"b": 2}]}')) == [{"@graph": [{"a": 1}, {"b": 2}]}]


@pytest.mark.parametrize(
    "kind", ["application/ld+json", "application/LD+JSON", "application/ld+json; charset=utf-8"]
)
def test_the_type_is_known_in_its_spellings(kind: str) -> None:
    assert json_ld(page('{"a": 1}', kind)) == [{"a": 1}]


def test_other_scripts_are_not_read() -> None:
    assert json_ld(page('{"a": 1}', "application/json")) == []


def test_bytes_of_another_charset_are_decoded() -> None:
    html = '<meta charset="windows-1251">' + page('{"name": "Ромашка"}')
    assert json_ld(html.encode("cp1251")) == [{"name": "Ромашка"}]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('//<![CDATA[\n{"a": "я"}\n//]]>', {"a": "я"}),
        ('/*<![CDATA[*/ {"a": "я"} /*]]>*/', {"a": "я"}),
        ('<!--\n{"a": "я"}\n-->', {"a": "я"}),
        ('<!-- {"a": "я"} -->', {"a": "я"}),
        ('<!-- начало --> {"a": "я"} <!-- конец -->', {"a": "я"}),
        ('{"a": "я", /* цена */ "b": 2}', {"a": "я", "b": 2}),
        ('{"a": "я", // город\n"b": 2}', {"a": "я", "b": 2}),
        ('{"a": "я",\n<!-- <b>город</b> -->\n"b": 2}', {"a": "я", "b": 2}),
        ('{"a": "я",}', {"a": "я"}),
        ('{"a": ["я", "ю",],}', {"a": ["я", "ю"]}),
        ('{"a": "две\nстроки"}', {"a": "две\nстроки"}),
        ('{"a": "знак\x01"}', {"a": "знак\x01"}),
        ('{"a": "ООО "Ромашка"", "b": 2}', {"a": 'ООО "Ромашка"', "b": 2}),
        ('{"a": "ООО "Ромашка", Казань"}', {"a": 'ООО "Ромашка", Казань'}),
        (r'{"a": "O\'Key"}', {"a": "O'Key"}),
        ('{"a": "я"};', {"a": "я"}),
        ('{"a": "я"}}', {"a": "я"}),
        ('\ufeff{"a": "я"}', {"a": "я"}),
        ("{&quot;a&quot;: &quot;я&quot;}", {"a": "я"}),
    ],
)
def test_a_broken_script_is_mended(script: str, expected: dict[str, object]) -> None:
    assert json_ld(page(script)) == [expected]


@pytest.mark.parametrize(
    "sign", ["<!-- не комментарий -->", "/* и это */", "// https://firma.ru", ",}"]
)
def test_inside_a_string_nothing_is_dropped(sign: str) -> None:
    script = json.dumps({"a": sign}, ensure_ascii=False)[:-1] + ",}"
    assert json_ld(page(script)) == [{"a": sign}]


def test_several_values_in_one_script() -> None:
    assert json_ld(page('{"a": 1}\n{"b": 2}')) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "script", ["", "null", "42", '"текст"', '{"a": 1', "var x = 1", "{'a': 1}"]
)
def test_what_cannot_be_mended_is_left_out(script: str) -> None:
    assert json_ld(page(script)) == []


def test_a_lost_script_does_not_lose_the_next() -> None:
    assert json_ld(page("{{{") + page('{"b": 2}')) == [{"b": 2}]


def test_nesting_beyond_reason_is_left_out() -> None:
    assert json_ld(page('{"a":' * 5000)) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), json_values, min_size=1, max_size=4))
def test_correct_json_survives_mending(data: dict[str, object]) -> None:
    assert json.loads(mend(json.dumps(data)), strict=False) == data


def test_walk_goes_through_graphs_lists_and_inner_objects() -> None:
    objects = [{"@graph": [{"name": "а", "address": {"name": "б"}}]}, {"name": "в"}]
    assert [item.get("name") for item in walk(objects)] == [None, "а", "б", "в"]


def test_types_without_the_vocabulary_address() -> None:
    assert types_of({"@type": ["https://schema.org/Store", "schema:Organization"]}) == {
        "Store",
        "Organization",
    }
    assert types_of({"name": "без типа"}) == set()


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("а", ["а"]),
        (["а", {"@value": "б"}], ["а", "б"]),
        (7707083893, ["7707083893"]),
        (None, []),
        (True, []),
        ({"name": "объект"}, []),
    ],
)
def test_texts_of_a_value(value: object, texts: list[str]) -> None:
    assert texts_of(value) == texts


def test_microdata_takes_content_then_link_then_text() -> None:
    tree = parse_html(
        '<div itemscope itemprop="branch"><meta itemprop="email" content=" info@okna.ru ">'
        '<a itemprop="url telephone" href="tel:+74951234567">звоните</a>'
        '<span itemprop="name"> Окна <b>и двери</b></span></div>'
    )
    assert [tuple(entry) for entry in microdata_of(tree)] == [
        ("email", "info@okna.ru"),
        ("url", "tel:+74951234567"),
        ("telephone", "tel:+74951234567"),
        ("name", "Окна и двери"),
    ]
