"""OpenCart: option lists with their price changes; the rest comes from JSON-LD (S96)."""

from decimal import Decimal
from typing import ClassVar

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.cms.common import priced_options
from povod.crawl.extract.document import Document
from povod.crawl.extract.main_product import pick_json_ld
from povod.crawl.extract.offers import offers_of
from povod.crawl.extract.price import accepted
from povod.crawl.extract.price_nodes import shown_prices
from povod.crawl.extract.product_model import Layer
from povod.crawl.site_profile import SiteProfile

_OPTIONS = '#product select[name^="option["],#product [id^="input-option"]:not(select)'


@site_adapter
class OpenCart(SiteAdapter):
    """Shops on OpenCart and its descendants."""

    name = "opencart"
    hints = (b"route=", b"catalog/view")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"route=product/product", 0.6),
        Trace(b"route=checkout/cart", 0.5),
        Trace(b"route=common/", 0.4),
        Trace(b"catalog/view/theme/", 0.6),
        Trace(b"catalog/view/javascript/", 0.6),
        Trace(b"cart.add(", 0.3),
        Trace(b"ocsessid", 0.7, "headers"),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """The page of `#product` with its options."""
        if document.tree.css_first('#product [name="product_id"]') is None:
            return Reading()
        layer = Layer("cms:opencart")
        if document.tree.css_first(_OPTIONS) is not None:
            layer.variants = priced_options(document, _OPTIONS, _base(document))
        return Reading(layer, is_product=True)


def _base(document: Document) -> Decimal | None:
    product = pick_json_ld(document).product
    prices = [o.price for o in offers_of(product) if o.price] if product is not None else []
    if prices:
        return min(prices)
    shown = shown_prices(document).price
    return accepted(shown.amount) if shown is not None else None
