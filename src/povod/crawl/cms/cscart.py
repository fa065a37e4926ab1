"""CS-Cart: the markup of options and stock (S96); its JSON API needs credentials and is left."""

from typing import ClassVar

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import priced_options
from povod.crawl.extract.document import Document
from povod.crawl.extract.price import accepted
from povod.crawl.extract.price_nodes import node_price
from povod.crawl.extract.product_model import Layer
from povod.crawl.site_profile import SiteProfile

_PRICE = '.ty-product-block [id^="sec_discounted_price"],.ty-product-block .ty-price-num'
_SELECTORS = {
    "price": _PRICE,
    "price_old": ".ty-product-block .ty-list-price .ty-list-price,.ty-product-block .ty-strike",
    "sku": '.ty-product-block [id^="product_code_"],.ty-sku-item .ty-control-group__item',
    "availability": ".ty-product-block .ty-qty-in-stock,.ty-product-block .ty-qty-out-of-stock"
    ',.ty-product-block [id^="out_of_stock_info"]',
    "stock": '.ty-product-block [id^="qty_in_stock_"]',
    "brand": ".ty-product-block .ty-features-list a,.ty-product-block__brand",
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
        is_priced = base is not None
        return Reading(layer, is_product=is_priced, selectors=_SELECTORS)
