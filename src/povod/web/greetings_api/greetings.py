"""Greetings: looked at, decided, rewritten, rated (G98-G104, G123)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from povod.greetings.bulk import MOST
from povod.greetings.views import TABS
from povod.kit.errors import NotFoundError
from povod.store.tables.greetings import EVENT_TYPES, GREETING_STATES, SEGMENTS
from povod.web.greetings_api.shapes import (
    Cursor,
    DayQuery,
    Id,
    IdQuery,
    In,
    Limit,
    Line,
    Listed,
    Prose,
    Version,
    actor_of,
    choice,
    house_of,
    person_of,
)
from povod.web.params import RowId
from povod.web.people import owner_filter
from povod.web.roles import APPROVER, OPERATOR, VIEWER
from povod.writing.cards import THEMES

router = APIRouter(prefix="/greetings", tags=["greetings"])
Comment = Annotated[Prose, Field(max_length=1000)]
Tone = Literal["", "official", "warm"]
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The card",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class GreetingRow(BaseModel):
    """A draft in a list."""

    id: str
    event_id: str
    client_id: str
    client_name: str
    client_segment: str
    event_type: str = Field(validation_alias="event_event_type")
    title: str = Field(validation_alias="event_title")
    occasion_date: date = Field(validation_alias="event_occasion_date")
    deliver_on: date
    tone: str
    language: str
    subject: str
    status: str
    message_status: str | None
    skip_reason: str
    text_source: str
    fallback_reason: str
    approval_reasons: list[str]
    violations: list[dict[str, Any]]
    approved_at: datetime | None
    approved_by: str
    message_id: str | None
    scheduled_for: datetime | None
    sent_at: datetime | None
    version: int


class GreetingOut(GreetingRow):
    """A draft with its text and everything a person needs to decide."""

    body: str
    wish: str
    salutation: str
    text: str
    html: str
    card_theme: str
    has_card: bool = False
    approval_words: dict[str, str]
    review_comment: str
    history: list[dict[str, Any]]
    earlier: list[dict[str, Any]]
    last_error: str | None


class GreetingList(Listed):
    """A part of the list, newest first."""

    items: list[GreetingRow]
    tabs: dict[str, int]


class PreviewOut(BaseModel):
    """The message as it will read, and what each gate would say to it now."""

    subject: str
    text: str
    html: str
    gates: list[dict[str, Any]]


class Edit(In):
    """New words; those that are left out stay."""

    version: Version
    subject: Annotated[Line, Field(max_length=150)] | None = None
    body: Annotated[Prose, Field(max_length=3000)] | None = None
    wish: Annotated[Line, Field(max_length=220)] | None = None
    salutation: Annotated[Line, Field(max_length=120)] | None = None
    tone: Literal["official", "warm"] | None = None
    card_theme: Annotated[str, Field(json_schema_extra={"enum": sorted(THEMES)})] | None = None
    approve: bool = False


class Move(In):
    """A decision, with the version that was seen."""

    version: Version | None = None
    comment: Comment = ""


class Rewrite(In):
    """Another text for the same occasion."""

    source: Literal["next_variant", "template", "llm"] = "next_variant"
    tone: Tone = ""
    version: Version | None = None


class Filters(In):
    """The filters of the list."""

    tab: Literal["", "to_send", "waiting", "sent", "error", "skipped"] = ""
    status: Annotated[str, Field(json_schema_extra={"enum": ["", *GREETING_STATES]})] = ""
    segment: Literal["", "vip", "new", "loyal", "standard"] = ""
    tone: Tone = ""
    text_source: Literal["", "template", "llm", "human"] = ""
    kind: Literal["", "birthday", "holiday", "manual", "anniversary", "site_change"] = ""
    since: date | None = None
    until: date | None = None


class BulkIn(In):
    """One decision for many: ids, or a filter with the number of drafts it found."""

    action: Literal["approve", "reject", "skip", "regenerate"]
    ids: list[Id] = Field([], max_length=MOST)
    filters: Filters | None = None
    expected_count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    comment: Comment = ""


class BulkOut(BaseModel):
    """What was done, and why the others were left out."""

    done: list[str]
    left_out: dict[str, str]


class Rating(In):
    """What a manager thinks of a greeting and its answer."""

    score: Annotated[int, Field(ge=1, le=5)] | None = None
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    notes: Comment = ""
    outcome: Literal["opened", "replied", "ignored", "unknown"] = "unknown"


class RatingOut(BaseModel):
    """A rating as it is kept; the latest of each source counts."""

    greeting_id: str
    outcome: str
    score: int | None
    nps: int | None
    note: str
    source: str
    created_by: str
    at: datetime


def full(row: dict[str, Any]) -> dict[str, Any]:
    """A draft for the answer."""
    return {**row, "has_card": bool(row["card_file_id"])}


@router.get("", response_model=GreetingList, dependencies=[VIEWER])
def get_greetings(
    request: Request,
    tab: choice(*TABS) = "",  # type: ignore[valid-type]
    status: choice(*GREETING_STATES) = "",  # type: ignore[valid-type]
    segment: choice(*SEGMENTS) = "",  # type: ignore[valid-type]
    tone: choice("official", "warm") = "",  # type: ignore[valid-type]
    text_source: choice("template", "llm", "human") = "",  # type: ignore[valid-type]
    kind: choice(*EVENT_TYPES) = "",  # type: ignore[valid-type]
    client_id: IdQuery = "",
    run_id: IdQuery = "",
    since: DayQuery = None,
    until: DayQuery = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Drafts, newest first; `since` and `until` are days of delivery."""
    house = house_of(request)
    wanted = {"tab": tab, "status": status, "segment": segment, "tone": tone, "kind": kind}
    wanted |= {"text_source": text_source, "client_id": client_id, "run_id": run_id}
    wanted |= {"owner": owner_filter(house, person_of(request)), "since": since, "until": until}
    found = house.greetings.greetings(limit=limit, cursor=cursor, **wanted)
    return {"items": found.rows, "next_cursor": found.next_cursor, "tabs": house.greetings.tabs()}


@router.post("/bulk", response_model=BulkOut, dependencies=[APPROVER])
def decide_many(request: Request, given: BulkIn) -> dict[str, Any]:
    """Approve, reject, skip or rewrite many; VIPs and marked texts are left out (G102)."""
    filters = given.filters.model_dump() if given.filters else None
    return house_of(request).greetings.bulk(
        given.action,
        actor_of(request),
        ids=given.ids,
        filters=filters,
        expected_count=given.expected_count,
        comment=given.comment,
    )


@router.get("/{greeting_id}", response_model=GreetingOut, dependencies=[VIEWER])
def get_greeting(request: Request, greeting_id: RowId) -> dict[str, Any]:
    """One draft."""
    return full(house_of(request).greetings.greeting(greeting_id))


@router.get(
    "/{greeting_id}/card", response_class=Response, responses=PICTURE, dependencies=[VIEWER]
)
def get_card(
    request: Request,
    greeting_id: RowId,
    theme: Annotated[str, Query(json_schema_extra={"enum": ["", *sorted(THEMES)]})] = "",
) -> Response:
    """The card as JPEG; with `theme` as it would look in another one."""
    greetings = house_of(request).greetings
    data = greetings.draw(greeting_id, theme) if theme else greetings.card(greeting_id)
    if data is None:
        raise NotFoundError("this greeting has no card")
    return Response(data, media_type="image/jpeg")


@router.get("/{greeting_id}/preview", response_model=PreviewOut, dependencies=[VIEWER])
def get_preview(request: Request, greeting_id: RowId) -> dict[str, Any]:
    """The message as it will read, and the gates as a dry run."""
    greetings = house_of(request).greetings
    row = greetings.greeting(greeting_id)
    shown = {name: row[name] for name in ("subject", "text", "html")}
    return {**shown, "gates": greetings.gates(greeting_id)}


@router.patch("/{greeting_id}", response_model=GreetingOut, dependencies=[OPERATOR])
def edit(request: Request, greeting_id: RowId, given: Edit) -> dict[str, Any]:
    """New words; the draft is checked and waits for approval again."""
    words = given.model_dump(exclude={"version", "approve"}, exclude_none=True)
    row = house_of(request).greetings.edit(
        greeting_id, actor_of(request), version=given.version, approve=given.approve, **words
    )
    return full(row)


@router.post("/{greeting_id}/approve", response_model=GreetingOut, dependencies=[APPROVER])
def approve(request: Request, greeting_id: RowId, given: Move | None = None) -> dict[str, Any]:
    """Approve exactly this text; it goes to the outbox."""
    said = given or Move()
    row = house_of(request).greetings.approve(
        greeting_id, actor_of(request), version=said.version, note=said.comment
    )
    return full(row)


@router.post("/{greeting_id}/reject", response_model=GreetingOut, dependencies=[APPROVER])
def reject(request: Request, greeting_id: RowId, given: Move) -> dict[str, Any]:
    """Refuse this text and say why."""
    row = house_of(request).greetings.reject(
        greeting_id, actor_of(request), given.comment, version=given.version
    )
    return full(row)


@router.post("/{greeting_id}/regenerate", response_model=GreetingOut, dependencies=[OPERATOR])
def regenerate(
    request: Request, greeting_id: RowId, given: Rewrite | None = None
) -> dict[str, Any]:
    """Another text, at most five times."""
    said = given or Rewrite()
    row = house_of(request).greetings.regenerate(
        greeting_id, actor_of(request), source=said.source, tone=said.tone, version=said.version
    )
    return full(row)


@router.post("/{greeting_id}/skip", response_model=GreetingOut, dependencies=[OPERATOR])
def skip(request: Request, greeting_id: RowId, given: Move | None = None) -> dict[str, Any]:
    """Leave this client out on this occasion."""
    reason = given.comment if given else ""
    return full(house_of(request).greetings.skip(greeting_id, actor_of(request), reason))


@router.post("/{greeting_id}/cancel", response_model=GreetingOut, dependencies=[OPERATOR])
def cancel(request: Request, greeting_id: RowId, given: Move | None = None) -> dict[str, Any]:
    """Take the draft back for good."""
    reason = given.comment if given else ""
    return full(house_of(request).greetings.cancel(greeting_id, actor_of(request), reason))


@router.post("/{greeting_id}/retry", response_model=GreetingOut, dependencies=[OPERATOR])
def retry(request: Request, greeting_id: RowId) -> dict[str, Any]:
    """Send a failed or skipped message once more."""
    return full(house_of(request).greetings.retry(greeting_id, actor_of(request)))


@router.post("/{greeting_id}/feedback", response_model=RatingOut, dependencies=[OPERATOR])
def rate(request: Request, greeting_id: RowId, given: Rating) -> dict[str, Any]:
    """Keep a rating; the latest of each source counts."""
    return house_of(request).greetings.rate(
        greeting_id,
        actor_of(request),
        score=given.score,
        nps=given.nps,
        notes=given.notes,
        outcome=given.outcome,
    )
