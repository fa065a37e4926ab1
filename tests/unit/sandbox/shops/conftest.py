"""Small shops of every layout, asked without a network."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from povod.sandbox.answers import Answer
from povod.sandbox.shops.model import Shop
from povod.sandbox.shops.service import OpenShop, Visit

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0"


class Client:
    """Asks one shop as a crawler would."""

    def __init__(self, shop: OpenShop) -> None:
        self.shop = shop

    def get(self, url: str, now: datetime = NOON, **headers: str) -> Answer:
        parts = urlsplit(url if "://" in url else f"https://{self.shop.shop.host}{url}")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        visit = Visit(parts.scheme, parts.netloc, "GET", parts.path, parts.query, named)
        return self.shop.answer(visit, now)

    def text(self, url: str, **headers: str) -> str:
        return self.get(url, **headers).body.decode(self.shop.shop.charset)


@pytest.fixture
def open_shop():
    def make(layout: str = "plain", products: int = 40, **given) -> Client:
        theme = given.pop("theme", "tools")
        return Client(OpenShop(Shop("tiny-shop.ru", layout, products, theme, **given)))

    return make
