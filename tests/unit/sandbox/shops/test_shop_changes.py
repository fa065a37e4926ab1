import json
from datetime import UTC, datetime, timedelta

import pytest

from povod.kit.errors import InputError
from povod.sandbox.shops.changes import KINDS
from povod.sandbox.shops.layouts import LAYOUTS
from povod.sandbox.shops.truth import page_truth, product_truth, shop_truth, url_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def simple(client) -> int:
    return next(n for n in range(40) if not client.shop.changes.base(n).variants)


def varied(client) -> int:
    return next(n for n in range(40) if len(client.shop.changes.base(n).variants) > 1)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_the_truth_is_the_difference_of_the_pages(open_shop, layout):
    client = open_shop(layout, 60, theme="build")
    changes = client.shop.changes
    before = {n: page_truth(changes, n) for n in range(60)}
    bodies = {n: client.get(before[n]["url"]).body for n in before}
    planted = changes.plant({"count": 21, "seed": 3}, NOON)
    assert len(planted) == 21
    truth = shop_truth(changes)
    stamped = {entry["url"]: entry for entry in truth["modified"]}
    for n, page in before.items():
        now = page_truth(changes, n)
        answer = client.get(page["url"])
        assert (answer.status == 404) == (page["url"] in truth["removed"]) == now["removed"]
        entry = stamped.get(page["url"])
        fields = entry["fields"] if entry else {}
        for name, values in fields.items():
            assert page["product"].get(name) == values["before"]
            assert now["product"].get(name) == values["after"]
        if answer.status == 200 and layout not in {"insales", "spa", "shopify", "cm3"}:
            assert (answer.body != bodies[n]) == (entry is not None)
    assert [url_of(changes.shop, 60 + n) for n in range(len(truth["new"]))] == truth["new"]
    assert all(client.get(url).status == 200 for url in truth["new"])


def test_a_price_of_a_variant_moves_the_lowest_price_too(open_shop):
    client = open_shop("plain")
    index = varied(client)
    first = client.shop.changes.base(index).variants[0]
    spec = {"kind": "variant_price", "index": index, "variant": first.id, "value": "5.00"}
    client.shop.changes.plant({"changes": [spec]}, NOON)
    entry = shop_truth(client.shop.changes)["modified"][0]
    assert entry["fields"]["price"]["after"] == "5.00"
    assert entry["variants"] == [
        {"id": first.id, "field": "price", "before": f"{first.price:.2f}", "after": "5.00"}
    ]


def test_without_stock_in_the_page_a_quantity_is_no_difference(open_shop):
    client = open_shop("plain")
    index = next(n for n in range(40) if client.shop.changes.base(n).stock > 1
                 and not client.shop.changes.base(n).variants)  # fmt: skip
    client.shop.changes.plant({"changes": [{"kind": "stock", "index": index, "value": 3}]}, NOON)
    assert shop_truth(client.shop.changes)["modified"] == []


def test_changes_are_taken_away_one_by_one_or_all(open_shop):
    client = open_shop("microdata")
    changes = client.shop.changes
    index = simple(client)
    base = changes.base(index)
    one, two = changes.plant(
        {"changes": [{"kind": "price", "index": index}, {"kind": "title", "index": index}]}, NOON
    )
    changes.remove(one.id)
    assert changes.product(index).price == base.price
    assert changes.product(index).name != base.name
    with pytest.raises(InputError, match="not planted"):
        changes.remove(one.id)
    changes.plant({"count": 8}, NOON)
    changes.remove()
    assert list(changes) == []
    assert changes.total == 40
    assert changes.product(index) == base
    assert two.id != one.id


def test_new_pages_appear_in_maps_and_vanish_with_their_change(open_shop):
    client = open_shop("plain")
    address = url_of(client.shop.shop, 40)
    assert client.get(address).status == 404
    change = client.shop.changes.plant({"changes": [{"kind": "new"}]}, NOON)[0]
    assert client.get(address).status == 200
    assert address in client.text("/sitemap.xml")
    client.shop.changes.remove(change.id)
    assert client.get(address).status == 404
    assert address not in client.text("/sitemap.xml")


@pytest.mark.parametrize("listed", [True, False])
def test_removed_pages_stay_in_maps_only_if_asked(open_shop, listed):
    client = open_shop("plain")
    address = url_of(client.shop.shop, 4)
    spec = {"kind": "removed", "index": 4, "listed": listed}
    client.shop.changes.plant({"changes": [spec]}, NOON)
    assert client.get(address).status == 404
    assert (address in client.text("/sitemap.xml")) is listed
    assert shop_truth(client.shop.changes)["removed"] == [address]


def test_a_change_moves_the_validators(open_shop):
    client = open_shop("microdata")
    index = simple(client)
    address = url_of(client.shop.shop, index)
    old = client.get(address)
    tag, date = old.headers["ETag"], old.headers["Last-Modified"]
    assert client.get(address, If_None_Match=tag).status == 304
    assert client.get(address, If_Modified_Since=date).status == 304
    assert client.get(address, If_Modified_Since="yesterday").status == 200
    later = NOON + timedelta(hours=1)
    client.shop.changes.plant({"changes": [{"kind": "price", "index": index}]}, later)
    assert client.get(address, If_None_Match=tag).status == 200
    assert client.get(address, If_Modified_Since=date).status == 200
    client.shop.configure({"etag": False})
    assert "ETag" not in client.get(address).headers


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"changes": [{"kind": "colour", "index": 1}]}, "kind"),
        ({"changes": [{"kind": "price", "index": 999}]}, "index"),
        ({"changes": ["price"]}, "changes"),
        ({"count": 0}, "count"),
        ({"count": "many"}, "count"),
        ({"changes": [{"kind": "availability", "index": 1, "value": "maybe"}]}, "value"),
    ],
)
def test_impossible_changes_are_refused(open_shop, spec, problem):
    with pytest.raises(InputError, match=problem):
        open_shop("plain").shop.changes.plant(spec, NOON)


def test_values_and_variants_must_fit_the_product(open_shop):
    client = open_shop("plain")
    plain, many = simple(client), varied(client)
    for spec in (
        {"kind": "price", "index": plain, "value": "cheap"},
        {"kind": "price", "index": plain, "value": "-1"},
        {"kind": "price", "index": many},
        {"kind": "variant_price", "index": plain},
        {"kind": "variant_price", "index": many, "variant": "0"},
        {"kind": "stock", "index": plain, "value": "few"},
    ):
        with pytest.raises(InputError):
            client.shop.changes.plant({"changes": [spec]}, NOON)
    assert list(client.shop.changes) == []


def test_availability_and_stock_of_variants(open_shop):
    client = open_shop("plain")
    index = varied(client)
    plant = client.shop.changes.plant
    plant({"changes": [{"kind": "availability", "index": index, "value": "out_of_stock"}]}, NOON)
    shown = product_truth(client.shop.shop, client.shop.changes.product(index))
    assert shown["availability"] == "out_of_stock"
    assert {variant["in_stock"] for variant in shown["variants"]} == {False}
    plant({"changes": [{"kind": "stock", "index": index, "value": "4"}]}, NOON)
    shown = product_truth(client.shop.shop, client.shop.changes.product(index))
    assert (shown["stock"], shown["availability"]) == (4, "in_stock")


def test_a_small_shop_runs_out_of_products(open_shop):
    client = open_shop("plain", 3)
    with pytest.raises(InputError, match="no product left"):
        client.shop.changes.plant({"count": 3, "kinds": ["variant_price"]}, NOON)


def test_every_change_is_plain_data(open_shop):
    client = open_shop("plain")
    planted = client.shop.changes.plant({"count": 16}, NOON)
    assert {change.kind for change in planted} == set(KINDS) - {"stock"}
    assert json.loads(json.dumps([change.as_json() for change in planted]))[0]["at"]
