"""The shipped calendar as the detector takes it, without a database."""

from functools import cache
from typing import Any

from povod.greetings.calendar.catalogue import holiday_of, shipped
from povod.greetings.model import Client, Holiday, Standing


@cache
def rules() -> tuple[Holiday, ...]:
    return tuple(holiday_of({**row, "id": row["code"], "overrides": {}}) for row in shipped())


def rule(code: str) -> Holiday:
    return next(one for one in rules() if one.code == code)


def person(name: str = "c1", **given: Any) -> Client:
    values: dict[str, Any] = {"first_name": "Иван", "email": f"{name}@klient.ru", "gender": "m"}
    return Client(id=name, **{**values, **given})


def faithful(**given: Any) -> Client:
    return person(standing=Standing(religious=True), **given)
