"""Faults of pages over HTTP: parts, choices, languages, who may (S14, S99)."""

from typing import Any

import pytest
import sqlalchemy as sa
from console_client import HERE, client_of
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.kit.clock import FixedClock
from povod.sites.exports.write import Kind
from povod.store.tables import job_urls, pages
from povod.web.sites_api.common import pack

SHOP = "https://shop.ru"
LIST = {"sitemap_urls": [f"{SHOP}/{name}" for name in "abc"]}


@pytest.fixture
def api(any_house: House) -> Any:
    with client_of(any_house, origin=HERE) as client:
        yield client


def crawled(house: House, api: TestClient, clock: FixedClock) -> str:
    """A job whose three pages share a title and lack the rest."""
    job_id = str(api.post("/api/jobs", json=LIST).json()["id"])
    said = {"title": "Краски и эмали", "canonical": SHOP, "h1_count": 1, "word_count": 300}
    with house.db.tx() as conn:
        for row in conn.execute(sa.select(job_urls)).mappings().all():
            place = {name: row[name] for name in ("job_id", "url", "url_key")}
            page = {**place, "outcome": "ok", "fetched_at": clock.now(), "data_seo": said}
            conn.execute(sa.insert(pages).values(**page, final_url=row["url"]))
        conn.execute(sa.update(job_urls).values(state="done", outcome="ok"))
    return job_id


def walk(api: TestClient, address: str) -> tuple[list[tuple[str, str]], set[int]]:
    found, totals, cursor = [], set(), ""
    while cursor is not None:
        part = api.get(f"{address}&cursor={cursor}").json()
        found += [(one["url"][-1], one["code"]) for one in part["items"]]
        totals.add(part["total"])
        cursor = part["next_cursor"]
    return found, totals


def test_faults_in_parts(api: TestClient, any_house: House, clock: FixedClock) -> None:
    job_id = crawled(any_house, api, clock)
    address = f"/api/jobs/{job_id}/issues"
    names = ("description_missing", "canonical_elsewhere", "title_duplicate")
    everything = [(page, name) for page in "abc" for name in names]
    for limit in (2, 9, 500):
        assert walk(api, f"{address}?limit={limit}") == (everything, {9})
    only = walk(api, f"{address}?limit=1&code=title_duplicate")
    assert only == ([(page, "title_duplicate") for page in "abc"], {3})
    assert walk(api, f"{address}?limit=1&severity=error") == ([], {0})
    assert walk(api, f"{address}?limit=2&severity=warning&q=SHOP.ru/b")[1] == {3}


def test_one_fault(api: TestClient, any_house: House, clock: FixedClock) -> None:
    job_id = crawled(any_house, api, clock)
    address = f"/api/jobs/{job_id}/issues?code=title_duplicate&q=/c"
    english = api.get(address, headers={"Accept-Language": "en"}).json()["items"]
    assert english == [
        {
            "url": f"{SHOP}/c",
            "code": "title_duplicate",
            "severity": "warning",
            "message": "another page has the same title",
            "evidence": f"3: {SHOP}/a",
        }
    ]
    russian = api.get(address, headers={"Accept-Language": "ru"}).json()["items"]
    assert russian[0]["message"] == "такой же title у другой страницы"


@pytest.mark.parametrize(
    "query",
    [
        "limit=501", "limit=0", "code=odd", "severity=fatal", "cursor=x",
        f"cursor={pack([1])}", f"cursor={pack(['a', 'b'])}", f"cursor={pack(['a', True])}",
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(client: TestClient, query: str) -> None:
    job_id = client.post("/api/jobs", json=LIST).json()["id"]
    assert client.get(f"/api/jobs/{job_id}/issues?{query}").status_code == 422


def test_who_may_look(signed_in: Any, locked_house: House) -> None:
    job_id = signed_in("operator").post("/api/jobs", json=LIST).json()["id"]
    address = f"/api/jobs/{job_id}/issues"
    assert signed_in("viewer").get(address).json() == {
        "items": [], "next_cursor": None, "total": 0,
    }  # fmt: skip
    assert client_of(locked_house).get(address).status_code == 401
    strange = address.replace(job_id, "01a2295a-9718-73db-82b2-3f45694c7246")
    assert signed_in("viewer").get(strange).status_code == 404


def test_the_file_is_made_in_a_real_house(
    api: TestClient, any_house: House, clock: FixedClock
) -> None:
    job_id = crawled(any_house, api, clock)
    ordered = api.post(f"/api/jobs/{job_id}/exports", json={"type": "issues"})
    assert ordered.status_code == 202
    made = any_house.sites.exports.make(job_id, Kind("issues", "csv"))
    assert made["rows"] == 9
    (file,) = api.get(f"/api/jobs/{job_id}/exports?type=issues").json()
    assert api.get(file["url"]).text.startswith("url,code,severity,message,evidence\r\n")


def test_the_page_of_the_job_names_them_in_the_language_of_the_reader(
    api: TestClient, any_house: House, clock: FixedClock
) -> None:
    job_id = crawled(any_house, api, clock)
    english = api.get(f"/sites/jobs/{job_id}", headers={"Accept-Language": "en"}).text
    assert "another page has the same title" in english
    russian = api.get(f"/sites/jobs/{job_id}", headers={"Accept-Language": "ru"}).text
    assert "такой же title у другой страницы" in russian
