"""One greeting: everything a person needs to decide, and the decisions (G99-G104, G123)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from markupsafe import Markup, escape

from povod.greetings.actions import MOST_REWRITES
from povod.greetings.states import OPEN, IllegalMove, check_move
from povod.kit.errors import NotFoundError
from povod.kit.html import sanitize_html
from povod.web.greetings_api.shapes import actor_of, house_of, person_of
from povod.web.greetings_pages.common import (
    DoneWord,
    LineField,
    ProseField,
    VersionField,
    go,
    page,
)
from povod.web.params import RowId
from povod.web.roles import APPROVER, OPERATOR, VIEWER
from povod.web.session import Person
from povod.writing.cards import THEMES

router = APIRouter(prefix="/greetings/{greeting_id}")
# What a person may order, and the status that it leads to.
MOVES = {"approve": "approved", "reject": "rejected", "skip": "skipped", "cancel": "cancelled"}
OUTCOMES = ("unknown", "replied", "ignored", "opened")
Theme = Annotated[str, Query(max_length=40)]


@router.get("", dependencies=[VIEWER])
def greeting_page(request: Request, greeting_id: RowId, done: DoneWord = "") -> Response:
    """The page."""
    greetings = house_of(request).greetings
    row = greetings.greeting(greeting_id)
    return page(
        request,
        "greetings/one.html",
        done=done,
        row=row,
        html=Markup(sanitize_html(row["html"])),  # noqa: S704 - cleaned just now
        marked=marked(row),
        gates=greetings.gates(greeting_id),
        ratings=greetings.feedback_of(greeting_id),
        allowed=choices(row, person_of(request)),
        themes=sorted(name for name in THEMES if not name.endswith("_bare")),
        outcomes=OUTCOMES,
        rewrites_left=MOST_REWRITES - (row["metadata"] or {}).get("rewritten", 0),
    )


def choices(row: Mapping[str, Any], person: Person) -> set[str]:
    """The buttons for this person and this state, by the table of moves."""
    status = row["status"]
    may = {name for name, after in MOVES.items() if _may(status, after, person.role)}
    if status in ("error", "skipped"):
        may.discard("approve")
        if row["message_id"] and person.may("operator"):
            may.add("retry")
    if status in OPEN and person.may("operator"):
        may |= {"edit", "regenerate"}
    return may | ({"rate"} if person.may("operator") else set())


def _may(before: str, after: str, role: str) -> bool:
    try:
        check_move(before, after, role)
    except IllegalMove:
        return False
    return True


def marked(row: Mapping[str, Any]) -> Markup:
    """The body with the places that broke a rule marked."""
    body, done, parts = row["body"], 0, []
    spots = sorted(
        (item["start"], item["end"], item["code"])
        for item in row["violations"] or ()
        if item["part"] == "body" and 0 <= item["start"] < item["end"] <= len(body)
    )
    for start, end, code in spots:
        if start >= done:
            parts += [escape(body[done:start]), Markup("<mark title='{}'>").format(code)]
            parts += [escape(body[start:end]), Markup("</mark>")]
            done = end
    return Markup("").join([*parts, escape(body[done:])])


@router.get("/card", dependencies=[VIEWER])
def card(request: Request, greeting_id: RowId, theme: Theme = "") -> Response:
    """The card as JPEG, or as it would look in another theme."""
    greetings = house_of(request).greetings
    data = greetings.draw(greeting_id, theme) if theme else greetings.card(greeting_id)
    if data is None:
        raise NotFoundError("this greeting has no card")
    return Response(data, media_type="image/jpeg")


@router.post("/approve", dependencies=[APPROVER])
def approve(
    request: Request, greeting_id: RowId, version: VersionField, comment: LineField = ""
) -> Response:
    """Approve exactly the text that was seen."""
    greetings = house_of(request).greetings
    greetings.approve(greeting_id, actor_of(request), version=version, note=comment[:1000])
    return go(f"/greetings/{greeting_id}", done="approved")


@router.post("/reject", dependencies=[APPROVER])
def reject(
    request: Request, greeting_id: RowId, version: VersionField, comment: LineField = ""
) -> Response:
    """Refuse it and say why."""
    greetings = house_of(request).greetings
    greetings.reject(greeting_id, actor_of(request), comment[:1000], version=version)
    return go(f"/greetings/{greeting_id}", done="rejected")


@router.post("/edit", dependencies=[OPERATOR])
def edit(
    request: Request,
    greeting_id: RowId,
    version: VersionField,
    subject: LineField = "",
    body: ProseField = "",
    wish: LineField = "",
    salutation: LineField = "",
    tone: Annotated[Literal["", "official", "warm"], Form()] = "",
    card_theme: LineField = "",
    and_approve: Annotated[bool, Form()] = False,
) -> Response:
    """New words, another tone or another theme; fields that are not sent stay."""
    given = {"subject": subject, "body": body.strip(), "wish": wish, "salutation": salutation}
    given |= {"tone": tone, "card_theme": card_theme}
    words = {name: value for name, value in given.items() if value}
    house_of(request).greetings.edit(
        greeting_id, actor_of(request), version=version, approve=and_approve, **words
    )
    return go(f"/greetings/{greeting_id}", done="edited")


@router.post("/regenerate", dependencies=[OPERATOR])
def regenerate(
    request: Request,
    greeting_id: RowId,
    version: VersionField,
    source: Annotated[Literal["next_variant", "template", "llm"], Form()] = "next_variant",
    tone: Annotated[Literal["", "official", "warm"], Form()] = "",
) -> Response:
    """Another text for the same occasion."""
    greetings = house_of(request).greetings
    actor = actor_of(request)
    greetings.regenerate(greeting_id, actor, source=source, tone=tone, version=version)
    return go(f"/greetings/{greeting_id}", done="rewritten")


@router.post("/skip", dependencies=[OPERATOR])
def skip(request: Request, greeting_id: RowId, comment: LineField = "") -> Response:
    """Leave the client out on this occasion."""
    house_of(request).greetings.skip(greeting_id, actor_of(request), comment[:300])
    return go(f"/greetings/{greeting_id}", done="skipped")


@router.post("/cancel", dependencies=[OPERATOR])
def cancel(request: Request, greeting_id: RowId, comment: LineField = "") -> Response:
    """Take the draft back for good."""
    house_of(request).greetings.cancel(greeting_id, actor_of(request), comment[:300])
    return go(f"/greetings/{greeting_id}", done="cancelled")


@router.post("/retry", dependencies=[OPERATOR])
def retry(request: Request, greeting_id: RowId) -> Response:
    """Send a failed or skipped message once more."""
    house_of(request).greetings.retry(greeting_id, actor_of(request))
    return go(f"/greetings/{greeting_id}", done="retried")


@router.post("/feedback", dependencies=[OPERATOR])
def rate(
    request: Request,
    greeting_id: RowId,
    score: Annotated[int | None, Form(ge=1, le=5)] = None,
    notes: Annotated[ProseField, Form(max_length=1000)] = "",
    outcome: Annotated[Literal["opened", "replied", "ignored", "unknown"], Form()] = "unknown",
) -> Response:
    """What the manager thinks of the greeting and its answer."""
    house_of(request).greetings.rate(
        greeting_id, actor_of(request), score=score, notes=notes, outcome=outcome
    )
    return go(f"/greetings/{greeting_id}", done="rated")
