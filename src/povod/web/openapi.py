"""The OpenAPI document: what FastAPI finds out, made true (S6).

Errors leave in one shape, which FastAPI does not know; bodies read by hand are described beside
their routes.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from povod.web.problems import TITLES
from povod.web.sites_api.bodies import DESCRIBED, REF
from povod.web.sites_api.models import Problem

ERRORS = (400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503)
_METHODS = ("get", "put", "post", "delete", "patch")
OPEN = ("/api", "/api/health", "/api/health/live", "/api/health/ready")
"""Paths that nobody has to sign in for."""


def install(app: FastAPI) -> None:
    """Let the application serve the document as it is made here."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_ABOUT)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    models = [(model, "validation") for model in (Problem, *DESCRIBED.values())]
    _, more = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]
    schemas |= more.get("$defs", {})
    for name, schema in schemas.items():
        if "options" in schema.get("properties", {}) and name in DESCRIBED:
            schema["properties"]["options"] = {"$ref": REF.format(model="OptionsIn")}
    found["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "admin_token": {"type": "apiKey", "in": "header", "name": "X-Admin-Token"},
    }
    for path, methods in found["paths"].items():
        for method in _METHODS:
            if method in methods:
                _complete(path, methods[method])
    return found


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add the errors, and who may ask."""
    responses = operation["responses"]
    content = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    if "422" in responses:
        del responses["422"]
    for status in ERRORS:
        known = responses.setdefault(str(status), {"description": TITLES[status]})
        if "content" not in known and not (status == 503 and path in OPEN):
            known["content"] = content
    if path not in OPEN:
        operation["security"] = [{"bearer": []}, {"admin_token": []}]


_ABOUT = (
    "Povod finds companies, watches sites and greets clients. Every error is "
    "application/problem+json with a word for programs in `code` and the fields at fault in "
    "`errors`."
)
