"""A shop of realistic product pages, rendered before the first request and served on loopback.

Run as a process: prints its port, serves until its standard input is closed.
"""

import asyncio
import json
import random
import sys
from typing import cast

_TEXT = (
    "дрель ударная аккумуляторная патрон быстрозажимной мощность крутящий момент скорость оборотов "
    "корпус рукоятка комплект кейс зарядное устройство гарантия производитель доставка самовывоз "
    "отзыв покупатель качество бетон металл дерево сверло режим подсветка вес инструкция"
)
WORDS = _TEXT.split()
BRANDS = ("Зубр", "Интерскол", "Makita", "Bosch", "Вихрь")


def page(number: int) -> bytes:
    """One product page of 30 to 60 KB; every page has a text of its own."""
    rnd = random.Random(number)
    name = f"{rnd.choice(WORDS).title()} {rnd.choice(BRANDS)} Д-{number}"
    price = rnd.randrange(500, 90_000)
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": name,
        "sku": f"SKU-{number}",
        "gtin13": f"{4600000000000 + number}",
        "brand": {"@type": "Brand", "name": rnd.choice(BRANDS)},
        "image": [f"/img/{number}-{n}.jpg" for n in range(4)],
        "description": _text(rnd, 60),
        "aggregateRating": {"ratingValue": "4.6", "reviewCount": rnd.randrange(1, 200)},
        "offers": {
            "@type": "Offer",
            "price": f"{price}.00",
            "priceCurrency": "RUB",
            "availability": "https://schema.org/InStock",
        },
    }
    crumbs = {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": at, "name": label, "item": f"/c/{at}"}
            for at, label in enumerate(("Главная", "Инструмент", "Дрели"), 1)
        ],
    }
    head = (
        f"<head><meta charset=utf-8><title>{name} купить в Москве</title>"
        f'<meta name=description content="{_text(rnd, 18)}"><meta name=keywords content="дрели">'
        f'<link rel=canonical href="/p/{number}"><meta property="og:title" content="{name}">'
        f'<meta property="og:description" content="{_text(rnd, 10)}">'
        f'<meta property="og:image" content="/img/{number}.jpg"><style>{_style()}</style>'
        f'<script type="application/ld+json">{json.dumps(product, ensure_ascii=False)}</script>'
        f'<script type="application/ld+json">{json.dumps(crumbs, ensure_ascii=False)}</script>'
        "</head>"
    )
    menu = "".join(f'<li><a href="/c/{n}">{rnd.choice(WORDS)} {n}</a></li>' for n in range(60))
    table = "".join(f"<tr><td>{rnd.choice(WORDS)}</td><td>{n * 3} мм</td></tr>" for n in range(40))
    reviews = "".join(
        f"<div class=review><b>{rnd.choice(WORDS)}</b><p>{_text(rnd, 45)}</p></div>"
        for _ in range(rnd.randrange(10, 32))
    )
    similar = "".join(
        f'<div class=card><a href="/p/{n}"><img src="/img/{n}.jpg" alt="{rnd.choice(WORDS)}">'
        f"{rnd.choice(WORDS)}</a><span>{n * 7} ₽</span></div>"
        for n in range(16)
    )
    body = (
        f"<body><nav><ul>{menu}</ul></nav><main><h1>{name}</h1><div class=price>{price} ₽</div>"
        f"<div class=stock>В наличии</div><p>{_text(rnd, 150)}</p><table>{table}</table>"
        f"<section>{reviews}</section><div class=similar>{similar}</div></main>"
        f"<footer>ООО «Дрель», ИНН 7707083893, тел. +7 495 123-45-67</footer>"
        f"<script>{'window.dataLayer=window.dataLayer||[];' * 120}</script></body>"
    )
    return f"<!doctype html><html lang=ru>{head}{body}</html>".encode()


def _text(rnd: random.Random, words: int) -> str:
    return " ".join(rnd.choices(WORDS, k=words))


def _style() -> str:
    return "".join(f".b-{n}{{margin:0 auto;padding:{n}px;color:#333}}" for n in range(120))


class _Shop(asyncio.Protocol):
    answers: "dict[bytes, bytes]" = {}  # noqa: RUF012 - set once, before the first request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while b"\r\n\r\n" in self._rest:
            head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            self._transport.write(self.answers.get(path, _MISSING))


def _answer(body: bytes, kind: str = "text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_MISSING = _answer(b"no such page", status="404 Not Found")


async def _serve(count: int) -> None:
    _Shop.answers = {f"/p/{n}".encode(): _answer(page(n)) for n in range(count)}
    robots = b"User-agent: *\nDisallow: /cart\nDisallow: /search\n"
    _Shop.answers[b"/robots.txt"] = _answer(robots, "text/plain")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Shop, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1])))
