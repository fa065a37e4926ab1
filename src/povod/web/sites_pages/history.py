"""History: the jobs of all sites, newest first (S145)."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy.engine import Connection

from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.search import text_in
from povod.store.tables import jobs
from povod.store.tables.sites import JOB_STATES
from povod.web.params import Page, one_of
from povod.web.sites_pages.common import Domain, house_of, show

router = APIRouter()
JobState = Annotated[str, Query(), AfterValidator(one_of(JOB_STATES))]


@router.get("/sites")
def history(
    request: Request, domain: Domain = "", status: JobState = "", page: Page = 1
) -> Response:
    """The list; the whole state is in the address."""
    with house_of(request).db.read() as conn:
        listing = list_history(conn, domain, status, page)
        counts = state_counts(conn, domain)
    states = [state for state in JOB_STATES if counts.get(state)]
    values: dict[str, Any] = {"listing": listing, "counts": counts, "states": states}
    return show(request, "history.html", domain=domain, status=status, **values)


def list_history(conn: Connection, domain: str, status: str, page: int) -> Listing:
    """One page of the jobs that fit."""
    query = sa.select(jobs).where(*_of_domain(domain)).order_by(jobs.c.id.desc())
    if status:
        query = query.where(jobs.c.status == status)
    return read_page(conn, query, page, PAGE_SIZE)


def state_counts(conn: Connection, domain: str) -> dict[str, int]:
    """How many of these jobs are in each state."""
    query = sa.select(jobs.c.status, sa.func.count()).where(*_of_domain(domain))
    return {str(name): int(count) for name, count in conn.execute(query.group_by(jobs.c.status))}


def _of_domain(domain: str) -> list[Any]:
    """Part of a domain, in Cyrillic or in its coded form."""
    return [domain_has(jobs.c.domain, domain)] if domain else []


def domain_has(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Whether a domain holds what somebody typed, an address or a name in any spelling."""
    return text_in([column], coded(text))


def coded(text: str) -> str:
    """`https://www.окна.рф/` → `xn--80atjc.xn--p1ai`; what is no name stays as typed."""
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    host = host.partition("/")[0].removeprefix("www.")
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return host
