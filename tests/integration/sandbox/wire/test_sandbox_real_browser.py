"""A real Chromium sees what the sandbox promises of scripts."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]

pytestmark = pytest.mark.browser


@pytest.fixture
def browser(box) -> Iterator[Browser]:
    program = shutil.which("chromium")
    if not program and os.environ.get("CI"):
        pytest.fail("chromium is not installed")
    if not program:
        pytest.skip("chromium is not installed")
    server = f"http://127.0.0.1:{box.ports['proxy']}"
    proxy = {"server": server, "username": "chromium", "password": "sandbox"}
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, proxy=proxy)
        yield running
        running.close()


def test_a_shell_is_whole_when_its_dom_is_and_a_challenge_runs(box, browser):
    page = browser.new_context(ignore_https_errors=True).new_page()
    truth = box.get("/sandbox/shops/mebel-spa.ru/products", limit="1")["products"][0]
    page.goto(truth["url"], wait_until="domcontentloaded")
    assert page.inner_text("h1") == truth["product"]["name"]
    assert page.title() == truth["seo"]["title"]
    assert page.locator('script[type="application/ld+json"]').count() == 2
    box.post("/sandbox/shops/dom-uyut.ru/faults", {"kind": "challenge", "needs": "javascript"})
    page.goto("https://dom-uyut.ru/")
    page.wait_for_selector("h1", timeout=5000)
    assert page.inner_text("h1") == "Товары для дома"
