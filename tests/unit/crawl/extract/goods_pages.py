"""Pages of one product, a kettle, with structured data."""

import json
from typing import Any

from povod.crawl.extract.product import extract_product
from povod.crawl.extract.product_model import Product

URL = "https://shop.example/p/chaynik"


def page(body: str = "<h1>Чайник белый</h1>", *, head: str = "") -> str:
    """A product's page with this in its body and head."""
    return (
        f'<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>Чайник</title>{head}'
        f"</head><body>{body}</body></html>"
    )


def script(*objects: Any) -> str:
    """JSON-LD scripts with these objects."""
    return "".join(
        f'<script type="application/ld+json">{json.dumps(item, ensure_ascii=False)}</script>'
        for item in objects
    )


def offer(**more: Any) -> dict[str, Any]:
    """An offer of 1250 roubles."""
    return {"@type": "Offer", "price": "1250.00", "priceCurrency": "RUB"} | more


def goods(**more: Any) -> dict[str, Any]:
    """A kettle with one offer."""
    return {"@type": "Product", "name": "Чайник белый", "offers": offer()} | more


def found(*objects: Any, body: str = "<h1>Чайник белый</h1>", url: str = URL) -> Product:
    """The product of a page with these JSON-LD objects."""
    product = extract_product(page(body, head=script(*objects)), url)
    assert product is not None
    return product
