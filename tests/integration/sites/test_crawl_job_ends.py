"""How a job stops, waits and goes on: cancel, pause, budgets, deadlines, faults."""

import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from shop_server import status

from povod.store.tables import jobs, processing_jobs

READ_BUFFER = 384 * 1024  # what the loop and the client may hold before they stop reading
TWENTY = [f"/p/{n}" for n in range(20)]


def wait_until(check, seconds=10.0):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def in_background(house):
    thread = threading.Thread(target=house.run)
    thread.start()
    return thread


def test_a_wait_of_more_than_an_hour_pauses_the_job(house, shop):
    """S65."""
    shop.rules["/p/0"] = status(503, Retry_After="7200")
    job_id = house.make(shop, TWENTY, max_concurrency=1)
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["pause_reason"]) == ("paused", "host")
    wait = job["resume_at"] - house.clock.now()
    assert timedelta(minutes=118) < wait <= timedelta(hours=2)
    assert house.ledger.next_due() == job["resume_at"]


def test_a_dead_host_ends_the_job_with_finite_requests(house, shop):
    """N4, S66: the breaker opens, waits, tries, and after five openings the rest is given up."""
    shop.everywhere = status(503)
    house.profile("127.0.0.1", ports=[shop.port], policies_override=_impatient())
    job_id = house.make(shop, [f"/p/{n}" for n in range(200)])
    for _ in range(60):
        house.run()
        if house.job(job_id)["status"] not in ("running", "queued"):
            break
        time.sleep(0.06)
    job = house.job(job_id)
    assert (job["status"], job["stop_reason"]) == ("failed", "host_unavailable")
    assert sum(shop.hits.values()) < 60
    reasons = {row["reason"] for row in house.urls(job_id).values()}
    assert "host_unavailable" in reasons
    house.check_counters(job_id)


def _impatient():
    return {
        "politeness": {"min_delay_ms": 0, "max_delay_s": 0.02},
        "ladder": {"delay_base_s": 0, "delay_base_429_s": 0},
        "breaker": {"open_s": 0.05, "max_open_s": 0.05},
    }


def test_cancel_while_pages_are_in_flight(house, shop):
    """N13: ends cancelled within two seconds or so; nothing turns it back."""
    shop.latency = 20
    job_id = house.make(shop, TWENTY)
    thread = in_background(house)
    wait_until(lambda: shop.at_once["*"] > 0 and house.counts(job_id).leased > 0)
    started = house.job(job_id)["started_at"]
    house.jobs.cancel_job(job_id, "anna")
    asked = time.monotonic()
    thread.join(15)
    assert time.monotonic() - asked < 4
    job = house.job(job_id)
    assert (job["status"], job["started_at"]) == ("cancelled", started)
    urls = house.urls(job_id).values()
    assert {row["state"] for row in urls} == {"pending"}
    assert {row["attempts"] for row in urls} == {0}
    house.check_counters(job_id)


def test_cancel_and_resume_give_the_same_as_an_undisturbed_run(house, shop):
    """N14."""
    shop.latency = 0.05
    job_id = house.make(shop, TWENTY, max_concurrency=2)
    thread = in_background(house)
    wait_until(lambda: house.counts(job_id).ok >= 3)
    house.jobs.cancel_job(job_id, "anna")
    thread.join(15)
    assert 0 < house.counts(job_id).ok < 20
    house.jobs.resume_job(job_id, "anna")
    house.run()
    assert house.job(job_id)["status"] == "succeeded"
    assert set(house.outcomes(job_id).values()) == {"ok"}
    assert len(house.pages(job_id)) == 20
    house.check_counters(job_id)


def test_pause_lets_flights_land_and_resume_goes_on(house, shop):
    shop.latency = 0.3
    job_id = house.make(shop, TWENTY, max_concurrency=4)
    thread = in_background(house)
    wait_until(lambda: shop.at_once["*"] == 4)
    house.jobs.pause_job(job_id, "anna")
    thread.join(10)
    counts = house.counts(job_id)
    assert house.job(job_id)["status"] == "paused"
    assert counts.leased == 0
    assert counts.ok >= 4
    assert counts.pending > 0
    house.jobs.resume_job(job_id, "anna")
    shop.latency = 0
    house.run()
    assert house.job(job_id)["status"] == "succeeded"
    assert all(shop.hits[path] == 1 for path in TWENTY)


def test_retry_failed_fetches_only_what_failed(house, shop):
    """S30, N15: a changed price shows only where a page is fetched again."""
    shop.rules["/p/4"] = status(500)
    job_id = house.make(shop, TWENTY)
    house.run()
    assert house.outcomes(job_id)["/p/4"] == "error"
    del shop.rules["/p/4"]
    shop.price = 150
    house.jobs.retry_failed(job_id, "anna")
    house.run()
    pages = house.pages(job_id)
    assert house.job(job_id)["status"] == "succeeded"
    assert float(pages["/p/4"]["data_full"]["price"]) == 150
    assert float(pages["/p/5"]["data_full"]["price"]) == 100
    assert pages["/p/4"]["error_class"] == ""
    assert shop.hits["/p/5"] == 1
    house.check_counters(job_id)


def test_a_job_budget_ends_its_addresses(house, shop):
    """N6, S75: a huge page under a small budget; the pages before it are kept."""

    async def huge(request):
        from aiohttp import web

        answer = web.StreamResponse(headers={"Content-Type": "text/html"})
        await answer.prepare(request)
        for _ in range(800):
            await answer.write(b"<p>" + b"x" * 65_536)
        return answer

    shop.rules["/p/3"] = huge
    paths = [f"/p/{n}" for n in range(6)]
    job_id = house.make(shop, paths, max_concurrency=1, traffic_budget_mb=1, min_coverage=0.1)
    house.run()
    job, urls = house.job(job_id), house.urls(job_id)
    assert [urls[path]["outcome"] for path in paths[:3]] == ["ok", "ok", "ok"]
    assert {(urls[path]["outcome"], urls[path]["reason"]) for path in paths[4:]} <= {
        ("skipped", "budget"),
        ("ok", ""),
    }
    assert job["traffic_bytes"] <= 1_048_576 + READ_BUFFER
    assert urls["/p/3"]["reason"] in ("budget", "")
    house.check_counters(job_id)


def test_the_day_budget_of_a_site_pauses_the_job(house, shop):
    """S75: paused until the next day."""
    house.profile(
        "127.0.0.1",
        ports=[shop.port],
        policies_override={"politeness": {"min_delay_ms": 0}},
        budgets={"hard_mb_per_day": 0.03, "soft_mb_per_day": 0.03},
    )
    job_id = house.make(shop, TWENTY)
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["pause_reason"]) == ("paused", "budget")
    assert job["resume_at"] > house.clock.now()
    assert 0 < job["success_urls"] < 20


def test_an_internal_fault_three_times_in_a_row_fails_the_job(house, shop, monkeypatch):
    """S27."""

    def broken(*_):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr("povod.sites.fetching.settled", broken)
    job_id = house.make(shop, TWENTY)
    for _ in range(3):
        house.run()
        with house.db.tx() as conn:
            past = house.clock.now() - timedelta(seconds=1)
            waiting = processing_jobs.c.state == "queued"
            conn.execute(sa.update(processing_jobs).where(waiting).values(run_at=past))
    job = house.job(job_id)
    assert job["status"] == "failed"
    assert job["error_message"] == "internal: RuntimeError: a bug of ours"
    assert house.counts(job_id).leased == 0


def test_the_deadline_ends_the_job(house, shop):
    shop.latency = 0.1
    job_id = house.make(shop, [f"/p/{n}" for n in range(60)], max_concurrency=1)
    thread = in_background(house)
    wait_until(lambda: house.counts(job_id).ok >= 2)
    with house.db.tx() as conn:
        conn.execute(sa.update(jobs).values(deadline_at=house.clock.now()))
    thread.join(0.1)
    house.jobs.pause_job(job_id, "anna")
    thread.join(10)
    house.jobs.resume_job(job_id, "anna")
    house.run()
    job = house.job(job_id)
    assert (job["status"], job["stop_reason"]) == ("partial", "deadline")
    reasons = {row["reason"] for row in house.urls(job_id).values() if row["outcome"] == "skipped"}
    assert reasons == {"deadline"}
    house.check_counters(job_id)


def test_no_worker_leaves_the_job_queued(house, shop):
    """N19."""
    job_id = house.make(shop, TWENTY)
    assert house.job(job_id)["status"] == "queued"
    assert house.ledger.next_due() is not None
    assert shop.hits == {}


@pytest.mark.parametrize("fate", ["vanished", "stale"])
def test_work_of_an_earlier_run_of_the_job_does_nothing(house, shop, fate):
    job_id = house.make(shop, TWENTY)
    house.jobs.pause_job(job_id, "anna")
    if fate == "vanished":
        with house.db.tx() as conn:
            conn.execute(sa.delete(jobs))
        house.run()
        return
    house.jobs.resume_job(job_id, "anna")
    house.run()
    assert house.job(job_id)["status"] == "succeeded"
    assert all(shop.hits[path] == 1 for path in TWENTY)
