"""The reference of the API as a page of ours: no script, nothing from elsewhere (S6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 4


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    text: str
    anchor: str
    parameters: list[Field] = field(default_factory=list)
    bodies: list[tuple[str, list[Field]]] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)


@router.get("/api/docs")
def docs(request: Request) -> Response:
    """The page."""
    groups = grouped(request.app.openapi())
    page: Response = request.app.state.renderer.page(request, "api.html", groups=groups)
    return page


@router.get("/api/redoc")
def redoc() -> Response:
    """The other usual address."""
    return RedirectResponse("/api/docs", status_code=307)


def grouped(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Operations by the first part of their path after /api."""
    groups: dict[str, list[Operation]] = {}
    schemas = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        parts = [part for part in path.split("/") if part]
        name = parts[1] if len(parts) > 1 else parts[0]
        for method in _METHODS:
            if method in methods:
                operation = _operation(method, path, methods[method], schemas)
                groups.setdefault(name, []).append(operation)
    return dict(sorted(groups.items()))


def _operation(
    method: str, path: str, told: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Operation:
    content = told.get("requestBody", {}).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        text=told.get("description") or told.get("summary", ""),
        anchor=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        parameters=[_parameter(item, schemas) for item in told.get("parameters", ())],
        bodies=[
            (kind, list(_fields(item.get("schema", {}), schemas))) for kind, item in content.items()
        ],
        answers=[
            (status, said.get("description", "")) for status, said in told["responses"].items()
        ],
    )


def _parameter(told: Mapping[str, Any], schemas: Mapping[str, Any]) -> Field:
    kind = _kind(told.get("schema", {}), schemas)
    return Field(f"{told['name']} ({told['in']})", kind, bool(told.get("required")), "")


def _fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], before: str = "", depth: int = 0
) -> Iterator[Field]:
    """The fields of an object, those of objects within it after it."""
    whole = _resolved(schema, schemas)
    needed = whole.get("required", ())
    for name, told in whole.get("properties", {}).items():
        kind = _kind(told, schemas)
        yield Field(f"{before}{name}", kind, name in needed, told.get("description", ""))
        if depth < DEEPEST:
            yield from _fields(told, schemas, f"{before}{name}.", depth + 1)


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Mapping[str, Any] = schemas.get(name, {}) if name else schema
    return found


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Type, choices and limits in a few words."""
    told = _resolved(schema, schemas)
    options = told.get("anyOf")
    if options:
        return ", ".join(_kind(option, schemas) for option in options)
    kind = str(told.get("type", "any"))
    if kind == "array":
        return f"{_kind(told.get('items', {}), schemas)}[]"
    if "enum" in told:
        return " | ".join(str(value) for value in told["enum"])
    low, high = told.get("minimum"), told.get("maximum")
    limits = f" {low if low is not None else '…'}..{high if high is not None else '…'}"
    return kind + (limits if (low, high) != (None, None) else "")
