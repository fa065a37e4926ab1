"""What a page says beside a contact: whose it is."""

import re

from povod.crawl.extract.parsed import ParsedPage
from povod.crawl.extract.text import Link

_LABEL_LENGTH = 80
_CREDIT_DISTANCE, _CREDIT_LENGTH = 100, 60  # characters before and after the place
_CREDIT_WORDS = ("сайт", "студи", " by", "делано", "создано", "разработано")
"""One of them stands in everything that `_CREDIT` finds."""

_VALUE = re.compile(r"\d|\S+[@＠]\S*")  # another contact or number: its label is not ours
_DIGIT = re.compile(r"\d")  # the same for a line without at-sign, in a tenth of the time
_LETTERS = re.compile(r"[^\W\d_][^\W\d_]")  # with {2} it would be tried at every character
_SHOWN_ADDRESS = re.compile(r"[@＠]|\[email|\d{2}")
_SITE_BUILDER = re.compile(
    r"(?:создани|разработк|продвижени|изготовлени)\w* сайт"
    r"|(?:веб|web|интернет)[- ]?(?:студи|studio|агентств)",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:создани|разработк|продвижени|изготовлени|сопровождени|поддержк|дизайн)\w*"
    r" (?:и \w+ )?(?:этого )?сайта\b|сайт (?:разработан|создан|сделан|изготовлен)\w*"
    r"|(?:сделано|создано|разработано) (?:в|студией|компанией)\b"
    r"|\b(?:made|designed|developed|created|powered) by\b|\b(?:web|веб)-?студи\w+",
    re.IGNORECASE,
)


def label_before(text: str, start: int) -> str:
    """The words of the same line before a contact, or else the line above it."""
    head = text[max(start - 2 * _LABEL_LENGTH, 0) : start]
    for line in reversed(head.rsplit("\n", 2)[-2:]):
        if not line:
            continue
        value = _VALUE if "@" in line or "＠" in line else _DIGIT
        label = value.split(line)[-1].strip(" :;,.-–—|()")[-_LABEL_LENGTH:]
        if _LETTERS.search(label):
            return label
    return ""


def label_of_link(page: ParsedPage, link: Link) -> str:
    """The link's own words, or those before it when it shows just the address or the number."""
    if _LETTERS.search(link.text) and not _SHOWN_ADDRESS.search(link.text):
        return link.text[:_LABEL_LENGTH]
    place = page.place(link.text) if len(link.text) > 3 else -1
    return label_before(page.text, place) if place >= 0 else ""


def is_studio_credit(page: ParsedPage, words: str = "", place: int = -1) -> bool:
    """Whether the words, or what stands at `place`, belong to the credits of a web studio (L84).

    Credits stand on the same line or in the two texts before it. A company that builds sites
    itself speaks of it everywhere, so nothing on its pages is taken for credits.
    """
    if words:
        place = page.place(words)
    if place < 0:
        return False
    start = max(place - _CREDIT_DISTANCE, 0)
    around = page.text[start : place + _CREDIT_LENGTH].lower()
    if not any(map(around.__contains__, _CREDIT_WORDS)):
        return False
    if _SITE_BUILDER.search(f"{page.title} {page.description}"):
        return False
    head = page.text[start:place]
    near = "\n".join([line for line in head.split("\n") if _LETTERS.search(line)][-2:])
    rest = page.text[place : place + _CREDIT_LENGTH].partition("\n")[0]
    return _CREDIT.search(near) is not None or _CREDIT.search(rest) is not None
