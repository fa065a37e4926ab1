"""A sink for web hooks: {api}/hooks/<name> keeps what it is sent, and refuses on demand.

POST /sandbox/hooks/<name> is a `helpers.planned` trouble; GET gives `{"calls": [...]}`; DELETE
forgets calls and troubles.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.sandbox.helpers.journal import Journal
from povod.sandbox.helpers.planned import Troubles


@dataclass
class Hooks:
    """Calls and troubles by the name of the hook."""

    journal: Journal = field(default_factory=Journal)
    calls: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    troubles: dict[str, Troubles] = field(default_factory=lambda: defaultdict(Troubles))

    def routes(self) -> list[Route]:
        """The sink's route."""
        return [Route("/hooks/{name}", self.journal.watched("hooks", self._take), methods=["POST"])]

    def clear(self, name: str) -> None:
        """Forget a hook."""
        self.calls.pop(name, None)
        self.troubles.pop(name, None)

    async def _take(self, request: Request) -> Response:
        name, raw = request.path_params["name"], await request.body()
        call = {
            "at": datetime.now(UTC).isoformat(),
            "headers": dict(request.headers),
            "body": raw.decode("utf-8", "replace"),
            "status": 200,
        }
        self.calls[name].append(call)
        trouble = await self.troubles[name].hit(request, raw)
        if trouble is not None:
            call["status"] = trouble.status_code
            return trouble
        return JSONResponse({"ok": True})
