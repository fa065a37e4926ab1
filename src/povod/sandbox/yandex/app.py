"""HTTP side of the imitated service: routes, faults on the wire, headers, ledger (Y54)."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from povod.kit.ids import new_id
from povod.sandbox.clock import WorldClock
from povod.sandbox.listener import hang_up
from povod.sandbox.world.model import World
from povod.sandbox.yandex import ledger
from povod.sandbox.yandex.errors import GRPC_OF_HTTP, ApiRefusal
from povod.sandbox.yandex.faults import Call, Fault, Faults
from povod.sandbox.yandex.iam import DemoKey, Iam, check_folder
from povod.sandbox.yandex.operations import Operations
from povod.sandbox.yandex.quotas import Quotas
from povod.sandbox.yandex.request import body_hash, parse_json, parse_request
from povod.sandbox.yandex.search import raw_data
from povod.sandbox.yandex.settings import ServiceSettings
from povod.sandbox.yandex.store import LedgerEntry, Store

Action = Callable[[Request, bytes, LedgerEntry], dict[str, Any]]
RUSSIA = "225"


class YandexService:
    """The whole imitated service over one world, one clock and one store."""

    def __init__(
        self,
        world: World,
        clock: WorldClock,
        store: Store,
        key: DemoKey,
        settings: ServiceSettings | None = None,
        iam_ttl: float = 43_200,
    ) -> None:
        self.world = world
        self.clock = clock
        self.store = store
        self.faults = Faults()
        self._initial = settings or ServiceSettings()
        self.iam = Iam(key, clock, store, iam_ttl)
        self.settings = deepcopy(self._initial)
        self.quotas = Quotas(self.settings.limits)
        self.operations = Operations(world, clock, store, self.faults, self.settings)

    def routes(self) -> list[Route]:
        """The service's own routes, under `/yandex`."""
        search, operation = "/yandex/search/v2", "/yandex/operation/operations"
        return [
            self._route("/yandex/iam/iam/v1/tokens", "iam", self._exchange),
            self._route(f"{search}/web/searchAsync", "create", self._create),
            self._route(f"{search}/web/search", "search_now", self._search_now),
            self._route(f"{search}/wordstat/getRegionsTree", "regions", self._regions),
            self._route(f"{operation}/{{id}}:cancel", "cancel", self._cancel, "GET", "POST"),
            self._route(f"{operation}/{{id}}", "read", self._read, "GET"),
        ]

    def configure(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Change settings while running; returns all of them. `InputError` for a wrong one."""
        self.settings.change(changes)
        return asdict(self.settings)

    def reset(self) -> None:
        """Forget operations, tokens, ledger, faults and counted calls; settings as at the start."""
        self.store.clear()
        self.faults.clear()
        self.quotas.clear()
        self.settings.change(asdict(self._initial))

    def _route(self, path: str, kind: str, action: Action, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._answer(request, kind, action)

        return Route(path, endpoint, methods=list(methods) or ["POST"], name=kind)

    async def _answer(self, request: Request, kind: str, action: Action) -> Response:
        """One call: the fault that hits it, the action, the ledger entry, the headers."""
        raw = await request.body()
        fault = self.faults.transport(self._call(request, raw))
        if fault and fault.kind == "refuse":
            return await hang_up(request)
        entry = self._entry(request, kind, fault)
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        response = self._outcome(request, raw, entry, action, fault)
        entry.status = response.status_code
        self.store.add_entry(entry)
        if fault and fault.kind == "lost_reply":
            return await hang_up(request)
        return self._dressed(response, request, fault)

    def _call(self, request: Request, raw: bytes) -> Call:
        operation_id = request.path_params.get("id", "")
        operation = self.store.operation(operation_id) if operation_id else None
        text = operation.text if operation else _query_text(raw)
        return Call(request.url.path, text, operation_id)

    def _entry(self, request: Request, kind: str, fault: Fault | None) -> LedgerEntry:
        return LedgerEntry(
            kind=kind,
            at_virtual=self.clock.now().timestamp(),
            at_real=self.clock.real_now().timestamp(),
            path=request.url.path,
            operation_id=request.path_params.get("id", ""),
            idempotency_key=request.headers.get("idempotency-key", ""),
            fault=fault.kind if fault else "",
        )

    def _outcome(
        self, request: Request, raw: bytes, entry: LedgerEntry, action: Action, fault: Fault | None
    ) -> Response:
        """The action's answer, or the fault's in its place (with or without its effect)."""
        instead = _instead(fault)
        if instead is not None and fault is not None and not fault.accepted:
            return instead
        try:
            answer = action(request, raw, entry)
        except ApiRefusal as refusal:
            return refusal.response(_request_id(request))
        if fault and fault.kind == "no_id":
            answer.pop("id", None)
        return instead or JSONResponse(answer)

    def _dressed(self, response: Response, request: Request, fault: Fault | None) -> Response:
        """With the service's headers; `Date` is the virtual time, skewed by a fault."""
        skew = fault.seconds if fault and fault.kind == "clock_skew" else 0
        date = self.clock.now() + timedelta(seconds=skew)
        response.headers["Date"] = format_datetime(date.astimezone(UTC), usegmt=True)
        response.headers["x-request-id"] = _request_id(request)
        response.headers["x-server-trace-id"] = new_id().replace("-", "")
        return response

    def _exchange(self, _: Request, raw: bytes, entry: LedgerEntry) -> dict[str, Any]:
        entry.auth = "jwt"
        token = self.iam.exchange(parse_json(raw))
        expires = datetime.fromtimestamp(token.expires_at, UTC)
        return {"iamToken": token.token, "expiresAt": f"{expires:%Y-%m-%dT%H:%M:%S.%f}000Z"}

    def _admit(self, request: Request, entry: LedgerEntry) -> None:
        entry.auth = self.iam.authorise(request.headers.get("authorization"))
        self.quotas.take(entry.kind, entry.at_virtual)

    def _checked_body(self, raw: bytes, entry: LedgerEntry) -> dict[str, Any]:
        body = parse_json(raw)
        asked = parse_request(body)
        check_folder(asked.folder_id)
        entry.text, entry.body_hash = asked.text, body_hash(body)
        return body

    def _create(self, request: Request, raw: bytes, entry: LedgerEntry) -> dict[str, Any]:
        self._admit(request, entry)
        body = self._checked_body(raw, entry)
        operation = self.operations.create(body, entry.idempotency_key, entry.path)
        entry.operation_id = operation.id
        ledger.charge(entry)
        return self.operations.view(operation, done=False)

    def _search_now(self, request: Request, raw: bytes, entry: LedgerEntry) -> dict[str, Any]:
        self._admit(request, entry)
        body = self._checked_body(raw, entry)
        ledger.charge(entry)
        fault = self.faults.result(Call(entry.path, entry.text))
        return {"rawData": raw_data(self.world, parse_request(body), fault)}

    def _read(self, request: Request, _: bytes, entry: LedgerEntry) -> dict[str, Any]:
        self._admit(request, entry)
        answer = self.operations.read(entry.operation_id, entry.path)
        entry.accepted = True
        return answer

    def _cancel(self, request: Request, _: bytes, entry: LedgerEntry) -> dict[str, Any]:
        self._admit(request, entry)
        answer = self.operations.cancel(entry.operation_id, entry.path)
        entry.accepted = True
        return answer

    def _regions(self, request: Request, raw: bytes, entry: LedgerEntry) -> dict[str, Any]:
        """The cities of the world under Russia; half of the names under the other key (Y49)."""
        self._admit(request, entry)
        check_folder(str(parse_json(raw).get("folderId", "")))
        cities = sorted({(site.region_lr, site.city) for site in self.world.sites})
        children = [
            {"id": str(lr), ("label" if lr % 2 else "name"): city, "children": []}
            for lr, city in cities
        ]
        return {"regions": [{"id": RUSSIA, "label": "Россия", "children": children}]}


def _query_text(raw: bytes) -> str:
    """The query in a body, for matching faults only; empty when there is none."""
    try:
        query = parse_json(raw).get("query")
    except ApiRefusal:
        return ""
    found = query.get("queryText", query.get("query_text", "")) if isinstance(query, dict) else ""
    return found if isinstance(found, str) else ""


def _request_id(request: Request) -> str:
    return request.headers.get("x-client-request-id") or new_id()


def _instead(fault: Fault | None) -> Response | None:
    """The answer that a fault puts in place of the real one."""
    if fault is None:
        return None
    if fault.kind == "html_502":
        return HTMLResponse("<html><head><title>502 Bad Gateway</title></head></html>", 502)
    if not fault.kind.startswith("http_"):
        return None
    status = int(fault.kind.removeprefix("http_"))
    message = fault.message or f"planned fault {status}"
    details = [{"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": new_id()}]
    body = {"code": fault.code or GRPC_OF_HTTP[status], "message": message, "details": details}
    retry = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:.0f}"}
    return JSONResponse(body, status, retry)
