"""Pages of sites: empty and full, in both languages, on both databases, with hostile texts."""

import re

import pytest
from console_client import client_of
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser
from sites_rows import DOMAIN, HOSTILE, SiteRows, watch

from povod.app.house import House

NOWHERE = "01900000-0000-7000-8000-000000000000"
LISTS = ["/sites", "/sites/new", "/products", "/changes", "/sites/profiles", "/proxies"]
LISTS += ["/schedules", "/settings/budgets", "/settings/webhooks"]
LISTS += ["/sites/profiles/edit", "/companies/review", "/"]


def parsed(answer: object) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)  # type: ignore[attr-defined]


def texts(page: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text(separator=" ").split()) for node in page.css(selector)]


def paths_of(rows: SiteRows) -> list[str]:
    jobs = [rows.first, rows.second, rows.held, rows.running, rows.queued]
    found = [f"/sites/jobs/{job}{part}" for job in jobs for part in ("", "/errors", "/diff")]
    found += [f"/products/{rows.products[name]}" for name in ("kraska-1", "odd", "lak", "emal")]
    found += [f"/companies/{rows.company}", f"/sites/new?clone={rows.first}"]
    return [*LISTS, *found, f"/sites/profiles/edit?domain={DOMAIN}"]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("path", LISTS)
def test_pages_of_an_empty_house(client: TestClient, path: str, language: str) -> None:
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, path
    assert len(parsed(answer).css("h1")) == 1


def test_every_page_on_both_databases(any_house: House) -> None:
    rows = watch(any_house)
    client = client_of(any_house)
    for path in paths_of(rows):
        for language in ("ru", "en"):
            answer = client.get(path, headers={"accept-language": language})
            assert answer.status_code == 200, (path, answer.text[-600:])
            page = parsed(answer)
            assert page.css_first("html").attributes["lang"] == language
            assert len(page.css("h1")) == 1, path


def test_texts_of_sites_stay_text_and_nothing_is_inline(
    client: TestClient, sites: SiteRows
) -> None:
    shown = 0
    for path in paths_of(sites):
        answer = client.get(path)
        page = parsed(answer)
        assert not page.css("img[onerror], [style], style, [onclick], iframe"), path
        assert all(
            node.attributes.get("src", "").startswith("/static/") for node in page.css("script")
        )
        shown += HOSTILE in page.text()
        for node in page.css("[src], link[href], form[action]"):
            named = node.attributes
            target = named.get("src") or named.get("href") or named.get("action")
            assert target.startswith("/"), target
    assert shown >= 5


def test_forms_and_tables_are_named(client: TestClient, sites: SiteRows) -> None:
    for path in paths_of(sites):
        page = parsed(client.get(path))
        for field in page.css("input:not([type=hidden]), select, textarea"):
            parent = field.parent
            assert parent is not None
            assert parent.tag == "label", (path, field.html)
        for cell in page.css("th"):
            assert cell.attributes.get("scope") in ("col", "row"), path
        for form in page.css("form[method=post]"):
            assert form.css("button")
        ids = [node.attributes["id"] for node in page.css("[id]")]
        assert len(ids) == len(set(ids)), path
        for node in page.css("[aria-labelledby]"):
            assert node.attributes["aria-labelledby"] in ids, path


@pytest.mark.parametrize(
    "path",
    [
        "/sites/jobs/none",
        f"/sites/jobs/{NOWHERE}",
        f"/sites/jobs/{NOWHERE}/errors",
        f"/sites/jobs/{NOWHERE}/diff",
        f"/products/{NOWHERE}",
        f"/sites/new?clone={NOWHERE}",
        f"/live/sites/{NOWHERE}",
    ],
)
def test_what_is_not_there_is_404(any_house: House, path: str) -> None:
    answer = client_of(any_house).get(path)
    assert answer.status_code == 404
    if not path.startswith("/live/"):
        assert re.search(r"Не найдено|Not found", answer.text)
