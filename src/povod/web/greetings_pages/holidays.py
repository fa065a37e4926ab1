"""Rules of the calendar: on and off, next days, a rule of one's own (G133)."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response

from povod.greetings.calendar.catalogue import UNCONFIRMED
from povod.kit.errors import ConflictError, InputError
from povod.store.tables.greetings import HOLIDAY_KINDS
from povod.web.greetings_api.shapes import Word, actor_of, choice, house_of, person_of
from povod.web.greetings_pages.common import DoneWord, LineField, go, page
from povod.web.problems import status_of
from povod.web.roles import ADMIN, VIEWER

router = APIRouter(prefix="/settings/holidays")
HERE = "/settings/holidays"
STATES = {"on": True, "off": False}


@router.get("", dependencies=[VIEWER])
def holidays_page(
    request: Request,
    kind: choice(*HOLIDAY_KINDS) = "",  # type: ignore[valid-type]
    state: choice(*STATES) = "",  # type: ignore[valid-type]
    q: Word = "",
    rule: Word = "",
    confirm: Word = "",
    done: DoneWord = "",
) -> Response:
    """The list; `rule` is tried out, `confirm` names a day that is to be switched on."""
    greetings = house_of(request).greetings
    found = greetings.holidays(kind=kind, enabled=STATES.get(state), query=q)
    rows = sorted(found, key=lambda row: (row["next_date"] or date.max, row["code"]))
    dates, problem = [], ""
    if rule:
        try:
            dates = greetings.test_rule(rule)
        except InputError as error:
            problem = str(error)
    asked = next((row for row in rows if row["code"] == confirm), None)
    filters = {"kind": kind, "state": state, "q": q}
    values: dict[str, Any] = {
        **filters,
        "rule": rule,
        "dates": dates,
        "problem": problem,
        "asked": asked,
    }
    return _page(request, rows, done=done, **values)


def _page(
    request: Request, rows: object, *, done: str = "", status: int = 200, **values: object
) -> Response:
    return page(
        request,
        "greetings/holidays.html",
        done=done,
        status=status,
        rows=rows,
        kinds=HOLIDAY_KINDS,
        unconfirmed=UNCONFIRMED,
        may_change=person_of(request).may("admin"),
        problems=house_of(request).greetings.check_holidays(),
        **values,
    )


@router.post("/new", dependencies=[ADMIN])
def add(
    request: Request,
    code: LineField,
    title: LineField,
    rule: LineField,
    title_instrumental: LineField = "",
    kind: Annotated[
        Literal["professional", "military", "public", "social", "memorial", "religious"], Form()
    ] = "professional",
    okved: LineField = "",
) -> Response:
    """A rule of one's own."""
    greetings = house_of(request).greetings
    given = {"title": title, "title_instrumental": title_instrumental, "rule": rule, "kind": kind}
    try:
        greetings.add_holiday(actor_of(request), code=code, okved=okved, **given)
    except (InputError, ConflictError) as error:
        filters: dict[str, Any] = {
            "kind": "",
            "state": "",
            "q": "",
            "rule": "",
            "dates": [],
            "asked": None,
        }
        rows = greetings.holidays()
        return _page(request, rows, status=status_of(error), problem=str(error), **filters)
    return go(HERE, q=code, done="added")


@router.post("/{code}/switch", dependencies=[ADMIN])
def switch(
    request: Request,
    code: str,
    on: Annotated[bool, Form()],
    confirm: Annotated[bool, Form()] = False,
) -> Response:
    """On or off; a day whose date is not confirmed asks once more."""
    greetings = house_of(request).greetings
    row = greetings.holiday(code)
    if on and not confirm and row["checked"] == UNCONFIRMED and row["kind"] != "memorial":
        return go(HERE, confirm=code, q=code)
    change = {"is_business_relevant": on}
    greetings.change_holiday(code, actor_of(request), confirm=confirm, **change)
    return go(HERE, q=code, done="switched")


@router.post("/{code}/delete", dependencies=[ADMIN])
def delete(request: Request, code: str) -> Response:
    """Forget a rule of one's own."""
    house_of(request).greetings.delete_holiday(code, actor_of(request))
    return go(HERE, done="removed")
