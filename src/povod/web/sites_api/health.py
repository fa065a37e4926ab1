"""What programs ask first: the service card, whether it lives, whether it can work (S6, S15b)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from povod import __version__
from povod.web.sites_api.common import house_of

router = APIRouter()
UNAVAILABLE: dict[int | str, dict[str, Any]] = {503: {"description": "It cannot work now"}}


def card() -> dict[str, str]:
    """Who answers here."""
    return {"status": "ok", "service": "povod", "version": __version__}


@router.get("")
def get_card() -> dict[str, str]:
    """The service card."""
    return card()


@router.get("/health", responses=UNAVAILABLE)
def health(request: Request) -> JSONResponse:
    """Whether the house can work: 503 when the database fails or migrations are pending."""
    report = jsonable_encoder(house_of(request).health())
    return JSONResponse(report, 503 if report["status"] == "failed" else 200)


@router.get("/health/live")
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready", responses=UNAVAILABLE)
def ready(request: Request) -> JSONResponse:
    """The same as health; says "no worker" while nobody takes work (N19)."""
    return health(request)
