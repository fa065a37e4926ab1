"""The public register's two-step search (no contract; G119).

POST /egrul/ with the form field `query` gives a token, GET /egrul/search-result/<token> the rows
(first `{"status": "wait"}`, then `{"rows": [...]}`). POST /sandbox/egrul/faults plans troubles;
`{"captcha": true}` makes the first step ask for a captcha.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.sandbox.helpers.journal import Journal
from povod.sandbox.helpers.planned import Troubles
from povod.sandbox.records.parties import Parties, Record


@dataclass
class Egrul:
    """The register's site."""

    parties: Parties
    journal: Journal = field(default_factory=Journal)
    faults: Troubles = field(default_factory=Troubles)
    captcha: bool = False
    _asked: dict[str, str] = field(default_factory=dict)
    _waited: set[str] = field(default_factory=set)

    def routes(self) -> list[Route]:
        """The two steps."""
        watched = self.journal.watched
        return [
            Route("/egrul/", watched("egrul", self._search), methods=["POST"]),
            Route("/egrul/search-result/{token}", watched("egrul", self._result), methods=["GET"]),
        ]

    def plan(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Plan a trouble, or switch the captcha."""
        if "captcha" in spec:
            self.captcha = bool(spec["captcha"])
            return {"captcha": self.captcha}
        return self.faults.add(spec)

    def clear(self) -> None:
        """No captcha, no troubles, no open searches."""
        self.captcha = False
        self.faults.clear()
        self._asked.clear()
        self._waited.clear()

    async def _search(self, request: Request) -> Response:
        raw = await request.body()
        trouble = await self.faults.hit(request, raw)
        if trouble is not None:
            return trouble
        query = str((await request.form()).get("query", "")).strip()
        if not query:
            return JSONResponse({"ERRORS": {"query": ["Необходимо указать значение"]}}, 400)
        token = hashlib.sha256(query.encode()).hexdigest().upper()
        self._asked[token] = query
        return JSONResponse({"t": token, "captchaRequired": self.captcha})

    async def _result(self, request: Request) -> Response:
        token = request.path_params["token"]
        if self.captcha or token not in self._asked:
            return JSONResponse({"ERRORS": {"captcha": ["Требуется ввести цифры с картинки"]}}, 400)
        if token not in self._waited:
            self._waited.add(token)
            return JSONResponse({"status": "wait"})
        record = self.parties.find(self._asked[token])
        return JSONResponse({"rows": [_row(record, token)] if record else []})


def _row(record: Record, token: str) -> dict[str, Any]:
    legal = record.kind == "LEGAL"
    row = {
        "n": record.full_name.upper() if legal else record.name.removeprefix("ИП ").upper(),
        "o": record.ogrn,
        "i": record.inn,
        "r": f"{record.registered:%d.%m.%Y}",
        "k": "ul" if legal else "fl",
        "t": token,
        "cnt": "1",
        "tot": "1",
        "pg": "1",
    }
    if legal:
        row |= {"c": record.name.upper(), "p": record.kpp, "a": record.address.upper(),
                "g": f"{record.post}: {record.director}"}  # fmt: skip
    if record.status == "LIQUIDATED":
        row["e"] = f"{record.registered:%d.%m.%Y}"
    return row
