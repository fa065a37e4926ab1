"""Profiles of sites: what a site allows and how it is read, as JSON that is checked (S145)."""

from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from povod.kit.errors import InputError, NotFoundError, PovodError
from povod.sites.facade import domain_of
from povod.sites.profiles import get_profile, put_profile
from povod.sites.profiles import shown as shown_profile
from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.tables import site_profiles
from povod.web.params import Page
from povod.web.problems import status_of
from povod.web.roles import ADMIN
from povod.web.sites_pages.common import Domain, house_of, login_of, show, sites_of

router = APIRouter()


@router.get("/sites/profiles")
def profiles_page(request: Request, page: Page = 1) -> Response:
    """Sites that have a profile."""
    query = sa.select(site_profiles).order_by(site_profiles.c.domain)
    with house_of(request).db.read() as conn:
        found = read_page(conn, query, page, PAGE_SIZE)
    rows = [shown_profile(row._mapping) for row in found.rows]
    return show(
        request, "profiles.html", listing=Listing(rows, found.total, found.page, found.size)
    )


@router.get("/sites/profiles/edit", dependencies=[ADMIN])
def edit_page(request: Request, domain: Domain = "") -> Response:
    """The form of one site; an unknown one begins empty."""
    profile: dict[str, Any] = {"domain": domain, "version": 0, "data": {}}
    if domain:
        try:
            with house_of(request).db.read() as conn:
                profile = get_profile(conn, domain_of(domain))
        except NotFoundError:
            pass
    text = orjson.dumps(profile["data"], option=orjson.OPT_INDENT_2).decode()
    return _form(request, profile["domain"], profile["version"], text)


@router.post("/sites/profiles/edit", dependencies=[ADMIN])
def save(
    request: Request,
    domain: Annotated[str, Form(max_length=255)],
    data: Annotated[str, Form(max_length=200_000)],
    version: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Keep it as a new version, unless somebody else changed it meanwhile."""
    try:
        name = domain_of(domain.replace("\0", ""))
        put_profile(sites_of(request).deps, name, _parsed(data), login_of(request), version=version)
    except PovodError as error:
        return _form(request, domain, version, data, error)
    return RedirectResponse("/sites/profiles", status_code=303)


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError as error:
        raise InputError(f"the profile is no valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise InputError("the profile must be an object in braces")
    if "\0" in str(found):
        raise InputError("a text holds a NUL character, which cannot be stored")
    return found


def _form(
    request: Request, domain: str, version: int, text: str, error: PovodError | None = None
) -> Response:
    faults = [f"{item['field']}: {item['message']}" for item in error.errors] if error else []
    values: dict[str, Any] = {"domain": domain, "version": version, "text": text, "faults": faults}
    values["error"] = str(error) if error else ""
    code = status_of(error) if error else 200
    return show(request, "profile.html", status_code=code, **values)
