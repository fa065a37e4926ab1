"""Firecrawl's `/v2/scrape` and `/v2/map` (S56), under {api}/firecrawl.

Any key that begins with `fc-` works and has 1000 credits; POST /sandbox/firecrawl/keys
`{"fc-a": {"credits": 3}, "fc-b": {"status": 429, "retry_after": 2, "times": 1}}` changes that.
A key without credits answers 402.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.kit.errors import InputError
from povod.sandbox.helpers.browser import Page, PageUnreachable, Where, fetch
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.openai import json_of

KEY = "fc-sandbox"
_LINK = re.compile(r"<loc>([^<]+)</loc>")
_DEFAULT_LIMIT = 100


@dataclass
class Key:
    """How a key stands: `status` is answered `times` times (None = always) before anything else."""

    credits: int = 1000
    status: int = 0
    times: int | None = None
    retry_after: float = 1


@dataclass
class Firecrawl:
    """The service; `keys` holds every key that was used or changed."""

    where: Callable[[], Where]
    journal: Journal = field(default_factory=Journal)
    keys: dict[str, Key] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """The service's routes."""
        watched = self.journal.watched
        return [
            Route("/firecrawl/v2/scrape", watched("firecrawl", self._scrape), methods=["POST"]),
            Route("/firecrawl/v2/map", watched("firecrawl", self._map), methods=["POST"]),
        ]

    def configure(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Change keys; returns all of them."""
        try:
            self.keys |= {name: Key(**values) for name, values in spec.items()}
        except TypeError as error:
            raise InputError(f"keys: {error}") from None
        return self.report()

    def report(self) -> dict[str, Any]:
        """All known keys with their credits."""
        return {name: asdict(key) for name, key in self.keys.items()}

    def clear(self) -> None:
        """Every key is new again."""
        self.keys.clear()

    async def _scrape(self, request: Request) -> Response:
        refusal = self._refused(request)
        if refusal is not None:
            return refusal
        body = await json_of(request) or {}
        if not body.get("url"):
            return _failed(400, "Bad Request: url is required")
        try:
            seconds = float(body.get("timeout", 60_000)) / 1000
            page = await fetch(self.where(), body["url"], via="firecrawl", seconds=seconds)
        except PageUnreachable as error:
            return _failed(500, f"SCRAPE_FAILED: {error}")
        return JSONResponse({"success": True, "data": _data(page, body)})

    async def _map(self, request: Request) -> Response:
        refusal = self._refused(request)
        if refusal is not None:
            return refusal
        body = await json_of(request) or {}
        limit = body.get("limit", _DEFAULT_LIMIT)
        if not body.get("url") or not isinstance(limit, int):
            return _failed(400, "Bad Request: url is required, limit is a number")
        parts = urlsplit(str(body["url"]))
        try:
            page = await fetch(
                self.where(), f"{parts.scheme}://{parts.netloc}/sitemap.xml", via="firecrawl"
            )
        except PageUnreachable as error:
            return _failed(500, f"MAP_FAILED: {error}")
        links = [{"url": url.replace("&amp;", "&")} for url in _LINK.findall(page.text)[:limit]]
        return JSONResponse({"success": True, "links": links})

    def _refused(self, request: Request) -> Response | None:
        """401, 402 and what was planned for the key; a call that passes costs one credit."""
        scheme, _, name = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not name.startswith("fc-"):
            return _failed(401, "Unauthorized: Invalid token")
        key = self.keys.setdefault(name, Key())
        if key.status and key.times != 0:
            if key.times is not None:
                key.times -= 1
            response = _failed(key.status, "Rate limit exceeded or planned fault")
            if key.status == 429:
                response.headers["Retry-After"] = f"{key.retry_after:g}"
            return response
        if key.credits <= 0:
            return _failed(402, "Payment Required: Insufficient credits to perform this request.")
        key.credits -= 1
        return None


def _data(page: Page, body: dict[str, Any]) -> dict[str, Any]:
    formats = body.get("formats") or ["markdown"]
    wanted = {item if isinstance(item, str) else str(item.get("type")) for item in formats}
    shown = {
        "rawHtml": page.text,
        "html": page.text,
        "markdown": re.sub(r"<[^>]+>", " ", page.text),
    }
    metadata = {
        "sourceURL": body["url"],
        "url": page.url,
        "statusCode": page.status,
        "contentType": page.headers.get("Content-Type", ""),
        "proxyUsed": "basic",
        "cacheState": "miss",
        "creditsUsed": 1,
    }
    return {**{name: text for name, text in shown.items() if name in wanted}, "metadata": metadata}


def _failed(status: int, message: str) -> JSONResponse:
    return JSONResponse({"success": False, "error": message}, status)
