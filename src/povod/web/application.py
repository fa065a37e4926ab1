"""Putting the console together: routes, errors, the guard, static files."""

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles

from povod import __version__
from povod.web import (
    account,
    api,
    auth,
    companies,
    company_review,
    letters,
    live,
    metrics,
    openapi,
    overview,
    person,
    person_api,
    preferences,
    problems,
    reference,
    sites_api,
    unsubscribe,
    users,
)
from povod.web.greetings_api import router as greetings_api
from povod.web.greetings_pages import router as greetings_pages
from povod.web.guard import Guard
from povod.web.session import SessionKeeper
from povod.web.sites_api.hub import Hub
from povod.web.sites_pages import router as sites_pages
from povod.web.view import Renderer

if TYPE_CHECKING:
    from povod.app.house import House

STATIC = Path(__file__).parent / "static"


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
    app.state.hub = Hub(house.events)
    app.state.figures = metrics.Figures(house)
    app.add_middleware(Guard, sessions=app.state.sessions)
    # Other pages come with a token of their own, never with this console's cookie.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=house.settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["Location", "X-Next-Cursor", "X-Request-Id", "Retry-After"],
    )
    app.add_middleware(metrics.Counting, figures=app.state.figures)
    problems.install(app)
    openapi.install(app)
    app.include_router(company_review.router)
    for room in (
        overview,
        companies,
        letters,
        live,
        preferences,
        auth,
        account,
        users,
        person,
        person_api,
        unsubscribe,
        api,
        sites_api,
        reference,
        metrics,
    ):
        app.include_router(room.router)
    app.include_router(greetings_api)
    app.include_router(greetings_pages)
    app.include_router(sites_pages)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
