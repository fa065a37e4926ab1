"""Windows of a real browser, and everything that must not happen in them."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

PICTURES = Path(__file__).parents[1] / "artifacts"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
PATIENCE = 30.0
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 860}


def missing(what: str) -> None:
    """Skip on a developer's machine, fail in CI: there nothing may be skipped."""
    message = f"{what} is not installed; these tests need it"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@dataclass
class Visit:
    """One browser window, and everything that must not happen in it."""

    address: str
    page: "Page"
    troubles: list[str] = field(default_factory=list)
    suffix: str = ""

    def watch(self) -> None:
        own = urlsplit(self.address).netloc
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("console", self._said)
        self.page.on(
            "request",
            lambda request: (
                urlsplit(request.url).netloc == own
                or self.troubles.append(f"request to {request.url}")
            ),
        )

    def _said(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def go(self, path: str) -> None:
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.ok, path

    def until(self, expression: str, value: object) -> None:
        """Wait for a value of the page; by itself a page may evaluate nothing (CSP)."""
        end = time.monotonic() + PATIENCE
        while (found := self._value(expression)) != value:
            assert time.monotonic() < end, f"{expression} is {found!r}, not {value!r}"
            self.page.wait_for_timeout(50)

    def _value(self, expression: str) -> object:
        from playwright.sync_api import Error

        try:
            return self.page.evaluate(expression)
        except Error:  # the page is just being replaced by the next one
            return None

    def keep(self, name: str) -> None:
        """A picture for people to look at; wide pages must not scroll sideways."""
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(wider) <= 0, f"{name} scrolls sideways"
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"console-{name}.png", full_page=True)


def look(visit: Visit, name: str) -> None:
    """No barrier that axe knows of, and a picture for people."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(visit.page, options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]})
    visit.troubles += [
        f"{visit.page.url}: {one['id']} {one['nodes'][0]['target']} {one['help']}"
        for one in found.response["violations"]
    ]
    visit.keep(f"{name}-{visit.suffix}")
