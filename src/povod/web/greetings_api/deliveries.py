"""Attempts to deliver messages (D111)."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from povod.delivery.attempts import AttemptFilter, list_attempts
from povod.kit.masking import mask_email
from povod.store.tables.delivery import ATTEMPT_STATES
from povod.web.greetings_api.shapes import Limit, choice, house_of, person_of
from povod.web.masked import may_see_addresses
from povod.web.params import Page
from povod.web.roles import VIEWER

router = APIRouter(tags=["delivery"])


class Attempt(BaseModel):
    """One attempt to hand a message over."""

    id: str
    message_id: str
    kind: str
    subject: str
    to: str
    attempt_no: int
    channel: str
    provider: str
    state: str
    reply_stage: str
    reply_code: int | None
    reply_text: str
    outcome_class: str
    claimed_at: datetime | None
    finished_at: datetime | None


class AttemptList(BaseModel):
    """One page of attempts, newest first."""

    total: int
    page: int
    items: list[Attempt]


@router.get("/deliveries", response_model=AttemptList, dependencies=[VIEWER])
def get_deliveries(
    request: Request,
    state: choice(*ATTEMPT_STATES) = "",  # type: ignore[valid-type]
    kind: choice("letter", "followup", "greeting") = "",  # type: ignore[valid-type]
    page: Page = 1,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Attempts, newest first; addresses are masked for viewers."""
    with house_of(request).db.read() as conn:
        found = list_attempts(conn, AttemptFilter(state, kind, page, limit))
    whole = may_see_addresses(person_of(request))
    items = [dict(row._mapping) for row in found.rows]
    for item in items:
        item["to"] = item["to"] if whole else mask_email(item["to"])
    return {"total": found.total, "page": found.page, "items": items}
