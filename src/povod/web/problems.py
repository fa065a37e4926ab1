"""One error shape for programs (RFC 9457), one error page for people."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from povod.kit.errors import ConflictError, InputError, NotFoundError, PovodError

TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Wrong state",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
STATUS = ((NotFoundError, 404), (ConflictError, 409), (InputError, 422))
# Read by programs, the browser's script included: a page would be of no use to them.
FOR_PROGRAMS = ("/api/", "/live/")


def problem(
    request: Request,
    status: int,
    detail: str,
    errors: Sequence[Any] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An `application/problem+json` answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail or TITLES.get(status, "Error"),
        "instance": request.url.path,
    }
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def for_programs(request: Request) -> bool:
    """True if the one who asks is a program and not a person."""
    return request.url.path.startswith(FOR_PROGRAMS)


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
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


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
    return answer(request, status_of(error), str(error))


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
        for item in error.errors()
    ]
    if for_programs(request):
        return problem(request, 422, "some fields are not valid", errors)
    return answer(request, 422, "; ".join(f"{e['field']}: {e['message']}" for e in errors))
