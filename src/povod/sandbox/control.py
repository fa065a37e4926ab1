"""The sandbox's own controls under `/sandbox`: clock, names, ports, truth, faults, ledgers.

Loopback only (Y54). A control never talks to the imitated services over HTTP; it calls the
pieces directly.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from povod.kit.errors import InputError, NotFoundError
from povod.sandbox.clock import WorldClock
from povod.sandbox.helpers.control import wire_handlers
from povod.sandbox.helpers.names import PlannedNames
from povod.sandbox.helpers.proxies import Proxies
from povod.sandbox.helpers.s3 import S3Server
from povod.sandbox.mail import MailServers
from povod.sandbox.openai import Model
from povod.sandbox.services import Services
from povod.sandbox.shops import Shops
from povod.sandbox.shops.control import handlers as shop_handlers
from povod.sandbox.sites import SitesServer
from povod.sandbox.world.model import World
from povod.sandbox.yandex import ledger
from povod.sandbox.yandex.app import YandexService

Handler = Callable[[Request, dict[str, Any]], Any]


@dataclass
class Pieces:
    """Everything a control can reach."""

    world: World
    clock: WorldClock
    yandex: YandexService
    model: Model
    sites: SitesServer
    mail: MailServers
    shops: Shops = field(default_factory=Shops)
    proxies: Proxies | None = None
    s3: S3Server | None = None
    names: PlannedNames = field(default_factory=PlannedNames)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        journal, key = self.model.journal, self.yandex.iam.key
        self.services = Services(self.world, self.clock, journal, self.sites.where, key)

    def ports(self) -> dict[str, int]:
        """The ports of all servers beside the API's own."""
        ports = {
            "http": self.sites.http_port,
            "https": self.sites.https_port,
            "smtp": self.mail.smtp_port,
            "imap": self.mail.imap_port,
        }
        if self.proxies is not None:
            ports |= {"proxy": self.proxies.http_port, "socks": self.proxies.socks_port}
        return ports if self.s3 is None else ports | {"s3": self.s3.port}


def build_app(pieces: Pieces) -> Starlette:
    """The whole API server: the search service, the models, the services and the controls."""
    own = [*pieces.yandex.routes(), *pieces.model.routes(), *pieces.services.routes()]
    return Starlette(routes=[*own, *control_routes(pieces)])


def truth_of(pieces: Pieces) -> dict[str, Any]:
    """What was planted at the start: companies, mailboxes and the shops."""
    return {**pieces.world.truth(), "shops": pieces.shops.summaries()}


def control_routes(pieces: Pieces) -> list[Route]:
    """All `/sandbox/*` routes."""
    return [
        *_world_routes(pieces),
        *_yandex_routes(pieces.yandex),
        *_model_routes(pieces.model),
        *_mail_routes(pieces),
        *(_route(*control) for control in shop_handlers(pieces.shops, pieces.clock)),
        *(_route(*control) for control in pieces.services.controls()),
        *_wire_routes(pieces),
    ]


def _wire_routes(pieces: Pieces) -> list[Route]:
    if pieces.proxies is None or pieces.s3 is None:
        return []
    return [_route(*control) for control in wire_handlers(pieces.proxies, pieces.s3)]


def _world_routes(pieces: Pieces) -> list[Route]:
    clock = pieces.clock

    def read_clock(_: Request, __: dict[str, Any]) -> Any:
        return {"shift_seconds": clock.shift.total_seconds(), "now": clock.now().isoformat()}

    def move_clock(request: Request, body: dict[str, Any]) -> Any:
        clock.advance(_number(body, "advance_seconds"))
        if "shift_seconds" in body:
            clock.set_shift(_number(body, "shift_seconds"))
        return read_clock(request, body)

    def dns(request: Request, _: dict[str, Any]) -> Any:
        name = request.query_params.get("name", "")
        addresses = pieces.names.answer(name)
        if addresses is None:
            addresses = pieces.shops.dns(name) or pieces.world.dns(name)
        if not addresses:
            raise NotFoundError(f"{name}: NXDOMAIN")
        return {"addresses": addresses}

    return [
        _route("GET", "/clock", read_clock),
        _route("POST", "/clock", move_clock),
        _route("GET", "/dns", dns),
        _route("POST", "/dns", lambda _, body: pieces.names.plan(body)),
        _route("DELETE", "/dns", lambda *_: pieces.names.clear()),
        _route("GET", "/ports", lambda *_: pieces.ports()),
        _route("GET", "/ca.pem", lambda *_: PlainTextResponse(pieces.sites.ca_pem)),
        _route("GET", "/truth", lambda *_: truth_of(pieces)),
        _route("GET", "/sites/log", lambda *_: {"entries": pieces.sites.log}),
    ]


def _yandex_routes(service: YandexService) -> list[Route]:
    def add_fault(_: Request, body: dict[str, Any]) -> Any:
        return asdict(service.faults.add(body))

    def clear_faults(*_: Any) -> Any:
        service.faults.clear()
        return {}

    def read_ledger(request: Request, _: dict[str, Any]) -> Any:
        return ledger.report(service.store, request.query_params.get("kind", ""))

    def reset(*_: Any) -> Any:
        service.reset()
        return {}

    return [
        _route("GET", "/yandex/faults", lambda *_: {"faults": service.faults.as_json()}),
        _route("POST", "/yandex/faults", add_fault),
        _route("DELETE", "/yandex/faults", clear_faults),
        _route("GET", "/yandex/ledger", read_ledger),
        _route("POST", "/yandex/reset", reset),
        _route("GET", "/yandex/settings", lambda *_: asdict(service.settings)),
        _route("POST", "/yandex/settings", lambda _, body: service.configure(body)),
    ]


def _model_routes(model: Model) -> list[Route]:
    def plan(_: Request, body: dict[str, Any]) -> Any:
        return model.plan(body)

    def clear(*_: Any) -> Any:
        model.clear()
        return {}

    return [
        _route("POST", "/openai/mode", plan),
        _route("DELETE", "/openai/mode", clear),
        _route("GET", "/openai/log", lambda *_: {"entries": model.log}),
    ]


def _mail_routes(pieces: Pieces) -> list[Route]:
    def add_fault(_: Request, body: dict[str, Any]) -> Any:
        return asdict(pieces.mail.faults.add(body))

    def clear_faults(*_: Any) -> Any:
        pieces.mail.faults.clear()
        return {}

    return [
        _route("GET", "/smtp/ledger", lambda *_: {"entries": pieces.mail.ledger.rows()}),
        _route("GET", "/smtp/faults", lambda *_: {"faults": pieces.mail.faults.as_json()}),
        _route("POST", "/smtp/faults", add_fault),
        _route("DELETE", "/smtp/faults", clear_faults),
    ]


def _route(method: str, path: str, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        if request.client is None or request.client.host != "127.0.0.1":
            return JSONResponse({"error": "the sandbox is controlled from loopback only"}, 403)
        try:
            answer = handler(request, await _body(request))
        except NotFoundError as error:
            return JSONResponse({"error": str(error)}, 404)
        except InputError as error:
            return JSONResponse({"error": str(error)}, 400)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return Route(f"/sandbox{path}", endpoint, methods=[method])


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; an empty body counts as `{}`."""
    if not await request.body():
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise InputError("The body is not valid JSON") from None
    if not isinstance(body, dict):
        raise InputError("The body is not a JSON object")
    return body


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name}: expected a number of seconds, got {value!r}")
    return float(value)
