"""Idempotency-Key at the POSTs that create: the same order within a day is done once (G134)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from congratulated import Congratulated
from console_client import client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError
from povod.store.once import Once
from povod.store.tables import agent_runs, clients, events, settings

ANNA = {"first_name": "Анна", "email": "anna@firma.ru"}


def post(web: TestClient, path: str, body: Any, key: str = "k-1") -> Any:
    return web.post(path, json=body, headers={"Idempotency-Key": key})


def count(house: House, table: sa.Table) -> int:
    with house.db.read() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_client_is_made_once(any_house: House) -> None:
    any_house.prepare()
    web = client_of(any_house)
    first = post(web, "/api/clients", ANNA)
    again = post(web, "/api/clients", ANNA)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    other = post(web, "/api/clients", {"first_name": "Борис"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert post(web, "/api/clients", {"first_name": "Борис"}, "k-2").status_code == 201
    assert count(any_house, clients) == 2


def test_what_failed_may_be_tried_again_with_its_key(any_house: House) -> None:
    any_house.prepare()
    web = client_of(any_house)
    assert post(web, "/api/clients", {"first_name": "А", "inn": "7707083894"}).status_code == 422
    assert post(web, "/api/clients", ANNA).status_code == 201


def test_greetings_are_ordered_once(full: Congratulated, house: House, web: TestClient) -> None:
    day = (house.clock.now() + timedelta(days=3)).date().isoformat()
    order = {"client_id": full.client, "title": "Юбилей", "event_date": day}
    first = post(web, "/api/events/manual", order)
    assert first.status_code == 201, first.text
    before = count(house, events)
    again = post(web, "/api/events/manual", order)
    assert (again.status_code, again.json()) == (200, first.json())
    assert count(house, events) == before
    assert web.post("/api/events/manual", json=order).status_code == 409, "without a key as ever"


def test_a_run_is_started_once(full: Congratulated, house: House, web: TestClient) -> None:
    first = post(web, "/api/agent/run-once", {"deliver": False})
    before = count(house, agent_runs)
    again = post(web, "/api/agent/run-once", {"deliver": False})
    assert (again.status_code, again.json()) == (200, first.json())
    assert count(house, agent_runs) == before


def test_keys_are_free_again_after_a_day(any_house: House, clock: FixedClock) -> None:
    once = Once(any_house.db, clock)
    assert once.answer("anna:k", "order", lambda: {"n": 1}) == ({"n": 1}, True)
    clock.advance(timedelta(hours=23))
    assert once.answer("anna:k", "order", lambda: {"n": 2}) == ({"n": 1}, False)
    clock.advance(timedelta(hours=2))
    assert once.answer("anna:k", "another", lambda: {"n": 3}) == ({"n": 3}, True)
    with any_house.db.read() as conn:
        kept = sa.select(settings.c.id).where(settings.c.id.startswith("once:"))
        assert len(conn.execute(kept).all()) == 1


def test_a_twin_at_the_same_time_is_told_to_wait(any_house: House, clock: FixedClock) -> None:
    once = Once(any_house.db, clock)

    def twin() -> dict[str, Any]:
        with pytest.raises(ConflictError, match="being carried out"):
            once.answer("anna:k", "order", lambda: {"n": 2})
        return {"n": 1}

    assert once.answer("anna:k", "order", twin) == ({"n": 1}, True)


def test_an_order_whose_process_died_is_taken_up(any_house: House, clock: FixedClock) -> None:
    once = Once(any_house.db, clock)

    def die() -> dict[str, Any]:
        clock.advance(timedelta(minutes=6))
        return once.answer("anna:k", "order", lambda: {"n": 2})[0]

    assert once.answer("anna:k", "order", die) == ({"n": 2}, True)


def test_who_lost_the_key_takes_no_answer_away(any_house: House, clock: FixedClock) -> None:
    once = Once(any_house.db, clock)

    def fail_late() -> dict[str, Any]:
        clock.advance(timedelta(minutes=6))
        assert once.answer("anna:k", "order", lambda: {"n": 2}) == ({"n": 2}, True)
        raise RuntimeError("too late")

    with pytest.raises(RuntimeError):
        once.answer("anna:k", "order", fail_late)
    assert once.answer("anna:k", "order", lambda: {"n": 3}) == ({"n": 2}, False)


def test_a_slow_order_does_not_write_over_who_took_it_up(
    any_house: House, clock: FixedClock
) -> None:
    once = Once(any_house.db, clock)

    def late() -> dict[str, Any]:
        clock.advance(timedelta(minutes=6))
        once.answer("anna:k", "order", lambda: {"n": 2})
        return {"n": 1}

    assert once.answer("anna:k", "order", late) == ({"n": 1}, True)
    assert once.answer("anna:k", "order", lambda: {"n": 3}) == ({"n": 2}, False)
