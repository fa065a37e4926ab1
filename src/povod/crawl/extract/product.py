"""The product of a page: which page is one, and what all sources together say of it (S85..S94)."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from povod.crawl.cms.base import Detection, Reading, SiteAdapter, chosen_adapter
from povod.crawl.extract.breadcrumbs import breadcrumbs_of
from povod.crawl.extract.document import Document
from povod.crawl.extract.main_product import Picked, pick_json_ld, pick_microdata
from povod.crawl.extract.markup_product import layer_of_markup, shown_of, shows_product
from povod.crawl.extract.price_nodes import Shown
from povod.crawl.extract.product_layers import (
    is_og_product,
    joined,
    open_graph_layer,
    selector_layer,
    share_image_layer,
)
from povod.crawl.extract.product_model import FIELDS, Crumb, Layer, Product
from povod.crawl.extract.schema_product import layer_of
from povod.crawl.site_profile import NO_PROFILE, SiteProfile
from povod.kit.text import value_key

_LIST_OF_CARDS = 4
"""Price nodes of one look that make a page with a mere AggregateOffer a list."""
_CROSSED_OUT = 'del,s,strike,[class*="old" i],[class*="cross" i],[class*="regular" i]'


@dataclass(slots=True)
class ProductReading:
    """The product with what else the search for it brought to light.

    `is_structured`: structured data or the engine's own gave at least its name or price.
    """

    product: Product | None
    is_list: bool = False
    is_structured: bool = False
    detection: Detection = field(default_factory=Detection)
    adapter: SiteAdapter | None = None
    wants: list[str] = field(default_factory=list)


def extract_product(html: str | bytes, url: str) -> Product | None:
    """The product that the page is about, or None when it is about none or several."""
    return read_product(Document(html, url)).product


def read_product(
    document: Document,
    profile: SiteProfile = NO_PROFILE,
    headers: Mapping[str, str] | None = None,
) -> ProductReading:
    """The same for a page that is parsed already, with the site's profile."""
    adapter, detection = chosen_adapter(document, profile, headers)
    reading = adapter.read(document, profile) if adapter is not None else Reading()
    in_json, in_items = pick_json_ld(document), pick_microdata(document)
    layers = _structured_layers(reading, in_json, in_items, document)
    is_list = in_json.is_list or in_items.is_list
    is_structured = _is_product(reading, in_json, in_items, document, is_list)
    shown = _shown(document, layers, is_structured)
    is_structured = is_structured and not _is_list_in_disguise(in_json, in_items, document, shown)
    result = ProductReading(None, is_list, False, detection, adapter)
    result.is_structured = is_structured and _has_data(layers, document)
    if is_structured or _is_product_by_markup(document, profile, shown, is_list):
        layers.extend(_open_layers(document, profile, reading, shown, layers))
        crumbs = breadcrumbs_of(document)
        layers.append(_trail_layer(crumbs, layers))
        result.product = joined(layers, document.host, profile.currency)
        result.wants = reading.wants
    result.is_list = result.product is None and (is_list or shown.cards >= _LIST_OF_CARDS)
    return result


def _has_data(layers: list[Layer], document: Document) -> bool:
    """Whether structured data say more than that this is a product."""
    named = any(layer.variants or {"name", "price"} & layer.fields.keys() for layer in layers)
    return named or is_og_product(document.metas)


def _structured_layers(
    reading: Reading, in_json: Picked, in_items: Picked, document: Document
) -> list[Layer]:
    layers = [reading.layer] if reading.layer is not None else []
    if in_json.product is not None:
        layers.append(layer_of(in_json.product, "json-ld", document))
    if in_items.product is not None:
        layers.append(layer_of(in_items.product, "microdata", document))
    return layers


def _is_product(
    reading: Reading, in_json: Picked, in_items: Picked, document: Document, is_list: bool
) -> bool:
    """Structured data or an adapter says so (S88)."""
    if reading.is_product or in_json.product is not None or in_items.product is not None:
        return True
    return not is_list and is_og_product(document.metas)


def _is_product_by_markup(
    document: Document, profile: SiteProfile, shown: Shown, is_list: bool
) -> bool:
    """A pattern of the profile with a price node, or the look of a product page."""
    if any(_matches(pattern, document.url) for pattern in profile.product_patterns):
        priced = selector_layer(document, profile.selectors, "selectors").fields
        return shown.price is not None or "price" in priced
    return not is_list and shows_product(shown, document)


def _matches(pattern: str, url: str) -> bool:
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if pattern.startswith("re:"):
        expression = _expression(pattern[3:])
        return expression is not None and expression.search(path) is not None
    return fnmatch.fnmatchcase(path.lower(), pattern.lower())


@lru_cache(maxsize=256)
def _expression(text: str) -> re.Pattern[str] | None:
    """The compiled expression, or None for what is none: profiles are checked when saved."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error:
        return None


def _shown(document: Document, layers: list[Layer], is_structured: bool) -> Shown:
    """The markup's prices, unless structured data told all and nothing is crossed out."""
    has_price = any(layer.variants or layer.fields.get("price") is not None for layer in layers)
    has_stock = any(layer.variants or "availability" in layer.fields for layer in layers)
    if is_structured and has_price and has_stock and document.tree.css_first(_CROSSED_OUT) is None:
        return Shown()
    return shown_of(document)


def _is_list_in_disguise(
    in_json: Picked, in_items: Picked, document: Document, shown: Shown
) -> bool:
    """A list page that calls itself one product with offers «from … to …»."""
    product = in_json.product or in_items.product
    if product is None or any(name in product for name in ("sku", "mpn", "gtin", "gtin13")):
        return False
    offers = product.get("offers")
    if not (isinstance(offers, dict) and "lowPrice" in offers and "offerCount" in offers):
        return False
    if shown.price is None:
        shown = shown_of(document)
    return shown.cards >= _LIST_OF_CARDS


def _open_layers(
    document: Document, profile: SiteProfile, reading: Reading, shown: Shown, layers: list[Layer]
) -> list[Layer]:
    """The lower ranks, the markup only for what is still open."""
    lower = [open_graph_layer(document)]
    if profile.selectors:
        lower.append(selector_layer(document, profile.selectors, "selectors"))
    if reading.selectors:
        name = reading.layer.source if reading.layer is not None else "cms"
        lower.append(selector_layer(document, reading.selectors, f"{name}:selectors"))
    known = {name for layer in (*layers, *lower) for name in layer.fields}
    wanted = {name for name in FIELDS if name not in known}
    if reading.layer is not None and (reading.layer.variants or "stock" in reading.layer.fields):
        wanted.add("availability")  # an engine does not tell "out of stock" from "to be ordered"
    lower.append(layer_of_markup(document, shown, wanted=frozenset(wanted)))
    lower.append(share_image_layer(document))
    return lower


def _trail_layer(crumbs: list[Crumb], layers: list[Layer]) -> Layer:
    """The trail, and the category that it ends in."""
    layer = Layer("breadcrumbs")
    layer.put("breadcrumbs", tuple(crumbs))
    name = next((lay.fields["name"] for lay in layers if "name" in lay.fields), "")
    names = [crumb for crumb, _ in crumbs if crumb]
    if names and (value_key(names[-1]) == value_key(name) or crumbs[-1][1] is None):
        names.pop()
    layer.put("category", names[-1] if len(names) > 1 else None)
    return layer
