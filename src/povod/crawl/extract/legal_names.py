"""Legal names of companies in running text: «ООО «Ромашка»», «ИП Иванов Иван Иванович»."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from povod.kit.text import collapse, lookup_key

_SHORT = (
    "ООО|ОАО|ЗАО|ПАО|НАО|АО|ОДО|ТОО|НПО|НПП|АНО|НКО|ЧОУ|НОУ|ФГУП|ГУП|МУП|ФГБУ|ГБУЗ|ГБУ|МБУ|КФХ"
    "|ЧУП|ИООО"
)
_LONG = (
    r"[Оо]бществ[оа]м? с ограниченной ответственностью"
    r"|(?:[Пп]убличн\w+ |[Зз]акрыт\w+ |[Оо]ткрыт\w+ |[Нн]епубличн\w+ )?"
    r"[Аа]кционерн\w+ обществ\w+|[Аа]втономн\w+ некоммерческ\w+ организаци\w+"
)
_PERSON = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?\s(?:[А-ЯЁ][а-яё]+\s[А-ЯЁ][а-яё]+|[А-ЯЁ]\.\s?[А-ЯЁ]\.)"
_INNER = r"[^«»\"“”„\n]"
_QUOTED = (  # quotation marks may nest, and the outer ones are often left open
    rf"[«\"“„]{_INNER}{{1,80}}(?:(?<=\s)[«\"“„](?=\w){_INNER}{{1,60}}[»\"”](?:[^«»\"“”„\n,]{{0,30}}[»\"”])?"
    r"|[»\"”])"
)
_BARE = r"[А-ЯЁA-Z][\w-]{1,30}(?: [А-ЯЁA-Z][\w-]{1,30}){0,3}"
_NAME = re.compile(
    rf"(?P<form>{_SHORT}|{_LONG})\s{{0,3}}(?P<name>{_QUOTED}|(?<=\s){_BARE})"
    rf"|(?P<trader>ИП|[Ии]ндивидуальн\w+ предпринимател\w+)\s{{1,3}}(?P<person>{_PERSON})"
)
_START = re.compile(rf"{_SHORT}|ИП|Общ|Публичн|Закрыт|Открыт|Непубличн|Акц|Авт|Инд")
_LOWER_START = re.compile("общ|публичн|закрыт|открыт|непубличн|акц|авт|инд")
_LOWER_HINTS = ("ограниченной отв", "кционерн", "втономн", "ндивидуальн")
_LABELLED = re.compile(
    r"(?:наименование|юр(?:\.|идическое) лицо|юрлицо|продавец|исполнитель|оператор|организация"
    r"|правообладатель|владелец|компания|©|реквизиты)[^\n]{0,25}\n?\W{0,5}(?:\d{4}\W{0,5}){0,2}$",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"(?:\bбанк[а-я]*|р/с[^\n]{0,40}|\bв|\bпартн[её]р\w*|\bклиент\w*|сайта|студи\w+)\W{0,4}$", re.I
)
_BANK = re.compile(r"банк|bank", re.IGNORECASE)


class LegalName(NamedTuple):
    """One mention: as written, its form, a key that is equal for all spellings, and its place.

    `labelled` when the words before it say that this is the one who runs the site.
    """

    text: str
    form: str
    key: str
    start: int
    labelled: bool


def names_in(text: str) -> list[LegalName]:
    """All mentions in order, without banks, partners and the studio that made the site."""
    found = []
    for match in _matches(text):
        before = text[max(match.start() - 60, 0) : match.start()]
        if before[-1:].isalpha() or _FOREIGN.search(before) or _BANK.search(match[0]):
            continue
        form = match["form"] or match["trader"]
        key = lookup_key(match["name"] or match["person"])
        labelled = _LABELLED.search(before) is not None
        found.append(LegalName(collapse(match[0]), form, key, match.start(), labelled))
    return found


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Every place where a name can begin; forms in small letters are looked for only on a hint."""
    starts = [found.start() for found in _START.finditer(text)]
    if any(hint in text for hint in _LOWER_HINTS):
        starts = sorted({*starts, *(found.start() for found in _LOWER_START.finditer(text))})
    end = 0
    for start in starts:
        if start >= end and (match := _NAME.match(text, start)):
            end = match.end()
            yield match
