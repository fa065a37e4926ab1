"""What counts as a change, and what does not (S104-S106, N28-N30)."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.sites.finish import fields
from povod.sites.finish.changes import Known, Rules, changes_of
from povod.sites.finish.states import Seen

NOW = datetime(2026, 11, 20, tzinfo=UTC)
USUAL = Rules(fields.USUAL)


def page(title="Товар А", variants=(), **full):
    full = {"name": title, "price": "100", "currency": "RUB", "availability": "in_stock", **full}
    return {"title": title, "full": full, "seo": {}, "text_hash": "h"}


def seen(state=None, outcome="ok", variants=None, **more):
    more.setdefault("variants_known", True)
    return Seen("https://a.ru/p", "https://a.ru/p", outcome, NOW, state, variants or {}, **more)


def known(state, key="", active=True, misses=0):
    data = orjson.dumps(state).decode()
    return Known(f"id{key}", "https://a.ru/p", key, data, active, NOW, misses)


def kinds(found, known_states=(), rules=USUAL):
    states = {one.variant_key: one for one in known_states}
    return [
        (change.kind, change.variant_key, list(change.fields))
        for change in changes_of(found, states, rules)
    ]


def test_a_new_page_is_added_and_so_is_one_that_came_back():
    assert kinds(seen(page())) == [("ADDED", "", [])]
    assert kinds(seen(page()), [known(page(), active=False)]) == [("ADDED", "", [])]


@pytest.mark.parametrize(
    ("now", "fields_changed"),
    [
        ({"price": "150"}, ["price"]),
        ({"price": None}, ["price"]),
        ({"availability": "out_of_stock", "price": "99.99"}, ["price", "availability"]),
        ({"stock": 3}, ["stock"]),
        ({"currency": "EUR"}, ["currency"]),
        ({"title": "Товар Б"}, ["title", "name"]),
    ],
)
def test_changes_are_named_by_field(now, fields_changed):
    title = now.pop("title", "Товар А")
    found = kinds(seen(page(title, **now)), [known(page())])
    assert found == [("MODIFIED", "", fields_changed)]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"title": "Товар  A"}, {"title": "товар a "}),
        ({"title": "№ 1"}, {"title": "no 1"}),
        ({"price": "2879.2"}, {"price": "2879.20"}),
        ({"price": "2879.2"}, {"price": "2879.2000001"}),
        ({"images": ["a", "b"]}, {"images": ["b", "a"]}),
        ({"brand": "Икс"}, {"brand": "Игрек"}),
        ({"rating": "4.5"}, {"rating": "4.6"}),
    ],
)
def test_noise_is_no_change(before, now):
    old, new = page(**before), page(**now)
    assert kinds(seen(new), [known(old)]) == [("UNCHANGED", "", [])]


def test_more_fields_are_compared_when_a_job_asks():
    rules = Rules(fields.compared(["brand", "images", "text_hash"]))
    old, new = page(brand="Икс", images=["a"]), page(brand="Игрек", images=["a", "b"], price="1")
    assert kinds(seen({**new, "text_hash": "g"}), [known(old)], rules) == [
        ("MODIFIED", "", ["brand", "images", "text_hash"])
    ]


@pytest.mark.parametrize("outcome", ["blocked", "error", "skipped"])
def test_a_failed_fetch_is_never_a_change(outcome):
    states = [known(page()), known({"price": "1"}, "v1")]
    assert {kind for kind, _, _ in kinds(seen(outcome=outcome), states)} == {"NOT_CHECKED"}
    changes = list(changes_of(seen(outcome=outcome), {"": known(page())}, USUAL))
    assert changes[0].state is None
    assert not changes[0].touch
    assert kinds(seen(outcome=outcome)) == []


def test_not_modified_is_unchanged_with_all_its_variants():
    states = [known(page()), known({"price": "1"}, "v1")]
    found = kinds(seen(outcome="not_modified"), states)
    assert found == [("UNCHANGED", "", []), ("UNCHANGED", "v1", [])]


def test_gone_removes_page_and_variants_once():
    states = [known(page()), known({"price": "1"}, "v1"), known({}, "v2", active=False)]
    assert kinds(seen(outcome="gone"), states) == [("REMOVED", "", []), ("REMOVED", "v1", [])]
    assert kinds(seen(outcome="gone"), [known(page(), active=False)]) == []
    assert kinds(seen(outcome="gone")) == []


def test_no_product_once_is_an_accident_and_twice_the_truth():
    first = list(changes_of(seen(outcome="not_product"), {"": known(page())}, USUAL))
    assert [(c.kind, c.miss) for c in first] == [("NOT_CHECKED", True)]
    second = list(changes_of(seen(outcome="not_product"), {"": known(page(), misses=1)}, USUAL))
    assert [(c.kind, c.reason) for c in second] == [("REMOVED", "not_product")]


def test_an_absent_key_is_removed_only_when_the_list_says_so():
    assert kinds(None, [known(page())]) == [("NOT_CHECKED", "", [])]
    assert kinds(None, [known(page())], Rules(fields.USUAL, True)) == [("REMOVED", "", [])]


def variant(price="100", stock=5, in_stock=True):
    return {"price": price, "stock": stock, "in_stock": in_stock}


def test_one_variant_changes_its_price_and_nothing_else_does():
    """N28: the lowest price of the page follows its variants and is no second change."""
    before = [known(page(price="100")), known(variant("100"), "1"), known(variant("100"), "2")]
    now = seen(page(price="100"), variants={"1": variant("150"), "2": variant("100")})
    assert kinds(now, before) == [
        ("UNCHANGED", "", []),
        ("MODIFIED", "1", ["price"]),
        ("UNCHANGED", "2", []),
    ]


def test_variants_come_and_go():
    before = [known(page()), known(variant(), "1"), known(variant(), "2")]
    now = seen(page(), variants={"2": variant(in_stock=False, stock=0), "3": variant()})
    assert kinds(now, before) == [
        ("UNCHANGED", "", []),
        ("MODIFIED", "2", ["stock", "availability"]),
        ("ADDED", "3", []),
        ("REMOVED", "1", []),
    ]


def test_variants_that_could_not_be_asked_for_are_not_gone():
    before = [known(page()), known(variant(), "1")]
    assert kinds(seen(page(), variants_known=False), before) == [
        ("UNCHANGED", "", []),
        ("NOT_CHECKED", "1", []),
    ]


def test_a_page_that_was_cut_removes_nothing_and_forgets_nothing():
    before = known(page(price="100", sku="A-1"))
    cut = seen(page(price=None, sku=None), truncated=True, variants_known=False)
    (change,) = changes_of(cut, {"": before}, USUAL)
    assert (change.kind, change.state["full"]["price"]) == ("UNCHANGED", "100")
    assert change.state["full"]["sku"] == "A-1"
    shown = seen(page(price="120"), truncated=True)
    assert kinds(shown, [before]) == [("MODIFIED", "", ["price"])]


VALUES = st.one_of(st.none(), st.text(max_size=8), st.integers(-5, 5), st.decimals(0, 9, places=2))


@given(st.dictionaries(st.sampled_from(["price", "stock", "name", "sku", "brand"]), VALUES))
def test_a_page_is_equal_to_itself(full):
    full = {k: str(v) if k != "stock" and v is not None else v for k, v in full.items()}
    full["stock"] = full.get("stock") if isinstance(full.get("stock"), int) else None
    state = {"title": "т", "full": full, "seo": {}, "text_hash": ""}
    every = Rules(tuple(fields.PAGE_FIELDS))
    assert kinds(seen(state), [known(state)], every) == [("UNCHANGED", "", [])]


def test_forms_of_values():
    assert fields.money("abc") is None
    assert fields.money("1.005") == fields.money("1.01")
    assert fields.text("\u00a0 ") is None
    assert fields.as_set({"Цвет": "Красный"}) == fields.as_set([("цвет", "красный")])
    assert fields.compared([]) == fields.USUAL
    assert fields.compared(["unknown"]) == ()
