"""Webhooks in the API (S15a, S128)."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

URL = "https://hooks.example.com/services/T0/VERYSECRETKEY?token=a"


@pytest.fixture
def made(client: TestClient) -> dict[str, Any]:
    given = {"url": URL, "events": ["job.finished", "alert"], "secret": "тайна тайная"}
    answer = client.post("/api/webhooks", json=given)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_address_and_secret_are_never_shown(client: TestClient, made: dict[str, Any]) -> None:
    path = f"/api/webhooks/{made['id']}"
    changed = client.patch(path, json={"enabled": False, "secret": "другая"})
    texts = [
        client.get("/api/webhooks").text,
        client.get(path).text,
        changed.text,
        repr(made),
    ]
    for text in texts:
        assert "VERYSECRETKEY" not in text
        assert "тайна" not in text
        assert "другая" not in text
    assert changed.json()["url"] == "https://hooks.example.com/…"
    assert (changed.json()["enabled"], changed.json()["secret_set"]) == (False, True)
    assert changed.json()["events"] == ["alert", "job.finished"]


def test_a_secret_that_is_made_is_shown_once(client: TestClient) -> None:
    made = client.post("/api/webhooks", json={"url": URL, "events": ["alert"]}).json()
    assert len(made["secret"]) >= 32
    assert made["secret"] not in client.get(f"/api/webhooks/{made['id']}").text


def test_listed_and_forgotten(client: TestClient, made: dict[str, Any]) -> None:
    listed = client.get("/api/webhooks").json()
    assert (listed["total"], listed["items"]) == (1, [made])
    path = f"/api/webhooks/{made['id']}"
    assert client.delete(path).status_code == 204
    assert [client.get(path).status_code, client.post(f"{path}/test").status_code] == [404, 404]


def test_a_try_tells_what_came_of_it(client: TestClient) -> None:
    """Nothing is sent within: the name leads to the loopback."""
    given = {"url": "http://localhost/x", "events": ["alert"]}
    made = client.post("/api/webhooks", json=given).json()
    answer = client.post(f"/api/webhooks/{made['id']}/test").json()
    assert (answer["ok"], "guard" in answer["error"]) == (False, True)
    assert "guard" in client.get(f"/api/webhooks/{made['id']}").json()["last_error"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "http://10.0.0.1/x"}, "url"),
        ({"url": "gopher://a.ru"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["job.eaten"]}, "events.0"),
        ({"format": "pigeon"}, "format"),
        ({"format": "telegram"}, "url"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, given: dict[str, Any], field: str) -> None:
    answer = client.post("/api/webhooks", json={"url": URL, "events": ["alert"], **given})
    assert answer.status_code in (400, 422)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_only_an_admin_sends_news_outside(signed_in: Any, role: str) -> None:
    client = signed_in(role)
    assert client.get("/api/webhooks").status_code == 403
    given = {"url": URL, "events": ["alert"]}
    assert client.post("/api/webhooks", json=given).status_code == 403
    assert signed_in("admin").post("/api/webhooks", json=given).status_code == 201
