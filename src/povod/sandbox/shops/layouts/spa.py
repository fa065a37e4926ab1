"""A shop that is an empty shell until its script has run (S71).

The script asks `/api/products/<id>.json` and builds the same page that the plain layout serves;
it asks synchronously, so that the page is whole when the browser says that the DOM is.
"""

from typing import Any

from povod.sandbox.shops.chrome import (
    AVAILABILITY_TEXT,
    crumbs_of,
    escape,
    rouble,
    seo_of,
)
from povod.sandbox.shops.layouts.base import Layout
from povod.sandbox.shops.layouts.plain import PLAIN, structured
from povod.sandbox.shops.model import Product, Shop

_SCRIPT = """
var request = new XMLHttpRequest();
request.open('GET', '/api/products/%d.json', false);
request.send();
var data = JSON.parse(request.responseText);
document.title = data.title;
document.head.insertAdjacentHTML('beforeend', data.head);
var app = document.getElementById('app');
function add(tag, name, text) {
  var node = document.createElement(tag);
  if (name) node.className = name;
  node.textContent = text;
  app.appendChild(node);
  return node;
}
data.crumbs.forEach(function (crumb) { add('a', 'crumb', crumb[0]).href = crumb[1]; });
add('h1', '', data.name);
add('b', 'price', data.price + ' ₽');
add('span', 'avail', data.availability);
add('p', '', data.description);
data.images.forEach(function (path) { add('img', '', '').src = path; });
"""


def _render(shop: Shop, product: Product, _: str) -> str:
    return (
        f'<!doctype html><html lang="ru"><head><meta charset="{shop.charset}">'
        "<title>Загрузка…</title></head><body>"
        "<noscript>Включите JavaScript, чтобы открыть магазин.</noscript>"
        f'<div id="app"></div><script>{_SCRIPT % product.index}</script></body></html>'
    )


def rendered(shop: Shop, product: Product, path: str) -> str:
    """What a browser makes of the shell, for helpers that run scripts without one."""
    return PLAIN.render(shop, product, path)


def _data(shop: Shop, product: Product) -> dict[str, Any]:
    path = SPA.path(shop, product)
    seo = seo_of(shop, product, path)
    canonical = (
        f'<link rel="canonical" href="{escape(seo["canonical"])}">' if seo["canonical"] else ""
    )
    return {
        "title": seo["title"],
        "head": canonical + structured(shop, product, path),
        "crumbs": crumbs_of(shop, product),
        "name": product.name,
        "price": rouble(product.price),
        "availability": AVAILABILITY_TEXT[product.availability],
        "description": product.description,
        "images": list(product.images),
    }


SPA = Layout(
    "spa",
    "/product/{slug}",
    _render,
    PLAIN.shows,
    varied=True,
    data={"/api/products/{index}.json": _data},
)
