"""Putting the console together: routes, errors, headers, static files."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from povod import __version__
from povod.web import api, auth, companies, letters, live, overview, preferences, problems
from povod.web.session import SessionKeeper
from povod.web.view import Renderer

if TYPE_CHECKING:
    from povod.app.house import House

STATIC = Path(__file__).parent / "static"
# Everything comes from this host: no request of a page may leave it.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(house: "House") -> FastAPI:
    """The ASGI application of the console over one house."""
    app = FastAPI(
        title="Povod",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.house = house
    app.state.sessions = SessionKeeper(house)
    app.state.renderer = Renderer(house)
    app.middleware("http")(_guard)
    problems.install(app)
    for room in (overview, companies, letters, live, preferences, auth, api):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses strangers and forged posts, and sends the protective headers with every answer."""
    sessions: SessionKeeper = request.app.state.sessions
    refusal = sessions.refusal(request)
    response = refusal if refusal is not None else await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
