"""The first page of greetings: counters, who is not greeted and why, the last runs (G129)."""

from fastapi import APIRouter, Request, Response

from povod.web.greetings_api.shapes import actor_of, house_of
from povod.web.greetings_api.starting import start_run
from povod.web.greetings_pages.common import DoneWord, go, page
from povod.web.roles import ADMIN, OPERATOR, VIEWER

router = APIRouter()
HERE = "/greetings/dashboard"


@router.get(HERE, dependencies=[VIEWER])
def dashboard(request: Request, done: DoneWord = "") -> Response:
    """The page."""
    house = house_of(request)
    figures = house.greetings.dashboard()
    reasons = sorted(figures["not_greeted"].items(), key=lambda item: (-item[1], item[0]))
    near = house.greetings.upcoming_holidays(14)
    return page(
        request,
        "greetings/dashboard.html",
        done=done,
        figures=figures,
        reasons=reasons,
        near=[row for row in near if row["is_business_relevant"]][:8],
        sending=house.settings.email_sending_enabled,
        demo_allowed=house.settings.app_env != "production",
    )


@router.post("/greetings/run", dependencies=[OPERATOR])
def run_now(request: Request) -> Response:
    """Find, write and send what is due; the page of the run."""
    started = start_run(house_of(request), "web-ui", deliver=True)
    return go(f"/runs/{started.run_id}")


@router.post("/greetings/demo/seed", dependencies=[OPERATOR])
def seed(request: Request) -> Response:
    """Add the demo's clients."""
    house_of(request).greetings.seed_demo(actor_of(request))
    return go(HERE, done="seeded")


@router.post("/greetings/demo/clear", dependencies=[ADMIN])
def clear(request: Request) -> Response:
    """Remove the demo's clients with all that is theirs."""
    house_of(request).greetings.clear_demo(actor_of(request))
    return go(HERE, done="cleared")
