"""What a watched site's page costs beyond parsing it and reading its SEO fields (S154).

Ordinary shop pages are made here: a product with JSON-LD, one with microdata, one on 1C-Bitrix
with offers, one with nothing but markup, a list of products and an article, each of some 60 KB
with a menu, drawings, scripts and a block of similar products. Two readers take turns over the
same pages: parse and SEO fields alone, and the whole of `extract_site_page`.

Run: python bench/site_extract.py [--quick]. The last line is one JSON object; the exit status is 0
only when the bar holds: the whole at most five times the bare reading, over all pages together.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable

from povod.crawl.extract.document import Document
from povod.crawl.extract.seo import seo_of
from povod.crawl.extract.site_page import extract_site_page
from povod.kit.charset import decode

BAR = 5.0
ROUNDS = 5
PAGE_BYTES = 60_000

_TEXT = (
    "чайник кружка стол лампа доставка гарантия цвет белый синий материал сталь керамика объём "
    "литр комплект производитель покупатель отзыв качество магазин склад размер высота"
)
_WORDS = _TEXT.split()


def _text(rnd: random.Random, words: int) -> str:
    return " ".join(rnd.choices(_WORDS, k=words)).capitalize()


def _head(title: str, extra: str = "") -> str:
    style = "".join(f".block-{n}{{margin:0 auto;padding:{n}px;color:#333}}" for n in range(100))
    return (
        f'<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="description" content="{title}: купить с доставкой по России">'
        f'<meta property="og:title" content="{title}"><meta property="og:image" content="/i.jpg">'
        f'<link rel="canonical" href="https://shop.example/p/1"><style>{style}</style>{extra}</head>'
    )


def _menu(rnd: random.Random) -> str:
    items = "".join(
        f'<li class="menu__item"><a class="menu__link" href="/c/{n}/">{_text(rnd, 2)}</a></li>'
        for n in range(60)
    )
    return f'<header class="header"><nav class="menu"><ul>{items}</ul></nav></header>'


def _trail() -> str:
    return (
        '<div class="breadcrumbs"><a href="/">Главная</a> / <a href="/catalog/">Каталог</a> / '
        '<a href="/catalog/1/">Посуда</a> / <span>Чайник</span></div>'
    )


def _cards(rnd: random.Random, count: int, tag: str) -> str:
    return "".join(
        f'<div class="card {tag}"><a href="/p/{n}"><img src="/img/{n}.jpg" alt="{_text(rnd, 3)}">'
        f'<span class="card__title">{_text(rnd, 4)}</span></a><span class="price">'
        f"{rnd.randrange(1, 90)} {rnd.randrange(100, 999)} ₽</span>"
        '<button class="btn">В корзину</button></div>'
        for n in range(count)
    )


def _specs(rnd: random.Random) -> str:
    rows = "".join(f"<tr><td>{_text(rnd, 2)}</td><td>{_text(rnd, 2)}</td></tr>" for _ in range(25))
    return f'<table class="specs">{rows}</table><div class="text">{_text(rnd, 250)}</div>'


def _page(rnd: random.Random, head: str, main: str, similar: str = "") -> bytes:
    footer = (
        f"<footer><p>{_text(rnd, 30)}</p><a href='tel:+74950000000'>8 495 000-00-00</a></footer>"
    )
    body = f"{_menu(rnd)}<main>{main}</main>{similar}{footer}"
    line = "window.counters.push({id:12345,clickmap:true,trackLinks:true,accurate:true});\n"
    filler = line * max((PAGE_BYTES - len((head + body).encode())) // len(line), 0)
    html = f"<!doctype html><html lang=ru>{head}<body>{body}<script>{filler}</script></body></html>"
    return html.encode()


def _similar(rnd: random.Random) -> str:
    return (
        f'<section class="related-products"><h2>Похожие товары</h2>{_cards(rnd, 8, "r")}</section>'
    )


def json_ld_product(rnd: random.Random) -> bytes:
    """A product described in JSON-LD."""
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": _text(rnd, 3),
        "sku": f"A-{rnd.randrange(10**6)}",
        "brand": {"@type": "Brand", "name": "Чайная"},
        "image": ["/1.jpg", "/2.jpg"],
        "description": _text(rnd, 60),
        "offers": {
            "@type": "Offer",
            "price": f"{rnd.randrange(100, 9000)}.00",
            "priceCurrency": "RUB",
            "availability": "https://schema.org/InStock",
        },
    }
    trail = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": n, "name": _text(rnd, 1), "item": f"/c/{n}/"}
            for n in range(1, 5)
        ],
    }
    scripts = "".join(
        f'<script type="application/ld+json">{json.dumps(item, ensure_ascii=False)}</script>'
        for item in (data, trail)
    )
    main = (
        f'{_trail()}<h1>{data["name"]}</h1><div class="product"><span class="price">1 990 ₽</span>'
        f'<button class="btn btn-buy">В корзину</button></div>{_specs(rnd)}'
    )
    return _page(rnd, _head("Чайник", scripts), main, _similar(rnd))


def microdata_product(rnd: random.Random) -> bytes:
    """A product described in microdata."""
    main = (
        f'{_trail()}<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">'
        f'{_text(rnd, 3)}</h1><meta itemprop="sku" content="A-1">'
        '<img itemprop="image" src="/1.jpg">'
        '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        f'<span itemprop="price" content="{rnd.randrange(100, 9000)}">…</span>'
        '<meta itemprop="priceCurrency" content="RUB"><link itemprop="availability" '
        'href="https://schema.org/InStock"></div><button class="btn">В корзину</button></div>'
        f"{_specs(rnd)}"
    )
    return _page(rnd, _head("Чайник"), main, _similar(rnd))


def bitrix_product(rnd: random.Random) -> bytes:
    """A product of 1C-Bitrix with twenty offers."""
    offers = [
        {
            "ID": str(n),
            "NAME": _text(rnd, 3),
            "TREE": {"PROP_46": str(n)},
            "ITEM_PRICES": [{"PRICE": rnd.randrange(100, 9000), "CURRENCY": "RUB"}],
            "CAN_BUY": True,
            "CHECK_QUANTITY": True,
            "MAX_QUANTITY": str(rnd.randrange(50)),
        }
        for n in range(20)
    ]
    data = {"PRODUCT": {"ID": "1", "NAME": _text(rnd, 3)}, "OFFERS": offers}
    script = f"var ob = new JCCatalogElement({json.dumps(data, ensure_ascii=False)});"
    main = (
        f'{_trail()}<h1>{_text(rnd, 3)}</h1><div class="product-item-detail-price-current">1 990 ₽'
        f'</div><a class="btn btn-buy">В корзину</a>{_specs(rnd)}<script>{script}</script>'
    )
    head = _head(
        "Чайник", '<script src="/bitrix/js/main/core.js"></script><script>BX.message({})</script>'
    )
    return _page(rnd, head, main, _similar(rnd))


def markup_product(rnd: random.Random) -> bytes:
    """A product that only people can read."""
    main = (
        f'{_trail()}<h1>{_text(rnd, 3)}</h1><div class="product">'
        '<span class="price-old">2 500 ₽</span>'
        '<span class="price">1 990 ₽</span><span class="stock">В наличии 5 шт</span>'
        '<span class="sku">Артикул: A-1</span><button class="btn">В корзину</button></div>'
        f"{_specs(rnd)}"
    )
    return _page(rnd, _head("Чайник"), main, _similar(rnd))


def product_list(rnd: random.Random) -> bytes:
    """A page of a catalogue."""
    return _page(rnd, _head("Каталог"), f"{_trail()}<h1>Каталог</h1>{_cards(rnd, 36, 'c')}")


def article(rnd: random.Random) -> bytes:
    """A page to read."""
    paragraphs = "".join(f"<p>{_text(rnd, 60)}</p>" for _ in range(25))
    return _page(rnd, _head("Статья"), f"<article><h1>Статья</h1>{paragraphs}</article>")


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "JSON-LD product": json_ld_product,
    "microdata product": microdata_product,
    "Bitrix product, 20 offers": bitrix_product,
    "product in markup only": markup_product,
    "list of products": product_list,
    "article": article,
}
URL = "https://shop.example/p/1"


def bare(body: bytes) -> None:
    """Parse and SEO fields."""
    text, _ = decode(body, "text/html; charset=utf-8")
    seo_of(Document(text, URL))


def whole(body: bytes) -> None:
    """All that a crawl takes from a page."""
    extract_site_page(body, "text/html; charset=utf-8", URL)


def seconds(read: Callable[[bytes], None], pages: list[bytes]) -> float:
    """Processor time for a page."""
    started = time.process_time()
    for page in pages:
        read(page)
    return (time.process_time() - started) / len(pages)


def measure(count: int) -> dict[str, tuple[float, float]]:
    """Medians of the interleaved rounds for each kind of page: bare and whole."""
    rnd = random.Random(7)
    pages = {name: [make(rnd) for _ in range(count)] for name, make in MAKERS.items()}
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in MAKERS}
    for bodies in pages.values():
        seconds(whole, bodies[:2])  # imports and tables
    for _ in range(ROUNDS):
        for name, bodies in pages.items():
            found[name][0].append(seconds(bare, bodies))
            found[name][1].append(seconds(whole, bodies))
    return {
        name: (statistics.median(low), statistics.median(high))
        for name, (low, high) in found.items()
    }


def main() -> int:
    """Measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pages")
    arguments = parser.parse_args()
    results = measure(25 if arguments.quick else 120)
    print(f"{'60 KB pages, one core':28}{'parse+SEO ms':>14}{'whole ms':>10}{'ratio':>8}")
    for name, (low, high) in results.items():
        print(f"{name:28}{low * 1000:>14.2f}{high * 1000:>10.2f}{high / low:>8.2f}")
    low, high = (sum(result[place] for result in results.values()) for place in (0, 1))
    ratio = high / low
    bare_ms, whole_ms = (1000 * total / len(results) for total in (low, high))
    print(f"{'all':28}{bare_ms:>14.2f}{whole_ms:>10.2f}{ratio:>8.2f}")
    summary = {
        "bench": "site_extract",
        "ratio": round(ratio, 2),
        "bar": BAR,
        "pages_per_s": round(len(results) / high),
        "ratios": {name: round(high / low, 2) for name, (low, high) in results.items()},
        "ok": ratio <= BAR,
    }
    print(json.dumps(summary, ensure_ascii=False))
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
