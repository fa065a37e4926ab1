"""Prices in the markup of a page, read only from nodes that bear a price (S89).

A node bears a price when its class, id or attribute says so, and its text is an amount and little
else. Old prices, deliveries, instalments, baskets and other products are told apart by what the
node stands in. Phones, articles, years and percentages never come into question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from selectolax.lexbor import LexborNode

from povod.crawl.extract.availability import availability_of_text
from povod.crawl.extract.document import Document
from povod.crawl.extract.price import Price, accepted, iso_of_text, parse_price, structured_amount
from povod.crawl.extract.regions import is_aside_heading
from povod.crawl.extract.selecting import select
from povod.kit.text import collapse

BUY = re.compile(
    r"в\s+корзин|купить|оформить\s+заказ|заказать|в\s+1\s+клик|добавить\s+в|оплатить|у\s+кошик"
    r"|add\s+to\s+(?:cart|bag|basket|trolley)|buy\s+(?:now|it)|\bbuy\b|in\s+den\s+warenkorb|kaufen"
    r"|ajouter\s+au\s+panier|añadir\s+a|comprar|add\s+to\s+order|pre-?order|предзаказ|под\s+заказ",
    re.IGNORECASE,
)

_MAX_NODES = 2000
_MAX_TEXT = 90
_ENOUGH = 16
"""Prices outside of asides after which a page is known for a list."""

PRICE_QUERY = (
    '[class*="price" i],[id*="price" i],[class*="cena" i],[class*="cost" i],[data-price],'
    '[itemprop="price"],[class*="amount" i],del,s,strike'
)
_BUY_QUERY = (
    'button,input[type="submit"],input[type="button"],a[class*="buy" i],a[class*="cart" i],'
    'a[class*="basket" i],a[class*="btn" i],a[class*="button" i],[class*="add-to" i],[id*="buy" i]'
)
_QUERY = f"h1,h2,h3,{PRICE_QUERY},{_BUY_QUERY}"
_OLD_WORD = re.compile(r"(?<![gthcfsmbd])old(?!er)", re.IGNORECASE)  # not bold, gold, holder
_OLD = re.compile(
    rf"{_OLD_WORD.pattern}|was(?![a-z])|before|cross|through|strike|compare-?at|rrp|msrp|list-?price"
    r"|full-?price|regular|discount-?from|origin|без[-_]?скид|bez[-_]?skid|prev(?!iew)|zacherk"
    r"|star(?:aya|oe)",
    re.IGNORECASE,
)
_NO_PRICE = re.compile(
    r"save|saving|econom|discount-?(?:value|size|percent|sum|amount)|percent|unit-?price|per-?unit"
    r"|price-?per|min-?order|currency$|currency[-_ ]?symbol|month|tax|vat|price-?(?:range|filter)"
    r"|cart-?(?:total|amount)|total|points|deposit|shipping|costume|costa|subscribe",
    re.IGNORECASE,
)
_NOT_BARE = re.compile(r"[^\W\d]{3,}")
_BARE = re.compile(r"^\D{0,4}\d[\d\s.,'’\u00a0\u202f]*\D{0,5}$")
_OLD_TAGS = frozenset({"del", "s", "strike"})
_LABELS = re.compile(
    r"(?:цена|стоимость|price|итого|сейчас|now|your|our|только|only|от|за|шт)\b", re.IGNORECASE
)
_PRICE_WORD = re.compile(r"price|cena|cost", re.IGNORECASE)
_NEGATIVE = re.compile(r"^\s*[-−–]\s*\d")
_PHONE = re.compile(r"(?:\+7|\b8)[\s(-]*\(?\d{3}\)?[\s)-]+\d{3}[\s-]?\d{2}")
_SKIPPED = frozenset({"script", "style", "form", "body", "html", "select", "table", "ul", "svg"})


@dataclass(frozen=True, slots=True)
class PriceNode:
    """A node with its price."""

    node: LexborNode
    price: Price
    is_old: bool
    is_after_heading: bool


@dataclass(slots=True)
class Shown:
    """What the markup shows: current and old price, and how the page looks as a whole."""

    price: Price | None = None
    price_old: Decimal | None = None
    node: LexborNode | None = None
    has_buy_button: bool = False
    button_text: str = ""
    cards: int = 0


def shown_prices(document: Document) -> Shown:
    """The page's own price and the number of nodes on it that look just alike."""
    shown = Shown()
    nodes: list[PriceNode] = []
    is_after_heading = not document.h1s
    is_among_others = False
    for node in _in_order(document):
        if node.tag == "h1":
            is_after_heading = True
        elif node.tag in ("h2", "h3") and not _PRICE_WORD.search(_says(node)):
            is_among_others = is_after_heading and is_aside_heading(node.text())
        elif is_among_others or document.regions.is_aside(node):
            continue
        elif _is_button(node):
            _note_button(node, shown)
        elif found := _price_node(node, is_after_heading):
            nodes.append(found)
            if len(nodes) >= _ENOUGH:
                break
    _choose(nodes, shown)
    return shown


def node_price(node: LexborNode) -> Price | None:
    """The price that a chosen node shows; crossed-out amounts within it do not count."""
    attributes = node.attributes
    for name in ("content", "data-price", "data-price-amount", "data-value", "value"):
        amount = structured_amount(attributes.get(name))
        if accepted(amount) is not None and amount is not None:
            return _with_sign_beside(Price(amount, iso_of_text(attributes.get(name))), node)
    text = _own_text(node)
    price = None if len(text) > _MAX_TEXT or _NEGATIVE.match(text) else parse_price(text)
    return _with_sign_beside(price, node) if price is not None else None


def _with_sign_beside(price: Price, node: LexborNode) -> Price:
    """The price with the currency that stands next to its node, if it names none itself."""
    if price.currency is not None:
        return price
    for holder in (node, node.parent):
        text = holder.text(separator=" ", strip=True) if holder is not None else ""
        if len(text) <= _MAX_TEXT and (currency := iso_of_text(text)):
            return replace(price, currency=currency)
    return price


def _in_order(document: Document) -> Iterator[LexborNode]:
    """Headings, buttons and price nodes in the order of the page, each once."""
    yield from select(document.tree, _QUERY, _MAX_NODES)


def _is_button(node: LexborNode) -> bool:
    if node.tag in ("button", "input"):
        return "data-price" not in node.attributes
    return node.tag == "a" or _says(node).find("add-to") >= 0


def _note_button(node: LexborNode, shown: Shown) -> None:
    text = collapse(node.text(separator=" ")) or node.attributes.get("value") or ""
    title = node.attributes.get("title") or ""
    if len(text) < 60 and (BUY.search(text or title) or availability_of_text(text)):
        shown.has_buy_button = True
        shown.button_text = shown.button_text or text


def _price_node(node: LexborNode, is_after_heading: bool) -> PriceNode | None:
    if node.tag in _SKIPPED or _NO_PRICE.search(_says(node)):
        return None
    text = _own_text(node)
    if not text or len(text) > _MAX_TEXT or not any(map(str.isdigit, text)) or "%" in text[:6]:
        return None
    if _NEGATIVE.match(text) or _PHONE.search(text):
        return None
    price = parse_price(text)
    if price is None or accepted(price.amount) is None or not _bears_price(node, text, price):
        return None
    return PriceNode(node, _with_sign_beside(price, node), _is_old(node), is_after_heading)


def _bears_price(node: LexborNode, text: str, price: Price) -> bool:
    """A sign of money beside the number, or nothing but the number and the word for it."""
    if price.currency is not None and iso_of_text(text) is not None:
        words = _NOT_BARE.findall(_LABELS.sub("", text))
        return len(words) <= 6
    says = _says(node)
    if node.tag in _OLD_TAGS and node.parent is not None:
        says += _says(node.parent)
    if not _PRICE_WORD.search(says) and "data-price" not in node.attributes:
        return False
    return _BARE.match(_LABELS.sub("", text).strip(" :")) is not None


def _own_text(node: LexborNode) -> str:
    """Text of the node without what is crossed out in it; kopecks in small type are set off."""
    text = node.text(separator=" ", strip=True)
    if not text or len(text) > 3 * _MAX_TEXT or _is_plain(node):
        return collapse(text[: 4 * _MAX_TEXT])
    for inner in select(node, 'del,s,strike,[class*="old" i]', 10):
        is_old = inner.tag in _OLD_TAGS or _OLD_WORD.search(_says(inner))
        if is_old and inner.mem_id != node.mem_id:
            text = text.replace(inner.text(separator=" ", strip=True), " ", 1)
    for inner in select(node, 'sup,[class*="kop" i],[class*="cents" i],[class*="decimal" i]', 10):
        digits = inner.text(strip=True).lstrip(".,")
        if re.fullmatch(r"\d{2}", digits) and inner.mem_id != node.mem_id:
            text = re.sub(rf"(?<=\d)\s*[.,]?\s+[.,]?{digits}(?!\d)", f".{digits}", text, count=1)
    return collapse(text)


def _is_plain(node: LexborNode) -> bool:
    """Whether the node holds nothing but text."""
    child = node.first_child
    return child is not None and child.tag == "-text" and child.next is None


def _is_old(node: LexborNode) -> bool:
    current: LexborNode | None = node
    for _ in range(4):
        if current is None or current.tag == "body":
            return False
        if current.tag in _OLD_TAGS or (current.mem_id == node.mem_id and _OLD.search(_says(node))):
            return True
        current = current.parent
    parent = node.parent
    return parent is not None and _OLD_WORD.search(_says(parent)) is not None


def _says(node: LexborNode) -> str:
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


def _choose(nodes: list[PriceNode], shown: Shown) -> None:
    """The first current price after the heading, or the last before it."""
    current = [found for found in nodes if not found.is_old]
    ordered = [f for f in current if f.is_after_heading] or current[::-1] or nodes
    if not ordered:
        return
    chosen = _innermost(ordered)
    shown.node, shown.price = chosen.node, chosen.price
    shown.cards = _alike(chosen, nodes)
    shown.price_old = next(
        (f.price.amount for f in nodes if f.is_old and f.price.amount > chosen.price.amount), None
    )


def _innermost(ordered: list[PriceNode]) -> PriceNode:
    """Of nodes within one another with one amount, the one that names the currency."""
    first = ordered[0]
    same = [found for found in ordered[:4] if found.price.amount == first.price.amount]
    return next((found for found in same if found.price.currency), first)


def _alike(chosen: PriceNode, nodes: list[PriceNode]) -> int:
    look = (chosen.node.tag, chosen.node.attributes.get("class"))
    return sum((found.node.tag, found.node.attributes.get("class")) == look for found in nodes)
