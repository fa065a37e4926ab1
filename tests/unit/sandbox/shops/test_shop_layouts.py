"""Each layout gives away what its truth says, read here by means of its own."""

import html
import json
import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from povod.sandbox.shops.chrome import planted_issues
from povod.sandbox.shops.layouts import LAYOUTS
from povod.sandbox.shops.layouts.bitrix import to_js
from povod.sandbox.shops.truth import page_truth

ALL = sorted(LAYOUTS)


def pages(client, count=20):
    for index in range(count):
        truth = page_truth(client.shop.changes, index)
        yield truth, LexborHTMLParser(client.text(truth["url"]))


def blocks(tree) -> list[dict]:
    found = [json.loads(n.text()) for n in tree.css('script[type="application/ld+json"]')]
    return [item for block in found for item in block.get("@graph", [block])]


@pytest.mark.parametrize("layout", [name for name in ALL if name not in {"spa", "api"}])
@pytest.mark.parametrize("theme", ["tools", "tea"])
def test_seo_tags_are_what_the_truth_says(open_shop, layout, theme):
    for truth, tree in pages(open_shop(layout, theme=theme), 40):
        seo = truth["seo"]
        assert tree.css_first("title").text() == seo["title"]
        assert tree.css_first("h1").text() == seo["h1"]
        assert (len(tree.css("h1")) > 1) == ("h1_multiple" in truth["planted_issues"])
        for name, key in [("description", "meta_description"), ("robots", "robots")]:
            node = tree.css_first(f'meta[name="{name}"]')
            assert (node.attributes["content"] if node else None) == seo[key]
        link = tree.css_first('link[rel="canonical"]')
        assert (link.attributes["href"] if link else None) == seo["canonical"]


def test_planted_issues_occur(open_shop):
    changes = open_shop("plain", 100).shop.changes
    found = {issue for n in range(100) for issue in planted_issues(changes.base(n))}
    assert found == {"description_missing", "h1_multiple", "noindex", "canonical_missing"}


def test_plain_json_ld(open_shop):
    kinds = set()
    for truth, tree in pages(open_shop("plain"), 40):
        product, trail = blocks(tree)
        kinds.add(product["@type"])
        want = truth["product"]
        assert (product["name"], product["sku"], product["gtin13"]) == (
            want["name"], want["sku"], want["gtin"],
        )  # fmt: skip
        names = [(item["name"], item.get("item")) for item in trail["itemListElement"]]
        assert names[:-1] == [tuple(crumb) for crumb in want["breadcrumbs"][:-1]]
        if product["@type"] == "Product":
            assert product["offers"]["price"] == want["price"]
        else:
            offers = [(v["sku"], v["offers"]["price"]) for v in product["hasVariant"]]
            assert offers == [(v["sku"], v["price"]) for v in want["variants"]]
    assert kinds == {"Product", "ProductGroup"}


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_microdata(open_shop, charset):
    client = open_shop("microdata", theme="tea", charset=charset)
    states = set()
    for truth, tree in pages(client, 40):
        want = truth["product"]
        scope = tree.css_first('[itemtype="https://schema.org/Product"]')
        assert scope.css_first('[itemprop="price"]').attributes["content"] == want["price"]
        href = scope.css_first('[itemprop="availability"]').attributes["href"]
        states.add((href.rpartition("/")[2], want["availability"]))
        stock = re.search(r"Осталось (\d+) шт", scope.css_first(".stock").text())
        assert (int(stock[1]) if stock else None) == want["stock"]
        assert "variants" not in want
    assert states == {
        ("InStock", "in_stock"), ("OutOfStock", "out_of_stock"), ("PreOrder", "preorder")
    }  # fmt: skip


def test_bitrix_object(open_shop):
    client = open_shop("bitrix")
    for truth, tree in pages(client, 40):
        want = truth["product"]
        script = next(n.text() for n in tree.css("script") if "JCCatalogElement" in n.text())
        literal = script[script.index("(") + 1 : script.rindex(")")]
        data = json.loads(re.sub(r"(?<!\\)'", '"', literal.replace('"', '\\"')))
        if want["variants"]:
            offers = [(o["ID"], o["ITEM_PRICES"][0]["PRICE"]) for o in data["OFFERS"]]
            assert offers == [(v["id"], float(v["price"])) for v in want["variants"]]
            tree_names = {
                (f"PROP_{prop['ID']}", code): value["NAME"]
                for prop in data["TREE_PROPS"]
                for code, value in prop["VALUES"].items()
            }
            shown = ["/".join(tree_names[pair] for pair in o["TREE"].items())
                     for o in data["OFFERS"]]  # fmt: skip
            assert shown == [v["value"] for v in want["variants"]]
        else:
            assert data["PRODUCT"]["ITEM_PRICES"][0]["PRICE"] == float(want["price"])
            assert int(data["PRODUCT"]["MAX_QUANTITY"]) == want["stock"]
    assert "BITRIX_SM_" in client.get("/").headers["Set-Cookie"]


def test_js_literals_are_quoted_once():
    text = to_js({"a": "it's </script>", "b": [True, 1.5, {"c": "x\\y"}]})
    assert text == r"{'a':'it\'s <\/script>','b':[true,1.5,{'c':'x\\y'}]}"


def test_woocommerce_variations_and_store_api(open_shop):
    client = open_shop("woocommerce")
    for truth, tree in pages(client, 40):
        want = truth["product"]
        form = tree.css_first("form.variations_form")
        assert bool(form) == bool(want["variants"])
        slug = truth["url"].rstrip("/").rpartition("/")[2]
        api = json.loads(client.get(f"/wp-json/wc/store/v1/products?slug={slug}").body)[0]
        assert int(api["prices"]["price"]) == round(float(want["price"]) * 100)
        if not form:
            continue
        variations = json.loads(form.attributes["data-product_variations"])
        shown = [(str(v["variation_id"]), v["max_qty"] or None) for v in variations]
        assert shown == [(v["id"], v["stock"]) for v in want["variants"]]
        options = {
            option.attributes["value"]: option.text() for option in form.css("option[value]")
        }
        words = ["/".join(options[code] for code in v["attributes"].values()) for v in variations]
        assert words == [v["value"] for v in want["variants"]]


def test_insales_data_without_a_new_page(open_shop):
    client = open_shop("insales")
    varied = next(n for n in range(40) if client.shop.changes.base(n).variants)
    before = page_truth(client.shop.changes, varied)
    page = client.get(before["url"])
    data = client.get(f"/products_by_id/{varied}.json")
    client.shop.changes.plant({"changes": [{"kind": "variant_price", "index": varied}]}, None)
    again = client.get(before["url"], If_None_Match=page.headers["ETag"])
    assert again.status == 304
    fresh = client.get(f"/products_by_id/{varied}.json", If_None_Match=data.headers["ETag"])
    assert fresh.status == 200
    after = page_truth(client.shop.changes, varied)["product"]
    shown = json.loads(fresh.body)["products"][0]["variants"]
    assert [v["price"] for v in shown] == [v["price"] for v in after["variants"]]
    assert [v["quantity"] for v in shown] == [v["stock"] for v in after["variants"]]
    assert after != before["product"]


def test_cscart_markup(open_shop):
    for truth, tree in pages(open_shop("cscart"), 40):
        want = truth["product"]
        stock = tree.css_first(".ty-qty-in-stock")
        assert (int(stock.text().split("\xa0")[0]) if stock else None) == want["stock"]
        price = tree.css_first(".ty-price-num").text().replace("\xa0", "").replace(",", ".")
        assert float(price) == float(want["price"])
        assert not tree.css('script[type="application/ld+json"]')


def test_a_spa_is_empty_until_a_helper_renders_it(open_shop):
    client = open_shop("spa")
    truth = page_truth(client.shop.changes, 1)
    shell = LexborHTMLParser(client.text(truth["url"]))
    assert not shell.css_first("#app").text()
    assert truth["product"]["name"] not in shell.html
    data = json.loads(client.get("/api/products/1.json").body)
    assert data["name"] == truth["product"]["name"]
    assert truth["product"]["gtin"] in data["head"]
    whole = client.text(truth["url"], X_Sandbox_Via="flaresolverr")
    assert html.escape(truth["product"]["name"]) in whole


@pytest.mark.parametrize("layout", ALL)
def test_unknown_data_and_wrong_slugs_are_404(open_shop, layout):
    client = open_shop(layout)
    url = page_truth(client.shop.changes, 3)["url"]
    assert client.get(url).status == 200
    wrong = url.replace("id=3", "id=300") if layout == "opencart" else url.replace("-3", "-4")
    assert client.get(wrong).status == 404
    assert client.get("/products_by_id/999.json").status == 404
    assert client.get("/api/products/999.json").status == 404
    assert "не найдена" in client.text("/nothing-here")


def test_shopify_data_in_the_smallest_unit(open_shop):
    client = open_shop("shopify")
    for index in range(20):
        truth = page_truth(client.shop.changes, index)
        data = json.loads(client.get(f"{truth['url']}.js").body)
        assert data["price"] == round(float(truth["product"]["price"]) * 100)
        values = ["/".join(filter(None, (v["option1"], v["option2"]))) for v in data["variants"]]
        wanted = [variant["value"] for variant in truth["product"]["variants"]]
        assert values == (wanted or ["Default Title"])
        assert "stock" not in truth["product"]
        assert ("sku" in truth["product"]) == (not wanted)
        assert truth["product"]["availability"] != "preorder"


def test_magento_config_names_products_by_option(open_shop):
    client = open_shop("magento")
    seen = 0
    for truth, tree in pages(client, 20):
        node = tree.css_first('script[type="text/x-magento-init"]')
        assert bool(node) == bool(truth["product"]["variants"])
        if not node:
            continue
        seen += 1
        config = json.loads(node.text())["#product_addtocart_form"]["configurable"]["spConfig"]
        (attribute,) = config["attributes"].values()
        named = {
            number: option["label"]
            for option in attribute["options"]
            for number in option["products"]
        }
        assert named == {v["id"]: v["value"] for v in truth["product"]["variants"]}
        on_sale = {
            number
            for options in config["salable"].values()
            for numbers in options.values()
            for number in numbers
        }
        assert on_sale == {v["id"] for v in truth["product"]["variants"] if v["in_stock"]}
    assert seen


def test_opencart_pages_differ_by_the_query_alone(open_shop):
    client = open_shop("opencart")
    one, two = (page_truth(client.shop.changes, n)["url"] for n in (1, 2))
    assert one.partition("?")[0] == two.partition("?")[0]
    assert client.get(one).body != client.get(two).body
    assert client.get("/index.php").status == 404


def test_a_shop_of_data_alone(open_shop):
    client = open_shop("api")
    truth = page_truth(client.shop.changes, 1)
    answer = client.get(truth["url"])
    assert answer.headers["Content-Type"].startswith("application/json")
    item = json.loads(answer.body)["data"]["item"]
    want = truth["product"]
    assert (item["title"], item["price"]["value"], item["stock"]) == (
        want["name"], want["price"], want["stock"],
    )  # fmt: skip
    assert [[step["name"], step["url"]] for step in item["path"]] == want["breadcrumbs"]
    assert truth["seo"] == {}


def test_cm3_kinds_and_their_offers(open_shop):
    client = open_shop("cm3")
    for truth, tree in pages(client, 20):
        script = next(n.text() for n in tree.css("script") if "shop2.init" in n.text())
        refs = json.loads(script[script.index("(") + 1 : script.rindex(")")])["productRefs"]
        number = str(truth["index"])
        named = {kind for values in refs[number].values() for kinds in values.values()
                 for kind in kinds}  # fmt: skip
        want = truth["product"]["variants"]
        assert named == {variant["id"] for variant in want}
        url = f"/magazin/product/get-offers/?product_id={number}"
        offers = json.loads(client.get(url).body)["offers"]
        shown = [(offer["kind_id"], offer["price"], offer["amount"]) for offer in offers]
        if want:
            assert shown == [(v["id"], v["price"], v["stock"]) for v in want]
        assert ("availability" in truth["product"]) == bool(want)


def test_joomla_markup(open_shop):
    for truth, tree in pages(open_shop("joomla"), 20):
        want = truth["product"]
        assert tree.css_first(".hikashop_product_code_main").text() == want["sku"]
        price = tree.css_first(".hikashop_product_price").text().replace("\xa0", "")
        assert float(price.split()[0].replace(",", ".")) == float(want["price"])
        assert bool(tree.css_first("del")) == bool(want["price_old"])
