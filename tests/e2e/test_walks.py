"""The three jobs' main walks through a console over the demo's data, each page looked at by axe."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))
sys.path.insert(0, str(Path(__file__).parent))

from console_server import serving
from windows import NARROW, WIDE, Visit, look

from povod.app.build import build_house
from povod.app.house import House
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.store.tables import agent_runs, companies, greetings, jobs, outreach_messages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
LOOKS = [("ru", "light"), ("en", "dark")]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demo leaves behind: all three jobs were done."""
    data = tmp_path_factory.mktemp("walks") / "demo"
    command = [sys.executable, "-m", "povod", "demo", "--no-serve", "--sites", "12"]
    done = subprocess.run(
        [*command, "--data", str(data)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return data


@pytest.fixture(scope="module")
def lived(played: Path) -> Iterator[House]:
    """A house over that data, a moment after the last thing that happened in it."""
    given = {
        "data_dir": played,
        "database_url": f"sqlite:///{played / 'povod.db'}",
        "outbox_dir": played / "outbox",
        "web_auth": "off",
    }
    house = build_house(load_settings({}, None, **given))
    with house.db.read() as conn:
        moments = [
            conn.execute(sa.select(sa.func.max(column))).scalar()
            for column in (outreach_messages.c.updated_at, agent_runs.c.finished_at)
        ]
    house.close()
    now = max(moment for moment in moments if moment is not None)
    house = build_house(load_settings({}, None, **given), FixedClock(now))
    yield house
    house.close()


@pytest.fixture(scope="module")
def address(lived: House) -> Iterator[str]:
    with serving(lived) as found:
        yield found


@pytest.fixture
def visit(request: pytest.FixtureRequest, chromium: "Browser", address: str) -> Iterator[Visit]:
    """A window in the language and theme that the test names; nothing may go wrong in it."""
    language, theme, *rest = getattr(request, "param", ("ru", "light"))
    size = rest[0] if rest else WIDE
    context = chromium.new_context(locale=language, color_scheme=theme, viewport=size)
    window = Visit(address, context.new_page())
    window.watch()
    window.suffix = f"{language}-{theme}"
    yield window
    context.close()
    assert window.troubles == []


def newest(house: House, column: "sa.Column[str]", *where: "sa.ColumnElement[bool]") -> str:
    with house.db.read() as conn:
        table = column.table
        query = sa.select(column).where(*where).order_by(table.c.id.desc())
        return str(conn.execute(query.limit(1)).scalar_one())


@pytest.mark.parametrize("visit", LOOKS, indirect=True, ids="-".join)
def test_every_page_of_the_menu(visit: Visit) -> None:
    visit.go("/")
    links = visit.page.locator("nav.menu a")
    paths = [str(links.nth(n).get_attribute("href")) for n in range(links.count())]
    assert {"/", "/companies", "/letters", "/sites", "/clients", "/greetings"} <= set(paths)
    for path in paths:
        visit.go(path)
        assert visit.page.locator("h1").count() == 1
        look(visit, "menu" + path.replace("/", "-"))


@pytest.mark.parametrize("visit", LOOKS, indirect=True, ids="-".join)
def test_the_walk_of_leads(visit: Visit, lived: House) -> None:
    """From the overview to a company, its letter, and the reason behind it."""
    letter = newest(lived, outreach_messages.c.id, outreach_messages.c.campaign != "site_change",
                    outreach_messages.c.kind == "letter")  # fmt: skip
    visit.go("/companies")
    visit.page.locator("tbody th a").first.click()
    visit.page.wait_for_url(re.compile(r"/companies/[0-9a-f-]{36}"))
    look(visit, "walk-company")
    visit.go(f"/letters/{letter}")
    assert visit.page.locator(".chain > li").count() >= 8
    look(visit, "walk-letter")


@pytest.mark.parametrize("visit", LOOKS, indirect=True, ids="-".join)
def test_the_walk_of_sites(visit: Visit, lived: House) -> None:
    """From the list of jobs to one of them, its diff, a product, the letter it is a reason for."""
    job = newest(lived, jobs.c.id)
    visit.go("/sites")
    visit.page.locator(f"a[href='/sites/jobs/{job}']").first.click()
    visit.page.wait_for_url(f"**/sites/jobs/{job}")
    look(visit, "walk-job")
    visit.go(f"/sites/jobs/{job}/diff")
    assert visit.page.locator("tbody tr").count() >= 20
    look(visit, "walk-diff")
    visit.go(f"/sites/jobs/{job}/errors")
    look(visit, "walk-errors")
    visit.go("/products")
    visit.page.locator("tbody th a").first.click()
    look(visit, "walk-product")
    letter = newest(lived, outreach_messages.c.id, outreach_messages.c.campaign == "site_change")
    visit.go(f"/letters/{letter}")
    assert visit.page.locator(".chain > li").count() >= 6
    look(visit, "walk-reason")


@pytest.mark.parametrize("visit", LOOKS, indirect=True, ids="-".join)
def test_the_walk_of_greetings(visit: Visit, lived: House) -> None:
    """From a client to the greeting that waits, with its card, and to the run that made it."""
    visit.go("/clients")
    visit.page.locator("tbody th a").first.click()
    visit.page.wait_for_url(re.compile(r"/clients/[0-9a-f-]{36}"))
    look(visit, "walk-client")
    greeting = newest(lived, greetings.c.id, greetings.c.status == "needs_approval")
    visit.go(f"/greetings/{greeting}")
    card = visit.page.locator("img[src*='card']").first
    assert card.evaluate("picture => picture.complete && picture.naturalWidth > 0")
    look(visit, "walk-greeting")
    run = newest(lived, agent_runs.c.id)
    visit.go(f"/runs/{run}")
    look(visit, "walk-run")


@pytest.mark.parametrize("visit", [("ru", "dark", NARROW)], indirect=True, ids=["narrow"])
def test_narrow_screens(visit: Visit, lived: House) -> None:
    company = newest(lived, companies.c.id)
    greeting = newest(lived, greetings.c.id)
    job = newest(lived, jobs.c.id)
    for path in ("/", "/sites", f"/sites/jobs/{job}", "/clients", "/greetings", "/calendar",
                 f"/greetings/{greeting}", f"/companies/{company}"):  # fmt: skip
        visit.go(path)
        visit.keep("narrow" + re.sub(r"[0-9a-f-]{36}", "one", path).replace("/", "-"))


def test_a_person_approves_what_waits(visit: Visit, lived: House) -> None:
    """The last: it changes the data."""
    greeting = newest(lived, greetings.c.id, greetings.c.status == "needs_approval")
    visit.go(f"/greetings/{greeting}")
    visit.page.get_by_role("button", name="Одобрить").first.click()
    visit.page.wait_for_load_state()
    with lived.db.read() as conn:
        query = sa.select(greetings.c.status).where(greetings.c.id == greeting)
        assert conn.execute(query).scalar_one() in ("approved", "sent")
