"""A small shop on loopback whose pages can be told to misbehave; it remembers what was asked."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

FILLER = "Описание товара для тех, кто выбирает инструмент. " * 30


def product_page(number: int, price: int = 100) -> str:
    return (
        f"<html><head><title>Дрель {number}</title>"
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Product",'
        f'"name":"Дрель {number}","sku":"D-{number}","offers":{{"@type":"Offer",'
        f'"price":"{price}","priceCurrency":"RUB","availability":"https://schema.org/InStock"}}}}'
        f"</script></head><body><h1>Дрель {number}</h1><p>{FILLER}</p></body></html>"
    )


Answer = Callable[[web.Request], "web.StreamResponse | asyncio.Future[web.StreamResponse]"]


@dataclass
class Shop:
    """`rules`: path → handler; all other paths are product pages."""

    port: int = 0
    robots: "str | int" = ""
    rules: dict[str, Answer] = field(default_factory=dict)
    everywhere: "Answer | None" = None
    hits: Counter[str] = field(default_factory=Counter)
    at_once: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    price: int = 100
    latency: float = 0.0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path_qs
        self.hits[path] += 1
        self.at_once[path] += 1
        self.at_once["*"] += 1
        for name in (path, "*"):
            self.most_at_once[name] = max(self.most_at_once[name], self.at_once[name])
        try:
            return await self._answer(request, path)
        finally:
            self.at_once[path] -= 1
            self.at_once["*"] -= 1

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        if path == "/robots.txt":
            if isinstance(self.robots, int):
                return web.Response(status=self.robots)
            return web.Response(text=self.robots)
        if self.latency:
            await asyncio.sleep(self.latency)
        rule = self.rules.get(path) or self.everywhere
        if rule is not None:
            got = rule(request)
            return await got if asyncio.iscoroutine(got) else got
        return page(product_page(int("".join(filter(str.isdigit, path)) or 0), self.price))


def page(html: str, status: int = 200, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(text=html, status=status, content_type="text/html", headers=named)


def status(code: int, **headers: str) -> Answer:
    return lambda request: page("<html><title>нет</title></html>", code, **headers)


class ShopThread:
    """Serves a `Shop` from a thread of its own."""

    def __init__(self) -> None:
        self.shop = Shop()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Shop:
        self._thread.start()
        assert self._ready.wait(5)
        return self.shop

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.shop.answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.shop.port = site._server.sockets[0].getsockname()[1]
