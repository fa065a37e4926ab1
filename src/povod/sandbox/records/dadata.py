"""DaData's company look-up by INN (G119).

POST /dadata/suggestions/api/4_1/rs/findById/party with `Authorization: Token <key>` and
`{"query": inn}`. Keys: `sandbox-dadata-key` works, `...-bad` answers 401, `...-quota` 403,
`...-busy` 429 with Retry-After, `...-slow` waits. INNs with a fate are in `parties.SPECIAL`;
faults are planned by POST /sandbox/dadata/faults (`helpers.planned`).
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.sandbox.helpers.journal import Journal
from povod.sandbox.helpers.planned import Troubles
from povod.sandbox.records.parties import Parties, Record

KEY = "sandbox-dadata-key"
BASE = "/dadata/suggestions/api/4_1/rs"
SLOW_SECONDS = 3.0
_REASONS = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests"}
_BY_KEY = {"sandbox-dadata-bad": 401, "sandbox-dadata-quota": 403, "sandbox-dadata-busy": 429}


@dataclass
class DaData:
    """The service over the register of the world."""

    parties: Parties
    journal: Journal = field(default_factory=Journal)
    faults: Troubles = field(default_factory=Troubles)

    def routes(self) -> list[Route]:
        """The service's own route."""
        path = f"{BASE}/findById/party"
        return [Route(path, self.journal.watched("dadata", self._find), methods=["POST"])]

    async def _find(self, request: Request) -> Response:
        raw = await request.body()
        trouble = await self.faults.hit(request, raw, _error_body)
        if trouble is not None:
            return trouble
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        status = _BY_KEY.get(key, 0) if scheme == "Token" and key else 401
        if status:
            retry = {"Retry-After": "1"} if status == 429 else {}
            return JSONResponse(_error_body(status), status, retry)
        if key == "sandbox-dadata-slow":
            await asyncio.sleep(SLOW_SECONDS)
        query = _query(raw)
        if query is None:
            return JSONResponse(_error_body(400), 400)
        record = self.parties.find(query)
        return JSONResponse({"suggestions": [_suggestion(record)] if record else []})


def _query(raw: bytes) -> str | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    query = body.get("query") if isinstance(body, dict) else None
    return query.strip() if isinstance(query, str) else None


def _suggestion(record: Record) -> dict[str, Any]:
    """One company as the service shows it: times in milliseconds, nulls for what is not there."""
    moment = int(record.registered.timestamp() * 1000)
    gone = record.status == "LIQUIDATED"
    data: dict[str, Any] = {
        "kpp": record.kpp or None,
        "inn": record.inn,
        "ogrn": record.ogrn,
        "ogrn_date": moment,
        "type": record.kind,
        "name": {"full_with_opf": record.full_name, "short_with_opf": record.name},
        "okved": record.okved,
        "okved_type": "2014",
        "okveds": None,
        "branch_type": "MAIN",
        "state": {
            "status": record.status,
            "registration_date": moment,
            "liquidation_date": moment + 86_400_000 if gone else None,
            "actuality_date": moment,
        },
        "address": {"value": record.address, "unrestricted_value": f"101000, {record.address}"},
        "management": (
            {"name": record.director, "post": record.post.upper(), "disqualified": None}
            if record.director
            else None
        ),
    }
    if record.kind == "INDIVIDUAL":
        surname, given, patronymic = [*record.name.split()[1:], "", "", ""][:3]
        data["fio"] = {"surname": surname, "name": given, "patronymic": patronymic}
    return {"value": record.name, "unrestricted_value": record.name, "data": data}


def _error_body(status: int) -> dict[str, Any]:
    reason = _REASONS.get(status, "Error")
    family = "CLIENT_ERROR" if status < 500 else "SERVER_ERROR"
    return {"family": family, "reason": reason, "message": f"{reason}: planned by the sandbox"}
