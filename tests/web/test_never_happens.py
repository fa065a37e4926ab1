"""Rows of "must never happen" that programs and strangers would meet first."""

import json
import re
from datetime import timedelta

import pytest
from console_client import HERE, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.kit.ids import new_id

SECRET = "not for strangers"
LIST = {"sitemap_urls": ["https://shop.ru/a"]}


def test_n18_the_stream_of_an_unknown_job_is_404(client: TestClient) -> None:
    answer = client.get(f"/api/jobs/{new_id()}/stream")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "progress" not in answer.text


def test_n19_without_a_worker_the_job_waits_and_readiness_says_so(any_house: House) -> None:
    with client_of(any_house, origin=HERE) as api:
        job = api.post("/api/jobs", json=LIST).json()
        any_house.clock.advance(timedelta(minutes=5))
        report = api.get("/api/health/ready").json()
        assert report["components"]["workers"] == "no worker"
        assert report["status"] == "degraded"
        shown = api.get(f"/api/jobs/{job['id']}").json()
    assert (shown["status"], shown["progress"], shown["success_urls"]) == ("queued", 0, 0)


@pytest.fixture
def stranger(locked_house: House) -> TestClient:
    """Somebody who did not sign in, at a house with files in every folder."""
    settings = locked_house.settings
    for folder in (settings.data_dir, settings.outbox_dir, settings.data_dir / "cards"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("povod.db", "app.db", "letter.eml", "card.jpg"):
            (folder / name).write_text(SECRET)
    return client_of(locked_house)


@pytest.mark.parametrize(
    "path",
    [
        "/data/app.db", "/data/povod.db", "/app.db", "/outbox/letter.eml", "/out/letter.eml",
        "/cards/card.jpg", "/static/../data/app.db", "/static/%2e%2e/%2e%2e/data/app.db",
        "/static/..%2f..%2fdata%2fapp.db", "/static//etc/passwd", "/static/%00",
    ],
)  # fmt: skip
def test_g190_no_file_of_the_house_is_shown_to_strangers(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code in {303, 401, 404}
    assert SECRET not in answer.text
    assert "root:" not in answer.text


ORDERS = [
    "/api/run-once", "/api/agent/run-once", "/api/clients/seed-demo", "/api/clients/clear-demo",
    "/api/clients", "/api/events/manual", "/api/jobs",
    "/api/greetings/0198f6f2-5d1c-7e6a-9b0a-6d616e75616c/approve", "/api/greetings/bulk",
    "/api/clients/import",
]  # fmt: skip


@pytest.mark.parametrize("path", ORDERS)
def test_g190_orders_of_strangers_are_refused(stranger: TestClient, path: str) -> None:
    answer = stranger.post(path, json={}, headers={"origin": HERE})
    assert answer.status_code in {401, 403}
    json.loads(answer.text)


@pytest.mark.parametrize("path", ORDERS)
def test_g190_a_page_of_another_site_orders_nothing(signed_in, path: str) -> None:
    answer = signed_in("admin").post(path, json={}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "admin"])
def test_g205_no_page_of_an_empty_house_fails_whoever_asks(signed_in, role: str) -> None:
    client = signed_in(role)
    document = client.get("/api/openapi.json").json()["paths"]
    programs = {path for path, verbs in document.items() if "get" in verbs and "{" not in path}
    waiting, seen = ["/", *sorted(programs - {"/api/stream"})], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code < 500, (path, answer.text[:300])
        assert "Traceback" not in answer.text
        links = re.findall(r'href="(/[a-z][a-z0-9/_-]*)"', answer.text)
        waiting += {link for link in links if not link.startswith("/static")} - seen - {*waiting}
    assert len(seen - programs) >= 10, seen
