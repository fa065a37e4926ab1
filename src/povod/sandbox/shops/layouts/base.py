"""What a layout is: where a product's page lies, how it looks, what it gives away."""

from collections.abc import Callable
from dataclasses import dataclass, field

from povod.sandbox.shops.goods import category_of, slug_at
from povod.sandbox.shops.model import Product, Shop

Render = Callable[[Shop, Product, str], str]
Extra = Callable[[Shop, Product], object]

ALWAYS = frozenset(
    {"name", "price", "currency", "availability", "sku", "brand", "category", "breadcrumbs",
     "images"}
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """One engine.

    `shape` is the path of a product with `{category}`, `{slug}` or `{index}`; `shows` are the
    fields a good reader finds beside `ALWAYS`, `hides` what he does not although others tell it
    (`variant_stock`, `group_sku`, `preorder`, `availability` where there are no variants);
    `varied` says whether products have variants; `data` maps a path with `{index}` or `{slug}` to
    a JSON answer about one product.
    """

    name: str
    shape: str
    render: Render
    shows: frozenset[str] = frozenset()
    varied: bool = False
    hides: frozenset[str] = frozenset()
    media_type: str = "text/html"
    data: dict[str, Extra] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def path(self, shop: Shop, product: Product) -> str:
        """The product's address on its host."""
        return self.path_at(shop, product.index)

    def path_at(self, shop: Shop, index: int) -> str:
        """The same by the product's number; titles may change, addresses do not."""
        category = category_of(shop, index).slug
        return self.shape.format(category=category, slug=slug_at(shop, index), index=index)

    @property
    def fields(self) -> frozenset[str]:
        """All fields that a good reader finds."""
        return ALWAYS | self.shows
