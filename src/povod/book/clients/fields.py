"""From what was written to the columns of a client: cleaned, checked, completed (G4-G7)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from povod.book.clients.birth import BirthDate, parse_birth_date
from povod.book.clients.model import LENGTHS, PREFERENCES, ClientDeps
from povod.book.clients.words import (
    REASONS,
    fault,
    parse_channel,
    parse_gender,
    parse_language,
    parse_segment,
)
from povod.kit.email import normalize_email
from povod.kit.errors import InputError, InvalidEmail
from povod.kit.inn import is_valid_inn, normalize_inn
from povod.kit.phone import find_phones
from povod.kit.text import clean, value_key

MAX_PREFERENCES = 4096
_CODE = re.compile(r"[a-z0-9_]{1,80}")
_NAMES = ("first_name", "middle_name", "last_name")


def columns_of(deps: ClientDeps, given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The columns that `given` fields mean; `InputError` names the first field at fault."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _READERS:
            raise fault(name, f"there is no such field; use one of {', '.join(_READERS)}")
        columns |= _READERS[name](deps, value, today)
    return columns


def complete(deps: ClientDeps, row: dict[str, Any]) -> dict[str, Any]:
    """What follows from the other columns: gender, key of the name, hash of the address."""
    first, middle, last = (row.get(name) or "" for name in _NAMES)
    if not (first or last or row.get("company_name")):
        raise fault("first_name", "a client needs a first name, a last name or a company")
    given = row.get("gender") if row.get("gender_source") == "given" else None
    gender, source = deps.names.gender(first, middle, last, given)
    address = row.get("email") or ""
    return {
        "name_key": value_key(" ".join(part for part in (last, first, middle) if part)),
        "gender": gender or None,
        "gender_source": source if gender else "",
        "recipient_hash": deps.hash_value("email", address) if address else "",
    }


def name_columns(deps: ClientDeps, full_name: str) -> dict[str, Any]:
    """The parts of a full name; what cannot be split stands in the last name."""
    parts = deps.names.split(clean(full_name))
    found = {name: parts.get(name, "") for name in _NAMES}
    return found if any(found.values()) else {**found, "last_name": clean(full_name)[:100]}


Reader = Callable[[ClientDeps, Any, date], dict[str, Any]]


def _text(name: str) -> Reader:
    def read(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
        text = clean(str(value or ""))
        if len(text) > LENGTHS[name]:
            raise fault(name, f"is longer than {LENGTHS[name]} characters; shorten it")
        return {name: text}

    return read


def _name(name: str) -> Reader:
    def read(deps: ClientDeps, value: Any, today: date) -> dict[str, Any]:
        text = _text(name)(deps, value, today)[name]
        return {name: deps.names.normalize(text) if text else ""}

    return read


def _word(name: str, parse: Callable[[str], Any], usual: str) -> Reader:
    def read(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
        text = clean(str(value or ""))
        return {name: parse(text) if text else usual}

    return read


def _gender(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    gender = parse_gender(str(value or ""))
    return {"gender": gender, "gender_source": "given" if gender else ""}


def _email(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    text = clean(str(value or ""))
    if not text:
        return {"email": "", "email_key": ""}
    try:
        address = normalize_email(text)
    except InvalidEmail as error:
        raise fault("email", str(error)) from None
    return {"email": address, "email_key": value_key(address)}


def _phone(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    text = clean(str(value or ""))
    found = find_phones(text) if text else [""]
    if len(found) != 1:
        raise fault("phone", f"{text[:40]!r} is not one telephone number; write +7 916 123-45-67")
    return {"phone": found[0]}


def _inn(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    text = normalize_inn(str(value or ""))
    if text and not is_valid_inn(text):
        raise fault("inn", f"{text[:20]!r} is no INN: 10 or 12 digits with right check digits")
    return {"inn": text}


def _birth(_deps: ClientDeps, value: Any, today: date) -> dict[str, Any]:
    found = value if isinstance(value, BirthDate) else parse_birth_date(str(value or ""), today)
    if found is None:
        empty = dict.fromkeys(("birth_day", "birth_month", "birth_year"))
        return {**empty, "age_suspicious": False}
    return {
        "birth_day": found.day,
        "birth_month": found.month,
        "birth_year": found.year,
        "age_suspicious": found.is_suspicious(today),
    }


def _zone(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    text = clean(str(value or ""))
    try:
        if text:
            ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise fault("time_zone", f"{text!r} is no time zone; write Asia/Vladivostok") from None
    return {"time_zone": text}


def _reason(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    text = clean(str(value or ""))
    if text and text not in REASONS:
        raise fault("do_not_greet_reason", f"use one of {', '.join(REASONS)}")
    return {"do_not_greet_reason": text}


def _preferences(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
    """G6; an unknown key is an error, because a typing slip would greet somebody who asked not."""
    if not isinstance(value, Mapping):
        raise fault("preferences", "must be an object")
    for key, said in value.items():
        if key not in PREFERENCES:
            raise fault("preferences", f"{key!r} is not known; use {', '.join(PREFERENCES)}")
        if not _fits(key, said):
            raise fault("preferences", f"{key}: {said!r} cannot be used")
    if len(orjson.dumps(dict(value))) > MAX_PREFERENCES:
        raise fault("preferences", f"is longer than {MAX_PREFERENCES} bytes")
    return {"preferences": dict(value)}


def _fits(key: str, said: Any) -> bool:
    match key:
        case "tone":
            return said in ("official", "warm")
        case "birthday" | "card":
            return isinstance(said, bool)
        case "max_per_year":
            return isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= 366
        case _:
            return isinstance(said, list) and all(_CODE.fullmatch(str(code)) for code in said)


def _same(name: str, kind: type) -> Reader:
    def read(_deps: ClientDeps, value: Any, _today: date) -> dict[str, Any]:
        if value is not None and not isinstance(value, kind):
            raise fault(name, f"{value!r} cannot be used")
        return {name: value}

    return read


_READERS: dict[str, Reader] = {
    "first_name": _name("first_name"),
    "middle_name": _name("middle_name"),
    "last_name": _name("last_name"),
    "gender": _gender,
    "salutation": _text("salutation"),
    "short_name": _text("short_name"),
    "birth_date": _birth,
    "company_name": _text("company_name"),
    "inn": _inn,
    "position": _text("position"),
    "profession": _text("profession"),
    "email": _email,
    "phone": _phone,
    "preferred_channel": _word("preferred_channel", parse_channel, "email"),
    "language": _word("language", parse_language, "ru"),
    "time_zone": _zone,
    "country": _text("country"),
    "segment": _word("segment", parse_segment, "standard"),
    "owner_user_id": _same("owner_user_id", str),
    "company_id": _same("company_id", str),
    "contact_id": _same("contact_id", str),
    "okved": _same("okved", str),
    "preferences": _preferences,
    "last_interaction_summary": _text("last_interaction_summary"),
    "do_not_greet": _same("do_not_greet", bool),
    "do_not_greet_reason": _reason,
    "external_id": _text("external_id"),
}

FIELDS = tuple(_READERS)
"""Names of all fields that can be written."""


def check_field(deps: ClientDeps, name: str, value: Any, today: date) -> InputError | None:
    """What is wrong with one field, for imports that drop a field and keep the row (G15)."""
    try:
        columns_of(deps, {name: value}, today)
    except InputError as error:
        return error
    return None
