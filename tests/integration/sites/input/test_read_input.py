"""Lists into the frontier, from the sandbox's maps over real HTTP (S33-S44, N25-N27)."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from povod.app.build import build_house
from povod.app.house import House
from povod.app.worlds import world_environ
from povod.kit.settings import load_settings
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.sites.start import Order, Source
from povod.store.tables import job_urls, jobs, snapshots

SHOP = "https://dom-uyut.ru"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("world"), sites=2) as process:
        yield process


@pytest.fixture(scope="module")
def house(world: SandboxProcess) -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        values = {"database_url": f"sqlite:///{place}/p.db", "povod_sites_start_rate": 0}
        given = {**values, "data_dir": place / "data", "outbox_dir": place / "out"}
        house = build_house(load_settings(world_environ(world), None, **given))
        yield house
        house.close()


def read(house: House, source: Source, **options: Any) -> Any:
    """Start a job and let only its list be read; the job is ended afterwards."""
    started = house.sites.start(Order(source=source, options=options, by="anna"))
    job_id = str(started.job["id"])
    house.runner().run_until_idle(["sites.input"])
    job = house.sites.response(job_id)
    if job["status"] != "failed":
        house.sites.command(job_id, "cancel", "anna")
        with house.db.tx() as conn:
            conn.execute(sa.update(jobs).where(jobs.c.id == job_id).values(status="cancelled"))
    return job


def urls(house: House, job: Any) -> list[Any]:
    query = sa.select(job_urls).where(job_urls.c.job_id == job["id"])
    with house.db.read() as conn:
        return list(conn.execute(query.order_by(job_urls.c.position)).mappings())


@pytest.mark.parametrize(
    "name",
    ["sitemap.xml.gz", "sitemap.txt", "sitemap.csv", "sitemap_index.xml", "sitemap.xml"],
)
def test_every_form_of_a_map_gives_the_same_pages(house: House, name: str) -> None:
    job = read(house, Source(sitemap_url=f"{SHOP}/{name}"), max_urls=500)
    pages = 120 if name.endswith(".csv") else 126  # its table has no sections
    assert job["input_report"]["accepted"] == pages
    assert job["input_complete"]
    assert len(urls(house, job)) == pages


@pytest.mark.parametrize(
    ("name", "accepted", "complete"),
    [
        ("leading.xml", 10, True),
        ("ampersand.xml", 10, True),
        ("relative.xml", 10, True),
        ("bare.xml", 10, True),
        ("rss.xml", 10, True),
        ("wrong-charset.xml", 10, True),
        ("one.zip", 10, True),
        ("twins.xml", 1, True),
        ("offsite.xml", 2, True),
        ("loop.xml", 6, True),
        ("lost-child.xml", 6, False),
    ],
)
def test_maps_as_sites_publish_them(house: House, name: str, accepted: int, complete: bool) -> None:
    job = read(house, Source(sitemap_url=f"{SHOP}/maps/{name}"))
    report = job["input_report"]
    assert (report["accepted"], job["input_complete"]) == (accepted, complete), job["warnings"]
    assert complete or "nothing.xml" in job["warnings"][0]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bomb.xml", "xml_entities"),
        ("double.gz", "nested_archive"),
        ("two.zip", "unreadable_file"),
        ("nothing.xml", "map_unreachable"),
        ("deep-1.xml", "no_urls"),
    ],
)
def test_a_list_that_cannot_be_used_ends_the_job(house: House, name: str, code: str) -> None:
    job = read(house, Source(sitemap_url=f"{SHOP}/maps/{name}"))
    assert job["status"] == "failed"
    assert job["error_message"].startswith(f"{code}: ")


def test_an_upload_is_read_from_the_store(house: House) -> None:
    raw = f"<urlset><url><loc>/product/1</loc></url><url><loc>{SHOP}/a</loc></url></urlset>"
    job = read(house, Source(upload=raw.encode()))
    assert [row["url"] for row in urls(house, job)] == [f"{SHOP}/product/1", f"{SHOP}/a"]


def test_a_site_is_discovered_and_a_list_widened(house: House) -> None:
    found = read(house, Source(), domain="dom-uyut.ru", discover=True)
    assert found["input_report"]["accepted"] == 126
    wide = read(house, Source(urls=[f"{SHOP}/extra"]), only_uploaded=False)
    assert wide["input_report"]["accepted"] == 127
    assert urls(house, wide)[0]["url"] == f"{SHOP}/extra"


def test_keys_that_the_list_lacks_are_verified(house: House) -> None:
    """S43, S42."""
    job = read(house, Source(sitemap_url=f"{SHOP}/maps/few.xml"))
    first = urls(house, job)[0]
    now = house.clock.now()
    rows = [
        {"url_key": f"{SHOP}/gone", "url": f"{SHOP}/gone"},
        {"url_key": f"{SHOP}/static/x", "url": f"{SHOP}/static/x"},
        {"url_key": first["url_key"], "url": first["url"]},
    ]
    with house.db.tx() as conn:
        for row in rows:
            known = {"domain": "dom-uyut.ru", "variant_key": "", "last_crawl_at": now}
            conn.execute(sa.insert(snapshots).values(**known, **row, first_seen_at=now))
    again = read(house, Source(sitemap_url=f"{SHOP}/sitemap.xml"), trust_lastmod=True)
    by_url = {row["url"]: row for row in urls(house, again)}
    assert by_url[f"{SHOP}/gone"]["source"] == "verify"
    assert f"{SHOP}/static/x" not in by_url
    assert by_url[first["url"]]["outcome"] == "not_modified"
    part = read(house, Source(urls=[f"{SHOP}/a"]))
    assert [row["source"] for row in urls(house, part)] == ["list"], "a part proves nothing"


def test_a_preview_of_an_address_says_what_it_would_cost(house: House) -> None:
    found = house.sites.preview(
        Source(sitemap_url=f"{SHOP}/maps/big.xml?n=3000"), {"traffic_budget_mb": 1}, "anna"
    )
    assert (found["accepted"], found["estimate"]["urls"]) == (3000, 3000)
    assert "budget" in found["warnings"][-1]
    assert found["cursor"]
