"""Decisions about greetings on pages: approve, reject, edit, rewrite, skip, many at once."""

from datetime import timedelta

import pytest
from congratulated import Congratulated
from fastapi.testclient import TestClient

from povod.app.house import House


def version(full: Congratulated, name: str = "greeting") -> dict[str, object]:
    return {"version": full.draft(name)["version"]}


def test_approved_once_by_whoever_is_first(full: Congratulated, web: TestClient) -> None:
    path, seen = f"/greetings/{full.greeting}", version(full)
    assert f"{path}/approve" in web.get(path).text
    assert web.post(f"{path}/approve", data=seen).headers["location"].endswith("?done=approved")
    assert full.draft()["status"] == "approved"
    assert web.post(f"{path}/approve", data=seen).status_code == 409
    page = web.get(path)
    assert "/letters/" in page.text
    assert f"{path}/approve" not in page.text


def test_rejected_with_a_word(full: Congratulated, web: TestClient) -> None:
    path = f"/greetings/{full.greeting}"
    assert web.post(f"{path}/reject", data=version(full)).status_code == 422
    data = {**version(full), "comment": "слишком сухо"}
    assert web.post(f"{path}/reject", data=data).status_code == 303
    assert full.draft()["status"] == "rejected"
    assert "слишком сухо" in web.get(path).text


def test_edited_words_are_checked_and_wait_again(full: Congratulated, web: TestClient) -> None:
    path, seen = f"/greetings/{full.greeting}", version(full)
    words = {"body": "Поздравляем! Скидка 50 % до пятницы.\n\nВаши друзья", "subject": "Ура"}
    assert web.post(f"{path}/edit", data={**seen, **words}).status_code == 303
    row = full.draft()
    assert (row["status"], row["text_source"]) == ("needs_approval", "human")
    assert row["violations"]
    page = web.get(path).text
    assert "<mark" in page
    assert "Ваши друзья" in page
    assert web.post(f"{path}/edit", data={**seen, **words}).status_code == 409


def test_another_theme_draws_another_card(full: Congratulated, web: TestClient) -> None:
    path = f"/greetings/{full.greeting}"
    before = web.get(f"{path}/card").content
    shown = web.get(f"{path}/card?theme=winter").content
    assert shown != before
    web.post(f"{path}/edit", data={**version(full), "card_theme": "winter"})
    assert full.draft()["card_theme"] == "winter"
    assert web.get(f"{path}/card").content == shown
    assert web.get(f"{path}/card?theme=none").status_code in (404, 422)


def test_rewritten_and_then_left_out(full: Congratulated, web: TestClient) -> None:
    path, before = f"/greetings/{full.greeting}", full.draft()["body"]
    data = {**version(full), "source": "next_variant", "tone": "official"}
    assert web.post(f"{path}/regenerate", data=data).status_code == 303
    assert full.draft()["body"] != before
    assert web.post(f"{path}/skip", data={"comment": "попросил"}).status_code == 303
    row = full.draft()
    assert (row["status"], row["skip_reason"]) == ("skipped", "попросил")
    assert web.post(f"{path}/retry").status_code == 409


def test_taken_back_after_approval(full: Congratulated, web: TestClient) -> None:
    path = f"/greetings/{full.greeting}"
    web.post(f"{path}/approve", data=version(full))
    assert web.post(f"{path}/cancel").headers["location"].endswith("?done=cancelled")
    assert full.draft()["status"] == "cancelled"


def test_a_rating_and_its_limits(full: Congratulated, web: TestClient) -> None:
    path = f"/greetings/{full.greeting}"
    good = {"score": "5", "notes": "обрадовался", "outcome": "replied"}
    assert web.post(f"{path}/feedback", data=good).status_code == 303
    assert "обрадовался" in web.get(path).text
    assert web.post(f"{path}/feedback", data={"score": "6"}).status_code == 422
    assert web.post(f"{path}/feedback", data={"score": ""}).status_code == 303


def test_many_at_once_leave_vips_to_be_read(full: Congratulated, web: TestClient) -> None:
    page = web.get("/greetings?tab=waiting").text
    assert 'action="/greetings/bulk"' in page
    ids = [full.greeting, full.vip_greeting]
    done = web.post("/greetings/bulk", data={"action": "approve", "ids": ids})
    assert done.status_code == 200
    assert full.vip_greeting in done.text
    assert full.greeting not in done.text
    assert full.draft()["status"] == "approved"
    assert full.draft("vip_greeting")["status"] == "needs_approval"
    assert web.post("/greetings/bulk", data={"action": "approve"}).status_code == 422


def test_an_occasion_is_left_out_or_greeted_anyway(full: Congratulated, web: TestClient) -> None:
    path = f"/events/{full.event}"
    assert web.post(f"{path}/greet-anyway").status_code == 409
    assert web.post(f"{path}/skip", data={"reason": "командировка"}).status_code == 303
    assert full.house.greetings.event(full.event)["status"] == "skipped"
    assert web.post(f"{path}/skip").status_code == 409


def test_an_order_by_hand_is_looked_at_first(full: Congratulated, web: TestClient) -> None:
    day = full.house.greetings.parts.today() + timedelta(days=20)
    form = {"event_date": day.isoformat(), "title": "Юбилей склада", "client_ids": [full.client]}
    look = web.post("/events/new", data={**form, "action": "preview"})
    assert look.status_code == 200
    assert "Юбилей склада" in look.text
    assert not full.house.greetings.events(event_type="manual").rows
    made = web.post("/events/new", data={**form, "action": "order"})
    assert web.get(made.headers["location"]).status_code == 200
    again = web.post("/events/new", data={**form, "action": "order"})
    assert again.status_code == 409
    assert 'value="Юбилей склада"' in again.text


@pytest.mark.parametrize(
    "change",
    [{"title": ""}, {"event_date": ""}, {"event_date": "2001-01-01"}, {"client_ids": []}],
)
def test_an_order_that_cannot_be(
    full: Congratulated, web: TestClient, change: dict[str, object]
) -> None:
    day = full.house.greetings.parts.today() + timedelta(days=3)
    form = {"event_date": day.isoformat(), "title": "Юбилей", "client_ids": [full.client]}
    answer = web.post("/events/new", data={**form, **change, "action": "order"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not full.house.greetings.events(event_type="manual").rows


def test_a_day_that_nobody_confirmed_asks_once_more(house: House, web: TestClient) -> None:
    house.prepare()
    unsure = [
        row
        for row in house.greetings.holidays(enabled=False)
        if row["checked"] == "knowledge-only" and row["kind"] != "memorial"
    ]
    code = unsure[0]["code"]
    path = f"/settings/holidays/{code}/switch"
    asked = web.post(path, data={"on": "true"})
    assert f"confirm={code}" in asked.headers["location"]
    assert f'action="{path}"' in web.get(asked.headers["location"]).text
    assert not house.greetings.holiday(code)["is_business_relevant"]
    assert web.post(path, data={"on": "true", "confirm": "true"}).status_code == 303
    assert house.greetings.holiday(code)["is_business_relevant"]
    assert web.post(path, data={"on": "false"}).status_code == 303
    assert not house.greetings.holiday(code)["is_business_relevant"]


def test_nobody_is_congratulated_on_a_memorial_day(house: House, web: TestClient) -> None:
    house.prepare()
    code = house.greetings.holidays(kind="memorial")[0]["code"]
    answer = web.post(f"/settings/holidays/{code}/switch", data={"on": "true"})
    assert answer.status_code == 422
    assert not house.greetings.holiday(code)["is_business_relevant"]


def test_a_holiday_of_ones_own(house: House, web: TestClient) -> None:
    house.prepare()
    form = {"code": "our_day", "title": "Наш день", "title_instrumental": "Нашим днём"}
    wrong = web.post("/settings/holidays/new", data={**form, "rule": "someday"})
    assert wrong.status_code == 422
    assert "someday" in wrong.text
    assert web.post("/settings/holidays/new", data={**form, "rule": "fixed 05-01"}).is_redirect
    assert "Наш день" in web.get("/settings/holidays?q=our_day").text
    assert web.post("/settings/holidays/accountant_day/delete").status_code == 409
    assert web.post("/settings/holidays/our_day/delete").status_code == 303
    assert web.get("/settings/holidays?rule=nonsense").text.count('role="alert"') == 1
