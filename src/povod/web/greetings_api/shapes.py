"""What the parts of this API share: who asks, types of fields, the shape of faults."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from povod.book.clients.model import Author
from povod.delivery.states import Actor
from povod.kit.text import clean
from povod.web.params import one_of, row_id
from povod.web.session import Person

if TYPE_CHECKING:
    from povod.app.house import House

LAST_DAY = date(2200, 12, 31)
FIRST_DAY = date(1900, 1, 1)
MAX_VERSION = 2**31 - 1


def without_controls(text: str) -> str:
    """The text with its lines, without characters that no database and no letter can hold."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(char for char in line if char.isprintable() or char == "\t") for line in lines)
    return "\n".join(kept)


Line = Annotated[str, Field(max_length=2000), AfterValidator(clean)]
Prose = Annotated[str, Field(max_length=5000), AfterValidator(without_controls)]
Id = Annotated[str, Field(max_length=64), AfterValidator(row_id)]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
DayQuery = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY)]
Version = Annotated[int, Field(ge=0, le=MAX_VERSION)]
Limit = Annotated[int, Query(ge=1, le=500)]
Word = Annotated[str, Query(max_length=80), AfterValidator(clean)]


def _place(text: str) -> str:
    return row_id(text) if text else ""


Cursor = Annotated[str, Query(max_length=64), AfterValidator(_place)]
IdQuery = Annotated[str, Query(max_length=64), AfterValidator(_place)]


def choice(*words: str) -> Any:
    """The type of a filter: one of `words`, or empty."""
    return Annotated[
        str, Query(json_schema_extra={"enum": ["", *words]}), AfterValidator(one_of(words))
    ]


class In(BaseModel):
    """A body; a field that is not known is a mistake of whoever wrote it."""

    model_config = ConfigDict(extra="forbid")


class Listed(BaseModel):
    """A part of a list; an empty `next_cursor` is the end."""

    next_cursor: str = ""


class Done(BaseModel):
    """Counts of what was done."""

    model_config = ConfigDict(extra="allow")


def house_of(request: Request) -> "House":
    """The house of this console."""
    house: House = request.app.state.house
    return house


def person_of(request: Request) -> Person:
    """Who asks."""
    person: Person = request.state.person
    return person


def actor_of(request: Request) -> Actor:
    """The person as the rooms of greetings and delivery know them."""
    person = person_of(request)
    return Actor(person.role, person.login)


def author_of(request: Request, source: str = "api") -> Author:
    """The person as the address book knows them."""
    return Author(person_of(request).login, source)


_FAULT = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_NAMES = {
    400: "The body cannot be read",
    401: "Not signed in",
    403: "The role does not allow it",
    404: "There is no such thing",
    409: "Wrong state, or changed meanwhile",
    413: "Too large",
    422: "Some fields are not valid",
}
FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"description": name, "content": {"application/problem+json": {"schema": _FAULT}}}
    for status, name in _NAMES.items()
}
"""Answers that every path may give."""
