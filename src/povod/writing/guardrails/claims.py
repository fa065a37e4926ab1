"""Names, firms and figures that stand in no fact (G85)."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.guardrails.base import Hit
from povod.writing.guardrails.mask import BLANK
from povod.writing.names.lists import fold, lists

_CAPITALISED = re.compile(r"(?<![\w-])[А-ЯЁA-Z][а-яёa-z]+(?:-[А-ЯЁA-Z][а-яёa-z]+)?(?![\w-])")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n—–«„\"])\s*$")
_PATRONYMIC = re.compile(
    r"(?<![\w-])([А-ЯЁ][а-яё]{2,}?)(?:[ое]вич(?:а|у|ем|е)?|[ое]вн(?:а|ы|е|у|ой|ою)"
    r"|ичн(?:а|ы|е|у|ой)|ич(?:а|у|ом|ем|е)?)(?!\w)"
)
_PATRONYMIC_SIGNS = ("вич", "вн", "ичн", "ич")
_FATHERS = frozenset(["павл", "яковл", "льв", "михайл", "ильин", "кузьмин", "лукин", "фомин"])
_QUOTED = re.compile(r"[«\"“„]([^«»\"“”„\n]{2,80})[»\"”“]")
_LEGAL = re.compile(
    r"(?<!\w)(?:ООО|АО|ПАО|ЗАО|ОАО|НКО|АНО|ИП|LLC|Ltd|Inc|GmbH)\.?\s+[«\"]?"
    r"[А-ЯЁA-Z][\wёЁ-]+|(?<!\w)[A-Z][\w&-]+(?:\s[A-Z][\w&-]+)?,?\s(?:LLC|Ltd|Inc|GmbH|Corp)\b"
)
_LEGAL_SIGNS = re.compile(r"(?:[ОАП]О|ИП) |LLC|Ltd|Inc|GmbH|Corp")
_MONEY = re.compile(
    r"(?:\d[\d\s\u00a0.,]*|(?<!\w)(?:сто|двести|тысяч\w*|миллион\w*|миллиард\w*|million|thousand)\s+)"
    r"(?:тыс\.?|млн\.?|млрд\.?|million|thousand|k)?\s*"
    r"(?:₽|руб(?:л\w+|\.)?|р\.|долл\w*|евро|usd|eur|rub|dollars?|euros?|roubles?|\$|€)(?!\w)"
    r"|[$€£]\s?\d[\d.,]*|\d[\d\s\u00a0.,]*(?:тыс|млн|млрд)\b\.?",
    re.IGNORECASE,
)
_NOUNS = frozenset(
    {"вера", "надежда", "любовь", "роза", "слава", "муза", "мира", "света", "искра", "забава"}
)
"""Names that open a sentence as ordinary words."""
_FIGURES = re.compile(r"\d|[$€£%]|процент|тысяч|миллион|миллиард|percent|thousand|million")
_PERCENT = re.compile(
    r"\d+(?:[.,]\d+)?[\s\u00a0]?(?:%|процент\w*|percent)|(?<!\w)(?:десять|двадцать|тридцать|сорок"
    r"|пятьдесят|сто|ten|twenty|thirty|fifty|hundred)\s+(?:процент\w*|percent)",
    re.IGNORECASE,
)
_MONTHS = (
    "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
    "|january|february|march|april|june|july|august|september|october|november|december"
)
_NUMBER = re.compile(
    rf"\d+(?:[.,:/]\d+)*(?:-?(?:го|й|я|е|м|му|th|st|nd|rd))?(?:\s(?:{_MONTHS}))?"
    rf"|(?<!\w)(?:{_MONTHS})\s\d{{1,2}}(?!\d)",
    re.IGNORECASE,
)
_ORDINARY_TEXT = (
    "вы вас вам вами ваш ваша ваше ваши вашего вашей вашему вашим ваших вашу вашею вашими "
    "день дня дню днем дне дни дней мир мира миру миром мая март марта август августа россия "
    "россии новый нового новым год года годом рождество рождества пасха пасхи труда весны "
    "победы отечества may april june august dear new year day happy best i god"
)
_ORDINARY = frozenset(_ORDINARY_TEXT.split())
_ENDINGS = ("", "а", "я", "й", "ь", "ья", "ий", "о")


def find_claims(masked: str, text: str, facts: GreetingFacts) -> Iterator[Hit]:
    """Everything said beyond the facts; `masked` has the facts blanked out."""
    yield from _names(masked, facts)
    yield from _companies(masked)
    if not _FIGURES.search(masked):
        return
    taken: list[tuple[int, int]] = []
    for code, pattern in (("money", _MONEY), ("percent", _PERCENT), ("foreign_number", _NUMBER)):
        for match in pattern.finditer(masked):
            if not any(match.start() < end and start < match.end() for start, end in taken):
                taken.append(match.span())
                yield Hit(code, *match.span(), text[match.start() : match.end()].strip())


def _names(masked: str, facts: GreetingFacts) -> Iterator[Hit]:
    own = _stems(_own_texts(facts))
    likely = any(sign in masked for sign in _PATRONYMIC_SIGNS)
    for match in _PATRONYMIC.finditer(masked) if likely else ():
        if _is_father(fold(match[1])) and _stem(match[0]) not in own:
            yield Hit("foreign_name", match.start(), match.end(), match[0])
    for match in _CAPITALISED.finditer(masked):
        word = match[0]
        folded = fold(word)
        if folded in _ORDINARY or _stem(word) in own:
            continue
        starts = _SENTENCE_START.search(masked[max(0, match.start() - 3) : match.start()])
        addressed = (
            folded not in _NOUNS
            and masked[match.end() : match.end() + 1] in (",", "!")
            and facts.language == "ru"
        )
        if lists().gender(folded) and addressed if starts else _is_name(folded):
            yield Hit("foreign_name", match.start(), match.end(), word)


def _is_father(stem: str) -> bool:
    """Whether a male name gives patronymics with this stem."""
    male = lists().male
    forms = (stem, stem + "й", stem + "ь", stem + "а", stem + "я", stem[:-1] + "ий")
    return stem in _FATHERS or any(form in male for form in forms)


def _own_texts(facts: GreetingFacts) -> tuple[str, ...]:
    people = (facts.first_name, facts.middle_name, facts.last_name, facts.short_name)
    return (*people, facts.sender_name, facts.company_name, facts.sender_company, *facts.known)


@lru_cache(maxsize=256)
def _stems(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_stem(word) for text in texts for word in text.split())


def _stem(word: str) -> str:
    folded = fold(word).strip('«»"„“.,')
    return folded[: max(3, len(folded) - 2)]


@cache
def _english_names() -> frozenset[str]:
    text = resources.files("povod.writing").joinpath("data/names_en.txt").read_text("utf-8")
    return frozenset(text.split())


def _is_name(folded: str) -> bool:
    """Whether the word is a full first name in some case."""
    if folded.isascii():
        return folded in _english_names()
    names = lists()
    for cut in range(3):
        base = folded[: len(folded) - cut]
        if len(base) < 3:
            return False
        for ending in _ENDINGS if cut else ("",):
            candidate = base + ending
            if candidate in names.male or candidate in names.female:
                return True
    return folded in names.male_short or folded in names.female_short


def _companies(masked: str) -> Iterator[Hit]:
    for match in _QUOTED.finditer(masked):
        if BLANK not in match[0] and match[1][:1].isupper():
            yield Hit("foreign_company", match.start(), match.end(), match[1])
    for match in _LEGAL.finditer(masked) if _LEGAL_SIGNS.search(masked) else ():
        if "«" not in match[0] and '"' not in match[0]:
            yield Hit("foreign_company", match.start(), match.end(), match[0])
