"""Products, changes and the letters they give reason for; companies; profiles; proxies; streams."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from console_client import client_of
from console_rows import fill
from fastapi.testclient import TestClient
from sites_rows import DOMAIN, HOSTILE, SiteRows, watch
from test_sites_pages import parsed, texts

from povod.app.house import House
from povod.store.tables import companies, dedup_pairs, outreach_messages, proxies
from povod.web.sites_pages import live
from povod.web.sites_pages.price_chart import Point, draw


@pytest.mark.parametrize("text", ["ФАСАДНАЯ kraska-3", "k-1220", "kraska-3"])
def test_products_are_found_by_name_article_and_address(any_house: House, text: str) -> None:
    watch(any_house)
    page = parsed(client_of(any_house).get("/products", params={"q": text, "domain": DOMAIN}))
    assert texts(page, "tbody th a") == ["Краска фасадная 3 л"]


def test_products_show_what_is_known_and_no_zeros(own_client: TestClient, sites: SiteRows) -> None:
    page = parsed(own_client.get("/products", params={"domain": DOMAIN}))
    rows = texts(page, "tbody tr")
    assert any("1,200 RUB" in row and "12 pcs" in row for row in rows)
    odd = next(row for row in rows if HOSTILE in row)
    assert "pcs" not in odd
    gone = parsed(own_client.get("/products", params={"domain": DOMAIN, "state": "gone"}))
    assert texts(gone, "tbody th a") == ["Лак паркетный"]
    for text in ("%", "_", "\\", "'", "\x00", "👍" * 40):
        assert own_client.get("/products", params={"q": text}).status_code == 200


def test_a_product_has_a_history_sources_and_evidence(
    own_client: TestClient, sites: SiteRows
) -> None:
    page = parsed(own_client.get(f"/products/{sites.products['kraska-2']}"))
    drawn = texts(page, ".chart title")
    assert [title.rpartition(": ")[2] for title in drawn] == ["1,110", "1,200"]
    assert "M84.0" in page.css_first(".chart path").attributes["d"]
    assert "price 1,200 JSON-LD" in texts(page, "tbody tr")
    assert "ab12" * 16 in page.text()
    variant = parsed(own_client.get(f"/products/{sites.products['emalv1']}"))
    assert "синий" in variant.text()
    assert "The page itself" in variant.text()


def test_a_chart_holds_its_value_until_another_is_seen() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    days = [(0, "100"), (10, "150"), (20, None), (30, "120")]
    points = [
        Point(start + timedelta(days=day), Decimal(value) if value else None) for day, value in days
    ]
    chart = draw(points)
    assert chart is not None
    assert [dot.x for dot in chart.dots] == [84.0, 369.3, 940.0]
    assert chart.path.count("M") == 2  # it was away between
    assert chart.marks[0].value < 100 < 150 < chart.marks[-1].value
    assert draw(points[:1]) is None
    assert draw([]) is None


def test_a_change_gives_reason_for_one_letter(
    own_client: TestClient, house: House, sites: SiteRows
) -> None:
    page = parsed(own_client.get("/changes", params={"domain": DOMAIN, "kind": "MODIFIED"}))
    assert "Петрова Анна" in texts(page, "tbody tr")[0]
    target = f"/events/{sites.event}/letter"
    assert page.css_first(f"form[action='{target}']")
    first, again = own_client.post(target), own_client.post(target)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    letter = first.headers["location"].rpartition("/")[2]
    with house.db.read() as conn:
        query = sa.select(outreach_messages.c.status).where(outreach_messages.c.id == letter)
        assert conn.execute(query).scalar() == "needs_approval"
    after = parsed(own_client.get("/changes", params={"domain": DOMAIN, "kind": "MODIFIED"}))
    assert after.css_first(f"a[href='/letters/{letter}']")
    assert own_client.get(f"/letters/{letter}").status_code == 200
    assert own_client.post(f"/events/{sites.first}/letter").status_code == 404


def test_a_company_tells_the_whole_story(own_client: TestClient, sites: SiteRows) -> None:
    page = parsed(own_client.get(f"/companies/{sites.company}"))
    story = texts(page, "section[aria-labelledby=sites-title] li")
    assert len(story) == 3
    assert sum("Change on the site" in line for line in story) == 1
    assert page.css_first(f"a[href='/sites/jobs/{sites.first}']")


def test_pairs_are_merged_or_kept_by_an_approver(locked_house: House, signed_in: Any) -> None:
    rows = fill(locked_house, 8)
    approver, operator = signed_in("approver"), signed_in("operator")
    assert approver.get("/").text.count('href="/companies/review"') == 1
    with locked_house.db.read() as conn:
        pair = str(conn.execute(sa.select(dedup_pairs.c.id)).scalar())
    page = parsed(operator.get("/companies/review"))
    assert len(page.css(".pair .firm")) == 2
    assert not page.css("main form")
    assert operator.post(f"/companies/review/{pair}/merge").status_code == 403
    assert len(parsed(approver.get("/companies/review")).css("main form")) == 2
    assert approver.post(f"/companies/review/{pair}/merge").status_code == 303
    assert approver.post(f"/companies/review/{pair}/reject").status_code == 409
    with locked_house.db.read() as conn:
        query = sa.select(companies.c.duplicate_of).where(companies.c.id.in_(rows.companies[:2]))
        assert len([one for one in conn.execute(query).scalars() if one]) == 1
    assert not parsed(approver.get("/companies/review")).css(".pair")


def test_the_overview_shows_running_crawls_and_what_waits(
    own_client: TestClient, sites: SiteRows
) -> None:
    page = parsed(own_client.get("/"))
    work = texts(page, ".work li")
    assert "idet.ru 134 / 400" in work
    assert "окна.рф queued" in work
    assert texts(page, ".waits li") == ["changes of sites to confirm 1"]


def test_a_profile_is_checked_kept_and_not_overwritten(own_client: TestClient) -> None:
    base = "/sites/profiles/edit"
    bad = own_client.post(base, data={"domain": "лак.рф", "data": '{"min_delay_ms": -1}'})
    assert bad.status_code == 422
    assert "min_delay_ms" in texts(parsed(bad), '[role="alert"]')[0]
    assert "min_delay_ms" in parsed(bad).css_first("textarea").text()
    for data in ("{", "[]", '"x"'):
        assert own_client.post(base, data={"domain": "a.ru", "data": data}).status_code == 422
    good = {"domain": "лак.рф", "data": '{"min_delay_ms": 900}', "version": "0"}
    assert own_client.post(base, data=good).status_code == 303
    assert own_client.post(base, data=good).status_code == 409
    assert texts(parsed(own_client.get("/sites/profiles")), "tbody th") == ["лак.рф"]
    again = parsed(own_client.get(base, params={"domain": "лак.рф"}))
    assert again.css_first("input[name=version]").attributes["value"] == "1"


def test_proxies_are_taken_in_switched_and_never_told(
    own_client: TestClient, house: House, sites: SiteRows
) -> None:
    text = "http://user:streng@198.51.100.4:8080\nkein proxy streng"
    answer = own_client.post("/proxies", data={"text": text, "tier": "isp", "provider": "П"})
    assert answer.status_code == 200
    page = parsed(answer)
    assert texts(page, '[role="status"]')[0].startswith("Kept: 1")
    assert "Line 2" in texts(page, '[role="status"]')[0]
    assert "streng" not in answer.text
    assert "geheim" not in answer.text
    with house.db.read() as conn:
        proxy = str(conn.execute(sa.select(proxies.c.id).where(proxies.c.tier == "isp")).scalar())
    assert own_client.post(f"/proxies/{proxy}/disable").status_code == 303
    assert "switched off" in own_client.get("/proxies").text
    assert own_client.post(f"/proxies/{proxy}/enable").status_code == 303
    assert own_client.post(f"/proxies/{proxy}/eat").status_code == 422
    assert own_client.post("/proxies", data={"text": text, "tier": "x"}).status_code == 422


def test_the_live_part_follows_the_job(
    house: House, sites: SiteRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generator itself: one part at once, another after a change, an end with its job."""
    from povod.web import create_app

    monkeypatch.setattr(live, "POLL_SECONDS", 0.01)
    app = create_app(house)

    async def never() -> bool:
        return False

    local = SimpleNamespace(id="local", role="admin", login="local", may=lambda role: True)
    request: Any = SimpleNamespace(
        app=app, is_disconnected=never, cookies={}, headers={}, method="GET", query_params={},
        url=SimpleNamespace(path="/live/x"), state=SimpleNamespace(person=local),
    )  # fmt: skip

    async def follow() -> list[str]:
        parts = live.job_live(request, sites.queued)
        seen = [str((await anext(parts)).raw_data)]
        house.sites.command(sites.queued, "cancel", "olga")
        seen.append(str((await anext(parts)).raw_data))
        house.sites.delete_job(sites.queued, "olga")
        with pytest.raises(StopAsyncIteration):
            await anext(parts)
        return seen

    before, after = asyncio.run(follow())
    assert f"/sites/jobs/{sites.queued}/pause" in before
    assert f"/sites/jobs/{sites.queued}/pause" not in after
    assert "<html" not in after
