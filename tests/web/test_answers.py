"""Shapes of answers: headers, errors for people and for programs, languages, health."""

import json
from collections.abc import Callable
from unittest.mock import patch

import pytest
from console_client import HERE, client_of
from console_rows import Rows, fill
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from povod.app.house import House
from povod.engine.work import NewWork
from povod.store.db import Database

Build = Callable[..., House]
BROKEN = OperationalError("SELECT 1", {}, Exception("disk I/O error"))


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/nowhere", "/static/povod.css", "/api/health"]
)
def test_every_answer_is_protected(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    caching = "no-cache" if path.startswith("/static/") else "no-store"
    assert headers["cache-control"] == caching


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": "0"}, "page"),
        ({"page": "9" * 30}, "page"),
        ({"size": "501"}, "size"),
        ({"sort": "password"}, "sort"),
        ({"status": "lost"}, "status"),
        ({"q": "a" * 201}, "q"),
    ],
)
def test_wrong_fields_are_named(client: TestClient, query: dict[str, str], field: str) -> None:
    answer = client.get("/api/companies", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["title"]) == (422, "Not valid")
    assert [error["field"] for error in body["errors"]] == [field]
    if field != "size":
        page = client.get("/companies", params=query)
        assert (page.status_code, field in page.text) == (422, True)


def test_the_method_must_fit(client: TestClient) -> None:
    answer = client.delete("/api/companies")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["detail"] == "Method not allowed"
    assert client.get("/logout").status_code == 405


def test_failures_tell_no_secrets(client: TestClient, house: House) -> None:
    failing = patch.object(type(house), "story", side_effect=RuntimeError("secret detail"))
    with capture_logs() as logs, failing:
        page = client.get("/letters/x")
        answer = client.get("/api/letters/x/why")
    assert [entry["path"] for entry in logs] == ["/letters/x", "/api/letters/x/why"]
    for failed in (page, answer):
        assert failed.status_code == 500
        assert "secret detail" not in failed.text
        assert "content-security-policy" in failed.headers
    assert answer.json()["title"] == "Internal error"


def test_a_database_out_of_reach_is_503(client: TestClient, house: House) -> None:
    with capture_logs(), patch.object(type(house.db), "read", side_effect=BROKEN):
        assert client.get("/").status_code == 503
        assert client.get("/api/companies").json()["status"] == 503
    with patch.object(type(house.ledger), "stats", side_effect=BROKEN):
        health = client.get("/api/health")
    assert (health.status_code, health.json()["status"]) == (503, "failed")


def test_health_tells_of_waiting_work(any_house: House) -> None:
    with any_house.db.tx() as conn:
        any_house.ledger.enqueue(conn, NewWork("default", "test.kind"))
    health = client_of(any_house).get("/api/health")
    assert health.status_code == 200
    assert health.json()["status"] == "ok"
    assert health.json()["work"]["due"] == 1


def test_the_api_gives_rows_and_stories(any_house: House) -> None:
    rows = fill(any_house)
    client = client_of(any_house)
    listed = client.get("/api/companies", params={"size": 5, "page": 2, "sort": "-hits"}).json()
    assert (listed["total"], listed["page"], len(listed["items"])) == (25, 2, 5)
    card = client.get(f"/api/companies/{rows.companies[0]}").json()
    assert {contact["value"] for contact in card["contacts"]} == {"info@dent-0.ru", "+78432610000"}
    assert client.get("/api/letters", params={"status": "uncertain"}).json()["total"] == 1
    story = client.get(f"/api/letters/{rows.story}/why").json()
    assert story["steps"][0]["notes"]["row"] == "7"
    assert story["steps"][-1]["kind"] == "reply"
    assert client.get("/api/leads/funnel").json()["replied"] == 4


def test_openapi_is_served_and_true_about_paths(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/companies", "/api/letters/{message_id}/why", "/api/stream"} <= set(paths)
    assert all(path == "/api" or path.startswith("/api/") for path in paths)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-GB,en;q=0.7", "en"),
        ("de-DE,de;q=0.9,en;q=0.4,ru;q=0.5", "ru"),
        ("en;q=0, ru;q=0.1", "ru"),
        ("en;q=0.1, ru;q=0.9", "ru"),
        ("de", "ru"),
        ("*", "ru"),
        ("", "ru"),
        (";;q=,,=x; q=y", "ru"),
    ],
)
def test_the_browser_decides_the_language(client: TestClient, asked: str, given: str) -> None:
    page = client.get("/", headers={"accept-language": asked}).text
    assert f'<html lang="{given}"' in page


def test_a_switch_is_remembered_and_wins(client: TestClient) -> None:
    switched = client.post(
        "/preferences",
        data={"language": "en", "theme": "dark", "back": "/companies?q=x"},
        headers={"origin": HERE},
    )
    assert (switched.status_code, switched.headers["location"]) == (303, "/companies?q=x")
    page = client.get("/", headers={"accept-language": "ru"}).text
    assert '<html lang="en" data-theme="dark">' in page
    client.post("/preferences", data={"theme": "auto"}, headers={"origin": HERE})
    assert "data-theme" not in client.get("/").text
    client.cookies.set("povod_theme", '"><script>')
    client.cookies.set("povod_language", "xx")
    assert "<script>" not in client.get("/").text


def test_the_setting_decides_for_those_who_did_not(build: Build, sqlite_db: Database) -> None:
    client = client_of(build(sqlite_db, ui_language="en"))
    assert '<html lang="en"' in client.get("/", headers={"accept-language": "ru"}).text
    client.cookies.set("povod_language", "ru")
    assert '<html lang="ru"' in client.get("/").text


def test_a_failed_form_does_not_trap_the_switches(client: TestClient, rows: Rows) -> None:
    """After a refused post, switching the language leads to a page, not to the form's target."""
    page = client.post(f"/letters/{rows.story}/approve", headers={"origin": HERE})
    assert page.status_code == 409
    assert 'name="back" value="/"' in page.text


def test_problems_are_json_of_the_standard(client: TestClient) -> None:
    body = json.loads(client.get("/api/letters/none/why").text)
    members = {"type", "title", "status", "detail", "instance", "code", "errors", "request_id"}
    assert set(body) == members
