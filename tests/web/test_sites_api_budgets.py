"""Budgets over HTTP: seen, set, refused, obeyed (S15a, S75)."""

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from console_client import HERE, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.sites.budgets import LIMITS
from povod.sites.deps import JobContext
from povod.sites.options import JobOptions
from povod.store.tables import audit_log, budget_counters


@pytest.fixture
def api(any_house: House) -> Any:
    with client_of(any_house, origin=HERE) as client:
        yield client


def context(house: House, **profile: Any) -> JobContext:
    run: Any = SimpleNamespace(cancelled=lambda: False)
    return JobContext(house.sites.deps, {"id": "x"}, JobOptions.parse({}), profile, run)


def test_without_a_choice_they_are_as_the_policies_say(api: TestClient, any_house: House) -> None:
    found = api.get("/api/budgets").json()
    rules = any_house.sites.deps.policies.budgets
    assert found == {
        "limits": {name: getattr(rules, name) for name in LIMITS}, "set": {}, "counters": [],
    }  # fmt: skip


def test_what_is_set_holds_for_the_next_work(api: TestClient, any_house: House) -> None:
    usual = context(any_house).policies
    said = api.put("/api/budgets", json={"all_soft_mb": 5, "all_hard_mb": 7.5})
    assert said.status_code == 200, said.text
    assert said.json() == api.get("/api/budgets").json()
    assert said.json()["set"] == {"all_soft_mb": 5, "all_hard_mb": 7.5}
    rules = context(any_house).policies.budgets
    assert (rules.all_soft_mb, rules.all_hard_mb) == (5, 7.5)
    assert rules.site_hard_mb == usual.budgets.site_hard_mb
    override = {"budgets": {"all_hard_mb": 6}}
    assert context(any_house, policies_override=override).policies.budgets.all_hard_mb == 6
    assert api.put("/api/budgets", json={}).json()["set"] == {}
    assert context(any_house).policies == usual


def test_each_change_is_remembered_once(api: TestClient, any_house: House) -> None:
    for _ in range(2):
        api.put("/api/budgets", json={"all_hard_mb": 2000})
    query = sa.select(audit_log.c.data).where(audit_log.c.action == "budgets_change")
    with any_house.db.read() as conn:
        assert list(conn.execute(query).scalars()) == [{"from": {}, "to": {"all_hard_mb": 2000}}]


def test_what_is_used_today(api: TestClient, any_house: House) -> None:
    deps = any_house.sites.deps
    today = deps.now().astimezone(deps.zone).date().isoformat()
    row = {"scope_key": "", "traffic_class": "plain", "period": today, "soft": 1, "hard": 2}
    rows = [
        {**row, "scope": "all", "used": 9, "reserved": 3},
        {**row, "scope": "site", "scope_key": "shop.ru", "used": 10, "reserved": 0},
        {**row, "scope": "site", "scope_key": "a.ru", "period": "2001-01-01", "used": 11},
        {**row, "scope": "job", "scope_key": "j", "used": 12},
    ]
    with any_house.db.tx() as conn:
        for one in rows:
            conn.execute(sa.insert(budget_counters).values(**one))
    found = api.get("/api/budgets").json()["counters"]
    assert [(one["scope"], one["used"], one["reserved"]) for one in found] == [
        ("site", 10, 0), ("all", 9, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"all_hard_mb": -1}, "all_hard_mb"),
        ({"all_hard_mb": "viel"}, "all_hard_mb"),
        ({"all_soft_mb": 2, "all_hard_mb": 1}, "all_soft_mb"),
        ({"site_hard_mb": 0}, "site_soft_mb"),
        ({"reserve_kb": 1}, "reserve_kb"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, given: dict[str, Any], field: str) -> None:
    answer = client.put("/api/budgets", json=given)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert client.get("/api/budgets").json()["set"] == {}


def test_operators_look_and_admins_set(signed_in: Any) -> None:
    """S134."""
    assert signed_in("viewer").get("/api/budgets").status_code == 403
    assert signed_in("operator").get("/api/budgets").status_code == 200
    assert signed_in("operator").put("/api/budgets", json={}).status_code == 403
    assert signed_in("approver").put("/api/budgets", json={}).status_code == 403
    assert signed_in("admin").put("/api/budgets", json={}).status_code == 200
