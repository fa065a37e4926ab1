"""The rest of the API: streams, files, profiles, proxies, health, reference (S11-S15b, S110)."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from console_client import client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.sites.exports.write import Kind
from povod.sites.states import job_topic
from povod.store.tables import audit_log, pages, proxies, site_profiles
from povod.web.sites_api.common import pack
from povod.web.sites_api.files import disposition
from povod.web.sites_api.ranges import Part, wanted_part

LIST = {"sitemap_urls": ["https://shop.ru/a", "https://shop.ru/b"]}


@pytest.fixture
def job_id(client: TestClient) -> str:
    return str(client.post("/api/jobs", json=LIST).json()["id"])


def events_of(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append((fields.get("id", ""), json.loads(fields["data"])))
    return found


def test_no_stream_of_an_unknown_job(client: TestClient) -> None:
    """N18."""
    answer = client.get("/api/jobs/01a2295a-9718-73db-82b2-3f45694c7246/stream")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_stream_of_an_ended_job_replays_and_ends(
    client: TestClient, house: House, job_id: str
) -> None:
    house.events.emit(job_topic(job_id), "log", {"level": "info", "message": "привет"})
    house.events.flush()
    client.post(f"/api/jobs/{job_id}/cancel")
    answer = client.get(f"/api/jobs/{job_id}/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.startswith("retry: 3000\n\n")
    found = events_of(answer.text)
    assert [data["type"] for _, data in found] == ["reset", "log", "state"]
    assert found[0][1]["data"]["id"] == job_id
    assert found[-1][1]["data"]["to"] == "cancelled"


def test_a_client_goes_on_where_it_stopped(client: TestClient, house: House, job_id: str) -> None:
    """S111: everything after the id, in order, once; an unknown id begins anew."""
    for number in range(5):
        house.events.emit(job_topic(job_id), "log", {"n": number})
    house.events.flush()
    client.post(f"/api/jobs/{job_id}/cancel")
    known = [event.id for event in house.events.read(0, job_topic(job_id))]
    headers = {"Last-Event-ID": str(known[2])}
    rest = events_of(client.get(f"/api/jobs/{job_id}/stream", headers=headers).text)
    assert [int(event_id) for event_id, _ in rest] == known[3:]
    asked = client.get(f"/api/jobs/{job_id}/stream?last_event_id={known[2]}&unnamed=1").text
    assert events_of(asked) == rest
    assert "event:" not in asked
    strange = events_of(client.get(f"/api/jobs/{job_id}/stream?last_event_id=999999").text)
    assert strange[0][1]["type"] == "reset"


def test_files_are_listed_and_downloaded_in_parts(
    client: TestClient, house: House, job_id: str
) -> None:
    assert client.get(f"/api/jobs/{job_id}/exports").json() == []
    assert client.get(f"/api/jobs/{job_id}/archive").status_code == 404
    row = house.sites.exports.make(job_id, Kind("errors", "csv"))
    file = client.get(f"/api/jobs/{job_id}/exports?type=errors").json()[0]
    assert (file["id"], file["partial"], file["expired"]) == (str(row["id"]), True, False)
    whole = client.get(file["url"])
    assert whole.headers["etag"] == f'"{row["sha256"]}"'
    assert "shop.ru-errors-partial.csv" in whole.headers["content-disposition"]
    part = client.get(file["url"], headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    assert client.get(file["url"], headers={"Range": "bytes=99999-"}).status_code == 416
    same = client.get(file["url"], headers={"If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304
    packed = client.get(f"/api/jobs/{job_id}/archive")
    assert packed.content.startswith(b"PK")
    ordered = client.post(f"/api/jobs/{job_id}/exports", json={"type": "seo"})
    assert ordered.status_code == 202
    assert client.post(f"/api/jobs/{job_id}/exports", json={"type": "odd"}).status_code == 422


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", Part(0, 10, 10)), ("bytes=0-3", Part(0, 4, 10)), ("bytes=4-", Part(4, 10, 10)),
        ("bytes=-3", Part(7, 10, 10)), ("bytes=0-99", Part(0, 10, 10)), ("bytes=10-", None),
        ("bytes=-0", None), ("bytes=5-2", Part(0, 10, 10)), ("lines=1", Part(0, 10, 10)),
        ("bytes=0-1,3-4", Part(0, 10, 10)),
    ],
)  # fmt: skip
def test_parts(header: str, part: Part | None) -> None:
    assert wanted_part({"range": header}, 10, '"e"') == part


def test_another_version_is_sent_whole() -> None:
    assert wanted_part({"range": "bytes=0-1", "if-range": '"old"'}, 10, '"e"') == Part(0, 10, 10)


def test_names_of_files_in_any_letters() -> None:
    said = disposition('магазин"\n.csv')
    assert said.isascii()
    assert "\n" not in said


def test_lists_of_a_job(client: TestClient, job_id: str) -> None:
    first = client.get(f"/api/jobs/{job_id}/urls?limit=1").json()
    assert (first["total"], first["items"][0]["url"]) == (2, "https://shop.ru/a")
    rest = client.get(f"/api/jobs/{job_id}/urls?limit=1&cursor={first['next_cursor']}").json()
    assert (rest["items"][0]["url"], rest["next_cursor"]) == ("https://shop.ru/b", None)
    for name in ("pages", "diff", "issues"):
        empty = client.get(f"/api/jobs/{job_id}/{name}").json()
        assert empty == {"items": [], "next_cursor": None, "total": 0}, "N45"
    assert client.get(f"/api/jobs/{job_id}/pages?limit=501").status_code == 422
    for cursor in ("x", "%00", pack([1]), pack(["a", "b"])):
        assert client.get(f"/api/jobs/{job_id}/pages?cursor={cursor}").status_code == 422


def test_profiles(client: TestClient, house: House) -> None:
    data = {"hosts": ["www.Shop.ru"], "max_concurrency": 3, "credentials": {"pass": "тайна"}}
    made = client.put("/api/sites/www.shop.ru", json={"data": data})
    assert made.status_code == 200, made.text
    assert (made.json()["domain"], made.json()["version"]) == ("shop.ru", 1)
    assert made.json()["data"]["credentials"] == {"pass": "***"}
    with house.db.read() as conn:
        stored = conn.execute(sa.select(site_profiles.c.data)).scalar_one()
    assert "тайна" not in str(stored)
    kept = client.put("/api/sites/shop.ru", json={"data": made.json()["data"], "version": 1})
    assert kept.json()["version"] == 2
    with house.db.read() as conn:
        again = conn.execute(sa.select(site_profiles.c.data)).scalar_one()
    assert again["credentials"] == stored["credentials"]
    late = client.put("/api/sites/shop.ru", json={"data": {}, "version": 1})
    assert late.status_code == 409
    wrong = client.put("/api/sites/shop.ru", json={"data": {"colour": 1}})
    assert [error["field"] for error in wrong.json()["errors"]] == ["colour"]
    assert client.get("/api/sites").json()["total"] == 1
    assert client.delete("/api/sites/shop.ru").status_code == 204
    assert client.get("/api/sites/shop.ru").status_code == 404


def test_only_an_admin_sets_robots_aside(signed_in: Any) -> None:
    """S134."""
    order = {"data": {"respect_robots": False}}
    assert signed_in("operator").put("/api/sites/shop.ru", json=order).status_code == 403
    assert signed_in("admin").put("/api/sites/shop.ru", json=order).status_code == 200
    assert signed_in("viewer").get("/api/sites/shop.ru").status_code == 200


def test_proxies(client: TestClient, house: House) -> None:
    text = "http://user:geheim@1.2.3.4:8080\nnonsense\n"
    made = client.post("/api/proxies/import", json={"text": text, "tier": "dc"}).json()
    assert (made["kept"], [bad["line"] for bad in made["bad"]]) == (1, [2])
    listed = client.get("/api/proxies")
    assert "geheim" not in listed.text
    assert "password_sealed" not in listed.text
    proxy_id = listed.json()["items"][0]["id"]
    off = client.patch(f"/api/proxies/{proxy_id}", json={"enabled": False}).json()
    assert off["enabled"] is False
    assert client.post("/api/proxies/check").json() == {"checked": 0}
    assert client.delete(f"/api/proxies/{proxy_id}").status_code == 204
    assert client.delete(f"/api/proxies/{proxy_id}").status_code == 404
    with house.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(proxies)).scalar_one() == 0
        changes = sa.select(audit_log).where(audit_log.c.action == "proxy_change")
        assert len(conn.execute(changes).all()) == 3


def test_snapshots_are_empty_at_first(client: TestClient) -> None:
    assert client.get("/api/snapshots").json()["total"] == 0
    missing = "/api/snapshots/01a2295a-9718-73db-82b2-3f45694c7246/history"
    assert client.get(missing).status_code == 404


def test_the_card_is_for_programs(locked_house: House) -> None:
    stranger = client_of(locked_house)
    assert stranger.get("/api").json()["service"] == "povod"
    card = stranger.get("/", headers={"Accept": "application/json"})
    assert card.json()["status"] == "ok"
    assert stranger.get("/", headers={"Accept": "text/html"}).status_code == 303
    assert stranger.get("/api/health/live").json() == {"status": "ok"}
    assert stranger.get("/metrics").status_code == 401


def test_nobody_works(client: TestClient, house: House, job_id: str) -> None:
    """N19: said, not hidden, and the job waits."""
    assert client.get("/api/health/ready").json()["components"]["workers"] == "ok"
    house.clock.advance(timedelta(seconds=60))  # type: ignore[attr-defined]
    ready = client.get("/api/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["components"]["workers"] == "no worker"
    assert client.get(f"/api/jobs/{job_id}").json()["status"] == "queued"


def test_figures_for_prometheus(client: TestClient, job_id: str) -> None:
    text = client.get("/metrics").text
    assert 'export_jobs_total{site="shop.ru",status="queued"} 1.0' in text
    assert "frontier_pending 2.0" in text
    assert 'http_requests_total{method="POST",route="/api/jobs",status="201"} 1.0' in text
    assert 'policies_version{value="' in text


def test_the_reference_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "/api/jobs/{job_id}/retry-failed" in page.text
    assert "options.max_urls" in page.text
    assert "http://" not in page.text.replace("http://127.0.0.1", "")
    assert client.get("/api/redoc").headers["location"] == "/api/docs"


def test_pages_that_are_kept_are_packed(house: House) -> None:
    keep = house.sites.deps.keep_page
    assert keep is not None
    name = keep("job", "https://shop.ru/a", "<html>чай</html>".encode())
    assert name.endswith(".html.gz")
    assert Path(house.settings.data_dir / name).is_file()


def test_pages_are_read_in_parts_with_their_values(any_house: House) -> None:
    """N17: what was stored as JSON comes out as it was, on both databases."""
    full = {"name": "Дрель", "price": "10.50", "n": [1, None, True]}
    with client_of(any_house) as client:
        job_id = client.post("/api/jobs", json=LIST).json()["id"]
        with any_house.db.tx() as conn:
            for key, outcome in (("b", "ok"), ("a", "ok"), ("c", "gone")):
                row = {"job_id": job_id, "url": "x", "url_key": key, "outcome": outcome}
                row |= {"data_full": full, "fetched_at": any_house.clock.now()}
                conn.execute(sa.insert(pages).values(**row))
        path = f"/api/jobs/{job_id}/pages"
        first = client.get(f"{path}?limit=2").json()
        rest = client.get(f"{path}?limit=2&cursor={first['next_cursor']}").json()
        gone = client.get(f"{path}?outcome=gone").json()
    assert [page["url_key"] for page in (*first["items"], *rest["items"])] == ["a", "b", "c"]
    assert (rest["next_cursor"], first["items"][0]["data_full"]) == (None, full)
    assert [page["url_key"] for page in gone["items"]] == ["c"]
