"""How the engines of the world show a product; each layout is one function in a module."""

from povod.sandbox.shops.layouts.api import API
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.layouts.bitrix import BITRIX
from povod.sandbox.shops.layouts.cm3 import CM3
from povod.sandbox.shops.layouts.cscart import CSCART
from povod.sandbox.shops.layouts.insales import INSALES
from povod.sandbox.shops.layouts.joomla import JOOMLA
from povod.sandbox.shops.layouts.magento import MAGENTO
from povod.sandbox.shops.layouts.microdata import MICRODATA
from povod.sandbox.shops.layouts.opencart import OPENCART
from povod.sandbox.shops.layouts.plain import PLAIN
from povod.sandbox.shops.layouts.shopify import SHOPIFY
from povod.sandbox.shops.layouts.spa import SPA
from povod.sandbox.shops.layouts.woocommerce import WOOCOMMERCE

_ALL = (
    PLAIN, MICRODATA, BITRIX, WOOCOMMERCE, INSALES, CSCART, OPENCART, SHOPIFY, MAGENTO, CM3,
    JOOMLA, SPA, API,
)  # fmt: skip
LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in _ALL}

__all__ = ["LAYOUTS", "Layout"]
