"""Pairs of companies that may be one: shown side by side, decided by a person (L68, L69)."""

from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.engine import Connection

from povod.book.merges import unmerge
from povod.book.review import decide as decide_pair
from povod.book.review import waiting_pairs
from povod.store.tables import companies, dedup_pairs
from povod.web.params import RowId
from povod.web.roles import APPROVER

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
SHOWN = 50


@router.get("/companies/review")
def review_page(request: Request) -> Response:
    """The pairs, the most alike first."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        pairs = waiting_pairs(conn, SHOWN)
        total = conn.execute(_waiting()).scalar_one()
        firms = _firms(conn, {pair[side] for pair in pairs for side in ("a", "b")})
    may_decide = request.state.person.may("approver")
    values = {"pairs": pairs, "firms": firms, "total": total, "may_decide": may_decide}
    found: Response = request.app.state.renderer.page(request, "review.html", **values)
    return found


def _waiting() -> sa.Select[Any]:
    return (
        sa.select(sa.func.count()).select_from(dedup_pairs).where(dedup_pairs.c.status == "review")
    )


def _firms(conn: Connection, ids: set[str]) -> dict[str, Any]:
    """What tells two companies apart."""
    query = sa.select(companies).where(companies.c.id.in_(ids))
    return {row.id: row for row in conn.execute(query)}


@router.post("/companies/review/{pair_id}/{verdict}", dependencies=[APPROVER])
def decide(request: Request, pair_id: RowId, verdict: Literal["merge", "reject"]) -> Response:
    """A person's word on a pair."""
    house: House = request.app.state.house
    with house.db.tx() as conn:
        decide_pair(conn, house.clock, pair_id, verdict, request.state.person.login)
    return RedirectResponse("/companies/review", status_code=303)


@router.post("/companies/{company_id}/merges/{merge_id}/undo", dependencies=[APPROVER])
def undo(request: Request, company_id: RowId, merge_id: RowId) -> Response:
    """Part two companies that were joined."""
    house: House = request.app.state.house
    with house.db.tx() as conn:
        unmerge(conn, house.clock, merge_id, request.state.person.login)
    return RedirectResponse(f"/companies/{company_id}", status_code=303)
