"""Small things that several adapters need."""

import re
from decimal import Decimal
from typing import Any

import orjson
from selectolax.lexbor import LexborNode

from povod.crawl.extract.document import Document, text_of
from povod.crawl.extract.price import accepted, parse_price, structured_amount
from povod.crawl.extract.product_model import MAX_VARIANTS, Layer, Variant
from povod.crawl.extract.selecting import select

JsonObject = dict[str, Any]
_MODIFIER = re.compile(
    r"\(?\s*([+\-−–=])\s*(\d[\d\s.,\u00a0]*(?:₽|руб\.?|р\.?|₸|Br|€|\$|грн))[^()]*\)?\s*$", re.I
)


def price_of(value: Any) -> Decimal | None:
    """A price in an engine's data, judged (S90)."""
    return accepted(structured_amount(value))


def cents_of(value: Any, minor_unit: int = 2) -> Decimal | None:
    """A price in the smallest coin."""
    amount = structured_amount(value)
    return accepted(amount.scaleb(-minor_unit)) if amount is not None else None


def parsed_json(text: str | bytes | None) -> Any:
    """JSON, or None when it is none."""
    if not text:
        return None
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def objects_in(value: Any, limit: int = MAX_VARIANTS + 1) -> list[JsonObject]:
    """The objects of a list, or of the values of an object."""
    members = list(value.values()) if isinstance(value, dict) else value
    return [item for item in members[:limit] if isinstance(item, dict)] if members else []


def true_of(value: Any) -> bool | None:
    """A yes or no, in the spellings of PHP and JavaScript."""
    if isinstance(value, bool) or value is None:
        return value
    text = str(value).strip().lower()
    return {"y": True, "1": True, "true": True, "n": False, "0": False, "false": False}.get(text)


def put_single(layer: Layer, variants: list[Variant]) -> None:
    """Variants into the layer; a lone one without attributes is the product itself."""
    if len(variants) == 1 and not variants[0].attributes:
        only = variants[0]
        layer.put("price", only.price)
        layer.put("stock", only.stock)
        layer.put("sku", only.sku)
        if only.in_stock is not None:
            layer.put("availability", "in_stock" if only.in_stock else "out_of_stock")
        return
    layer.variants = variants


def priced_options(document: Document, query: str, base: Decimal | None) -> list[Variant]:
    """Options of the page's only list whose texts carry price changes: `XL (+100 руб.)`.

    Options without a price of their own are attributes, not variants (S94), and several lists
    would only give combinations that nobody has priced.
    """
    lists = [n for n in select(document.tree, query, 20) if not document.regions.is_aside(n)]
    choices = [_choices(node) for node in lists]
    priced = [texts for texts in choices if any(_MODIFIER.search(text) for _, text in texts)]
    if len(priced) != 1 or base is None:
        return []
    label = _group_label(lists[choices.index(priced[0])])
    return [_optioned(value, text, label, base) for value, text in priced[0][: MAX_VARIANTS + 1]]


def _choices(node: LexborNode) -> list[tuple[str, str]]:
    """Values and texts of a `select`, or of the radio buttons within a group."""
    if node.tag == "select":
        options = [(o.attributes.get("value") or "", text_of(o)) for o in node.css("option")]
    else:
        options = [
            (o.attributes.get("value") or "", text_of(o.parent) if o.parent is not None else "")
            for o in node.css('input[type="radio"]')
        ]
    return [(value, text) for value, text in options if value and text]


def _group_label(node: LexborNode) -> str:
    """The label above a list of options."""
    current: LexborNode | None = node
    for _ in range(3):
        current = current.parent if current is not None else None
        label = current.css_first("label,.control-label,.title") if current is not None else None
        if label is not None and (text := text_of(label)):
            return text.rstrip(" :*")
    return node.attributes.get("name") or "option"


def _optioned(value: str, text: str, label: str, base: Decimal) -> Variant:
    match = _MODIFIER.search(text)
    price = base
    if match is not None and (change := parse_price(match[2])):
        signed = {"+": base + change.amount, "=": change.amount}
        price = signed.get(match[1], base - change.amount)
        text = text[: match.start()].strip() or text
    return Variant(id=value, attributes={label: text}, price=accepted(price))
