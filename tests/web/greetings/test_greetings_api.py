"""The JSON API of clients, occasions, greetings, the calendar and runs (G134)."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from congratulated import EMAIL, PHONE, REMARK, Congratulated, add_client, congratulate
from console_client import client_of
from console_rows import fill
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.web.masked import mask_phone

Enter = Callable[[str], TestClient]
NOBODY = "0198f6f2-5d1c-7e6a-9b0a-6d616e75616c"


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {item["field"] for item in answer.json()["errors"]}


def test_a_client_from_birth_to_restoration(any_house: House) -> None:
    any_house.prepare()
    web = client_of(any_house)
    given = {"first_name": "анна", "last_name": "Ким", "email": "anna@firma.ru", "segment": "Вип"}
    made = web.post("/api/clients", json={**given, "birth_date": "17.05.1985"})
    assert made.status_code == 201
    one = made.json()
    path = made.headers["location"]
    assert path == f"/api/clients/{one['id']}"
    assert (one["first_name"], one["segment"], one["birth_date"]) == ("Анна", "vip", "1985-05-17")
    assert one["consents"][0]["basis"] == "none"
    changed = web.patch(path, json={"version": one["version"], "position": "Директор"})
    assert changed.json()["position"] == "Директор"
    stale = web.patch(path, json={"version": one["version"], "position": "Никто"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    listed = web.get("/api/clients?q=ким&limit=1").json()
    assert (listed["total"], listed["items"][0]["id"]) == (1, one["id"])
    assert web.delete(path).status_code == 204
    assert web.get("/api/clients").json()["total"] == 0
    assert web.post(f"{path}/restore").json()["deleted_at"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": "А", "email": "нет"}, "email"),
        ({"first_name": "А", "inn": "7707083894"}, "inn"),
        ({"first_name": "А", "segment": "vip2"}, "segment"),
        ({"first_name": "А", "birth_date": "31.02.1980"}, "birth_date"),
        ({"first_name": "А", "preferences": {"tonne": "warm"}}, "preferences"),
        ({"first_name": "А", "surname": "Б"}, "surname"),
        ({"first_name": "А" * 400}, "first_name"),
        ({}, "first_name"),
        ({"first_name": "А", "ground": {"basis": "magic"}}, "ground.basis"),
    ],
)
def test_the_field_at_fault_is_named(web: TestClient, body: dict[str, Any], field: str) -> None:
    assert fields(web.post("/api/clients", json=body)) == {field}


def test_bodies_that_are_no_json_are_400(web: TestClient) -> None:
    answer = web.post("/api/clients", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_viewers_get_masked_values(locked_house: House, signed_in: Enter) -> None:
    full = congratulate(locked_house)
    for path in (f"/api/clients/{full.client}", "/api/clients?q=ветров"):
        seen = signed_in("viewer").get(path)
        assert EMAIL not in seen.text
        assert PHONE not in seen.text
        assert "last_interaction_summary" not in seen.text
        assert "se***@klient.ru" in seen.text
        whole = signed_in("operator").get(path).text
        assert EMAIL in whole
        assert REMARK in whole
    masked = signed_in("operator").post("/api/clients/export").text
    assert EMAIL not in masked
    assert EMAIL in signed_in("admin").post("/api/clients/export").text


@pytest.mark.parametrize(
    ("number", "shown"), [("+79161234567", "***67"), ("+74951234567;ext=12", "***67"), ("", "")]
)
def test_a_masked_number_keeps_two_digits(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


def test_a_run_is_made_and_the_second_finds_nothing_new(house: House, web: TestClient) -> None:
    house.prepare()
    assert web.post("/api/clients/seed-demo").json()["added"] == 12
    assert web.post("/api/clients/seed-demo").json()["added"] == 0
    first = web.post("/api/agent/run-once", json={"deliver": False, "wait": True}).json()
    assert first["generated_greetings"] > 0
    assert first["errors"] == 0
    second = web.post("/api/agent/run-once").json()
    assert (second["generated_greetings"], second["errors"]) == (0, 0)
    assert second["skipped_existing"] > 0
    runs = web.get("/api/agent/runs").json()["items"]
    assert [run["id"] for run in runs] == [second["run_id"], first["run_id"]]
    path = f"/api/agent/runs/{first['run_id']}"
    assert web.get(path).json()["triggered_by"] == "api"
    assert web.get(f"{path}/report").json()["events"]["new"]
    assert web.get(f"/api/agent/runs/{NOBODY}/report").status_code == 404


def test_only_one_run_at_a_time(full: Congratulated, house: House, web: TestClient) -> None:
    seen: list[Any] = []

    def ask(_: str) -> None:
        if not seen:
            seen.append(web.post("/api/agent/run-once", json={"wait": False}))

    running = house.greetings.run_once("scheduler", step=ask)
    assert seen[0].status_code == 409
    problem = seen[0].json()
    assert (problem["code"], problem["run_id"]) == ("run_active", running["run_id"])
    assert web.post("/greetings/run").status_code == 303


def test_a_run_that_nobody_waits_for(full: Congratulated, web: TestClient) -> None:
    answer = web.post("/api/agent/run-once", json={"wait": False, "deliver": False})
    assert answer.status_code in (200, 202)
    run_id = answer.json()["run_id"]
    path = f"/api/agent/runs/{run_id}"
    for _ in range(500):
        if web.get(path).json()["status"] != "running":
            break
    assert web.get(path).json()["status"] == "success"


def test_an_order_by_hand(full: Congratulated, web: TestClient) -> None:
    """G172: without a client 422, a past day 422, the same one twice 409."""
    day = full.house.greetings.parts.today() + timedelta(days=9)
    body = {"event_date": day.isoformat(), "title": "Юбилей склада", "client_id": full.client}
    nobody = {name: value for name, value in body.items() if name != "client_id"}
    assert fields(web.post("/api/events/manual", json=nobody)) == {"client_id"}
    past = web.post("/api/events/manual", json={**body, "event_date": "2020-01-01"})
    assert past.status_code == 422
    preview = web.post("/api/events/manual/preview", json=body).json()
    assert preview["clients"][0]["id"] == full.client
    assert preview["text"]["subject"]
    made = web.post("/api/events/manual", json=body)
    assert made.status_code == 201
    event = made.json()["made"][0]
    twice = web.post("/api/events/manual", json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "duplicate_event")
    assert web.get(f"/api/events/{event}").json()["title"] == "Юбилей склада"
    listed = web.get("/api/events?event_type=manual").json()
    assert [row["id"] for row in listed["items"]] == [event]
    skipped = web.post(f"/api/events/{event}/skip", json={"reason": "передумали"})
    assert skipped.json()["status"] == "skipped"
    assert web.post(f"/api/events/{event}/greet-anyway").status_code == 409
    stranger = {**body, "client_id": NOBODY}
    assert web.post("/api/events/manual", json=stranger).status_code == 404


def test_a_greeting_is_read_decided_and_rated(full: Congratulated, web: TestClient) -> None:
    path = f"/api/greetings/{full.greeting}"
    one = web.get(path).json()
    assert one["has_card"]
    assert one["approval_reasons"] == ["first"]
    assert web.get(f"{path}/card").content[:2] == b"\xff\xd8"
    preview = web.get(f"{path}/preview").json()
    assert (preview["gates"], "Ветров" in preview["text"]) == ([], False)
    edited = web.patch(path, json={"version": one["version"], "subject": "С праздником"}).json()
    assert (edited["subject"], edited["version"] > one["version"]) == ("С праздником", True)
    assert web.patch(path, json={"version": one["version"], "subject": "Б"}).status_code == 409
    assert fields(web.patch(path, json={"subject": "без версии"})) == {"version"}
    again = web.post(f"{path}/regenerate", json={"source": "template"}).json()
    assert again["status"] == "needs_approval"
    approved = web.post(f"{path}/approve", json={"version": again["version"]}).json()
    assert approved["status"] == "approved"
    assert web.get(f"{path}/preview").json()["gates"]
    assert web.post(f"{path}/approve", json={"version": again["version"]}).status_code == 409
    assert web.post(f"{path}/reject", json={"comment": "поздно"}).status_code == 409
    assert web.post(f"{path}/feedback", json={"score": 4}).json()["score"] == 4
    assert fields(web.post(f"{path}/feedback", json={"score": 9})) == {"score"}
    assert web.post(f"{path}/cancel").json()["status"] == "cancelled"
    figures = web.get("/api/reports/greetings").json()
    assert figures["total"]["liked"] == 1
    assert figures["groups"]["segment"]["vip"]["made"] >= 1


def test_rejected_and_skipped(full: Congratulated, web: TestClient) -> None:
    path = f"/api/greetings/{full.greeting}"
    assert web.post(f"{path}/reject", json={"comment": " "}).status_code == 422
    assert web.post(f"{path}/reject", json={"comment": "сухо"}).json()["status"] == "rejected"
    other = f"/api/greetings/{full.vip_greeting}"
    assert web.post(f"{other}/skip", json={"comment": "звонок"}).json()["skip_reason"] == "звонок"
    assert web.post(f"{other}/retry").status_code == 409


def test_many_by_a_filter_that_still_finds_as_many(full: Congratulated, web: TestClient) -> None:
    listed = web.get("/api/greetings?tab=waiting&limit=500").json()
    count = len(listed["items"])
    assert listed["tabs"]["waiting"] == count
    body = {"action": "approve", "filters": {"tab": "waiting"}, "expected_count": count + 1}
    assert web.post("/api/greetings/bulk", json=body).status_code == 409
    assert full.draft()["status"] == "needs_approval"
    done = web.post("/api/greetings/bulk", json={**body, "expected_count": count}).json()
    assert full.greeting in done["done"]
    assert done["left_out"][full.vip_greeting] == "vip"
    nothing = {"action": "approve"}
    assert web.post("/api/greetings/bulk", json=nothing).status_code == 422


def test_lists_go_on_where_they_stopped(full: Congratulated, web: TestClient) -> None:
    for path, most in (("/api/greetings", 100), ("/api/events", 100)):
        whole = [row["id"] for row in web.get(f"{path}?limit=500").json()["items"]]
        found, cursor = [], ""
        for _ in range(most):
            part = web.get(path, params={"limit": 2, "cursor": cursor}).json()
            found += [row["id"] for row in part["items"]]
            cursor = part["next_cursor"]
            if not cursor:
                break
        assert found == whole
        assert web.get(f"{path}?limit=501").status_code == 422


def test_the_calendar(house: House, web: TestClient) -> None:
    house.prepare()
    rules = web.get("/api/holidays?kind=memorial").json()["items"]
    assert {rule["kind"] for rule in rules} == {"memorial"}
    on = web.patch(f"/api/holidays/{rules[0]['code']}", json={"is_business_relevant": True})
    assert on.status_code == 422, "G172: a memorial row cannot be enabled"
    own = {"code": "nash_den", "title": "Наш день", "title_instrumental": "Нашим днём"}
    made = web.post("/api/holidays", json={**own, "rule": "fixed 05-01"})
    assert made.status_code == 201
    assert made.json()["next_date"].endswith("-05-01")
    assert web.post("/api/holidays", json={**own, "rule": "fixed 05-01"}).status_code == 409
    assert web.post("/api/holidays", json={**own, "rule": "x"}).status_code == 422
    moved = web.patch("/api/holidays/nash_den", json={"rule": "fixed 06-02", "shift": "same"})
    assert moved.json()["next_date"].endswith("-06-02")
    assert web.delete("/api/holidays/accountant_day").status_code == 409
    assert web.delete("/api/holidays/nash_den").status_code == 204
    assert web.get("/api/holidays?q=nash_den").json()["items"] == []
    assert len(web.post("/api/holidays/check", json={"rule": "nth 8 7 2"}).json()["dates"]) == 3
    assert web.post("/api/holidays/check").status_code == 200
    soon = web.get("/api/holidays/upcoming?days=60").json()["items"]
    assert soon == sorted(soon, key=lambda row: (row["next_date"], row["code"]))


def test_tables_in_and_out(house: House, web: TestClient) -> None:
    table = "имя;почта\nИван;i@p.ru\nПётр;без собаки\n".encode()
    file = {"file": ("a.csv", io.BytesIO(table))}
    dry = web.post("/api/clients/import", files=file, data={"dry_run": "true"}).json()
    assert (dry["new"], dry["warnings"], dry["dry_run"]) == (2, 1, True)
    assert web.get("/api/clients").json()["total"] == 0
    done = web.post("/api/clients/import", files={"file": ("a.csv", io.BytesIO(table))}).json()
    assert done["new"] == 2
    again = web.post("/api/clients/import", files={"file": ("a.csv", io.BytesIO(table))}).json()
    assert (again["new"], again["same"]) == (0, 2)
    assert web.post("/api/clients/export?format=xlsx").content[:2] == b"PK"
    assert fields(web.post("/api/clients/import", files={"file": ("a.csv", b"")})) == {"file"}


def test_a_company_becomes_a_client_once(house: House, web: TestClient) -> None:
    company = fill(house, 8).companies[0]
    made = web.post("/api/clients/from-company", json={"company_id": company})
    assert made.status_code == 201
    assert made.json()["company_id"] == company
    again = web.post("/api/clients/from-company", json={"company_id": company})
    assert (again.status_code, again.json()["code"]) == (409, "client_exists")
    assert again.json()["client_id"] == made.json()["id"]


def test_the_register_and_the_year_ahead(full: Congratulated, web: TestClient) -> None:
    path = f"/api/clients/{full.client}"
    assert web.post(f"{path}/enrich").json()["found"] in (True, False)
    assert fields(web.post(f"/api/clients/{full.vip}/enrich")) == {"inn"}
    ahead = web.get(f"{path}/occasions?months=12").json()["items"]
    assert any(row["event_key"] == "birthday" for row in ahead)
    assert web.get(f"{path}/occasions?months=99").status_code == 422


def test_attempts_are_listed_with_masks(locked_house: House, signed_in: Enter) -> None:
    fill(locked_house, 8)
    viewer = signed_in("viewer").get("/api/deliveries?limit=500").json()
    whole = signed_in("operator").get("/api/deliveries?limit=500").json()
    assert viewer["total"] == whole["total"] > 0
    assert all("***" in row["to"] for row in viewer["items"])
    assert not any("***" in row["to"] for row in whole["items"])
    accepted = signed_in("viewer").get("/api/deliveries?state=accepted&kind=letter").json()
    assert {row["state"] for row in accepted["items"]} == {"accepted"}


@pytest.mark.parametrize(
    "path",
    ["/api/clients/{0}", "/api/events/{0}", "/api/greetings/{0}", "/api/greetings/{0}/card"],
)
def test_what_is_not_there_is_a_problem(web: TestClient, path: str) -> None:
    for name in (NOBODY, "none"):
        answer = web.get(path.format(name))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_strange_characters_reach_no_database(any_house: House) -> None:
    any_house.prepare()
    web = client_of(any_house)
    client = add_client(any_house, first_name="Анна", email="a@b.ru")
    made = web.post("/api/clients", json={"first_name": "А\x00нна\u202e", "position": "\x00"})
    assert made.json()["first_name"] == "Анна"
    day = any_house.greetings.parts.today() + timedelta(days=1)
    body = {"event_date": day.isoformat(), "title": "Юби\x00лей", "note": "а\x00\nб"}
    made = web.post("/api/events/manual", json={**body, "client_id": client})
    assert made.status_code == 201
    assert web.get(f"/api/events/{made.json()['made'][0]}").json()["title"] == "Юбилей"
    assert web.get("/api/events?reason=%00&code=%00").status_code == 200
