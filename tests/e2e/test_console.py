"""A person walks through the console in a real browser: both languages, both themes."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))
sys.path.insert(0, str(Path(__file__).parent))

from console_rows import STORY_SUBJECT, Rows, fill
from console_server import serving
from windows import NARROW, WIDE, Visit

from povod.app.build import build_house
from povod.app.house import House
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.store.tables import serp_queries

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def house(tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    settings = load_settings(
        {},
        None,
        data_dir=tmp_path / "data",
        database_url=f"sqlite:///{tmp_path / 'povod.db'}",
        web_auth="off",
    )
    house = build_house(settings, clock)
    yield house
    house.close()


@pytest.fixture
def rows(house: House) -> Rows:
    return fill(house, 60)


Open = Callable[..., Visit]


@pytest.fixture
def open_window(chromium: "Browser", house: House, rows: Rows) -> Iterator[Open]:
    """Opens windows on a running console; at the end nothing may have gone wrong in any."""
    visits: list[Visit] = []
    contexts = []
    with serving(house) as address:

        def enter(language: str = "ru", theme: str = "light", **options: object) -> Visit:
            context = chromium.new_context(
                locale=language, color_scheme=theme, **{"viewport": WIDE, **options}
            )
            contexts.append(context)
            visits.append(Visit(address, context.new_page()))
            visits[-1].watch()
            return visits[-1]

        yield enter
        for context in contexts:
            context.close()
    assert [trouble for visit in visits for trouble in visit.troubles] == []


@pytest.mark.parametrize(
    ("language", "theme"), [("ru", "light"), ("ru", "dark"), ("en", "light"), ("en", "dark")]
)
def test_a_walk_through_the_console(open_window: Open, language: str, theme: str) -> None:
    visit = open_window(language, theme)
    page, suffix = visit.page, f"{language}-{theme}"
    heads = {"ru": ("Обзор", "Компании", "Письма"), "en": ("Overview", "Companies", "Letters")}
    overview, companies, letters = heads[language]

    visit.go("/")
    assert page.locator("h1").inner_text() == overview
    visit.keep(f"overview-{suffix}")
    page.get_by_role("navigation").get_by_role("link", name=companies).click()
    page.wait_for_url("**/companies")
    assert page.locator("h1").inner_text() == companies
    page.get_by_role("searchbox").fill("вектор")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url(re.compile("q="))
    visit.keep(f"companies-{suffix}")
    page.get_by_role("link", name="Вектор 0").click()
    page.wait_for_url(re.compile("/companies/"))
    assert "Вектор 0" in page.locator("h1").inner_text()
    visit.keep(f"company-{suffix}")
    page.get_by_role("navigation").get_by_role("link", name=letters).click()
    page.wait_for_url("**/letters")
    visit.keep(f"letters-{suffix}")
    page.get_by_role("searchbox").fill(STORY_SUBJECT.upper())
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name=STORY_SUBJECT).click()
    page.wait_for_url(re.compile("/letters/"))
    assert page.locator(".chain > li").count() == 13
    visit.keep(f"letter-{suffix}")


def test_themes_differ_and_a_switch_holds(open_window: Open) -> None:
    visit = open_window("en", "dark")
    page = visit.page
    ground = "getComputedStyle(document.body).backgroundColor"
    visit.go("/letters?status=sent")
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Light").click()
    page.wait_for_url("**/letters?status=sent")
    light = page.evaluate(ground)
    assert light != dark
    page.get_by_role("button", name="Рус").click()
    page.get_by_role("link", name="Компании").click()
    page.wait_for_url("**/companies")
    visit.until(ground, light)
    page.get_by_role("button", name="Авто").click()
    visit.until(ground, dark)


def test_bars_move_by_themselves(open_window: Open, house: House) -> None:
    visit = open_window("en", "light")
    visit.go("/")
    queries = visit.page.locator(".work li").first
    assert "1 / 2" in queries.inner_text()
    bar = queries.locator("progress")
    assert bar.evaluate("bar => bar.value / bar.max") == 0.5
    with house.db.tx() as conn:
        conn.execute(serp_queries.update().values(status="completed"))
    queries.get_by_text("2 / 2").wait_for()
    assert bar.evaluate("bar => bar.value / bar.max") == 1
    assert visit.page.locator("h1").count() == 1


def test_everything_works_without_scripts(open_window: Open, rows: Rows) -> None:
    visit = open_window("en", "light", java_script_enabled=False)
    page = visit.page
    visit.go("/")
    assert page.locator(".work li").count() == 3
    page.get_by_role("link", name="letters to approve").click()
    page.locator("tbody th > a").first.click()
    visit.page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", level=1, name=re.compile("Approved")).wait_for()
    page.get_by_role("button", name="Cancel this letter").click()
    page.get_by_role("heading", level=1, name=re.compile("Cancelled")).wait_for()
    visit.go("/companies?city=Самара")
    assert page.locator("tbody tr").count() == 15


def test_narrow_screens_need_no_sideways_scrolling(open_window: Open, rows: Rows) -> None:
    visit = open_window("ru", "dark", viewport=NARROW)
    for name, path in (
        ("overview", "/"),
        ("companies", "/companies"),
        ("company", f"/companies/{rows.companies[0]}"),
        ("letters", "/letters"),
        ("letter", f"/letters/{rows.story}"),
        ("doubt", f"/letters/{rows.doubtful}"),
        ("login", "/login"),
    ):
        visit.go(path)
        visit.keep(f"{name}-narrow")


def test_the_keyboard_reaches_the_content_first(open_window: Open) -> None:
    visit = open_window("en", "light")
    visit.go("/companies")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/companies#main")
    visit.page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert visit.page.evaluate(outline) == "solid"
