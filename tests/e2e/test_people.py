"""A colleague comes in with a one-time password; each page of people is looked at by axe."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))
sys.path.insert(0, str(Path(__file__).parent))

from console_server import serving
from windows import NARROW, WIDE, Visit, look

from povod.app.build import build_house
from povod.app.house import House
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
OWN = "a choice of one's own"
LOOKS = [("ru", "light", WIDE), ("en", "dark", WIDE), ("ru", "dark", NARROW)]


@pytest.fixture
def house(tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    """Somebody has to sign in here."""
    given = {"data_dir": tmp_path / "data", "database_url": f"sqlite:///{tmp_path / 'povod.db'}"}
    house = build_house(load_settings({}, None, **given), clock)
    yield house
    house.close()


def sign_in(page: "Page", login: str, password: str) -> None:
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(password)
    page.locator("form.stack button").click()


def choose(page: "Page", present: str, fresh: str) -> None:
    page.locator("input[name=present]").fill(present)
    page.locator("input[name=fresh]").fill(fresh)
    page.locator("input[name=again]").fill(fresh)
    page.locator("form[action='/account/password'] button").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
@pytest.mark.parametrize(("language", "theme", "size"), LOOKS, ids=["ru", "en", "narrow"])
def test_from_a_one_time_password_to_a_colleague(
    chromium: "Browser",
    house: House,
    language: str,
    theme: str,
    size: dict[str, int],
    scripts: bool,
) -> None:
    first = house.people.add("admin", "cli", role="admin")
    house.people.switch(house.people.add("Вышедший", "cli", name="Пётр Старый").id, "cli", on=False)
    options = {"locale": language, "color_scheme": theme, "viewport": size}
    with serving(house) as address:
        context = chromium.new_context(**options, java_script_enabled=scripts)
        visit = Visit(address, context.new_page())
        visit.suffix = f"{language}-{theme}-{size['width']}"
        _walk(visit, first.password, looked_at=scripts)
        context.close()
    assert visit.troubles == []


def _walk(visit: Visit, password: str, *, looked_at: bool) -> None:
    page = visit.page
    visit.watch()

    def see(name: str) -> None:
        assert page.locator("h1").count() == 1
        if looked_at:
            look(visit, f"people-{name}")

    visit.go("/companies")
    sign_in(page, "admin", password)
    page.wait_for_url("**/account")
    see("first")
    choose(page, password, OWN)
    page.wait_for_url("**/account?done=password")
    page.locator("input[name=name]").fill("ночная выгрузка")
    page.locator("input[name=days]").fill("30")
    page.locator("form[action='/account/tokens'] button").click()
    assert len(page.locator(".flash code").first.inner_text()) > 40
    see("token")
    page.locator("a[href='/settings/users']").first.click()
    page.wait_for_url("**/settings/users")
    page.locator("input[name=login]").fill("анна.петрова")
    page.locator("input[name=name]").fill("Анна Петрова")
    page.locator("form[action='/settings/users'] select").select_option("approver")
    page.locator("form[action='/settings/users'] button").click()
    assert len(page.locator(".flash code").inner_text()) == 16
    see("users")
    page.locator("form[action$='/off'] button").first.click()
    page.wait_for_url("**/settings/users?done=off")
    assert page.locator("tr.off").count() == 2
