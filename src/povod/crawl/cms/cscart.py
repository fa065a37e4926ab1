"""CS-Cart: the markup of options and stock (S96); its JSON API needs credentials and is left."""

from typing import ClassVar

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import priced_options
from povod.crawl.extract.availability import availability_of_text, stock_of_text
from povod.crawl.extract.document import Document, text_of
from povod.crawl.extract.price import accepted
from povod.crawl.extract.price_nodes import node_price
from povod.crawl.extract.product_model import Layer
from povod.crawl.site_profile import SiteProfile

_PRICE = '.ty-product-block [id^="sec_discounted_price"],.ty-product-block .ty-price-num'
_SELECTORS = {
    "price": _PRICE,
    "price_old": ".ty-product-block .ty-list-price .ty-list-price,.ty-product-block .ty-strike",
    "sku": '.ty-product-block [id^="product_code_"],.ty-sku-item .ty-control-group__item',
    "brand": ".ty-product-block__brand,.ty-product-block .ty-brand",
}


@site_adapter
class CsCart(SiteAdapter):
    """Shops on CS-Cart."""

    name = "cscart"
    hints = (b"ty-", b"Tygh", b"dispatch")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"Tygh", 0.6),
        Trace(b'class="ty-', 0.5),
        Trace(b"ty-product-block", 0.5),
        Trace(b"dispatch=", 0.4),
        Trace(b"dispatch[", 0.5),
        Trace(b"cm-ajax", 0.4),
        Trace(b"sid_customer_", 0.7, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """Selectors, and the options that change the price."""
        if document.tree.css_first(".ty-product-block") is None:
            return Reading(selectors=_SELECTORS)
        layer = Layer("cms:cscart")
        node = document.tree.css_first(_PRICE)
        price = node_price(node) if node is not None else None
        base = accepted(price.amount) if price is not None else None
        layer.variants = priced_options(document, ".ty-product-options select", base)
        _put_stock(layer, document)
        is_priced = base is not None
        return Reading(layer, is_product=is_priced, selectors=_SELECTORS)


def _put_stock(layer: Layer, document: Document) -> None:
    """«45 шт.» in the element for what is there, or words in the one for what is not."""
    there = document.tree.css_first(".ty-product-block .ty-qty-in-stock")
    if there is not None:
        layer.put("availability", "in_stock")
        layer.put("stock", stock_of_text(text_of(there), in_stock_node=True))
        return
    gone = document.tree.css_first(".ty-product-block .ty-qty-out-of-stock")
    if gone is not None:
        layer.put("availability", availability_of_text(text_of(gone)) or "out_of_stock")
