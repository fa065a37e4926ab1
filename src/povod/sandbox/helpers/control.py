"""`/sandbox/flaresolverr`, `/firecrawl`, `/hooks`, `/proxies`, `/s3`: modes and reports."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from povod.sandbox.helpers.firecrawl import Firecrawl
from povod.sandbox.helpers.flaresolverr import FlareSolverr
from povod.sandbox.helpers.hooks import Hooks
from povod.sandbox.helpers.proxies import Proxies
from povod.sandbox.helpers.s3 import S3Server

Handler = Callable[[Request, dict[str, Any]], Any]


def page_handlers(solver: FlareSolverr, crawler: Firecrawl) -> list[tuple[str, str, Handler]]:
    """Controls of the two services that fetch pages."""

    def clear_keys(*_: Any) -> Any:
        crawler.clear()
        return {}

    return [
        ("POST", "/flaresolverr/mode", lambda _, body: solver.plan(body)),
        ("GET", "/flaresolverr", lambda *_: solver.report()),
        ("POST", "/firecrawl/keys", lambda _, body: crawler.configure(body)),
        ("GET", "/firecrawl/keys", lambda *_: crawler.report()),
        ("DELETE", "/firecrawl/keys", clear_keys),
    ]


def hook_handlers(hooks: Hooks) -> list[tuple[str, str, Handler]]:
    """Controls of the sink for web hooks."""

    def name(request: Request) -> str:
        return str(request.path_params["name"])

    def clear(request: Request, _: dict[str, Any]) -> Any:
        hooks.clear(name(request))
        return {}

    return [
        ("GET", "/hooks/{name}", lambda request, _: {"calls": hooks.calls[name(request)]}),
        ("POST", "/hooks/{name}", lambda request, body: hooks.troubles[name(request)].add(body)),
        ("DELETE", "/hooks/{name}", clear),
    ]


def wire_handlers(proxies: Proxies, s3: S3Server) -> list[tuple[str, str, Handler]]:
    """Controls of the servers with ports of their own."""

    def clear(*_: Any) -> Any:
        proxies.clear()
        return {}

    return [
        ("POST", "/proxies/mode", lambda _, body: proxies.set_mode(body)),
        ("GET", "/proxies", lambda *_: proxies.report()),
        ("DELETE", "/proxies", clear),
        ("POST", "/s3/mode", lambda _, body: s3.set_mode(body)),
        ("GET", "/s3", lambda *_: s3.report()),
    ]
