"""Whether a product can be had, and how many of it there are (S92, S93).

What a shop writes is read with negations first: «нет в наличии» holds «в наличии».
"""

import re
from typing import Literal

Availability = Literal["in_stock", "out_of_stock", "preorder"]

MAX_STOCK = 10**7
"""Above this a number of pieces is a mistake (S93)."""

_MAX_TEXT = 400
_OF_SCHEMA: dict[str, Availability] = {
    "instock": "in_stock",
    "instoreonly": "in_stock",
    "onlineonly": "in_stock",
    "limitedavailability": "in_stock",
    "outofstock": "out_of_stock",
    "soldout": "out_of_stock",
    "discontinued": "out_of_stock",
    "preorder": "preorder",
    "presale": "preorder",
    "backorder": "preorder",
    "madetoorder": "preorder",
    # Open Graph's spellings
    "available": "in_stock",
    "oos": "out_of_stock",
    "pending": "preorder",
}
_NOT_WORD = re.compile(r"[^a-z]")
_OUT = re.compile(
    r"нет\s+(?:в\s+(?:наличии|продаже)|на\s+складе|товара)|(?:товара|их|его)\s+нет\b"
    r"|не(?:т)?\s+(?:имеется\s+)?в\s+наличии|наличи[ея]\s*:?\s*(?:нет|отсутствует)\b|отсутству"
    r"|недоступ|не\s+доступ|распродан|законч(?:ил|ен)|снят\w*\s+с\s+(?:производства|продажи)"
    r"|продажи\s+прекращен|^\W*продан[оа]?\W*$|сообщить\s+о\s+поступлении|уведомить\s+о\s+поступлении"
    r"|(?:not|n't|no\s+longer|currently\s+not|not\s+currently)\s+(?:currently\s+)?(?:available|in[\s-]*stock)"
    r"|unavailable|out[\s-]*of[\s-]*stock|sold[\s-]*out|discontinued|notify\s+me\s+when"
    r"|немає\s+в\s+наявності|non?\s+disponib|indisponib|esaurito|uitverkocht|ausverkauft|nicht\s+(?:verfügbar|lieferbar|auf\s+lager)|agotado|rupture",
    re.IGNORECASE,
)
_PREORDER = re.compile(
    r"под\s+заказ|на\s+заказ\b|пред\s*-?\s*заказ|ожидается|ожидаем|скоро\s+в\s+продаже|в\s+пути"
    r"|pre[\s-]?order|back[\s-]?order|made\s+to\s+order|coming\s+soon",
    re.IGNORECASE,
)
_IN = re.compile(
    r"(?:есть\s+)?в\s+наличии|есть\s+на\s+складе|на\s+складе|имеется|есть\s+в\s+продаже|в\s+продаже"
    r"|наличи[ея]\s*:?\s*(?:есть|да|много|мало|достаточно)|\bin[\s-]*stock|\bavailable\b"
    r"|осталось|остаток|в\s+магазинах|є\s+в\s+наявності|auf\s+lager|lieferbar|disponible|en\s+stock",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"(?<![\d.,/-])(\d{1,3}(?:[\s\u00a0]\d{3})+|\d+)\s*(?:шт|штук|ед|уп|упак|компл|пар|пач|рул|"
    r"pcs|pieces|items?|left|in\s+stock|available|в\s+наличии)(?![a-zа-яё])",
    re.IGNORECASE,
)
_STOCK_WORDS = re.compile(
    r"остал|остат|налич|склад|доступно|stock|\bleft\b|available|quantity|количество", re.IGNORECASE
)
_NO_STOCK = re.compile(r"\bот\s+\d|\bмин(?:имум|имальн)|\bв\s+упаковке|кратн|заказ\s+от", re.I)


def availability_of_schema(value: str | None) -> Availability | None:
    """What a schema.org address or name, or an Open Graph word, says."""
    if not value:
        return None
    name = re.split(r"[/#:]", value.strip().rstrip("/"))[-1]
    return _OF_SCHEMA.get(_NOT_WORD.sub("", name.lower()))


def availability_of_text(text: str | None) -> Availability | None:
    """What the words of a stock line or a button say; None when they say nothing of it."""
    if not text or len(text) > _MAX_TEXT:
        return None
    if _OUT.search(text):
        return "out_of_stock"
    if _PREORDER.search(text):
        return "preorder"
    return "in_stock" if _IN.search(text) else None


def stock_of_text(text: str | None, *, in_stock_node: bool = False) -> int | None:
    """Pieces that a stock line names with their unit; never a deadline, an article or a year.

    `in_stock_node` says that the text stands in an element made for stock, so that the quantity
    needs no word for what it counts.
    """
    if not text or len(text) > _MAX_TEXT:
        return None
    if not (in_stock_node or _STOCK_WORDS.search(text)):
        return None
    if _NO_STOCK.search(text) or _OUT.search(text):
        return None
    match = _QUANTITY.search(text)
    return accepted_stock("".join(match[1].split())) if match else None


def accepted_stock(value: object) -> int | None:
    """A whole number of pieces within reason; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None
    return value if isinstance(value, int) and 0 <= value <= MAX_STOCK else None
