"""One error shape for programs (RFC 9457), one error page for people."""

from collections.abc import Sequence
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
    409: "Wrong state",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
}
STATUS = ((NotFoundError, 404), (ConflictError, 409), (InputError, 422))


def problem(status: int, detail: str, request: Request, errors: Sequence[Any] = ()) -> JSONResponse:
    """An `application/problem+json` answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status, media_type="application/problem+json")


def status_of(error: PovodError) -> int:
    """The HTTP status of an error of the house."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def install(app: FastAPI) -> None:
    """Every error leaves in one of the two shapes."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(PovodError, _house_error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, str(error.detail))


async def _house_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PovodError)
    return _answer(request, status_of(error), str(error))


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
        for item in error.errors()
    ]
    if _wants_json(request):
        return problem(422, "some fields are not valid", request, errors)
    return _answer(request, 422, "; ".join(f"{e['field']}: {e['message']}" for e in errors))


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _answer(request: Request, status: int, detail: str) -> Response:
    if _wants_json(request):
        return problem(status, detail, request)
    renderer = request.app.state.renderer
    page: Response = renderer.page(request, "error.html", status=status, detail=detail)
    page.status_code = status
    return page
