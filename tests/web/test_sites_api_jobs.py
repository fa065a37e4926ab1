"""Jobs over HTTP: started, refused, listed, steered (S7-S10, S18-S20)."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from console_client import HERE, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.store.tables import audit_log, job_events, job_secrets, job_urls, jobs
from povod.web.sites_api import reading

SHOP = "https://shop.ru"
LIST = {"sitemap_urls": [f"{SHOP}/a", f"{SHOP}/b"]}
XML = "<urlset><url><loc>https://shop.ru/каталог/1</loc></url></urlset>".encode()


@pytest.fixture
def api(any_house: House) -> Any:
    """On both databases, without a limit on starts."""
    any_house.sites.deps.settings.__dict__["povod_sites_start_rate"] = 0
    with client_of(any_house, origin=HERE) as client:
        yield client


def rows_of(house: House, query: Any) -> list[Any]:
    with house.db.read() as conn:
        return list(conn.execute(query).mappings())


def test_a_list_becomes_a_queued_job(api: TestClient, any_house: House) -> None:
    """N17, N19: nobody works, so it stays queued, and its answer is plain JSON."""
    options = {"max_concurrency": 1, "label": "Проба"}
    made = api.post("/api/jobs", json={**LIST, "options": options})
    assert made.status_code == 201, made.text
    job = made.json()
    assert made.headers["location"] == f"/api/jobs/{job['id']}"
    assert (job["domain"], job["status"], job["total_urls"]) == ("shop.ru", "queued", 2)
    assert job["options"]["label"] == "Проба"
    assert job["progress"] == 0
    assert api.get(f"/api/jobs/{job['id']}").json() == job
    listed = rows_of(any_house, sa.select(job_urls).order_by(job_urls.c.position))
    assert [row["url"] for row in listed] == LIST["sitemap_urls"]
    stored = rows_of(any_house, sa.select(jobs))[0]
    assert (stored["rights_how"], stored["rights_by"], stored["created_by"]) == (
        "api",
        "local",
        "local",
    )


def test_twins_and_strangers_are_left_out_with_a_warning(api: TestClient) -> None:
    """N48."""
    urls = [f"{SHOP}/a", f"{SHOP}/a/?utm_source=x", "http://www.shop.ru/a#z", "https://o.ru/"]
    job = api.post("/api/jobs", json={"sitemap_urls": urls}).json()
    assert job["total_urls"] == 1
    assert job["input_report"]["rejected"] == {"duplicate": 2, "off_domain": 1}
    assert "duplicate 2" in job["warnings"][0]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "no_source", ""),
        ({**LIST, "sitemap_url": f"{SHOP}/s.xml"}, 400, "many_sources", ""),
        ({**LIST, "options": {"colour": 1}}, 422, "invalid_option", "options.colour"),
        ({**LIST, "options": {"max_urls": 0}}, 422, "invalid_option", "options.max_urls"),
        ({**LIST, "options": {"max_urls": "5"}}, 422, "invalid_option", "options.max_urls"),
        ({**LIST, "options": {"include": ["re:("]}}, 422, "invalid_option", "options.include"),
        (
            {**LIST, "options": {"limits": {"mb": 5}, "traffic_budget_mb": 6}},
            422, "invalid_option", "options.limits.mb",
        ),
        ({**LIST, "unknown": 1}, 422, "invalid", "unknown"),
        ({"sitemap_urls": "x"}, 422, "invalid", "sitemap_urls"),
        ({"sitemap_urls": ["нет"]}, 422, "invalid_option", "options.domain"),
        (
            {"sitemap_urls": [f"{SHOP}/a"], "options": {"domain": "other.ru"}},
            400, "off_domain", "sitemap_urls",
        ),
        ({**LIST, "options": {"exclude": ["*"]}}, 422, "no_urls", "sitemap_urls"),
        ({**LIST, "rights_confirmed": False}, 400, "rights_not_confirmed", ""),
        ({**LIST, "options": {"allow_residential": True}}, 403, "residential_forbidden", ""),
        ({"upload_id": "f" * 64}, 404, "not_found", ""),
        ({"clone_of": "x"}, 404, "not_found", ""),
        ({"sitemap_url": "http://169.254.169.254/"}, 400, "url_blocked", ""),
        ({"sitemap_url": "http://0x7f000001/"}, 400, "url_blocked", ""),
        ({"sitemap_url": "http://[::ffff:10.0.0.1]/"}, 400, "url_blocked", ""),
        ({"sitemap_urls": ["http://10.0.0.1/a"]}, 400, "url_blocked", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    client: TestClient, body: Any, status: int, code: str, field: str
) -> None:
    """N39 among them."""
    answer = client.post("/api/jobs", json=body)
    found = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), found
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in found["errors"]] == ([field] if field else [])
    assert found["detail"]
    assert found["request_id"]


def test_bodies_that_are_none(client: TestClient) -> None:
    broken = client.post(
        "/api/jobs", content=b"{", headers={"content-type": "application/json"}
    ).json()
    assert (broken["status"], broken["code"]) == (400, "malformed")
    plain = client.post("/api/jobs", content=b"x", headers={"content-type": "text/plain"}).json()
    assert (plain["status"], plain["code"]) == (415, "unsupported_type")
    nul = client.post("/api/jobs", json={**LIST, "options": {"label": "a\0"}})
    assert nul.status_code == 422


def test_one_active_job_for_a_domain(api: TestClient) -> None:
    first = api.post("/api/jobs", json=LIST).json()
    second = api.post("/api/jobs", json=LIST)
    assert second.status_code == 409
    assert second.json()["code"] == "job_active"
    assert second.json()["active_job_id"] == first["id"]


def test_the_same_order_twice_is_one_job(api: TestClient, any_house: House) -> None:
    """S19."""
    headers = {"Idempotency-Key": "ключ-1".encode().hex()}
    first = api.post("/api/jobs", json=LIST, headers=headers)
    again = api.post("/api/jobs", json=LIST, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = api.post("/api/jobs", json={"sitemap_urls": [f"{SHOP}/c"]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert len(rows_of(any_house, sa.select(jobs))) == 1


def test_starts_are_counted(client: TestClient) -> None:
    for number in range(5):
        body = {"sitemap_urls": [f"https://shop{number}.ru/"]}
        assert client.post("/api/jobs", json=body).status_code == 201
    refused = client.post("/api/jobs", json={"sitemap_urls": ["https://shop9.ru/"]})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_the_key_of_a_service_is_seen_nowhere(api: TestClient, any_house: House) -> None:
    """N42."""
    key = "fc-very-secret-key"
    options = {"enable_firecrawl": True, "firecrawl_api_key": key}
    made = api.post("/api/jobs", json={**LIST, "options": options})
    assert made.json()["options"]["firecrawl_key_set"] is True
    assert key not in made.text
    for table in (jobs, job_events, audit_log, job_secrets):
        assert key not in str(rows_of(any_house, sa.select(table)))
    wrong = api.post("/api/jobs", json={**LIST, "options": {**options, "max_urls": -1}})
    assert key not in wrong.text


# -- uploads ------------------------------------------------------------------------------------


def test_a_file_is_kept_and_its_domain_is_told(api: TestClient) -> None:
    payload = json.dumps({"options": {"max_urls": 5}})
    made = api.post(
        "/api/jobs", files={"sitemap_file": ("карта.xml", XML)}, data={"payload": payload}
    )
    assert made.status_code == 201, made.text
    assert (made.json()["domain"], made.json()["options"]["max_urls"]) == ("shop.ru", 5)


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "unreadable_file"),
        (b"no addresses here", 422, "unreadable_file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"abc" * 30, 415, "unsupported_type"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><urlset/>', 422, "xml_entities"),
    ],
)
def test_a_file_that_is_no_list(client: TestClient, raw: bytes, status: int, code: str) -> None:
    answer = client.post("/api/jobs", files={"sitemap_file": ("a", raw)})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_file_that_is_too_large(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BODY", 2000)
    big = client.post("/api/jobs", files={"sitemap_file": ("a", XML * 100)})
    assert (big.status_code, big.json()["code"]) == (413, "file_too_large")

    def endless() -> Any:
        for _ in range(100):
            yield b" " * 100

    headers = {"content-type": "application/json"}
    streamed = client.post("/api/jobs", content=endless(), headers=headers)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "file_too_large")


def test_a_preview_counts_and_keeps_the_file(api: TestClient, any_house: House) -> None:
    entries = "".join(f"<url><loc>{SHOP}/p/{n}</loc></url>" for n in range(150))
    raw = f"<urlset>{entries}<url><loc>https://o.ru/</loc></url></urlset>".encode()
    seen = api.post("/api/sitemaps/preview", files={"sitemap_file": ("a.xml", raw)})
    assert seen.status_code == 200, seen.text
    found = seen.json()
    assert (found["total"], found["accepted"], found["kind"]) == (151, 150, "sitemap")
    assert found["rejected"] == {"off_domain": 1}
    assert len(found["sample"]) == 100
    following = api.post("/api/sitemaps/preview", json={"cursor": found["cursor"]}).json()
    assert [item["url"] for item in following["sample"]][-1] == f"{SHOP}/p/149"
    assert following["cursor"] is None
    assert api.post("/api/sitemaps/preview", json={"cursor": "x:1"}).status_code == 422
    made = api.post("/api/jobs", json={"upload_id": found["upload_id"]})
    assert made.status_code == 201
    assert made.json()["domain"] == "shop.ru"


# -- lists and steering -------------------------------------------------------------------------


def test_jobs_are_listed_in_parts(api: TestClient) -> None:
    ids = [
        api.post("/api/jobs", json={"sitemap_urls": [f"https://shop{n}.ru/"]}).json()["id"]
        for n in range(3)
    ]
    first = api.get("/api/jobs", params={"limit": 2})
    assert [job["id"] for job in first.json()] == ids[:0:-1]
    rest = api.get("/api/jobs", params={"limit": 2, "cursor": first.headers["x-next-cursor"]})
    assert [job["id"] for job in rest.json()] == ids[:1]
    assert "x-next-cursor" not in rest.headers
    assert len(api.get("/api/jobs", params={"domain": "shop1.ru"}).json()) == 1
    assert api.get("/api/jobs", params={"status": "failed"}).json() == []


@pytest.mark.parametrize("query", ["limit=1000", "limit=0", "status=odd", "cursor=x"])
def test_a_bad_question_is_not_answered_silently(client: TestClient, query: str) -> None:
    """N44."""
    assert client.get(f"/api/jobs?{query}").status_code == 422


def test_steering_and_its_refusals(api: TestClient, any_house: House) -> None:
    job_id = api.post("/api/jobs", json=LIST).json()["id"]
    paused = api.post(f"/api/jobs/{job_id}/pause")
    assert (paused.status_code, paused.json()) == (202, {"ok": True, "status": "paused"})
    assert api.post(f"/api/jobs/{job_id}/resume").json()["status"] == "queued"
    assert api.delete(f"/api/jobs/{job_id}").status_code == 409
    assert api.post(f"/api/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    again = api.post(f"/api/jobs/{job_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "bad_state")
    assert "cancelled" in again.json()["detail"]
    retry = api.post(f"/api/jobs/{job_id}/retry-failed", json={"outcomes": ["odd"]})
    assert retry.status_code == 422
    assert api.post(f"/api/jobs/{job_id}/retry-failed").status_code == 409
    assert api.post(f"/api/jobs/{job_id}/diff/accept").status_code == 409
    assert api.delete(f"/api/jobs/{job_id}").status_code == 204
    assert api.get(f"/api/jobs/{job_id}").status_code == 404
    actions = {row["action"] for row in rows_of(any_house, sa.select(audit_log))}
    assert {"export_start", "job_pause", "job_resume", "export_stop", "file_delete"} <= actions


def test_a_job_can_be_cloned(api: TestClient) -> None:
    options = {"max_urls": 7, "label": "раз"}
    job_id = api.post("/api/jobs", json={**LIST, "options": options}).json()["id"]
    api.post(f"/api/jobs/{job_id}/cancel")
    copy = api.post("/api/jobs", json={"clone_of": job_id, "options": {"label": "два"}}).json()
    assert (copy["options"]["max_urls"], copy["options"]["label"]) == (7, "два")
    assert copy["total_urls"] == 2


def test_many_sites_at_once(api: TestClient) -> None:
    found = api.post("/api/jobs/bulk", json={"domains": ["a.ru", "b.ru", "bad domain"]}).json()
    errors = [item["error"] for item in found["items"]]
    assert errors == [None, None, "invalid_option"]
    started = api.get(f"/api/bulk/{found['bulk_id']}").json()["items"]
    assert [job["domain"] for job in started] == ["a.ru", "b.ru"]
    assert api.get(f"/api/bulk/{found['items'][0]['job_id']}").status_code == 404


# -- who may ------------------------------------------------------------------------------------


def test_strangers_and_forged_roles_get_nothing(locked_house: House) -> None:
    """N38."""
    stranger = client_of(locked_house)
    for headers in ({}, {"X-User-Role": "admin"}, {"X-Admin-Token": "wrong"}):
        answer = stranger.post("/api/jobs", json=LIST, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth_required")


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 202), ("admin", 202)])
def test_a_viewer_does_not_cancel(
    signed_in: Any, locked_house: House, role: str, status: int
) -> None:
    job_id = signed_in("operator").post("/api/jobs", json=LIST).json()["id"]
    answer = signed_in(role).post(f"/api/jobs/{job_id}/cancel")
    assert answer.status_code == status
    denied = sa.select(audit_log).where(audit_log.c.action == "access_denied")
    assert len(rows_of(locked_house, denied)) == (1 if status == 403 else 0)
