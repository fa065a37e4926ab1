"""Every page of clients and greetings, empty and full, and what a person can do on it."""

import re
from collections.abc import Callable

import pytest
from congratulated import EMAIL, PHONE, REMARK, Congratulated, congratulate
from console_client import HERE, client_of
from fastapi.testclient import TestClient

from povod.app.house import House

Enter = Callable[[str], TestClient]
LISTS = (
    "/greetings/dashboard",
    "/clients",
    "/clients?q=ветров&segment=vip&state=no_basis&sort=-added&page=7",
    "/clients/new",
    "/clients/import",
    "/calendar",
    "/calendar?view=list",
    "/calendar?month=2026-12",
    "/events",
    "/events?status=planned&event_type=birthday&since=&until=2026-12-31&code=x&reason=late",
    "/events/new",
    "/events/new?q=ветров",
    "/greetings",
    "/greetings?tab=waiting&segment=vip&kind=birthday&tone=warm&text_source=llm&since=",
    "/runs",
    "/settings/holidays",
    "/settings/holidays?q=accountant&kind=professional&state=on&rule=nth+8+7+2",
)


def ones(full: Congratulated) -> list[str]:
    return [
        f"/clients/{full.client}",
        f"/clients/{full.client}/edit",
        f"/clients/{full.client}/preview?code=birthday",
        f"/clients/{full.client}/preview?code=holiday:new_year&tone=official",
        f"/clients/{full.hostile}",
        f"/events/{full.event}",
        f"/events/{full.skipped_event}",
        f"/events/new?client_id={full.client}",
        f"/greetings/{full.greeting}",
        f"/greetings/{full.vip_greeting}",
        f"/runs/{full.run_id}",
        f"/events?run_id={full.run_id}",
        f"/greetings?client_id={full.client}",
    ]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_without_a_single_row(house: House, web: TestClient, language: str) -> None:
    web.cookies.set("povod_language", language)
    for path in LISTS:
        answer = web.get(path)
        assert answer.status_code == 200, path
        assert answer.text.count("<h1") == 1, path


def test_every_page_with_rows(full: Congratulated, web: TestClient) -> None:
    for path in (*LISTS, *ones(full)):
        answer = web.get(path)
        assert answer.status_code == 200, path
        assert "style=" not in answer.text, "inline styles are refused by the browser"
        assert "<script>" not in answer.text, path
        assert not re.search(r"\b[a-z_]+:[a-z_]+</(span|a|li)>", answer.text), (
            "a code without words"
        )


def test_every_page_with_rows_on_both_databases(any_house: House) -> None:
    rows = congratulate(any_house)
    client = client_of(any_house, origin=HERE)
    for path in ("/greetings/dashboard", "/clients?q=ветров", "/calendar?view=list", *ones(rows)):
        assert client.get(path).status_code == 200, path


def test_hostile_names_stay_text(full: Congratulated, web: TestClient) -> None:
    pages = (f"/clients/{full.hostile}", "/clients", "/events", "/greetings", "/calendar?view=list")
    for path in (*pages, f"/clients/{full.hostile}/edit", "/events/new?q=script"):
        text = web.get(path).text
        assert "&lt;script&gt;" in text.lower(), path
        assert "<script>alert" not in text.lower(), path
        assert "{{7*7}}" in text, path


@pytest.mark.parametrize(
    "path",
    [
        "/clients/{0}",
        "/clients/{0}/edit",
        "/clients/{0}/preview",
        "/events/{0}",
        "/greetings/{0}",
        "/greetings/{0}/card",
        "/runs/{0}",
    ],
)
def test_what_is_not_there_is_404(web: TestClient, path: str) -> None:
    for name in ("0198f6f2-5d1c-7e6a-9b0a-6d616e75616c", "none", "../etc"):
        assert web.get(path.format(name)).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/clients?segment=x", "/greetings?tab=x", "/events?status=x", "/calendar?month=2026-13"],
)
def test_filters_that_mean_nothing_are_422(web: TestClient, path: str) -> None:
    assert web.get(path).status_code == 422


def test_viewers_read_masked(locked_house: House, signed_in: Enter) -> None:
    full = congratulate(locked_house)
    card = f"/clients/{full.client}"
    viewer = signed_in("viewer").get(card).text
    assert EMAIL not in viewer
    assert "se***@klient.ru" in viewer
    assert PHONE[-4:] not in viewer
    assert REMARK not in viewer
    operator = signed_in("operator").get(card).text
    assert EMAIL in operator
    assert REMARK in operator
    assert EMAIL not in signed_in("operator").get("/clients").text, "lists are masked for all"


def test_the_report_of_a_run_is_taken_away_as_a_table(full: Congratulated, web: TestClient) -> None:
    path = f"/runs/{full.run_id}/report.csv"
    assert path in web.get(f"/runs/{full.run_id}").text
    answer = web.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[:2] == ["part;name;value", f"run;id;{full.run_id}"]
    assert any(line.startswith("counters;generated;") for line in lines)


def test_the_dashboard_starts_a_run_and_leads_to_it(house: House, web: TestClient) -> None:
    house.prepare()
    seeded = web.post("/greetings/demo/seed")
    assert seeded.headers["location"] == "/greetings/dashboard?done=seeded"
    started = web.post("/greetings/run")
    assert started.status_code == 303
    page = web.get(started.headers["location"])
    assert page.status_code == 200
    assert house.greetings.runs(1)[0]["triggered_by"] == "web-ui"
    assert web.post("/greetings/demo/clear").status_code == 303
    assert house.greetings.dashboard()["clients"] == 0


def test_words_of_deeds_come_from_our_list_only(web: TestClient) -> None:
    assert "Сохранено." in web.get("/clients?done=saved", headers={"accept-language": "ru"}).text
    assert 'role="status"' not in web.get("/clients?done=hacked").text
