"""What duplicates are found by: one record reduced to the keys that can be compared."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from povod.book.domains import SHIPPED, DomainRules, plain_host
from povod.book.names import name_words
from povod.kit.inn import is_valid_inn, normalize_inn
from povod.kit.phone import find_phones
from povod.kit.text import lookup_key

_SEPARATORS = re.compile(r"[,;\n|]+")
_MAIL_SEPARATORS = re.compile(r"[,;\s<>|]+")
_NUMBER = re.compile(r"[+\d\s()\-\u2010-\u2015.]+")
_URL_START = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_HOST_END = re.compile(r"[/?#:\\]")
_TOWN = re.compile(r"(?:^|[,\s])(?:г\.?|гор\.|город)\s+([А-ЯЁ][А-Яа-яё\-‑– ]+?)(?=\s*(?:,|$))")
_HOUSE = re.compile(r"\d{1,4}\w?")
_STREET_NOISE = re.compile(
    r"\b(?:ул|улица|пр|просп|проспект|пер|переулок|пл|площадь|ш|шоссе|б р|бульвар|бул|наб"
    r"|набережная|мкр|микрорайон|д|дом|оф|офис|пом|помещение|кв|корп|корпус|к|стр|строение|лит"
    r"|литера|этаж|россия|рф|обл|область|г|город)\b"
)

_FOLDS = (
    ("shch", "s"), ("sch", "s"), ("tch", "c"), ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "h"),
    ("ts", "c"), ("tz", "c"), ("cz", "c"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("x", "ks"),
    ("yu", "u"), ("ju", "u"), ("iu", "u"), ("ya", "a"), ("ja", "a"), ("ia", "a"), ("yo", "o"),
    ("jo", "o"), ("ye", "e"), ("je", "e"), ("ee", "i"), ("oo", "u"), ("w", "v"), ("q", "k"),
    ("j", "i"), ("y", "i"),
)  # fmt: skip
_DOUBLE = re.compile(r"(.)\1+")

_CORPORATE = frozenset(
    """
    kompaniya firma gruppa kompaniy gk td tk pkf npo npf kholding korporatsiya kontsern company
    group co corporation the i and
    """.split()  # noqa: SIM905 - a word list reads better
)
"""Words that say only that the name is a company's."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One company as seen by the comparison; an empty value says "not known".

    `words` are name words in reading order, `joined` the sorted words without blanks, folded so
    that transliteration schemes meet. `domains` are own domains that count as identity,
    `mails` whole addresses, `mail_domains` their own domains, `phones` the last ten digits of each
    number. `street` holds the words of the address, `houses` its numbers.
    """

    id: Any
    words: tuple[str, ...]
    joined: str
    city: str
    street: str = ""
    houses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    mail_domains: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    inn: str = ""


def profile_of(record: Mapping[str, Any], rules: DomainRules = SHIPPED) -> Profile:
    """The profile of a record with text as found (`name, address, city, phone, website, …`)."""
    text = {name: str(value) for name, value in record.items() if value is not None}
    address = text.get("address", "")
    mails = frozenset(mail_addresses(text.get("email", "")))
    inn = normalize_inn(text.get("inn", ""))
    words = compared_words(text.get("name", ""))
    street, houses = split_address(address)
    return Profile(
        id=record["id"],
        words=words,
        joined="".join(sorted(words)),
        city=_key(text.get("city", "")) or _town(address),
        street=street,
        houses=houses,
        domains=frozenset(site_domains([text.get("website", "")], rules)),
        mails=mails,
        mail_domains=frozenset(mail_domains(mails, rules)),
        phones=frozenset(phone_tails(text.get("phone", ""))),
        inn=inn if is_valid_inn(inn) else "",
    )


def compared_words(name: str) -> tuple[str, ...]:
    """Folded words of a name without those every company may carry, unless nothing else is left."""
    words = name_words(name)
    telling = [word for word in words if word not in _CORPORATE]
    return tuple(fold(word) for word in telling or words)


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """A Latin word in the coarse spelling in which all transliteration schemes meet."""
    for spelling, sound in _FOLDS:
        word = word.replace(spelling, sound)
    return _DOUBLE.sub(r"\1", word)


def site_domains(sites: Iterable[str], rules: DomainRules) -> Iterable[str]:
    """Own domains of addresses or bare hosts, without those that are nobody's identity."""
    for site in sites:
        host = _HOST_END.split(_URL_START.sub("", site), maxsplit=1)[0].rpartition("@")[2]
        domain = _own_domain(plain_host(host), rules) if "." in host else None
        if domain:
            yield domain


def mail_domains(addresses: Iterable[str], rules: DomainRules) -> Iterable[str]:
    """Own domains of e-mail addresses, without public providers."""
    for address in addresses:
        host = plain_host(address.rpartition("@")[2])
        if "@" in address and rules.is_mail_identity(host):
            domain = _own_domain(host, rules)
            if domain:
                yield domain


def mail_addresses(text: str) -> Iterable[str]:
    """The e-mail addresses in a list, in lower case."""
    for part in _MAIL_SEPARATORS.split(text.lower()):
        if "@" in part:
            yield part.removeprefix("mailto:")


def phone_tails(text: str) -> Iterable[str]:
    """The last ten digits of every phone number in the text."""
    for part in _SEPARATORS.split(text):
        digits = "".join(filter(str.isdigit, part))
        if _NUMBER.fullmatch(part.strip()) and len(digits) in (10, 11) and digits.isascii():
            yield digits[-10:]
        elif digits:
            for number in find_phones(part):
                yield number.partition(";")[0].lstrip("+")[-10:]


def _own_domain(host: str, rules: DomainRules) -> str | None:
    domain = rules.own_domain(host)
    return domain if domain and rules.is_identity(domain) else None


@lru_cache(maxsize=65_536)
def _key(text: str) -> str:
    return lookup_key(text)


def _town(address: str) -> str:
    """The city that an address names with «г.»."""
    found = _TOWN.search(address)
    return _key(found[1]) if found else ""


@lru_cache(maxsize=65_536)
def split_address(address: str) -> tuple[str, frozenset[str]]:
    """The words of street and town, sorted, and the numbers of house, block and office.

    An address without any number is no evidence and gives nothing.
    """
    words = _STREET_NOISE.sub(" ", _key(address)).split()
    houses = frozenset(word for word in words if _HOUSE.fullmatch(word))
    names = sorted(word for word in words if len(word) > 2 and not word[0].isdigit())
    return (" ".join(names), houses) if names and houses else ("", frozenset())
