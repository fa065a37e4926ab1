"""Pages of one job: figures, actions, files, what failed, what changed, the held diff."""

import pytest
import sqlalchemy as sa
from console_client import HERE, client_of
from fastapi.testclient import TestClient
from sites_rows import DOMAIN, SiteRows, watch
from test_sites_pages import parsed, texts

from povod.app.house import House
from povod.store.tables import audit_log, job_urls, jobs, processing_jobs


def status_of(house: House, job_id: str) -> str:
    with house.db.read() as conn:
        return str(conn.execute(sa.select(jobs.c.status).where(jobs.c.id == job_id)).scalar())


def test_the_history_says_what_there_is_and_no_data_where_there_is_none(
    own_client: TestClient, sites: SiteRows
) -> None:
    page = parsed(own_client.get("/sites"))
    rows = texts(page, "tbody tr")
    assert len(rows) == 6
    assert "окна.рф" in rows[0]
    assert rows[0].count("no data") == 2  # addresses and changes of a job that did not begin
    second = next(row for row in rows if "осень" in row)
    for word in ("finished", "12", "2", "+1", "−1", "olga", "3.2"):
        assert word in second, word
    assert "0" not in texts(page, "tbody tr:first-child td.num")


@pytest.mark.parametrize("typed", ["окна", "https://www.окна.рф/", "xn--80ATJC"])
def test_the_history_is_filtered_by_site_in_any_spelling(any_house: House, typed: str) -> None:
    watch(any_house)
    page = parsed(client_of(any_house).get("/sites", params={"domain": typed}))
    assert texts(page, "tbody th a") == ["окна.рф"]


def test_the_history_is_filtered_by_state_and_paged(
    own_client: TestClient, house: House, sites: SiteRows
) -> None:
    page = parsed(own_client.get("/sites", params={"status": "running"}))
    assert texts(page, "tbody th a") == ["idet.ru"]
    assert own_client.get("/sites", params={"status": "odd"}).status_code == 422
    with house.db.tx() as conn:
        for _ in range(60):
            conn.execute(sa.insert(jobs).values(domain="alt.ru", status="failed", options={}))
    first = parsed(own_client.get("/sites", params={"domain": "alt"}))
    assert first.css_first('a[rel="next"]').attributes["href"] == "/sites?domain=alt&page=2"
    assert len(parsed(own_client.get("/sites?domain=alt&page=2")).css("tbody tr")) == 10


def test_a_running_job_shows_rate_rest_and_the_treatment_of_its_host(
    own_client: TestClient, sites: SiteRows
) -> None:
    page = parsed(own_client.get(f"/sites/jobs/{sites.running}"))
    bar = texts(page, ".bar")[0]
    for word in ("34 %", "134 of 400", "2.4 pages a second", "left, estimate", "2 min"):
        assert word in bar, word
    text = page.text()
    assert "rests" in text
    assert "1.5 s" in " ".join(text.split())
    assert "captcha" in text
    assert [form.attributes["action"] for form in page.css(".actions form")] == [
        f"/sites/jobs/{sites.running}/pause",
        f"/sites/jobs/{sites.running}/cancel",
    ]
    live = page.css_first("[hx-sse\\:connect]")
    assert live.attributes["hx-sse:connect"] == f"/live/sites/{sites.running}"


def test_a_job_that_did_not_begin_invents_no_figures(
    own_client: TestClient, sites: SiteRows
) -> None:
    page = parsed(own_client.get(f"/sites/jobs/{sites.queued}"))
    assert not page.css(".bar progress")
    assert texts(page, ".stat b") == ["–"] * 4
    assert "Waits for a worker." in page.text()


def test_a_finished_job_shows_files_failures_and_changes(
    own_client: TestClient, sites: SiteRows
) -> None:
    page = parsed(own_client.get(f"/sites/jobs/{sites.second}"))
    links = [node.attributes["href"] for node in page.css("a[href^='/api/exports/']")]
    assert len(links) == 10
    assert own_client.get(links[0]).status_code == 200
    assert page.css_first(f"a[href='/api/jobs/{sites.second}/archive']")
    text = page.text()
    for word in ("captcha", "error of the server", "Кисть плоская", "Лак паркетный"):
        assert word in text, word
    assert page.css_first(f"a[href='/sites/new?clone={sites.second}']")


def test_failures_are_filtered_and_tried_again(
    own_client: TestClient, house: House, sites: SiteRows
) -> None:
    base = f"/sites/jobs/{sites.second}/errors"
    assert len(parsed(own_client.get(base)).css("tbody tr")) == 2
    only = parsed(own_client.get(base, params={"outcome": "blocked"}))
    assert texts(only, "tbody th a") == [f"{DOMAIN}/zakryto"]
    assert "HTTP 403" in only.text()
    assert not parsed(own_client.get(base, params={"q": "ничего"})).css("tbody tr")
    answer = own_client.post(
        f"/sites/jobs/{sites.second}/retry-failed", data={"outcome": "blocked"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sites/jobs/{sites.second}")
    with house.db.read() as conn:
        mine = sa.select(job_urls.c.url).where(
            job_urls.c.job_id == sites.second, job_urls.c.state == "pending"
        )
        assert list(conn.execute(mine).scalars()) == [f"https://{DOMAIN}/zakryto"]
        kinds = set(conn.execute(sa.select(audit_log.c.action)).scalars())
    assert "job_retry" in kinds


def test_a_job_is_paused_resumed_and_cancelled(
    own_client: TestClient, house: House, sites: SiteRows
) -> None:
    base = f"/sites/jobs/{sites.queued}"
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert own_client.post(f"{base}/{action}").status_code == 303
        assert status_of(house, sites.queued) == state
    assert own_client.post(f"{base}/pause").status_code == 409
    assert own_client.post(f"{base}/explode").status_code == 422


def test_changes_show_both_values_and_are_filtered(own_client: TestClient, sites: SiteRows) -> None:
    base = f"/sites/jobs/{sites.second}/diff"
    page = parsed(own_client.get(base))
    rows = texts(page, "tbody tr")
    assert any("price 1,000 → 1,045" in row for row in rows), rows
    added = parsed(own_client.get(base, params={"kind": "ADDED"}))
    assert texts(added, "tbody th a") == ["Кисть плоская"]
    gone = parsed(own_client.get(base, params={"kind": "REMOVED"}))
    assert texts(gone, "tbody th a") == ["Лак паркетный"]
    assert texts(gone, "tbody td small") == ["the page is gone"]


@pytest.mark.parametrize(("verdict", "state"), [("accept", "accepted"), ("reject", "rejected")])
def test_a_held_diff_is_explained_and_decided(
    own_client: TestClient, house: House, sites: SiteRows, verdict: str, state: str
) -> None:
    base = f"/sites/jobs/{sites.held}/diff"
    page = parsed(own_client.get(base))
    assert "30 of the products that were known" in " ".join(page.text().split())
    assert "1" in texts(parsed(own_client.get("/")), ".waits li")[-1]
    assert own_client.post(f"{base}/{verdict}").status_code == 303
    with house.db.read() as conn:
        query = sa.select(jobs.c.diff_state).where(jobs.c.id == sites.held)
        assert conn.execute(query).scalar() == state
    after = parsed(own_client.get(base))
    assert not after.css("form[action$='/accept']")
    assert len(after.css("tbody tr")) == (30 if verdict == "accept" else 0)


def test_a_file_is_ordered(own_client: TestClient, house: House, sites: SiteRows) -> None:
    base = f"/sites/jobs/{sites.second}/exports"
    wish = {"type": "full", "format": "csv", "layout": "compact", "dialect": "excel-ru"}
    assert own_client.post(base, data=wish).status_code == 303
    with house.db.read() as conn:
        query = sa.select(processing_jobs.c.kind, processing_jobs.c.args)
        found = [row.args for row in conn.execute(query) if row.kind == "sites.export"]
    assert [args["dialect"] for args in found] == ["excel-ru"]
    assert own_client.post(base, data={**wish, "format": "doc"}).status_code == 422


def test_a_viewer_sees_and_does_not_order(locked_house: House, signed_in: object) -> None:
    rows = watch(locked_house)
    viewer = signed_in("viewer")  # type: ignore[operator]
    page = parsed(viewer.get(f"/sites/jobs/{rows.running}"))
    assert not page.css("main form")
    assert not parsed(viewer.get(f"/sites/jobs/{rows.held}/diff")).css("main form")
    orders = [f"/sites/jobs/{rows.running}/pause", f"/sites/jobs/{rows.held}/diff/accept"]
    orders += [f"/sites/jobs/{rows.second}/exports", "/sites/new", "/proxies"]
    for path in [*orders, f"/events/{rows.event}/letter"]:
        assert viewer.post(path, data={"type": "full"}).status_code == 403, path
    for path in ("/sites/new", "/sites/profiles/edit"):
        assert viewer.get(path).status_code == 403
    operator = signed_in("operator")  # type: ignore[operator]
    assert operator.post(f"/sites/jobs/{rows.running}/pause").status_code == 303
    assert operator.get("/sites/profiles/edit").status_code == 403


def test_orders_from_other_sites_are_refused(house: House, sites: SiteRows) -> None:
    stranger = client_of(house, origin="https://evil.example")
    for path in (f"/sites/jobs/{sites.running}/cancel", "/sites/new", "/proxies"):
        assert stranger.post(path).status_code == 403
    assert status_of(house, sites.running) == "running"
    assert client_of(house, origin=HERE).get("/sites").status_code == 200
