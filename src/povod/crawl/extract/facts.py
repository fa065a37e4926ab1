"""Facts of a company's page, each with the very words it comes from (L91).

`text[start:end] == quote` always holds, so that a letter's claim can be shown on the stored page.
Deterministic: the same text gives the same facts.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from povod.crawl.extract.text import Heading

FactKind = Literal["activity", "service", "usp", "years", "city", "number", "news"]

MAX_FACTS = 12
EXTRACTOR_VERSION = "1"

_MAX_PER_KIND: dict[FactKind, int] = {
    "activity": 3, "service": 4, "usp": 3, "years": 1, "city": 1, "number": 3, "news": 1,
}  # fmt: skip
_ORDER: tuple[FactKind, ...] = ("activity", "years", "number", "service", "usp", "city", "news")
_LONGEST_QUOTE = 240

_COUNT = r"\d{1,3}(?:[ \xa0]\d{3})+|\d{1,7}"
_YEARS = re.compile(
    rf"(?:(?:уже |более |свыше |больше ){{0,3}}(?:{_COUNT})\+? ?(?:лет|года?)\b[^.\n]{{0,20}}?"
    r"(?:на рынке|опыт\w*|работ\w+|истори\w+|практик\w+|помога\w+|стаж\w*)"
    rf"|(?:опыт|стаж)[^.\n]{{0,25}}?(?:{_COUNT})\+? ?(?:лет|года?)\b"
    r"|(?:работаем|основан\w*|на рынке|создан\w*)[^.\n]{0,25}? (?:с|в) (?:19|20)\d{2} (?:года?|г\.)"
    r"|с (?:19|20)\d{2} года)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"(?:более |свыше |больше |около )?(?:{_COUNT})\+? (?:[а-яё]{{4,20}} ){{0,2}}?"
    r"(?:клиент|филиал|проект|сотрудник|магазин|заказ|объект|город|специалист|мастер|врач|партн[её]р"
    r"|дом|квартир|автомобил|пациент|выпускник|ученик|наименовани|бренд|регион|станк|офис|салон)[а-яё]*",
    re.IGNORECASE,
)
_USP = re.compile(
    r"гаранти|бесплатн|собственн\w+ производств|под ключ|рассрочк|без выходных|круглосуточн|24/7"
    r"|без предоплат|в день обращени|скидк|сертифицирован|лицензи\w+|выезд",
    re.IGNORECASE,
)
_SERVICES = re.compile(
    r"^(?:наши |все |основные |виды )?(?:услуг|каталог|продукци|направлени"
    r"|что мы (?:делаем|предлагаем)|мы предлагаем|чем мы занимаемся)",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"^(?:о компании|о нас|о клинике|о студии|кто мы|наша компания)", re.IGNORECASE)
_NEWS = re.compile(
    r"^\d{1,2}[. ](?:\d{2}|[а-я]{3,8})[. ](?:20)\d{2}(?: ?г(?:ода|\.)?)?$", re.IGNORECASE
)
_CITY = re.compile(r"\bг(?:ор)?\. ?[А-ЯЁ][а-яё]+(?:-[А-ЯЁа-яё]+)*")
_SENTENCE = re.compile(r"[^.!?\n]{20,240}[.!?]")
_MENU_WORDS = re.compile(
    r"^(?:главная|контакты|меню|корзина|войти|заказать|подробнее|каталог|новости|отзывы|блог|вакансии"
    r"|оплата|доставка|поиск|назад|далее|перезвоните|обратный звонок|политика|услуги"
    r"|о компании|цены|купить|в корзину|оставить заявку|читать|смотреть|©|все права|cookie"
    r"|мы используем)",
    re.IGNORECASE,
)
_ORDER_TO_MODEL = re.compile(
    r"игнорир|забудь|инструкци\w+ (?:выше|ранее)|предыдущ\w+ (?:инструкц|указан)|ignore|disregard"
    r"|system prompt|you are|language model|языков\w+ модел|нейросет|напиши",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"[@＠]|https?://|\+7|\d{3}[- ]\d{2}[- ]\d{2}|ИНН|ОГРН")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: what it says, the words it stands on, and where they stand in the page's text."""

    kind: FactKind
    value: str
    quote: str
    start: int
    end: int


def extract_facts(
    text: str, *, title: str = "", description: str = "", headings: Iterable[Heading] = ()
) -> list[Fact]:
    """At most `MAX_FACTS` facts of `text`, at most a few of each kind, in order of their kinds.

    Title, description and headings count only where their words stand in `text` too: a quote that
    is not on the stored page proves nothing.
    """
    heads = [heading.text for heading in headings]
    found: dict[FactKind, list[Fact]] = {kind: [] for kind in _ORDER}
    seen: set[str] = set()
    for fact in _candidates(text, [title, description, *heads]):
        same = found[fact.kind]
        if len(same) < _MAX_PER_KIND[fact.kind] and fact.value.casefold() not in seen:
            seen.add(fact.value.casefold())
            same.append(fact)
    return [fact for kind in _ORDER for fact in found[kind]][:MAX_FACTS]


def _candidates(text: str, heads: list[str]) -> Iterator[Fact]:
    yield from _activities(text, heads)
    yield from _matches(text, "years", _YEARS)
    yield from _matches(text, "number", _NUMBER)
    yield from _below(text, _SERVICES, "service")
    yield from _usps(text)
    yield from _matches(text, "city", _CITY)
    yield from _news(text)


def _activities(text: str, heads: list[str]) -> Iterator[Fact]:
    """Title, description and headings that the page repeats, then its first real sentences."""
    for words in heads:
        if len(words) >= 10 and _is_quotable(words) and (fact := _quoted(text, "activity", words)):
            yield fact
    yield from _below(text, _ABOUT, "activity")
    for match in _SENTENCE.finditer(text, 0, 6000):
        if " " in match[0].strip() and len(match[0].split()) >= 5:
            yield from _fact(text, "activity", *_trimmed(match))


def _usps(text: str) -> Iterator[Fact]:
    for start, line in _lines(text):
        if 12 <= len(line) <= 160 and _USP.search(line) and len(line.split()) >= 2:
            yield from _fact(text, "usp", start, start + len(line))


def _news(text: str) -> Iterator[Fact]:
    """The line that follows a date of its own."""
    after_date = False
    for start, line in _lines(text):
        if after_date and 20 <= len(line) <= _LONGEST_QUOTE:
            yield from _fact(text, "news", start, start + len(line))
        after_date = _NEWS.match(line) is not None


def _below(text: str, heading: re.Pattern[str], kind: FactKind) -> Iterator[Fact]:
    """Lines that follow a line with such words: a list of services, or a paragraph about us."""
    left = 0
    for start, line in _lines(text):
        if len(line) <= 60 and heading.search(line):
            left = 6
            continue
        if left:
            left -= 1
            shortest, longest = (5, 80) if kind == "service" else (30, _LONGEST_QUOTE)
            is_other = line[0].isdigit() or (kind == "service" and _USP.search(line))
            if shortest <= len(line) <= longest and not is_other:
                yield from _fact(text, kind, start, start + len(line))


def _matches(text: str, kind: FactKind, pattern: re.Pattern[str]) -> Iterator[Fact]:
    for match in pattern.finditer(text):
        yield from _fact(text, kind, *_trimmed(match))


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """Span of a match without the blanks at its ends."""
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    return start, match.end() - len(match[0]) + len(match[0].rstrip())


def _quoted(text: str, kind: FactKind, words: str) -> Fact | None:
    start = text.find(words)
    return Fact(kind, words, words, start, start + len(words)) if start >= 0 else None


def _fact(text: str, kind: FactKind, start: int, end: int) -> Iterator[Fact]:
    quote = text[start:end]
    if _is_quotable(quote):
        yield Fact(kind, quote, quote, start, end)


def _is_quotable(quote: str) -> bool:
    """Neither a menu item, nor a contact, nor words that try to order a model about."""
    return (
        0 < len(quote) <= _LONGEST_QUOTE
        and not _MENU_WORDS.match(quote)
        and not _CONTACT.search(quote)
        and not _ORDER_TO_MODEL.search(quote)
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines of the text with their places."""
    start = 0
    for line in text.split("\n"):
        if line:
            yield start, line
        start += len(line) + 1
