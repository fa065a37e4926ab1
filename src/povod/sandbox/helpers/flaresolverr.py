"""FlareSolverr's `/v1` (S55): request.get, sessions.create, .list, .destroy; `/health`; `/`.

Base address: {api}/flaresolverr. A page is really fetched from the world with a browser's user
agent; shops let it through a challenge unless told otherwise, and the cookies come home.
POST /sandbox/flaresolverr/mode `{"mode", "times", "seconds"}`: `error` (the command fails),
`http_<status>`, `drop`, `slow`, `sick` (only the health check fails), `ok` ends all.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.kit.errors import InputError
from povod.sandbox.helpers.browser import AGENT, PageUnreachable, Where, fetch
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.helpers.planned import Troubles
from povod.sandbox.openai import json_of

VERSION = "3.3.21"
_SIMPLE = ("ok", "sick", "error")


@dataclass
class FlareSolverr:
    """The service; `sessions` are cookies by session name, `busiest` the most pages at once."""

    where: Callable[[], Where]
    journal: Journal = field(default_factory=Journal)
    troubles: Troubles = field(default_factory=Troubles)
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: int = 0
    sick: bool = False
    busiest: int = 0
    _busy: int = 0

    def routes(self) -> list[Route]:
        """The service's routes."""
        base = "/flaresolverr"
        watched = self.journal.watched("flaresolverr", self._command)
        return [
            Route(f"{base}/v1", watched, methods=["POST"]),
            Route(f"{base}/health", self._health, methods=["GET"]),
            Route(f"{base}/", self._index, methods=["GET"]),
        ]

    def plan(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Change how the next calls go."""
        mode = spec.get("mode")
        if mode not in _SIMPLE:
            rest = {name: value for name, value in spec.items() if name != "mode"}
            return self.troubles.add({"kind": str(mode), **rest})
        if mode == "ok":
            self.errors, self.sick = 0, False
            self.troubles.clear()
        elif mode == "sick":
            self.sick = True
        else:
            times = spec.get("times", 1)
            if times is not None and not isinstance(times, int):
                raise InputError(f"times: expected a number, got {times!r}")
            self.errors = 1 << 30 if times is None else times
        return {"mode": mode}

    def report(self) -> dict[str, Any]:
        """Open sessions and the most pages that were fetched at once."""
        return {"sessions": list(self.sessions), "busiest": self.busiest}

    async def _index(self, _: Request) -> Response:
        ready = {"msg": "FlareSolverr is ready!", "version": VERSION, "userAgent": AGENT}
        return JSONResponse(ready)

    async def _health(self, _: Request) -> Response:
        if self.sick:
            return JSONResponse({"status": "error"}, 500)
        return JSONResponse({"status": "ok"})

    async def _command(self, request: Request) -> Response:
        started = int(time.time() * 1000)
        trouble = await self.troubles.hit(request, await request.body())
        if trouble is not None:
            return trouble
        body = await json_of(request) or {}
        try:
            answer = await self._obey(body)
        except (PageUnreachable, InputError) as error:
            answer = {"status": "error", "message": f"Error: {error}"}
        stamps = {"startTimestamp": started, "endTimestamp": int(time.time() * 1000)}
        whole = {"status": "ok", "message": "", **answer, **stamps, "version": VERSION}
        return JSONResponse(whole, 200 if whole["status"] == "ok" else 500)

    async def _obey(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.errors:
            self.errors -= 1
            raise PageUnreachable("Error solving the challenge. Planned by the sandbox.")
        match body.get("cmd"):
            case "request.get":
                return await self._get(body)
            case "sessions.create":
                name = str(body.get("session") or uuid4())
                created = name not in self.sessions
                self.sessions.setdefault(name, {})
                said = "Session created successfully." if created else "Session already exists."
                return {"message": said, "session": name}
            case "sessions.list":
                return {"sessions": list(self.sessions)}
            case "sessions.destroy":
                if self.sessions.pop(str(body.get("session")), None) is None:
                    raise InputError("The session doesn't exist.")
                return {"message": "The session has been removed."}
            case command:
                raise InputError(f"Request parameter 'cmd' = '{command}' is invalid.")

    async def _get(self, body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("url"):
            raise InputError("Request parameter 'url' is mandatory in 'request.get' command.")
        cookies = self.sessions.setdefault(str(body["session"]), {}) if body.get("session") else {}
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            page = await fetch(
                self.where(),
                str(body["url"]),
                via="flaresolverr",
                cookies=cookies,
                proxy=body.get("proxy"),
                seconds=float(body.get("maxTimeout", 60_000)) / 1000,
            )
        finally:
            self._busy -= 1
        cookies.update(page.cookies)
        stuck = page.status in {403, 503}
        return {
            "message": "Challenge not solved!" if stuck else "Challenge not detected!",
            "solution": {
                "url": page.url,
                "status": page.status,
                "headers": page.headers,
                "response": page.text,
                "cookies": [_cookie(page.url, *pair) for pair in page.cookies.items()],
                "userAgent": AGENT,
            },
        }


def _cookie(url: str, name: str, value: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "domain": url.split("/")[2].partition(":")[0],
        "path": "/",
        "expires": int(time.time()) + 86_400,
        "httpOnly": True,
        "secure": url.startswith("https:"),
        "sameSite": "Lax",
    }
