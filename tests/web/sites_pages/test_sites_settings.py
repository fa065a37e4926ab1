"""Schedules, webhooks and budgets as a person sets them on their pages."""

import pytest
import sqlalchemy as sa
from console_client import HERE, client_of
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from povod.app.house import House
from povod.kit.ids import new_id
from povod.sites.budgets import house_limits
from povod.store.tables import budget_counters, schedules

PLAN = {"domain": "shop.ru", "cron": "30 3 * * *", "rights": "on"}
HOOK = {"url": "https://hooks.example.ru/key-of-the-chat", "events": ["job.finished"]}


def parsed(answer: object) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)  # type: ignore[attr-defined]


def orders(page: LexborHTMLParser, ending: str) -> list[str]:
    forms = page.css("form[method=post]")
    return [
        str(f.attributes["action"]) for f in forms if str(f.attributes["action"]).endswith(ending)
    ]


def alert(page: LexborHTMLParser) -> str:
    node = page.css_first('[role="alert"]')
    return "" if node is None else node.text(strip=True)


def test_a_schedule_is_made_switched_and_forgotten(own_client: TestClient, house: House) -> None:
    assert own_client.post("/schedules", data=PLAN).status_code == 303
    page = parsed(own_client.get("/schedules"))
    assert page.css_first("tbody th").text(strip=True) == "shop.ru"
    assert "30 3 * * *" in page.css_first("tbody").text()
    assert own_client.post(orders(page, "/disable")[0]).status_code == 303
    page = parsed(own_client.get("/schedules"))
    assert page.css_first("tbody .badge").text() == "switched off"
    assert own_client.post(orders(page, "/enable")[0]).status_code == 303
    assert own_client.post(orders(page, "/delete")[0]).status_code == 303
    assert house.sites.schedules.count() == 0
    assert own_client.post(orders(page, "/delete")[0]).status_code == 404


def test_a_schedule_starts_a_crawl_now(own_client: TestClient, house: House) -> None:
    own_client.post("/schedules", data={**PLAN, "sitemap_url": "https://shop.ru/sitemap.xml"})
    (run,) = orders(parsed(own_client.get("/schedules")), "/run")
    started = own_client.post(run)
    assert started.status_code == 303
    job_id = started.headers["location"].rsplit("/", 1)[1]
    assert house.sites.response(job_id)["status"] == "queued"
    again = own_client.post(run)
    assert again.status_code == 409
    assert "shop.ru" in alert(parsed(again))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cron": "every day"}, "cron"),
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"maintenance": "25:00-26:00"}, "maintenance"),
        ({"domain": "not a site"}, "not a site"),
        ({"rights": ""}, "right to collect"),
    ],
)
def test_a_bad_schedule_is_told_and_typed_again(
    own_client: TestClient, house: House, change: dict[str, str], said: str
) -> None:
    given = {**PLAN, "maintenance": "02:00-04:00", **change}
    answer = own_client.post("/schedules", data=given)
    assert answer.status_code == 422
    page = parsed(answer)
    assert said in alert(page)
    assert page.css_first("input[name=domain]").attributes["value"] == given["domain"]
    with house.db.read() as conn:
        kinds = conn.execute(sa.select(schedules.c.args)).scalars()
        assert not [args for args in kinds if "domain" in args]


def test_a_webhook_is_made_tried_and_never_told(own_client: TestClient, house: House) -> None:
    made = own_client.post("/settings/webhooks", data=HOOK)
    assert made.status_code == 200
    secret = parsed(made).css_first('[role="status"] code').text()
    assert len(secret) > 30
    page = own_client.get("/settings/webhooks")
    assert secret not in page.text
    assert "key-of-the-chat" not in made.text + page.text
    assert "hooks.example.ru" in page.text
    tried = own_client.post(orders(parsed(page), "/test")[0])
    assert tried.status_code == 200
    assert "did not arrive" in parsed(tried).css_first('[role="status"]').text()
    assert own_client.post(orders(parsed(page), "/disable")[0]).status_code == 303
    assert not house.sites.webhooks.listed()[0]["enabled"]
    assert own_client.post(orders(parsed(page), "/delete")[0]).status_code == 303
    assert house.sites.webhooks.count() == 0


@pytest.mark.parametrize("change", [{"url": "ftp://x.ru/"}, {"events": []}, {"format": "fax"}])
def test_a_bad_webhook_is_told(
    own_client: TestClient, house: House, change: dict[str, object]
) -> None:
    answer = own_client.post("/settings/webhooks", data={**HOOK, **change})
    assert answer.status_code == 422
    assert alert(parsed(answer))
    assert house.sites.webhooks.count() == 0


def test_budgets_are_seen_and_set(own_client: TestClient, house: House) -> None:
    today = house.clock.now().date().isoformat()
    counter = {"scope": "site", "scope_key": "shop.ru", "traffic_class": "plain", "period": today}
    with house.db.tx() as conn:
        sizes = {"soft": 50 * 2**20, "hard": 100 * 2**20, "used": 25 * 2**20, "reserved": 0}
        conn.execute(budget_counters.insert().values(id=new_id(), **counter, **sizes))
    page = parsed(own_client.get("/settings/budgets"))
    assert "shop.ru" in page.css_first("tbody th").text()
    assert page.css_first("tbody progress").attributes["max"] == str(100 * 2**20)
    assert own_client.post("/settings/budgets", data={"site_hard_mb": "70000,5"}).status_code == 303
    assert house_limits(house.db) == {"site_hard_mb": 70000.5}
    page = parsed(own_client.get("/settings/budgets"))
    assert page.css_first("input[name=site_hard_mb]").attributes["value"] == "70000.5"


@pytest.mark.parametrize(
    "given",
    [
        *({"site_hard_mb": text} for text in ("-1", "much", "nan", "inf")),
        {"all_soft_mb": "9", "all_hard_mb": "5"},
    ],
)
def test_bad_budgets_are_told_and_change_nothing(
    own_client: TestClient, house: House, given: dict[str, str]
) -> None:
    answer = own_client.post("/settings/budgets", data=given)
    assert answer.status_code == 422
    page = parsed(answer)
    assert alert(page)
    name, value = next(iter(given.items()))
    assert page.css_first(f"input[name={name}]").attributes["value"] == value
    assert house_limits(house.db) == {}


def test_who_may_do_what(locked_house: House, signed_in: object) -> None:
    viewer, operator = signed_in("viewer"), signed_in("operator")  # type: ignore[operator]
    assert viewer.get("/schedules").status_code == 200
    assert not parsed(viewer.get("/schedules")).css("main form")
    assert viewer.post("/schedules", data=PLAN).status_code == 403
    assert viewer.get("/settings/budgets").status_code == 403
    assert not parsed(operator.get("/settings/budgets")).css("main form")
    assert operator.post("/settings/budgets", data={}).status_code == 403
    assert operator.get("/settings/webhooks").status_code == 403
    assert operator.post("/settings/webhooks", data=HOOK).status_code == 403


def test_orders_from_other_sites_are_refused(house: House) -> None:
    stranger = client_of(house, origin="https://evil.example")
    for path in ("/schedules", "/settings/webhooks", "/settings/budgets"):
        assert stranger.post(path, data=PLAN).status_code == 403
    assert client_of(house, origin=HERE).get("/schedules").status_code == 200
