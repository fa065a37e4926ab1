"""Joomla shops (VirtueMart, HikaShop): selectors only (S96)."""

from typing import ClassVar

from povod.crawl.cms.base import Reading, SiteAdapter, Trace, site_adapter
from povod.crawl.extract.document import Document
from povod.crawl.site_profile import SiteProfile

_SELECTORS = {
    "price": ".productdetails-view .PricesalesPrice,.hikashop_product_price",
    "price_old": ".productdetails-view .PricebasePrice,.hikashop_product_price_before_discount",
    "sku": ".hikashop_product_code_main",
    "availability": ".productdetails-view .availability,.hikashop_product_stock_count",
}


@site_adapter
class Joomla(SiteAdapter):
    """Shops on Joomla."""

    name = "joomla"
    hints = (b"com_virtuemart", b"com_hikashop", b"oomla")
    traces: ClassVar[tuple[Trace, ...]] = (
        Trace(b"com_virtuemart", 0.8),
        Trace(b"com_hikashop", 0.8),
        Trace(b"/media/jui/", 0.4),
        Trace(b"Joomla!", 0.4),
    )

    def read(self, document: Document, profile: SiteProfile) -> Reading:
        """Nothing but where to look."""
        view = document.tree.css_first(".productdetails-view,.hikashop_product_page")
        return Reading(is_product=view is not None, selectors=_SELECTORS)
