"""A CRM's export over HTTP: pages of clients, a vanished fifth, 429 (G18, G156).

GET /crm/clients?page=1&updated_since=... with `Authorization: Bearer sandbox-crm` gives
`{"items": [...], "next": url or null}`. POST /sandbox/crm `{"clients", "vanished", "per_page"}`
changes the set: `vanished` 0.2 leaves out every fifth client.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.kit.errors import InputError
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.helpers.planned import Troubles
from povod.sandbox.world import names

TOKEN = "sandbox-crm"  # noqa: S105 - the sandbox's own
_SEGMENTS = ("vip", "loyal", "standard", "new")
_UPDATED = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass
class Crm:
    """The export; `clients` of them in all, `vanished` the share that is left out."""

    journal: Journal = field(default_factory=Journal)
    faults: Troubles = field(default_factory=Troubles)
    clients: int = 50
    vanished: float = 0
    per_page: int = 20

    def routes(self) -> list[Route]:
        """The export's route; only GET is answered."""
        return [Route("/crm/clients", self.journal.watched("crm", self._page), methods=["GET"])]

    def configure(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Change the set of clients; returns how it is now."""
        for name, kind in (("clients", int), ("vanished", (int, float)), ("per_page", int)):
            value = spec.get(name, getattr(self, name))
            if isinstance(value, bool) or not isinstance(value, kind) or value < 0:
                raise InputError(f"{name}: expected a number, got {value!r}")
            setattr(self, name, value)
        return {"clients": self.clients, "vanished": self.vanished, "per_page": self.per_page}

    def clear(self) -> None:
        """As at the start."""
        self.clients, self.vanished, self.per_page = 50, 0, 20
        self.faults.clear()

    async def _page(self, request: Request) -> Response:
        trouble = await self.faults.hit(request, b"")
        if trouble is not None:
            return trouble
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "unauthorized"}, 401)
        page = max(1, int(request.query_params.get("page", "1")))
        since = request.query_params.get("updated_since", "")
        rows = [row for row in self._rows() if row["updated_at"] >= since]
        start = (page - 1) * self.per_page
        more = start + self.per_page < len(rows)
        following = request.url.include_query_params(page=page + 1)
        return JSONResponse(
            {"items": rows[start : start + self.per_page], "next": str(following) if more else None}
        )

    def _rows(self) -> list[dict[str, Any]]:
        step = round(1 / self.vanished) if self.vanished else 0
        return [_client(n) for n in range(self.clients) if not step or n % step]


def _client(number: int) -> dict[str, Any]:
    rng = Random(f"crm {number}")
    born = f"{rng.randrange(1, 29):02}.{rng.randrange(1, 13):02}.{1960 + number % 40}"
    return {
        "id": f"crm-{number:05}",
        "фио": names.person(rng),
        "компания": f"ООО «Клиент {number}»",
        "инн": names.company_inn(rng, "77"),
        "email": f"client{number}@crm-clients.example",
        "телефон": names.mobile(rng),
        "дата рождения": born,
        "сегмент": rng.choice(_SEGMENTS),
        "updated_at": (_UPDATED + timedelta(hours=number)).isoformat(),
    }
