"""Pages that are no product: home, catalogue, shelves with numbered pages, not found."""

from collections.abc import Sequence

from povod.sandbox.shops.chrome import (
    PER_PAGE,
    categories_of,
    category_path,
    document,
    escape,
    product_card,
)
from povod.sandbox.shops.model import Category, Product, Shop
from povod.sandbox.shops.themes import THEMES


def home_page(shop: Shop) -> str:
    """The home page: what the shop is, and its shelves."""
    label = escape(THEMES[shop.theme].label)
    head = (
        f'<title>{label} — интернет-магазин</title><link rel="canonical" href="{shop.home}">'
        f'<meta name="description" content="{label}: каталог, цены, наличие, доставка.">'
    )
    shelves = "".join(_shelf_link(category) for category in categories_of(shop))
    return document(shop, head, f"<h1>{label}</h1><ul>{shelves}</ul><p>Пишем о товарах честно.</p>")


def catalogue_page(shop: Shop) -> str:
    """All shelves."""
    shelves = "".join(_shelf_link(category) for category in categories_of(shop))
    head = f'<title>Каталог</title><link rel="canonical" href="{shop.home}catalog/">'
    return document(shop, head, f"<h1>Каталог</h1><ul>{shelves}</ul>")


def shelf_page(
    shop: Shop, category: Category, page: int, pages: int, shown: Sequence[tuple[Product, str]]
) -> str:
    """One page of a shelf with its products and the way to the next page."""
    own = category_path(category)
    address = f"{shop.home.rstrip('/')}{own}" + (f"?page={page}" if page > 1 else "")
    further = f'<link rel="next" href="{own}?page={page + 1}">' if page < pages else ""
    number = f", страница {page}" if page > 1 else ""
    name = escape(category.name)
    head = f'<title>{name}{number}</title><link rel="canonical" href="{address}">{further}'
    cards = "".join(product_card(product, path) for product, path in shown)
    onward = f'<a class="next" href="{own}?page={page + 1}">Дальше</a>' if page < pages else ""
    return document(shop, head, f'<h1>{name}</h1><div class="list">{cards}</div>{onward}')


def not_found_page(shop: Shop) -> str:
    """What stands under the status 404, or under 200 for a soft one."""
    text = "<h1>Страница не найдена</h1><p>Такой страницы нет или товар снят с продажи.</p>"
    return document(shop, "<title>404 — страница не найдена</title>", text)


def page_count(products: int) -> int:
    """How many pages a shelf of so many products has."""
    return max(1, -(-products // PER_PAGE))


def _shelf_link(category: Category) -> str:
    return f'<li><a href="{category_path(category)}">{escape(category.name)}</a></li>'
