"""The city and the postal address that a page names."""

import re
from collections import Counter

from povod.kit.text import collapse

_NEAR = 500  # characters around the requisites in which the company's own city stands
_CITY = (  # a second word only after an adjective: «Нижний Новгород», «Набережные Челны»
    r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁа-яё]+){0,3}"
    r"(?:(?<=[иыо]й|[ыи]е|[ао]я|ев|ое) [А-ЯЁ][а-яё]+(?:-[А-ЯЁа-яё]+)?)?"
)
_TOWN = re.compile(rf"г(?:ор)?(?:\.|од\b|(?= [А-ЯЁ][а-яё]+,))\s?(?P<city>{_CITY})(?![а-яё.])")
_NO_TOWN = re.compile(r"(?:[\w-]|\d |\b[Вв]о? )\Z")  # «2010 г. Москва», «в г. Казани»
_AFTER_INDEX = re.compile(
    r"[0-9]{6}(?<![0-9]{7})(?:, ?| )(?:Россия,\s|РФ,\s|Российская Федерация,\s)?"
    r"(?:[А-ЯЁ][а-яё-]+\s(?:область|обл\.?|край|респ\.?|республика),?\s"
    r"|[Рр]еспублика [А-ЯЁ][а-яё]+,\s)?"
    rf"(?:г\.?\s?|город\s)?(?P<city>{_CITY})(?=,|\n|$)"
)
_AFTER_LABEL = re.compile(
    r"[Аа]дрес[^:\n]{0,40}(?::\s?|\n)(?:Россия,\s|РФ,\s)?(?:г\.?\s?|город\s)?"
    rf"(?P<city>{_CITY})(?=,\s)"
)
_ADDRESS = re.compile(
    r"(?:[Юю]ридический |[Фф]актический |[Пп]очтовый |[Нн]аш )?[Аа]дрес[а-я ]{0,20}(?::\s?|\n)"
    r"(?P<address>[^\n]{10,200})"
)
_STREET = re.compile(r"\b(?:ул|пр|просп|пер|наб|шоссе|ш|бульв|б-р|проезд|площадь|пл|мкр|д)\b", re.I)
_PREFIX = re.compile(r"^(?:г\.|гор\.|город|г)\s+|^г\.", re.IGNORECASE)
_NO_CITY = re.compile(
    r"(?:ская|ский|ское|ный|ная)?\s?(?:область|край|район|республика|округ)\b|^Россия", re.I
)


def city_in(text: str, places: tuple[int, ...] = ()) -> str | None:
    """The company's city: from an address, beside the requisites, or the one named most.

    Without an address nothing is guessed from an inflected form («в г. Казани»).
    """
    match = _AFTER_INDEX.search(text)
    if match is None and "дрес" in text:
        match = _AFTER_LABEL.search(text)
    if match is not None:
        return city_of(match["city"])
    towns = [
        found
        for found in _TOWN.finditer(text)
        if not _NO_TOWN.search(text[max(found.start() - 4, 0) : found.start()])
    ]
    near = [
        found["city"]
        for found in towns
        if any(abs(found.start() - place) <= _NEAR for place in places)
    ]
    named = near or [found["city"] for found in towns]
    return city_of(Counter(named).most_common(1)[0][0]) if named else None


def city_of(text: str) -> str | None:
    """The city of a field that holds nothing else («г. Москва»)."""
    city = _PREFIX.sub("", collapse(text)).strip(" ,.")
    return city if city and not _NO_CITY.search(city) else None


def address_in(text: str) -> str | None:
    """The postal address behind its label, when it names a street or a house."""
    if "дрес" not in text:
        return None
    for match in _ADDRESS.finditer(text):
        if _STREET.search(match["address"]) and any(map(str.isdecimal, match["address"])):
            return collapse(match["address"]).strip(" .;,")
    return None
