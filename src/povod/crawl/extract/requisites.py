"""Who runs a site, as its pages say: legal name, INN, OGRN, KPP, city, head (L87, L88).

Numbers count only next to their label or in structured data, and only with right check digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from povod.crawl.extract.legal_names import LegalName, names_in
from povod.crawl.extract.parsed import ParsedPage
from povod.crawl.extract.places import address_in, city_in, city_of
from povod.crawl.extract.structured import JsonObject, texts_of, types_of, walk
from povod.kit.inn import is_valid_inn, is_valid_ogrn
from povod.kit.text import collapse, lookup_key

_NEAR_BEFORE, _NEAR_AFTER = 400, 250  # characters around a label in which the legal name stands
_VALUE_REACH = 60
_MAX_LABELS = 300  # on one page; more are a register of other companies

# spelled out, because ignoring case would take ten times as long
_LABEL = re.compile("ИНН|Инн|инн|INN|ОГРН|Огрн|огрн|OGRN|КПП|Кпп|кпп|KPP")
_KINDS = {"и": "inn", "i": "inn", "о": "ogrn", "o": "ogrn", "к": "kpp", "k": "kpp"}
_NUMBER = re.compile(r"(?<![\d.,])\d(?:[ \xa0]?\d){8,16}(?!\d)")
_KPP = re.compile(r"(?<!\d)\d{4}[\dA-Z]{2}\d{3}(?!\d)")
_HEAD = re.compile(
    r"(?:генеральный директор|\bдиректор|руководитель(?: организации)?)"
    r"(?:\s(?:ООО|АО|ЗАО|ПАО)\s?[«\"][^»\"\n]{1,60}[»\"])?[\s:–—-]{1,5}"
    r"(?-i:(?P<name>[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?\s(?:[А-ЯЁ][а-яё]+\s[А-ЯЁ][а-яё]+|[А-ЯЁ]\.\s?[А-ЯЁ]\.)))",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(
    r"Organization|Business|Store|Corporation|Company|Agency|Service|Restaurant|Clinic|Dentist"
    r"|Hotel|Shop|Salon|Office|Physician|School|Dealer|Repair|Contractor|Club|Studio"
)


@dataclass(frozen=True, slots=True)
class Requisites:
    """What one page, or one whole site, tells about the company behind it.

    `inn` and `ogrn` are None when two different valid ones were found; all found are listed.
    `head` is a person's name: personal data.
    """

    company_name: str | None = None
    inn: str | None = None
    ogrn: str | None = None
    kpp: str | None = None
    city: str | None = None
    address: str | None = None
    head: str | None = None
    legal_name: str | None = None
    brand: str | None = None
    inns: tuple[str, ...] = ()
    ogrns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Numbers:
    inns: tuple[str, ...]
    ogrns: tuple[str, ...]
    kpp: str | None
    places: tuple[int, ...]


def extract_requisites(html: str | bytes, url: str) -> Requisites:
    """The requisites that the page shows."""
    return requisites_of(ParsedPage(html, url))


def requisites_of(page: ParsedPage) -> Requisites:
    """The same for a page that is parsed already."""
    objects = list(walk(page.json_ld))
    numbers = _numbers(page, objects)
    legal = _legal_name(page.text, numbers.places) or _structured_legal_name(objects)
    brand = _brand(page, objects)
    return Requisites(
        company_name=legal or brand,
        inn=_only(numbers.inns),
        ogrn=_only(numbers.ogrns),
        kpp=numbers.kpp if len(numbers.inns) < 2 else None,
        city=_structured_city(page, objects) or city_in(page.text, numbers.places),
        address=address_in(page.text),
        head=_head(page.text),
        legal_name=legal,
        brand=brand,
        inns=numbers.inns,
        ogrns=numbers.ogrns,
    )


def merge_requisites(pages: list[Requisites]) -> Requisites:
    """One answer for a site: the first page that knows a field gives it, best pages first.

    Two different valid INNs on one site: none is taken, both are listed (L87).
    """
    inns = tuple(dict.fromkeys(inn for page in pages for inn in page.inns))
    ogrns = tuple(dict.fromkeys(ogrn for page in pages for ogrn in page.ogrns))

    def first(field: str) -> str | None:
        return next((value for page in pages if (value := getattr(page, field))), None)

    legal, brand = first("legal_name"), first("brand")
    return Requisites(
        company_name=legal or brand,
        inn=_only(inns),
        ogrn=_only(ogrns),
        kpp=first("kpp") if len(inns) < 2 else None,
        city=first("city"),
        address=first("address"),
        head=first("head"),
        legal_name=legal,
        brand=brand,
        inns=inns,
        ogrns=ogrns,
    )


def _only(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def _numbers(page: ParsedPage, objects: list[JsonObject]) -> _Numbers:
    inns: dict[str, None] = {}
    ogrns: dict[str, None] = {}
    kpps: dict[str, None] = {}
    places: list[int] = []
    for kind, value, place in (*_labelled(page.text), *_structured(page, objects)):
        if kind == "kpp":
            kpps.setdefault(value)
        elif kind == "inn" and is_valid_inn(value):
            inns.setdefault(value)
        elif kind == "ogrn" and is_valid_ogrn(value):
            ogrns.setdefault(value)
        else:
            continue
        if place >= 0:
            places.append(place)
    return _Numbers(tuple(inns), tuple(ogrns), next(iter(kpps), None), tuple(places))


def _labelled(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, digits and place of every number that follows a label, right or wrong.

    Labels may stand together before their numbers: «ИНН/КПП 7707083893 / 770701001».
    """
    for label in islice(_LABEL.finditer(text), _MAX_LABELS):
        if text[label.start() - 1 : label.start()].isalpha():
            continue
        kind = _KINDS[label[0][0].lower()]
        reach = text[label.end() : label.end() + _VALUE_REACH]
        if kind == "kpp":
            yield from (("kpp", match[0], label.start()) for match in _KPP.finditer(_own(reach)))
            continue
        for match in _NUMBER.finditer(_own(reach)):
            yield kind, re.sub(r"\D", "", match[0]), label.start()


def _own(reach: str) -> str:
    """What follows a label, up to the next label that stands behind a number."""
    for label in _LABEL.finditer(reach):
        if re.search(r"\d{3}", reach[: label.start()]):
            return reach[: label.start()]
    return reach


def _structured(page: ParsedPage, objects: list[JsonObject]) -> Iterator[tuple[str, str, int]]:
    for item in objects:
        for name in ("taxID", "vatID"):
            for text in texts_of(item.get(name)):
                yield "inn", re.sub(r"\D", "", text), -1
    for entry in page.microdata:
        if entry.name in ("taxid", "vatid"):
            yield "inn", re.sub(r"\D", "", entry.value), -1


def _legal_name(text: str, places: tuple[int, ...]) -> str | None:
    """The legal name beside the requisites; without requisites, the only one on the page."""
    names = names_in(text)
    if not names:
        return None
    near = [name for name in names if any(_is_near(name, place) for place in places)]
    if near:
        return _short_form(_closest(near, places), near).text
    labelled = [name for name in names if name.labelled]
    if labelled:
        return _short_form(labelled[0], names).text
    return names[0].text if len({name.key for name in names}) == 1 else None


def _is_near(name: LegalName, place: int) -> bool:
    return -_NEAR_BEFORE <= name.start - place <= _NEAR_AFTER


def _closest(names: list[LegalName], places: tuple[int, ...]) -> LegalName:
    """The nearest name; those before the label, where a name usually stands, come first."""

    def distance(name: LegalName) -> tuple[bool, int]:
        gap = min((abs(place - name.start) for place in places), default=0)
        return not name.labelled, gap + (150 if name.start > max(places) else 0)

    return min(names, key=distance)


def _short_form(name: LegalName, names: list[LegalName]) -> LegalName:
    """«ООО «Ромашка»» rather than the same name with its legal form spelled out."""
    same = [other for other in names if other.key == name.key]
    return min(same, key=lambda other: (len(other.form), other.start))


def _structured_legal_name(objects: list[JsonObject]) -> str | None:
    for item in objects:
        for text in texts_of(item.get("legalName")):
            if name := collapse(text):
                return name[:200]
    return None


def _brand(page: ParsedPage, objects: list[JsonObject]) -> str | None:
    for item in objects:
        if any(_ORGANISATION.search(kind) for kind in types_of(item)):
            for text in texts_of(item.get("name")):
                if name := collapse(text):
                    return name[:200]
    return page.metas.get("og:site_name", "")[:200] or _logo_text(page)


def _logo_text(page: ParsedPage) -> str | None:
    """Text that stands for the logo's picture, unless it only says «logo»."""
    for node in page.tree.css(
        'header img[alt],[class*="logo" i] img[alt],img[class*="logo" i][alt]'
    ):
        text = collapse(node.attributes.get("alt") or "")
        if text and lookup_key(text) not in ("logo", "логотип", "лого"):
            return text[:200]
    return None


def _structured_city(page: ParsedPage, objects: list[JsonObject]) -> str | None:
    for item in objects:
        for text in texts_of(item.get("addressLocality")):
            if city := city_of(text):
                return city
    found = (entry.value for entry in page.microdata if entry.name == "addresslocality")
    return next((city for text in found if (city := city_of(text))), None)


def _head(text: str) -> str | None:
    if "иректор" not in text and "уководител" not in text and "ИРЕКТОР" not in text:
        return None
    match = _HEAD.search(text)
    return collapse(match["name"]) if match else None
