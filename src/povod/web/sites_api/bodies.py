"""What OpenAPI says of bodies that are read by hand."""

from typing import Any

from pydantic import BaseModel

from povod.web.sites_api.models import OptionsIn

REF = "#/components/schemas/{model}"
DESCRIBED: dict[str, type[BaseModel]] = {}
"""Models that FastAPI does not see; their schemas are added to the document."""


def body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """A JSON body."""
    return {"requestBody": {"required": required, "content": _json(model)}}


def source_body(model: type[BaseModel]) -> dict[str, Any]:
    """JSON, or a form with a file and the same JSON as text."""
    DESCRIBED[OptionsIn.__name__] = OptionsIn
    form = {
        "type": "object",
        "additionalProperties": False,
        "required": ["sitemap_file"],
        "properties": {
            "sitemap_file": {"type": "string", "format": "binary"},
            "payload": {"type": "string", "contentMediaType": "application/json"},
        },
    }
    content = {**_json(model), "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    DESCRIBED[model.__name__] = model
    return {"application/json": {"schema": {"$ref": REF.format(model=model.__name__)}}}
