"""Several workers, and workers that die: no address is fetched twice at once, none is lost."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from shop_server import status

from povod.crawl.frontier import expire_leases
from povod.store.tables import job_urls, processing_jobs

SCRIPT = Path(__file__).with_name("crawl_process.py")


def start(house, tmp_path):
    url = house.db.url.render_as_string(hide_password=False)
    command = [sys.executable, str(SCRIPT), url, str(tmp_path)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "ready\n"
    return worker


def wait_until(check, seconds=20.0):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_two_workers_at_once(house, shop):
    """N12: each address once, one row each; the slots of the host hold over both."""
    shop.latency = 0.01
    house.settings_changes["povod_sites_runners_per_job"] = 2
    house.__post_init__()
    paths = [f"/p/{n}" for n in range(60)]
    job_id = house.make(shop, paths, max_concurrency=4)
    threads = [threading.Thread(target=house.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    wait_until(lambda: house.run().done == 0)
    assert house.job(job_id)["status"] == "succeeded"
    assert all(shop.hits[path] == 1 for path in paths)
    assert shop.most_at_once["*"] <= 4
    assert len(house.pages(job_id)) == 60
    house.check_counters(job_id)
    assert len(house.finished) == 1


@pytest.mark.parametrize("killed_after", [5, 20])
def test_kill_at_any_instant_and_go_on(house, shop, tmp_path, killed_after):
    """S31: the same set of pages and outcomes as an undisturbed run, and no duplicates."""
    shop.latency = 0.02
    shop.rules["/p/11"] = status(404)
    paths = [f"/p/{n}" for n in range(50)]
    job_id = house.make(shop, paths, max_concurrency=5)
    worker = start(house, tmp_path)
    wait_until(lambda: house.counts(job_id).ok >= killed_after)
    worker.kill()
    worker.wait()
    before = house.outcomes(job_id)
    _let_leases_run_out(house, job_id)
    house.run()
    outcomes = house.outcomes(job_id)
    assert outcomes == {path: "gone" if path == "/p/11" else "ok" for path in paths}
    assert all(outcomes[path] == outcome for path, outcome in before.items() if outcome)
    assert len(house.pages(job_id)) == 50
    finished = [path for path, outcome in before.items() if outcome]
    assert all(shop.hits[path] == 1 for path in finished)
    assert house.job(job_id)["status"] == "succeeded"
    house.check_counters(job_id)
    _check_budget(house, job_id)


def _let_leases_run_out(house, job_id):
    past = house.clock.now() - timedelta(hours=1)
    with house.db.tx() as conn:
        expire_leases(conn, job_id)
        conn.execute(
            sa.update(processing_jobs)
            .where(processing_jobs.c.state == "running")
            .values(lease_until=past)
        )


def _check_budget(house, job_id):
    """What the dead worker had reserved is charged, and nothing stays reserved."""
    from povod.store.tables import budget_counters

    with house.db.read() as conn:
        rows = conn.execute(sa.select(budget_counters)).mappings().all()
        reserved = conn.execute(sa.select(sa.func.sum(job_urls.c.reserved_bytes))).scalar()
    assert {row["reserved"] for row in rows} == {0}
    assert reserved == 0
    own = next(row for row in rows if row["scope"] == "job")
    assert own["used"] == house.job(job_id)["traffic_bytes"]
    assert all(row["used"] + row["reserved"] <= row["hard"] for row in rows)


def test_six_lost_leases_end_an_address(house, shop):
    """S48."""
    job_id = house.make(shop, ["/p/1", "/p/2"])
    with house.db.tx() as conn:
        late = house.clock.now() - timedelta(minutes=1)
        conn.execute(
            sa.update(job_urls)
            .where(job_urls.c.position == 0)
            .values(state="leased", attempts=6, lease_token="gone", lease_until=late)
        )
    house.run()
    rows = house.urls(job_id)
    assert (rows["/p/1"]["outcome"], rows["/p/1"]["reason"]) == ("error", "lease_lost")
    assert rows["/p/2"]["outcome"] == "ok"
    assert shop.hits["/p/1"] == 0
    house.check_counters(job_id)


def test_a_cancelled_job_of_dead_workers_ends_by_force(house, shop):
    """S27: at most 30 s, whoever holds the leases."""
    job_id = house.make(shop, ["/p/1", "/p/2"])
    with house.db.tx() as conn:
        later = house.clock.now() + timedelta(minutes=2)
        held = {"state": "leased", "attempts": 1, "lease_token": "x", "lease_until": later}
        conn.execute(sa.update(job_urls).values(held | {"reserved_bytes": 1000}))
        conn.execute(sa.text("UPDATE jobs SET status = 'running', phase = 'crawl'"))
        conn.execute(sa.delete(processing_jobs))
    assert house.jobs.cancel_job(job_id, "anna")["status"] == "cancelling"
    due = house.ledger.next_due()
    assert timedelta(seconds=25) < due - house.clock.now() < timedelta(seconds=30)
    with house.db.tx() as conn:
        conn.execute(sa.update(processing_jobs).values(run_at=house.clock.now()))
    house.run()
    assert house.job(job_id)["status"] == "cancelled"
    assert {(row["state"], row["attempts"]) for row in house.urls(job_id).values()} == {
        ("pending", 0)
    }
    house.check_counters(job_id)
