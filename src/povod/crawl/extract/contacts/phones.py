"""Phone numbers of a page's text, with the numbers left out that only look like phones (L85).

The kit's matcher decides what a number is. This module gives it one candidate at a time: digits
that belong together although the page splits them over text nodes, without the date or the opening
hours beside them, and not when a label says that they are a code, an account or a card.
"""

import re
from collections.abc import Container, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from phonenumbers import PhoneMetadata

from povod.kit.phone import find_phones

MIN_DIGITS = 9
"""No number with its area code is shorter in the countries the product works in."""

_LONGEST = 60
_MAX_CANDIDATES = 2000  # on one page; more are tables of something else
_RUN = re.compile(rf"[+(0-9][0-9 \n()+./‐-―−-]{{{MIN_DIGITS - 1},}}+")
_RUSSIAN = re.compile(
    r"(?:\+7|8|7)[ -]?\(?([3489]\d\d)\)?[ -]?(\d{3})[ ‑–-]?(\d{2})[ ‑–-]?(\d{2})", re.ASCII
)
"""The usual spellings; the matcher would say the same of them, at thirty times the cost."""

_NUMBER_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip",
    "pager", "uan", "voicemail",
)  # fmt: skip
_DATE_OR_HOURS = re.compile(
    r"\b\d{1,2}\.\d{1,2}\.(?:19|20)\d{2}\b|\b(?:19|20)\d{2}[-.]\d{2}[-.]\d{2}\b"
    r"|\b(?:19|20)\d{2}\s?[-–—]\s?(?:19|20)\d{2}\b"
    r"|(?<![\d.)-])\d{1,2}\.\d{2}\s?[-–—]\s?\d{1,2}\.\d{2}\b"
)
_NEXT_NUMBER = re.compile(
    r"(?<=\d)[ ](?=(?:\+\d|[78][ (-]{1,2}\(?\d{3}))|(?<=\d)/(?=\+?[78]\D?\D?\d{3})"
)
_BEGINNING = re.compile(r"\s*(?:\+\s?\d|\(\d|[78][\s(-])")  # of a number split over nodes
_HOUR_BEFORE = re.compile(r"^\d{2}\s(?=[+(]?\d)")
_HOUR_AFTER = re.compile(r"(?<=\d)\s\d{1,2}$")
_EXTENSION = re.compile(
    r"[\s,;]{0,3}\(?(?:доб|внутр|вн|ext)[а-яa-z]{0,10}[.:]?\s{0,2}(?:номер|№)?\s{0,2}\d{1,6}\b",
    re.I,
)
_LETTER = re.compile(r"[^\W\d_]")
_ACCOUNT_OR_CARD = re.compile(r"[0-9]{12}|^\s*(?:[0-9]{4}\s){3}[0-9]{4}\s*$")
_BARE = re.compile(r"\s*[0-9]{9,10}\s*")
_NO_PHONE_LABEL = re.compile(
    r"(?:\b(?=[a-zа-я])|(?=№))"  # where it may begin at all: five times faster
    r"(?:\b(?:инн|кпп|огрн(?:ип)?|бик|окпо|окато|октмо|оквэд|окогу|окфс|окопф|снилс|егрюл|егрип|inn"
    r"|kpp|ogrn|iban|swift|артикул|арт|код|sku|ean|штрих-?код|лицензи\w*|свидетельств\w*|карт[аыуе]"
    r"|заказ\w*|договор\w*|счет\w*|счёт\w*|id|guid|патент\w*|сертификат\w*|паспорт\w*|рег\w*|isbn|гост)"
    r"|\b[рлк]\s?/\s?сч?|\bк(?:ор|орр)\w*\.?\s?/?\s?сч\w*|№)"
    r"(?:\s?/\s?(?:кпп|инн|огрн))?(?:\s(?:товара|номер|от|номера))?[\s.№:#\-–—=]{0,8}$"
)
"""Told of text in lower case."""

_PHONE_LABEL = re.compile(
    r"(?:\bтел|телефон|\bмоб|\bсот|факс|звон|phone|\btel|mob|call|whats|ватсап|вотсап|viber|вайбер"
    r"|telegram|горячая|номер|связ|диспетчер|при[её]мн|отдел|офис|магазин|☎|📞)[^\d]{0,30}$",
    re.IGNORECASE,
)
_NO_PHONE_AFTER = re.compile(
    r"\s{0,2}(?:₽|руб|р\.|\$|€|тенге|тг\b|шт|кг\b|мм\b|см\b|м²|м2|%|°)", re.IGNORECASE
)
_SAME_DIGITS = re.compile(r"(\d)\1{8}")
_FAX = re.compile(r"факс|\bfax", re.IGNORECASE)
_TELEPHONE = re.compile(r"\bтел|\btel|phone|моб", re.IGNORECASE)


class TextPhone(NamedTuple):
    """A number and where in the text its candidate begins."""

    value: str
    start: int


def phones_in(text: str, region: str, known: Container[str] = ()) -> Iterator[TextPhone]:
    """Numbers of visible text, whose lines are text nodes; repetitions included.

    Those `known` already are passed over, mostly before anything is asked about them.
    """
    runs = _RUN.finditer(text)
    candidates = (found for run in runs for found in _candidates(text, *run.span()))
    for start, candidate in islice(candidates, _MAX_CANDIDATES):
        if len(candidate) > _LONGEST or _plain_russian(candidate.strip()) in known:
            continue
        if not _is_something_else(text, start, candidate):
            for value in phones_of(_with_extension(text, start, candidate), region):
                if value not in known:
                    yield TextPhone(value, start)


@lru_cache(maxsize=8192)
def phones_of(text: str, region: str) -> tuple[str, ...]:
    """The numbers of a short text. Kept, because a site shows its number on every page."""
    plain = _plain_russian(text) if region == "RU" else ""
    if plain:
        found = [plain] if _national_numbers().fullmatch(plain[2:]) else []
    else:
        found = find_phones(text, region)
    return tuple(value for value in found if not _SAME_DIGITS.search(value))


def phones_of_link(value: str, region: str) -> tuple[str, ...]:
    """The numbers of a `tel:` link or of a field that holds nothing else."""
    text = value.strip()[:120]
    found = phones_of(text, region)
    if found:
        return found
    digits = re.sub(r"[^\d+]", "", re.split(r"[,;pw]", text, maxsplit=1)[0])
    # a usual slip: the trunk prefix 8 behind a plus sign
    return phones_of(re.sub(r"^\+8(?=\d{10}$)", "8", digits), region)


def is_fax(label: str) -> bool:
    """Whether the label speaks of a fax alone («тел./факс» is a telephone as well)."""
    lowered = label.lower()
    if ("факс" not in lowered and "fax" not in lowered) or not _FAX.search(label):
        return False
    last = re.split(r"[,;|]", label)[-1]
    return _FAX.search(last) is not None and _TELEPHONE.search(last) is None


def region_of(host: str) -> str:
    """The country whose numbers a site writes without a code, by its top-level domain."""
    return _REGIONS.get(host.rpartition(".")[2], "RU")


_REGIONS = {
    "by": "BY", "kz": "KZ", "ua": "UA", "uz": "UZ", "kg": "KG", "am": "AM", "ge": "GE", "az": "AZ",
    "tj": "TJ", "md": "MD", "xn--90ais": "BY", "xn--80ao21a": "KZ", "xn--j1amh": "UA",
}  # fmt: skip


@lru_cache(maxsize=256)
def _plain_russian(text: str) -> str:
    """The number in E.164 when the text is one of its usual spellings, else an empty text."""
    match = _RUSSIAN.fullmatch(text)
    return "+7" + "".join(match.groups()) if match else ""


@cache
def _national_numbers() -> re.Pattern[str]:
    """All numbers that the library's metadata knows in Russia, as one expression."""
    metadata = PhoneMetadata.metadata_for_region("RU")
    kinds = (getattr(metadata, name) for name in _NUMBER_KINDS)
    patterns = {kind.national_number_pattern for kind in kinds if kind} - {None}
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)))


def _candidates(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Pieces of a run of digits that may be one number each; their places stay true."""
    run = text[start:end]
    line = run.rstrip()
    if ":" not in (text[start - 1 : start], text[end : end + 1]) and _is_one_number(line):
        yield start, line
        return
    if text[start - 1 : start] == ":":
        run = _HOUR_BEFORE.sub(_blank, run)
    if text[end : end + 1] == ":":
        run = _HOUR_AFTER.sub(_blank, run)
    run = _NEXT_NUMBER.sub("\n", _DATE_OR_HOURS.sub(_blank, run))
    waiting, waiting_at = "", 0
    position = start
    for line in run.split("\n"):
        digits = _digits(line)
        if digits and _BEGINNING.match(waiting) and _digits(waiting) + digits <= 12:
            waiting = f"{waiting} {line}"
        else:
            waiting, waiting_at = line, position
        position += len(line) + 1
        if _digits(waiting) >= MIN_DIGITS:
            yield waiting_at, waiting
            waiting = ""


def _is_one_number(line: str) -> bool:
    """Whether there is nothing to divide: most runs of digits are like this."""
    return (line.isdecimal() and len(line) >= MIN_DIGITS) or _plain_russian(line) != ""


def _blank(match: re.Match[str]) -> str:
    return "\n" * len(match[0])


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


def _is_something_else(text: str, start: int, candidate: str) -> bool:
    """Whether the digits are an account, a card, a code or a price."""
    if _ACCOUNT_OR_CARD.search(candidate):
        return True
    if candidate.lstrip().startswith("+"):
        return False
    before = text[max(start - 30, 0) : start]
    if _NO_PHONE_LABEL.search(before.lower()) or _NO_PHONE_AFTER.match(
        text, start + len(candidate.rstrip())
    ):
        return True
    # ten digits in a row may be anything, unless something calls them a telephone
    return _BARE.fullmatch(candidate) is not None and not _PHONE_LABEL.search(before)


def _with_extension(text: str, start: int, candidate: str) -> str:
    end = start + len(candidate.rstrip())
    extension = _EXTENSION.match(text, end)
    return candidate.strip() + extension[0] if extension else candidate.strip()


def shows_extension(text: str) -> bool:
    """Whether a short text names an extension («доб. 100»)."""
    # where nothing but digits stands there is none
    return _LETTER.search(text) is not None and _EXTENSION.search(text) is not None
