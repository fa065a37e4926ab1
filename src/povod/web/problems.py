"""One error shape for programs (RFC 9457), one error page for people."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from povod.kit.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    PovodError,
    TooManyError,
)

TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Wrong state",
    410: "Gone",
    413: "Too large",
    415: "Type not supported",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
STATUS = (
    (NotFoundError, 404),
    (ForbiddenError, 403),
    (ConflictError, 409),
    (TooManyError, 429),
    (InputError, 422),
)
# Words that mean something else than the class of their error says (S18).
CODES = {
    "no_source": 400,
    "many_sources": 400,
    "malformed": 400,
    "rights_not_confirmed": 400,
    "url_blocked": 400,
    "off_domain": 400,
    "too_many_urls": 400,
    "export_expired": 410,
    "file_too_large": 413,
    "unsupported_type": 415,
}
# The word of an answer that no error of ours stands behind.
WORDS = {
    400: "malformed",
    401: "auth_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "bad_state",
    410: "export_expired",
    413: "file_too_large",
    415: "unsupported_type",
    422: "invalid",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}
# Read by programs, the browser's script included: a page would be of no use to them.
FOR_PROGRAMS = ("/api/", "/live/", "/metrics")


def problem(
    request: Request,
    status: int,
    detail: str,
    errors: Sequence[Any] = (),
    headers: Mapping[str, str] | None = None,
    code: str = "",
    extra: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """An `application/problem+json` answer."""
    word = code or WORDS.get(status, "error")
    body: dict[str, Any] = {
        **(extra or {}),
        "type": f"/errors/{word}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail or TITLES.get(status, "Error"),
        "code": word,
        "errors": list(errors),
        "instance": request.url.path,
        "request_id": getattr(request.state, "request_id", ""),
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def for_programs(request: Request) -> bool:
    """True if the one who asks is a program and not a person."""
    return request.url.path.startswith(FOR_PROGRAMS) or request.url.path == "/api"


def wants_json(request: Request) -> bool:
    """True if the first page is asked for by a program (S6)."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The error in the shape that the asker can read."""
    if for_programs(request):
        return problem(request, status, detail, headers=headers)
    renderer = request.app.state.renderer
    page: Response = renderer.page(
        request, "error.html", status=status, title=TITLES.get(status, "Error"), detail=detail
    )
    page.status_code = status
    page.headers.update(headers or {})
    return page


def status_of(error: PovodError) -> int:
    """The HTTP status of an error of the house."""
    usual = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    return CODES.get(error.code, usual)


def install(app: FastAPI) -> None:
    """Every expected error leaves in one of the two shapes; the guard has the others."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(PovodError, _house_error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    is_plain = error.status_code in TITLES and error.detail == HTTPStatus(error.status_code).phrase
    detail = "" if is_plain else str(error.detail)
    return answer(request, error.status_code, detail, error.headers)


async def _house_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PovodError)
    status = status_of(error)
    seconds = error.extra.get("retry_after")
    headers = {"Retry-After": str(max(1, math.ceil(seconds)))} if seconds is not None else None
    if for_programs(request):
        return problem(
            request, status, str(error), error.errors, headers, str(error.code or ""), error.extra
        )
    return answer(request, status, str(error), headers)


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return answer(request, 400, "the body is not valid JSON")
    errors = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
        for item in error.errors()
    ]
    if for_programs(request):
        return problem(request, 422, "some fields are not valid", errors)
    return answer(request, 422, "; ".join(f"{e['field']}: {e['message']}" for e in errors))
