"""Reading orders: JSON, or a form with a file, each checked before anything is done (S7, S33)."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from povod.crawl.sitemaps import MAX_RECEIVED_BYTES
from povod.kit.errors import InputError
from povod.sites.facade import Source
from povod.sites.options import JobOptions
from povod.web.sites_api.models import SourceIn

SLACK = 1024**2
MAX_BODY = MAX_RECEIVED_BYTES + SLACK
Model = TypeVar("Model", bound=BaseModel)
Given = TypeVar("Given", bound=SourceIn)


class LimitedRequest(Request):
    """A request of which no more is read than an upload may have."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces; `file_too_large` beyond the limit."""
        size = 0
        async for piece in super().stream():
            size += len(piece)
            if size > MAX_BODY:
                raise _too_large()
            yield piece


async def read_json(request: Request, model: type[Model], *, optional: bool = False) -> Model:
    """The body as that model; malformed JSON is 400, a field that is wrong 422."""
    kind = _kind(request)
    raw = await _limited(request).body()
    if optional and not raw:
        raw = b"{}"
    elif kind != "application/json" and not kind.endswith("+json"):
        raise InputError("send application/json", code="unsupported_type")
    return checked(model, raw)


async def read_order(request: Request, model: type[Given]) -> tuple[Given, Source]:
    """An order with its source: JSON, or multipart with `sitemap_file` and `payload`."""
    _refuse_declared_size(request)
    if _kind(request) != "multipart/form-data":
        given, upload = await read_json(request, model), None
    else:
        given, upload = await _read_form(request, model)
    JobOptions.parse(given.options, strict=True)
    source = Source(
        sitemap_url=given.sitemap_url or "",
        urls=given.sitemap_urls or (),
        upload=upload,
        upload_id=given.upload_id or "",
    )
    return given, source


async def _read_form(request: Request, model: type[Given]) -> tuple[Given, bytes | None]:
    try:
        async with _limited(request).form(max_files=1, max_fields=10) as form:
            payload, file = form.get("payload", "{}"), form.get("sitemap_file")
            extra = sorted(set(form) - {"payload", "sitemap_file"})
            upload = await file.read() if isinstance(file, UploadFile) else None
    except MultiPartException as error:
        raise InputError(f"the form cannot be read: {error.message}", code="malformed") from None
    if extra:
        raise wrong(extra[0], "is not known; a form holds sitemap_file and payload")
    if file is not None and upload is None:
        raise wrong("sitemap_file", "must be a file")
    if not isinstance(payload, str):
        raise wrong("payload", "must be JSON text")
    if upload is not None and len(upload) > MAX_RECEIVED_BYTES:
        raise _too_large()
    return checked(model, payload.encode()), upload


def checked(model: type[Model], raw: bytes) -> Model:
    """JSON as a model, taken literally: a number in quotes is no number."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InputError("the body is not valid JSON", code="malformed") from None
    if b"\\u0000" in raw and _has_nul(data):
        raise InputError("a text holds a NUL character, which cannot be stored")
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise _not_valid(error) from None


def _not_valid(error: ValidationError) -> InputError:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    errors = [
        {"field": ".".join(str(part) for part in item["loc"]) or "body", "message": item["msg"]}
        for item in found[:20]
    ]
    return InputError("some fields are not valid", errors=errors)


def wrong(field: str, message: str) -> InputError:
    """One field is wrong."""
    return InputError(f"{field}: {message}", errors=[{"field": field, "message": message}])


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_nul(item) for item in value)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _limited(request: Request) -> LimitedRequest:
    return LimitedRequest(request.scope, request.receive)


def _refuse_declared_size(request: Request) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise _too_large()


def _too_large() -> InputError:
    limit = MAX_RECEIVED_BYTES // 1024**2
    return InputError(f"more than {limit} MiB was sent", code="file_too_large")
