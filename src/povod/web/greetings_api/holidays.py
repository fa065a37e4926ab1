"""The calendar: rules with their next days, rules of one's own (G25-G29)."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from povod.store.tables.greetings import HOLIDAY_KINDS
from povod.web.greetings_api.shapes import (
    In,
    Line,
    Word,
    actor_of,
    choice,
    house_of,
)
from povod.web.roles import ADMIN, OPERATOR, VIEWER

router = APIRouter(prefix="/holidays", tags=["calendar"])
Kind = Literal["professional", "military", "public", "social", "memorial", "religious"]
Short = Annotated[Line, Field(max_length=300)]
Prefixes = Annotated[list[Annotated[Line, Field(max_length=20)]], Field(max_length=100)]
Words = Annotated[list[Annotated[Line, Field(max_length=80)]], Field(max_length=100)]
Shift = Literal["", "same", "before", "after"]


class HolidayOut(BaseModel):
    """A rule of the calendar with its next day."""

    code: str
    title: str
    title_instrumental: str
    kind: str
    rule: str
    okved: list[str]
    professions: list[str]
    audience: str
    opt_in: bool
    tone: str
    shift: str
    note: str
    checked: str
    is_business_relevant: bool
    source: str
    version: int
    next_date: date | None
    next_deliver_on: date | None
    provisional: bool


class HolidayList(BaseModel):
    """Rules by code."""

    items: list[HolidayOut]


class HolidayFields(In):
    """What can be said of a rule."""

    title: Short | None = None
    title_instrumental: Short | None = None
    kind: Kind | None = None
    rule: Short | None = Field(None, description="fixed MM-DD, or a rule such as sun2:8")
    okved: Prefixes | None = None
    professions: Words | None = None
    audience: Literal["all", "m", "f"] | None = None
    opt_in: bool | None = None
    tone: Literal["", "official", "warm"] | None = None
    shift: Shift | None = None
    note: Short | None = None
    is_business_relevant: bool | None = None

    def given(self) -> dict[str, Any]:
        """What was said."""
        said = self.model_dump(include=set(HolidayFields.model_fields))
        return {name: value for name, value in said.items() if value is not None}


class HolidayIn(HolidayFields):
    """A rule of one's own."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,80}$")]


class HolidayPatch(HolidayFields):
    """Changes; `confirm` switches on a day whose date was not confirmed."""

    confirm: bool = False


class RuleIn(In):
    """A rule to be tried out."""

    rule: Short


class CheckOut(BaseModel):
    """What looks wrong in the calendar of the next year, and the days of a tried rule."""

    problems: list[dict[str, str]]
    dates: list[date] = []


@router.get("", response_model=HolidayList, dependencies=[VIEWER])
def get_holidays(
    request: Request,
    kind: choice(*HOLIDAY_KINDS) = "",  # type: ignore[valid-type]
    enabled: bool | None = None,
    q: Word = "",
) -> dict[str, Any]:
    """Rules with their next day, its day of delivery, and whether that is provisional."""
    return {"items": house_of(request).greetings.holidays(kind=kind, enabled=enabled, query=q)}


@router.get("/upcoming", response_model=HolidayList, dependencies=[VIEWER])
def get_upcoming(
    request: Request, days: Annotated[int, Query(ge=0, le=366)] = 30
) -> dict[str, Any]:
    """Rules whose next day is near, soonest first."""
    return {"items": house_of(request).greetings.upcoming_holidays(days)}


@router.post("/check", response_model=CheckOut, dependencies=[OPERATOR])
def check(request: Request, given: RuleIn | None = None) -> dict[str, Any]:
    """What looks wrong in the calendar; with a rule: its next days."""
    greetings = house_of(request).greetings
    if given is None:
        return {"problems": greetings.check_holidays()}
    return {"problems": [], "dates": greetings.test_rule(given.rule)}


@router.post("", status_code=201, response_model=HolidayOut, dependencies=[ADMIN])
def add(request: Request, given: HolidayIn) -> dict[str, Any]:
    """A rule of one's own."""
    greetings = house_of(request).greetings
    greetings.add_holiday(actor_of(request), code=given.code, **given.given())
    return greetings.holiday(given.code)


@router.patch("/{code}", response_model=HolidayOut, dependencies=[ADMIN])
def change(request: Request, code: str, given: HolidayPatch) -> dict[str, Any]:
    """Switch or change a rule; shipped ones keep their date and name."""
    greetings = house_of(request).greetings
    greetings.change_holiday(code, actor_of(request), confirm=given.confirm, **given.given())
    return greetings.holiday(code)


@router.delete("/{code}", status_code=204, dependencies=[ADMIN])
def delete(request: Request, code: str) -> Response:
    """Forget a rule of one's own."""
    house_of(request).greetings.delete_holiday(code, actor_of(request))
    return Response(status_code=204)
