"""Company names: the key by which two spellings meet, and a guess from a search hit (L54, L55)."""

import re
from functools import lru_cache

from rapidfuzz import fuzz

from povod.kit.text import collapse, transliterate, value_key
from povod.kit.url import to_unicode_host

_FORMS = frozenset(
    """
    ооо оао зао пао нао ао ип нко ано гуп муп фгуп гбу мбу чоу пк кфх тоо
    ooo oao zao pao nao ao ip nko gup mup gbu too
    llc ltd limited inc incorporated corp gmbh jsc pjsc ojsc cjsc
    """.split()  # noqa: SIM905 - a word list reads better
)
_LONG_FORM = re.compile(
    r"\b(?:общество с (?:ограниченной|дополнительной) ответственностью"
    r"|(?:(?:непубличное|публичное|открытое|закрытое) )?акционерное общество"
    r"|индивидуальный предприниматель|крестьянское фермерское хозяйство"
    r"|(?:автономная )?некоммерческая организация"
    r"|(?:государственное|муниципальное) унитарное предприятие"
    r"|государственное бюджетное учреждение|товарищество собственников жилья"
    r"|производственный кооператив"
    r"|obshchestvo s ogranichennoy otvetstvennostyu|aktsionernoe obshchestvo"
    r"|individualnyy predprinimatel|limited liability company|joint stock company)\b"
)
_LONG_FORM_HINT = re.compile(
    "общество|предпри|организация|учреждение|хозяйство|жилья|кооператив"
    "|obshchestvo|predprinimatel|company"
)
_TAIL = re.compile(r"\s[|]\s.*|[,\s(]+филиал\b.*", re.DOTALL)
_SPACED_FORM = re.compile(r"(?<!\w)(?:[оопа]\.\s?){1,2}[оа]\.(?!\w)|(?<!\w)и\.\s?п\.(?!\w)")
_INSIDE = re.compile(r"(?<=\w)['’`\u00ad](?=\w)")
_BREAK = re.compile(r"[\W_]+")

_TITLE_BREAK = re.compile(r"\s+[|•—–·]\s+|\s+-\s+|:\s+|•")
_QUOTED = re.compile(r"[«„“\"]\s*[^»”\"]{2,80}[»”\"]")
_TITLE_FORM = re.compile(
    r"(?<!\w)(?:ООО|ОАО|ЗАО|ПАО|НАО|АО|ИП|НКО|АНО|ГУП|МУП|ГБУ|LLC|Ltd|Inc|GmbH)(?!\w)"
)
_MIN_LIKENESS = 70
"""Likeness of a title part to the domain from which it is taken for the name (L54)."""


def name_words(name: str) -> list[str]:
    """Words of the name in reading order, Latin, without legal form and punctuation."""
    plain = value_key(name).replace("ё", "е")
    if "|" in plain or "филиал" in plain:
        plain = _TAIL.sub("", plain).strip() or plain
    words = _split(plain)
    bare = [word for word in _split(_without_long_forms(plain)) if word not in _FORMS]
    return [transliterate(word) for word in bare or words]


def name_key(name: str) -> str:
    """The words of `name_words`, sorted: «ООО "Ромашка+"» and «ромашка, Общество …» meet (L55)."""
    return " ".join(sorted(name_words(name)))


def guess_name(title: str, domain: str) -> str:
    """The company's name as far as a search hit tells it (L54).

    The part of the title with a legal form or quotes, else the part most like the domain, else
    the domain itself.
    """
    parts = [part for part in map(collapse, _TITLE_BREAK.split(title)) if part]
    for part in parts:
        if _TITLE_FORM.search(part) or _QUOTED.search(part):
            return part[:200]
    likeness = [(_domain_likeness(part, domain), -place) for place, part in enumerate(parts)]
    if not likeness:
        return domain
    best, place = max(likeness)
    return parts[-place][:200] if best >= _MIN_LIKENESS else domain


def _domain_likeness(part: str, domain: str) -> float:
    label = _domain_label(domain)
    joined = "".join(_words(value_key(part).replace("ё", "е")))
    return fuzz.ratio(joined, label, score_cutoff=_MIN_LIKENESS)


@lru_cache(maxsize=4096)
def _domain_label(domain: str) -> str:
    """The speaking part of a domain, in Latin letters: `xn--…` is read as Cyrillic first."""
    label = to_unicode_host(domain).partition(".")[0]
    return "".join(_words(value_key(label)))


def _without_long_forms(text: str) -> str:
    """Without forms of several words and those written with dots; most names have neither."""
    if "." in text:
        text = _SPACED_FORM.sub(" ", text)
    if _LONG_FORM_HINT.search(text):
        text = _LONG_FORM.sub(" ", " ".join(_split(text)))
    return text


def _split(text: str) -> list[str]:
    return [word for word in _BREAK.split(_INSIDE.sub("", text)) if word]


def _words(text: str) -> list[str]:
    return [transliterate(word) for word in _split(text)]
