"""Types of what comes in the address: one spelling and one set of limits for pages and API."""

from collections.abc import Callable, Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator

from povod.book.listing import SORTS
from povod.kit.errors import NotFoundError
from povod.kit.text import clean
from povod.store.tables.book import COMPANY_STATES
from povod.store.tables.delivery import MESSAGE_STATES

MAX_TEXT = 200
MAX_PAGE = 1_000_000


def one_of(values: Collection[str]) -> Callable[[str], str]:
    """A check that the text is one of `values`, or empty."""

    def check(text: str) -> str:
        if text and text not in values:
            raise ValueError(f"use one of {', '.join(values)}, or leave it out")
        return text

    return check


def listed(values: Collection[str]) -> dict[str, Any]:
    """The same for the OpenAPI document."""
    return {"enum": ["", *values]}


def row_id(text: str) -> str:
    """An id in its usual spelling; anything else names nothing here."""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFoundError(f"there is nothing with the id {text[:80]!r}") from None


def local_path(text: str) -> str:
    """A path on this host; anything that could lead elsewhere becomes the first page."""
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) else "/"


RowId = Annotated[str, AfterValidator(row_id)]
Text = Annotated[str, Query(max_length=MAX_TEXT), AfterValidator(clean)]
Page = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Size = Annotated[int, Query(ge=1, le=500)]
CompanyState = Annotated[
    str, Query(json_schema_extra=listed(COMPANY_STATES)), AfterValidator(one_of(COMPANY_STATES))
]
MessageState = Annotated[
    str, Query(json_schema_extra=listed(MESSAGE_STATES)), AfterValidator(one_of(MESSAGE_STATES))
]
CompanySort = Annotated[str, Query(json_schema_extra=listed(SORTS)), AfterValidator(one_of(SORTS))]
