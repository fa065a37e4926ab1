"""The form of a new job: what came from the browser, as an order and as it was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from povod.crawl.sitemaps import MAX_RECEIVED_BYTES
from povod.kit.errors import InputError
from povod.kit.text import clean
from povod.sites.facade import Source
from povod.web.sites_api.reading import LimitedRequest

SECRETS = ("firecrawl_api_key",)
LISTS = ("include", "exclude")
FLAGS = ("allow_residential", "enable_firecrawl", "keep_html", "only_uploaded")
PLAIN = (
    *("domain", "label", "max_urls", "max_concurrency", "traffic_budget_mb"),
    *("residential_limit_mb", "url_timeout_s", "deadline_min", "proxy_strategy", "sort"),
    *("firecrawl_max_requests", "firecrawl_api_key"),
)
MAX_FIELDS = 60
MAX_PART = 8 * 1024**2
"""A list typed into the form; longer ones are sent as a file."""


@dataclass(frozen=True)
class Given:
    """What somebody typed, and the file."""

    fields: Mapping[str, str]
    upload: bytes | None = None

    def text(self, name: str) -> str:
        """A field without blanks around it."""
        return self.fields.get(name, "").strip()

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def lines(self, name: str) -> list[str]:
        """The lines of a field that are not empty."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def typed(self) -> dict[str, str]:
        """What may be shown again: everything but secrets."""
        return {name: value for name, value in self.fields.items() if name not in SECRETS}


async def read_given(request: Request) -> Given:
    """The form; `InputError` when it is too large or none."""
    limited = LimitedRequest(request.scope, request.receive)
    fields: dict[str, str] = {}
    upload = None
    try:
        async with limited.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_PART) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    raw = await value.read()
                    upload = raw if raw else None
                else:
                    fields[name] = clean(value) if "\n" not in value else _clean_lines(value)
    except MultiPartException as error:
        raise InputError(f"the form cannot be read: {error.message}", code="malformed") from None
    if upload is not None and len(upload) > MAX_RECEIVED_BYTES:
        raise InputError("the file is too large", code="file_too_large")
    return Given(fields, upload)


def _clean_lines(text: str) -> str:
    return "\n".join(clean(line) for line in text.splitlines())


def source_of(given: Given) -> Source:
    """Where the addresses come from; a clone without a new source keeps the old one."""
    upload_id = "" if given.upload is not None else given.text("upload_id")
    return Source(
        sitemap_url=given.text("sitemap_url"),
        urls=given.lines("urls"),
        upload=given.upload,
        upload_id=upload_id,
    )


def options_of(given: Given) -> dict[str, Any]:
    """The options of the job; fields left empty keep their usual values."""
    found: dict[str, Any] = {name: given.text(name) for name in PLAIN if given.text(name)}
    found |= {name: given.lines(name) for name in LISTS}
    found |= {name: given.is_on(name) for name in FLAGS}
    if not source_of(given).given and not given.text("clone_of") and given.text("domain"):
        found["discover"] = True  # only a domain: look for its map
    return found


def typed_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Options of a job as the form shows them."""
    typed = {name: _plain(options.get(name)) for name in PLAIN if name not in SECRETS}
    typed |= {name: "\n".join(options.get(name) or ()) for name in LISTS}
    return typed | {name: "on" if options.get(name) else "" for name in FLAGS}


def _plain(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return "" if value is None else str(value)
