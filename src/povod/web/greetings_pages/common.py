"""What these pages share: rendering, going back, types of fields."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator, BeforeValidator

from povod.kit.text import clean
from povod.web.greetings_api.shapes import FIRST_DAY, LAST_DAY, without_controls

DONE = (
    *("saved", "created", "deleted", "restored", "withdrawn", "granted", "enriched", "unknown"),
    *("approved", "rejected", "edited", "rewritten", "skipped", "cancelled", "retried", "rated"),
    *("ordered", "greeted", "seeded", "cleared", "imported", "switched", "added", "removed"),
    *("exists", "stale"),
)
"""What a page can say after a deed: words in the address, never texts from it."""


def _empty_as_none(value: Any) -> Any:
    return value or None


DayText = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY), BeforeValidator(_empty_as_none)]
"""A day of a filter; an empty field means any."""

LineField = Annotated[str, Form(max_length=2000), AfterValidator(clean)]
ProseField = Annotated[str, Form(max_length=5000), AfterValidator(without_controls)]
VersionField = Annotated[int, Form(ge=0, le=2**31 - 1)]
DoneWord = Annotated[str, Query(max_length=20)]


def page(
    request: Request, template: str, /, *, status: int = 200, done: str = "", **values: Any
) -> Response:
    """A page; `done` is said on top of it if it is a word of ours."""
    said = done if done in DONE else ""
    found: Response = request.app.state.renderer.page(request, template, done=said, **values)
    found.status_code = status
    return found


def go(path: str, **query: Any) -> RedirectResponse:
    """After a form: the page to look at next."""
    kept = {name: value for name, value in query.items() if value not in ("", None)}
    return RedirectResponse(f"{path}?{urlencode(kept)}" if kept else path, status_code=303)
