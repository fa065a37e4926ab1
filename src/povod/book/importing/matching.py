"""Which stored client a row means; when it could be two, a person decides (G16)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.clients.birth import BirthDate
from povod.book.importing.reading import ClientRow
from povod.kit.email import normalize_email
from povod.kit.errors import InvalidEmail
from povod.kit.text import value_key
from povod.store.tables import clients

AMBIGUOUS = "may be more than one stored client; choose by hand"
Key = tuple[str, ...]


def match(
    conn: Connection, rows: Sequence[ClientRow], source: str
) -> tuple[dict[int, str], set[int]]:
    """Row number → id of the client that it means, and the numbers of rows that stay unclear."""
    wanted = {row.number: keys_of(row.given, source) for row in rows}
    known = _stored(conn, wanted.values(), source)
    found: dict[int, str] = {}
    unclear: set[int] = set()
    for number, keys in wanted.items():
        for key in keys:
            ids = known.get(key, set())
            if len(ids) > 1:
                unclear.add(number)
            elif ids:
                found[number] = next(iter(ids))
            if ids:
                break
    return found, unclear


def keys_of(given: Mapping[str, Any], source: str) -> list[Key]:
    """What a row can be recognised by, the surest first."""
    name = _name_key(given)
    keys: list[Key] = []
    if given.get("external_id"):
        keys.append(("external_id", source, str(given["external_id"])))
    if given.get("email"):
        keys.append(("email", _email_key(str(given["email"])), name))
    if given.get("inn"):
        keys.append(("inn", str(given["inn"]), name))
    birth = given.get("birth_date")
    if isinstance(birth, BirthDate) and name:
        keys.append(("birth", str(birth), name))
    # Without these a file of names alone would add everybody again when it is read again.
    return keys or [("bare", str(given.get("company_name") or ""), name)]


def _email_key(text: str) -> str:
    try:
        return value_key(normalize_email(text))
    except InvalidEmail:
        return ""


def _name_key(given: Mapping[str, Any]) -> str:
    parts = (given.get(name) or "" for name in ("last_name", "first_name", "middle_name"))
    return value_key(" ".join(str(part) for part in parts if part))


def _stored(conn: Connection, wanted: Any, source: str) -> dict[Key, set[str]]:
    """Clients that share any of the keys, by every key they have."""
    values: dict[str, set[str]] = defaultdict(set)
    for keys in wanted:
        for key in keys:
            values[key[0]].add(key[1] if key[0] in ("email", "inn") else key[2])
    c = clients.c
    rules = {
        "external_id": (c.source == source) & c.external_id.in_(values["external_id"]),
        "email": c.email_key.in_(values["email"]),
        "inn": c.inn.in_(values["inn"]),
        "birth": c.name_key.in_(values["birth"]),
        "bare": (c.source == source) & c.name_key.in_(values["bare"]),
    }
    asked = [rule for name, rule in rules.items() if values[name]]
    found: dict[Key, set[str]] = defaultdict(set)
    if asked:
        for row in conn.execute(sa.select(clients).where(c.deleted_at.is_(None), sa.or_(*asked))):
            for key in _keys_of_row(row):
                found[key].add(row.id)
    return found


def _keys_of_row(row: Any) -> list[Key]:
    keys: list[Key] = [
        ("email", row.email_key, row.name_key),
        ("inn", row.inn, row.name_key),
        ("bare", row.company_name, row.name_key),
    ]
    if row.external_id:
        keys.append(("external_id", row.source, row.external_id))
    if row.birth_day:
        birth = BirthDate(row.birth_day, row.birth_month, row.birth_year)
        keys.append(("birth", str(birth), row.name_key))
    return keys
