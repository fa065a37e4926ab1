"""Object literals of scripts, read and never run."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.crawl.cms.jsobject import NoLiteralError, js_after, read_js


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("[]", []),
        ("{'a': 1, \"b\": 'два'}", {"a": 1, "b": "два"}),
        ("{a: 1, $b_2: 2, 3: 'три'}", {"a": 1, "$b_2": 2, "3": "три"}),
        ("{a: [1, 2, 3,], }", {"a": [1, 2, 3]}),
        ("{a: true, b: false, c: null, d: undefined, e: !0, f: !1}",
         {"a": True, "b": False, "c": None, "d": None, "e": True, "f": False}),
        ("{a: -1.5, b: .5, c: 0x1F, d: 1e3}", {"a": -1.5, "b": 0.5, "c": 31, "d": 1000.0}),
        ("{a: 'it\\'s', b: \"\\u0430\\x41\\u{431}\\n\"}", {"a": "it's", "b": "аAб\n"}),
        ("{a: `обратные`}", {"a": "обратные"}),
        ("{a: 'одна\\\nстрока', b: '\\/'}", {"a": "однастрока", "b": "/"}),
        ("{/* x */ a: 1, // y\n b: 2 /* z */}", {"a": 1, "b": 2}),
        ("{a: window.x.y, b: f(1, {c: ')'}), d: 1}", {"a": None, "b": None, "d": 1}),
        ("{a: function () { return '}'; }, b: 2}", {"a": None, "b": 2}),
        ("{a: 'x' + y, b: 2}", {"a": None, "b": 2}),
        ("{a: new Date(2026, 1), b: [x, 1]}", {"a": None, "b": [None, 1]}),
        ("{a: {b: {c: ['глубоко']}}}", {"a": {"b": {"c": ["глубоко"]}}}),
        ("  {a: 1} и что угодно дальше", {"a": 1}),
        ("{a: , b: }", {"a": None, "b": None}),
        ("{,a: 1,,b: 2}", {"a": 1, "b": 2}),
    ],
)  # fmt: skip
def test_literals_as_pages_have_them(text: str, value: Any) -> None:
    assert read_js(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2",
        "{a}",
        "{a: 'не закрыто}",
        "{: 1}",
        "{a: f(1}",
        "'x",
        "[)",
        "[1, :]",
        "{a: ;}",
        "{a: )}",
    ],
)
def test_what_is_no_literal(text: str) -> None:
    with pytest.raises(NoLiteralError):
        read_js(text)


def test_depth_and_size_have_limits() -> None:
    with pytest.raises(NoLiteralError):
        read_js("{'a':" * 500 + "1" + "}" * 500)
    with pytest.raises(NoLiteralError):
        read_js("[" + "a," * 300_000 + "]")


def test_what_stands_after_a_marker() -> None:
    script = "x = new Shop(); y = new Shop( /* вот */ {'a': 1}); z = new Shop({'a': 2});"
    assert js_after(script, "new Shop(") == {"a": 1}
    assert js_after(script, "new Market(") is None
    assert js_after("new Shop({'a'", "new Shop(") is None
    assert js_after("new Shop([1])", "new Shop(") == [1]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def as_js(value: Any) -> str:
    """The value with single quotes and trailing commas."""
    if isinstance(value, dict):
        pairs = (f"{as_js(name)} : {as_js(item)}," for name, item in value.items())
        return "{" + "".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + "".join(f"{as_js(item)}, " for item in value) + "]"
    if isinstance(value, str):
        inner = json.dumps(value)[1:-1].replace('\\"', '"').replace("'", "\\'")
        return f"'{inner}'"
    return json.dumps(value)


def joined_surrogates(value: Any) -> Any:
    return json.loads(json.dumps(value))


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), values, max_size=5))
def test_json_is_read_as_json(value: dict[str, Any]) -> None:
    assert read_js(json.dumps(value, ensure_ascii=False)) == joined_surrogates(value)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(alphabet="абв'\" \\/{}[],:", max_size=8),
        st.lists(st.text(alphabet="абв'\"\\\n/*{}", max_size=8) | st.integers(), max_size=4),
        max_size=5,
    )
)
def test_literals_with_single_quotes_are_read_back(value: dict[str, Any]) -> None:
    assert read_js(as_js(value)) == value


@settings(deadline=None)
@given(st.text(alphabet="{}[]()'\"\\,:ab1 /*!\n", max_size=80))
def test_any_jumble_ends(text: str) -> None:
    with contextlib.suppress(NoLiteralError):
        read_js(text)
