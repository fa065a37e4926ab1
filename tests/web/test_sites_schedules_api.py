"""Schedules of crawls in the API (S15a, S129)."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.engine.work import NewWork
from povod.kit.clock import FixedClock

NOBODY = "01a2295a-9718-73db-82b2-3f45694c7246"


@pytest.fixture
def made(client: TestClient) -> dict[str, Any]:
    answer = client.post("/api/schedules", json={"domain": "shop.ru", "options": {"max_urls": 5}})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_made_listed_changed_and_forgotten(client: TestClient, made: dict[str, Any]) -> None:
    assert (made["cron"], made["zone"], made["enabled"]) == ("0 */6 * * *", "Europe/Moscow", True)
    assert made["next_run_at"] is not None
    listed = client.get("/api/schedules").json()
    assert (listed["total"], listed["items"], listed["next_cursor"]) == (1, [made], None)
    path = f"/api/schedules/{made['id']}"
    changed = client.patch(path, json={"maintenance": "02:00-05:00", "enabled": False}).json()
    assert (changed["maintenance"], changed["next_run_at"]) == ("02:00-05:00", None)
    assert (changed["options"], changed["cron"]) == ({"max_urls": 5}, "0 */6 * * *")
    assert client.get(path).json() == changed
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_long_lists_come_in_parts(client: TestClient, made: dict[str, Any]) -> None:
    other = client.post("/api/schedules", json={"domain": "second.ru"}).json()
    first = client.get("/api/schedules?limit=1").json()
    following = client.get(f"/api/schedules?limit=1&cursor={first['next_cursor']}").json()
    assert [first["items"], following["items"]] == [[made], [other]]
    assert following["next_cursor"] is None


def test_run_now(client: TestClient, made: dict[str, Any]) -> None:
    path = f"/api/schedules/{made['id']}/run"
    job = client.post(path, headers={"Idempotency-Key": "а".encode().hex()})
    assert (job.status_code, job.json()["domain"]) == (201, "shop.ru")
    assert job.json()["options"]["max_urls"] == 5
    again = client.post(path, headers={"Idempotency-Key": "а".encode().hex()})
    assert (again.status_code, again.json()["id"]) == (200, job.json()["id"])
    assert client.post(path).json()["code"] == "job_active"
    shown = client.get(f"/api/schedules/{made['id']}").json()
    assert shown["last_job_id"] == job.json()["id"]
    assert shown["next_run_at"] == made["next_run_at"]
    assert client.post(f"/api/schedules/{NOBODY}/run").status_code == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cron": "* *"}, "cron"),
        ({"zone": "Луна"}, "zone"),
        ({"maintenance": "x"}, "maintenance"),
        ({"options": {"colour": 1}}, "options.colour"),
        ({"options": {"firecrawl_api_key": "fc-1"}}, "options.firecrawl_api_key"),
        ({"colour": 1}, "colour"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, given: dict[str, Any], field: str) -> None:
    answer = client.post("/api/schedules", json={"domain": "shop.ru", **given})
    assert answer.status_code in (400, 422)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_who_may_do_what(signed_in: Any) -> None:
    viewer, operator = signed_in("viewer"), signed_in("operator")
    assert viewer.post("/api/schedules", json={"domain": "shop.ru"}).status_code == 403
    made = operator.post("/api/schedules", json={"domain": "shop.ru"}).json()
    assert made["created_by"] == "operator"
    path = f"/api/schedules/{made['id']}"
    assert viewer.get(path).status_code == 200
    for refused in (viewer.delete(path), viewer.post(f"{path}/run"), viewer.patch(path, json={})):
        assert refused.status_code == 403


def test_the_house_has_a_step_for_it(
    client: TestClient, house: House, clock: FixedClock, made: dict[str, Any]
) -> None:
    """`povod run` fires what is due; a slot that is ahead does not keep it waiting."""
    (step,) = [step for step in house.steps if step.kind == "sites.schedules"]
    assert step.next_due() is None
    clock.advance(timedelta(hours=6))
    assert step.is_due(clock)
    with house.db.tx() as conn:
        house.ledger.enqueue(conn, NewWork(step.queue, step.kind, dedup_key=step.kind))
    house.runner(["default"]).run_until_idle()
    assert not step.is_due(clock)
    (job,) = client.get("/api/jobs").json()
    shown = client.get(f"/api/schedules/{made['id']}").json()
    assert (shown["last"]["outcome"], shown["last_job_id"]) == ("started", job["id"])
