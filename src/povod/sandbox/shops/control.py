"""`/sandbox/shops/*`: open shops, plant changes and faults, read truth and logs.

GET, POST /sandbox/shops; DELETE /sandbox/shops/<host>; POST .../settings; GET .../products,
.../truth; GET, POST, DELETE .../changes; DELETE .../changes/<id>; GET, POST, DELETE .../faults;
GET, DELETE .../log.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from povod.kit.clock import Clock
from povod.kit.errors import InputError
from povod.sandbox.shops.service import OpenShop, Shops
from povod.sandbox.shops.truth import page_truth, shop_truth, url_of

Handler = Callable[[Request, dict[str, Any]], Any]
MOST_PAGES = 1000


def handlers(shops: Shops, clock: Clock) -> list[tuple[str, str, Handler]]:
    """(method, path, handler) of every control of the shops."""

    def shop(request: Request) -> OpenShop:
        return shops.named(request.path_params["host"])

    def listed(*_: Any) -> Any:
        return {"shops": shops.summaries()}

    def close(request: Request, _: dict[str, Any]) -> Any:
        shops.close(request.path_params["host"])
        return {}

    def forget_log(request: Request, _: dict[str, Any]) -> Any:
        shop(request).forget()
        return {}

    one = "/shops/{host}"
    return [
        ("GET", "/shops", listed),
        ("POST", "/shops", lambda _, body: shops.create(body)),
        ("DELETE", one, close),
        ("POST", f"{one}/settings", lambda request, body: shop(request).configure(body)),
        ("GET", f"{one}/products", lambda request, _: _products(shop(request), request)),
        ("GET", f"{one}/truth", lambda request, _: shop_truth(shop(request).changes)),
        ("GET", f"{one}/log", lambda request, _: _log(shop(request), request)),
        ("DELETE", f"{one}/log", forget_log),
        *_change_handlers(shop, clock),
        *_fault_handlers(shop),
    ]


def _change_handlers(
    shop: Callable[[Request], OpenShop], clock: Clock
) -> list[tuple[str, str, Handler]]:
    def plant(request: Request, body: dict[str, Any]) -> Any:
        opened = shop(request)
        planted = opened.changes.plant(body, clock.now())
        return {"changes": [_described(opened, change.id) for change in planted]}

    def read(request: Request, _: dict[str, Any]) -> Any:
        opened = shop(request)
        return {"changes": [_described(opened, change.id) for change in opened.changes]}

    def clear(request: Request, _: dict[str, Any]) -> Any:
        shop(request).changes.remove()
        return {}

    def take_away(request: Request, _: dict[str, Any]) -> Any:
        shop(request).changes.remove(_whole(request.path_params["id"], "id"))
        return {}

    path = "/shops/{host}/changes"
    return [
        ("POST", path, plant),
        ("GET", path, read),
        ("DELETE", path, clear),
        ("DELETE", f"{path}/{{id}}", take_away),
    ]


def _fault_handlers(shop: Callable[[Request], OpenShop]) -> list[tuple[str, str, Handler]]:
    def clear(request: Request, _: dict[str, Any]) -> Any:
        shop(request).faults.clear()
        return {}

    path = "/shops/{host}/faults"
    return [
        ("POST", path, lambda request, body: shop(request).faults.add(body)),
        ("GET", path, lambda request, _: {"faults": shop(request).faults.as_json()}),
        ("DELETE", path, clear),
    ]


def _described(opened: OpenShop, change_id: int) -> dict[str, Any]:
    """A change with its page's address."""
    change = next(change for change in opened.changes if change.id == change_id)
    return {**change.as_json(), "url": url_of(opened.shop, change.index)}


def _products(opened: OpenShop, request: Request) -> dict[str, Any]:
    offset = _whole(request.query_params.get("offset", "0"), "offset")
    limit = _whole(request.query_params.get("limit", "100"), "limit")
    if limit > MOST_PAGES:
        raise InputError(f"limit: at most {MOST_PAGES}, got {limit}")
    numbers = range(offset, min(offset + limit, opened.changes.total))
    pages = [page_truth(opened.changes, index) for index in numbers]
    return {"total": opened.changes.total, "products": pages}


def _log(opened: OpenShop, request: Request) -> dict[str, Any]:
    return opened.report(_whole(request.query_params.get("entries", "1000"), "entries"))


def _whole(text: str, name: str) -> int:
    if not text.isdigit():
        raise InputError(f"{name}: expected a whole number, got {text!r}")
    return int(text)
