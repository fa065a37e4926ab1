"""The catalogue of texts: shipped with the package, added to and switched off by people (G58).

People's variants are rows of `templates` (kind `greeting`, name `family/variant`); editing makes
a new version and used versions stay, because messages cite them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.errors import InputError
from povod.store.tables import templates as table
from povod.writing.greetings.catalogue import GreetingTemplate, builtin
from povod.writing.greetings.render import parse_greeting_template

KIND = "greeting"
STATES = ("draft", "active", "paused", "archived")
Catalogue = Mapping[str, Sequence[GreetingTemplate]]


def catalogue(conn: Connection) -> Catalogue:
    """Family → variants in their newest versions, paused and archived ones included."""
    found: dict[str, dict[str, GreetingTemplate]] = {
        family: {one.variant: one for one in variants} for family, variants in builtin().items()
    }
    query = sa.select(table).where(table.c.kind == KIND).order_by(table.c.version)
    for row in conn.execute(query).mappings():
        one = _of_row(row)
        found.setdefault(one.family, {})[one.variant] = one
    return {family: tuple(variants.values()) for family, variants in found.items()}


def _of_row(row: Any) -> GreetingTemplate:
    family, _, variant = row["name"].partition("/")
    data = row["data"]
    return GreetingTemplate(
        family=family,
        variant=variant,
        version=row["version"],
        subject=data["subject"],
        body=data["body"],
        wish=data["wish"],
        needs=tuple(data.get("needs", ())),
        source=data.get("source", "user"),
        status=data.get("status", "active"),
    )


def save(
    conn: Connection,
    *,
    family: str,
    variant: str,
    subject: str,
    body: str,
    wish: str,
    needs: Sequence[str] = (),
    status: str = "active",
    author: str = "",
) -> GreetingTemplate:
    """A new version of a variant; `TemplateError` tells line and reason of what is wrong."""
    if status not in STATES:
        raise InputError(f"a template cannot be {status!r}: use one of {', '.join(STATES)}")
    if family.count(".") != 2 or not variant.isidentifier():
        raise InputError(f"{family!r}/{variant!r} is no template: use for example public.warm.ru/g")
    parse_greeting_template(subject, body, wish, tuple(needs))
    known = [one for one in catalogue(conn).get(family, ()) if one.variant == variant]
    version = max((one.version for one in known), default=0) + 1
    data = {"subject": subject, "body": body, "wish": wish, "needs": list(needs)}
    row = {
        "kind": KIND,
        "name": f"{family}/{variant}",
        "language": family.rpartition(".")[2],
        "version": version,
        "data": {**data, "status": status, "source": "user"},
        "active": status == "active",
        "created_by": author,
    }
    conn.execute(table.insert().values(**row))
    return next(one for one in catalogue(conn)[family] if one.variant == variant)
