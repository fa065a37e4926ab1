"""A new job: the form, a look at the list before it starts, and the start (S143)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from povod.kit.errors import PovodError
from povod.sites.facade import Order
from povod.sites.jobs import get_job
from povod.sites.options import InvalidOption, JobOptions
from povod.web.params import RowId
from povod.web.problems import status_of
from povod.web.roles import OPERATOR
from povod.web.sites_api.jobs import rate_key
from povod.web.sites_pages.common import Domain, house_of, login_of, show, sites_of
from povod.web.sites_pages.forms import Given, options_of, read_given, source_of, typed_of

router = APIRouter(dependencies=[OPERATOR])


@dataclass(frozen=True)
class Trouble:
    """Why nothing was started: the code, the words, the field if one is meant."""

    code: str
    text: str
    field: str = ""


@dataclass(frozen=True)
class Look:
    """What the form shows beside what was typed."""

    trouble: Trouble | None = None
    preview: Mapping[str, Any] | None = None
    status: int = 200
    typed: Mapping[str, str] = field(default_factory=dict)


@router.get("/sites/new")
def new_page(request: Request, domain: Domain = "", clone: RowId | None = None) -> Response:
    """The form; `clone` fills it with the settings of another job."""
    typed = typed_of(JobOptions.parse({}).stored())
    if clone:
        with house_of(request).db.read() as conn:
            job = get_job(conn, clone)
        typed = typed_of(job["options"])
        domain = domain or job["domain"]
        kind, ref = job["input_kind"], job["input_ref"]
        typed |= {"clone_of": clone, "clone_kind": kind}
        typed |= {"sitemap_url": ref} if kind == "sitemap_url" else {}
    return _form(request, Look(typed={**typed, "domain": domain}))


@router.post("/sites/new")
async def new_job(request: Request) -> Response:
    """Look at the list, or start."""
    try:
        given = await read_given(request)
    except PovodError as error:
        return _form(request, Look(_trouble(error), status=status_of(error), typed=_fresh()))
    try:
        if given.text("do") == "preview":
            return await run_in_threadpool(_preview, request, given)
        return await run_in_threadpool(_start, request, given)
    except PovodError as error:
        typed = await run_in_threadpool(_kept, request, given)
        look = Look(_trouble(error), status=status_of(error), typed=typed)
        return _form(request, look)


def _fresh() -> dict[str, str]:
    return {**typed_of(JobOptions.parse({}).stored()), "domain": ""}


def _preview(request: Request, given: Given) -> Response:
    options = options_of(given)
    JobOptions.parse(options)
    sites = sites_of(request)
    if given.upload is not None:
        sites.starter.count_start(rate_key(request))
    found = sites.preview(source_of(given), options, login_of(request))
    typed = {**given.typed(), "upload_id": found["upload_id"] or given.text("upload_id")}
    return _form(request, Look(preview=found, typed=typed))


def _start(request: Request, given: Given) -> Response:
    order = Order(
        source=source_of(given),
        options=options_of(given),
        by=login_of(request),
        how="ui",
        clone_of=given.text("clone_of"),
        rights_confirmed=given.is_on("rights"),
        rate_key=rate_key(request),
    )
    job = sites_of(request).start(order).job
    return RedirectResponse(f"/sites/jobs/{job['id']}", status_code=303)


def _kept(request: Request, given: Given) -> dict[str, str]:
    """What was typed; a file that can be read is kept, so that nobody must choose it again."""
    typed = given.typed()
    if given.upload is not None:
        try:
            typed["upload_id"] = sites_of(request).upload(given.upload, login_of(request))
        except PovodError:
            typed["upload_id"] = ""
    return typed


def _trouble(error: PovodError) -> Trouble:
    name = error.field if isinstance(error, InvalidOption) else ""
    told = error.errors[0] if error.errors else {}
    return Trouble(
        str(error.code or ""),
        str(error),
        (name or str(told.get("field", ""))).removeprefix("options."),
    )


def _form(request: Request, look: Look) -> Response:
    values: dict[str, Any] = {"trouble": look.trouble, "preview": look.preview, "typed": look.typed}
    return show(request, "new.html", status_code=look.status, **values)
