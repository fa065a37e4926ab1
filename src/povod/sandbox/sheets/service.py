"""The HTTP side of the imitated Google: token exchange, Sheets v4, a word of Drive v3."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from povod.kit.errors import InputError, NotFoundError
from povod.sandbox.helpers.journal import Journal
from povod.sandbox.helpers.planned import Troubles
from povod.sandbox.openai import json_of
from povod.sandbox.sheets.grid import Area, BadRange, Rows, Spreadsheet, Tab, cell_name
from povod.sandbox.yandex.iam import DemoKey

ACCOUNT = "povod@sandbox.iam.gserviceaccount.com"
SHEET_ID, TAB = "sandbox-niches", "NICHES_INPUT"
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What Google's own library names as audience, whatever the key's `token_uri` says."""
TOKEN_SECONDS = 3600
_HEADER = ["niche", "city", "country", "batch_tag"]
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Action = Callable[[Request, Spreadsheet], Awaitable[Any]]


@dataclass
class Move:
    """A change of a tab that waits for so many reads."""

    after_reads: int
    tab: str
    values: Rows


@dataclass
class Sheets:
    """Spreadsheets, tokens and planned changes. `files` and `moves` go by spreadsheet id."""

    key: DemoKey
    journal: Journal = field(default_factory=Journal)
    files: dict[str, Spreadsheet] = field(default_factory=dict)
    faults: Troubles = field(default_factory=Troubles)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    token_uri: str = ""

    def __post_init__(self) -> None:
        if not self.files:
            niches = Spreadsheet(SHEET_ID, "Ниши")
            niches.tab(TAB).rows = [list(_HEADER), ["стоматология", "Казань", "RU", "demo"]]
            self.files[SHEET_ID] = niches

    def write_key(self, path: Path, api_url: str) -> None:
        """The service account's key file, as Google's console hands it out."""
        self.token_uri = f"{api_url}/google/token"
        private = self.key.document["private_key"]
        document = {
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": "sandbox",
            "private_key": private[private.index("-----BEGIN") :],
            "client_email": ACCOUNT,
            "client_id": "100000000000000000001",
            "token_uri": self.token_uri,
        }
        path.write_text(json.dumps(document, indent=1), encoding="utf-8")
        path.chmod(0o600)

    def routes(self) -> list[Route]:
        """Google's paths on the API port."""
        one = "/v4/spreadsheets/{id}"
        drive = self.journal.watched("google", self._drive)
        return [
            Route("/google/token", self.journal.watched("google", self._token), methods=["POST"]),
            Route("/drive/v3/files", drive, methods=["GET"]),
            self._route("POST", f"{one}/values:batchUpdate", self._batch_write),
            self._route("GET", f"{one}/values:batchGet", self._batch_read),
            self._route("POST", f"{one}/values/{{range:path}}:append", self._append),
            self._route("GET", f"{one}/values/{{range:path}}", self._read),
            self._route("PUT", f"{one}/values/{{range:path}}", self._write),
            self._route("POST", f"{one}:batchUpdate", self._structure),
            self._route("GET", one, self._metadata),
        ]

    def put(self, sheet_id: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Set a tab's values now, or after so many reads."""
        values, tab = spec.get("values"), str(spec.get("tab", TAB))
        if not isinstance(values, list) or not all(isinstance(row, list) for row in values):
            raise InputError("values: expected a list of rows")
        file = self.files.setdefault(sheet_id, Spreadsheet(sheet_id, sheet_id))
        if spec.get("after_reads"):
            move = Move(int(spec["after_reads"]), tab, values)
            self.moves.setdefault(sheet_id, []).append(move)
        else:
            file.tab(tab).rows = [list(row) for row in values]
        return self.report(sheet_id)

    def report(self, sheet_id: str) -> dict[str, Any]:
        """Everything that stands in a spreadsheet."""
        file = self.files.get(sheet_id)
        if file is None:
            raise NotFoundError(f"{sheet_id}: no such spreadsheet")
        return {"id": file.id, "tabs": {title: tab.rows for title, tab in file.tabs.items()}}

    def _route(self, method: str, path: str, action: Action) -> Route:
        async def endpoint(request: Request) -> Response:
            trouble = await self.faults.hit(request, await request.body(), _error_body)
            if trouble is not None:
                return trouble
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or token not in self.tokens:
                return JSONResponse(_error_body(401), 401)
            file = self.files.get(request.path_params["id"])
            if file is None:
                return JSONResponse(_error_body(404), 404)
            try:
                return JSONResponse(await action(request, file))
            except BadRange as error:
                return JSONResponse(_error_body(400, str(error)), 400)

        return Route(path, self.journal.watched("google", endpoint), methods=[method])

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        try:
            claims = jwt.decode(
                str(form.get("assertion", "")),
                self.key.public_pem,
                algorithms=["RS256"],
                audience=[self.token_uri, AUDIENCE],
                issuer=ACCOUNT,
                options={"require": ["exp", "iat"]},
            )
        except jwt.InvalidTokenError as error:
            refusal = {"error": "invalid_grant", "error_description": f"Invalid JWT: {error}"}
            return JSONResponse(refusal, 400)
        if form.get("grant_type") != _GRANT or SCOPE not in str(claims.get("scope", "")).split():
            return JSONResponse({"error": "invalid_scope"}, 400)
        token = f"ya29.sandbox-{uuid4().hex}"
        self.tokens.add(token)
        return JSONResponse(
            {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}
        )

    async def _drive(self, _: Request) -> Response:
        files = [{"id": file.id, "name": file.title} for file in self.files.values()]
        return JSONResponse({"files": files})

    async def _metadata(self, _: Request, file: Spreadsheet) -> Any:
        properties = {"title": file.title, "locale": "ru_RU", "timeZone": "Europe/Moscow"}
        sheets = [_tab_properties(place, tab) for place, tab in enumerate(file.tabs.values())]
        return {"spreadsheetId": file.id, "properties": properties, "sheets": sheets}

    async def _read(self, request: Request, file: Spreadsheet) -> Any:
        answer = _values(file, request.path_params["range"])
        self._after_read(file)
        return answer

    async def _batch_read(self, request: Request, file: Spreadsheet) -> Any:
        ranges = [_values(file, text) for text in request.query_params.getlist("ranges")]
        self._after_read(file)
        return {"spreadsheetId": file.id, "valueRanges": ranges}

    async def _write(self, request: Request, file: Spreadsheet) -> Any:
        body = await json_of(request) or {}
        return _written(file, request.path_params["range"], body.get("values", []))

    async def _batch_write(self, request: Request, file: Spreadsheet) -> Any:
        body = await json_of(request) or {}
        areas = [(str(item.get("range", "")), item.get("values", [])) for item in body["data"]]
        for text, _ in areas:
            file.area(text)  # all or nothing
        responses = [_written(file, text, values) for text, values in areas]
        cells = sum(item["updatedCells"] for item in responses)
        return {"spreadsheetId": file.id, "totalUpdatedCells": cells, "responses": responses}

    async def _append(self, request: Request, file: Spreadsheet) -> Any:
        body = await json_of(request) or {}
        tab = file.tabs[file.area(request.path_params["range"]).tab]
        place = f"'{tab.title}'!{cell_name(len(tab.read(Area(tab.title))), 0)}"
        return {
            "spreadsheetId": file.id,
            "updates": _written(file, place, body.get("values", [])),
        }

    async def _structure(self, request: Request, file: Spreadsheet) -> Any:
        """New tabs and more rows or columns; other requests are taken and change nothing."""
        replies = []
        for item in (await json_of(request) or {}).get("requests", []):
            reply: dict[str, Any] = {}
            if "addSheet" in item:
                title = item["addSheet"]["properties"]["title"]
                reply = {"addSheet": _tab_properties(len(file.tabs), file.tab(title))}
            elif "appendDimension" in item:
                _grow(file, item["appendDimension"])
            replies.append(reply)
        return {"spreadsheetId": file.id, "replies": replies}

    def _after_read(self, file: Spreadsheet) -> None:
        """Let time pass for the changes that wait for reads."""
        waiting = self.moves.get(file.id, [])
        for move in waiting:
            move.after_reads -= 1
            if move.after_reads == 0:
                file.tab(move.tab).rows = [list(row) for row in move.values]
        self.moves[file.id] = [move for move in waiting if move.after_reads > 0]


def _values(file: Spreadsheet, text: str) -> dict[str, Any]:
    area = file.area(text)
    rows = file.tabs[area.tab].read(area)
    answer: dict[str, Any] = {"range": text, "majorDimension": "ROWS"}
    return answer | ({"values": rows} if rows else {})


def _written(file: Spreadsheet, text: str, values: Rows) -> dict[str, Any]:
    area = file.area(text)
    cells = file.tabs[area.tab].write(area, values)
    return {"spreadsheetId": file.id, "updatedRange": text, "updatedCells": cells}


def _grow(file: Spreadsheet, spec: dict[str, Any]) -> None:
    tab = next((tab for tab in file.tabs.values() if tab.number == spec.get("sheetId")), None)
    if tab is not None and spec.get("dimension") == "COLUMNS":
        tab.column_count += int(spec.get("length", 0))
    elif tab is not None:
        tab.row_count += int(spec.get("length", 0))


def _tab_properties(place: int, tab: Tab) -> dict[str, Any]:
    grid = {"rowCount": tab.row_count, "columnCount": tab.column_count}
    return {
        "properties": {
            "sheetId": tab.number,
            "title": tab.title,
            "index": place,
            "sheetType": "GRID",
            "gridProperties": grid,
        }
    }


def _error_body(status: int, message: str = "") -> dict[str, Any]:
    words = {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
    }
    word = words.get(status, "UNAVAILABLE")
    return {"error": {"code": status, "message": message or f"{word}: sandbox", "status": word}}
