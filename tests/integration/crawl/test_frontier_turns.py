"""The frontier without a network: slots, pauses, late results, ends; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from frontier_job import LADDER, Job, failed, host_row, ok

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.frontier import (
    NewUrl,
    Settled,
    Wish,
    add_urls,
    end_pending,
    renew,
    take_turn,
)
from povod.crawl.frontier.urls import store_counts
from povod.crawl.hosts import Observation
from povod.crawl.steps import Step
from povod.store.tables import job_urls, jobs, pages


def test_claims_are_in_order_within_the_slots_of_the_host(db, clock):
    job = Job(db)
    turn = job.turn()
    assert [ticket.url for ticket in turn.tickets] == [f"https://shop.ru/{n}" for n in range(3)]
    assert [ticket.attempts for ticket in turn.tickets] == [1, 1, 1]
    assert (job.turn().tickets, job.turn().standstill) == ([], "busy")
    again = job.turn([ok(turn.tickets[1])])
    assert [ticket.url for ticket in again.tickets] == ["https://shop.ru/3"]
    assert job.counts().ok == 1
    assert job.job()["success_urls"] == 1


def test_starts_are_spaced_by_the_pause_of_the_host(db, clock):
    job = Job(db)
    starts = [ticket.starts_at - clock.now() for ticket in job.turn().tickets]
    assert starts == [timedelta(milliseconds=200 * n) for n in range(3)]
    assert host_row(db)["next_request_at"] == clock.now() + timedelta(milliseconds=600)


def test_slots_hold_over_all_jobs_of_a_host(db, clock):
    one, two = Job(db, concurrency=3), Job(db, concurrency=3)
    assert len(one.turn().tickets) == 3
    assert two.turn().standstill == "busy"
    assert len(Job(db, host="other.ru").turn().tickets) == 3


def test_a_late_result_is_thrown_away_and_paid_for(db, clock):
    """S47."""
    job = Job(db, 1)
    [ticket] = job.turn().tickets
    clock.advance(timedelta(seconds=10))
    with db.tx() as conn:
        conn.execute(sa.update(job_urls).values(lease_until=clock.now() - timedelta(days=400)))
    [second] = job.turn().tickets
    assert (second.id, second.attempts) == (ticket.id, 2)
    late = job.turn([ok(ticket, used=700)], want=0)
    assert late.lost == {ticket.id}
    assert job.counts().leased == 1
    with db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(pages)).scalar() == 0
    job.turn([ok(second, used=50)])
    assert job.counts().ok == 1
    assert job.job()["traffic_bytes"] == ticket.reserved + 700 + 50


def test_settling_writes_the_page_once(db, clock):
    job = Job(db, 1)
    [ticket] = job.turn().tickets
    [again] = job.turn([failed(ticket, next_at=clock.now(), step=Step("http_tls"))]).tickets
    assert (again.step, again.attempts) == (Step("http_tls"), 2)
    job.turn([ok(again)])
    turn = job.turn()
    assert turn.standstill == "finished"
    with db.read() as conn:
        [page] = conn.execute(sa.select(pages)).mappings().all()
    assert (page["outcome"], page["title"], page["url"]) == ("ok", "Дрель", "https://shop.ru/0")


def test_a_refund_makes_the_claim_undone(db, clock):
    job = Job(db, 1)
    [ticket] = job.turn().tickets
    job.turn([Settled(ticket=ticket, refund=True, step=Step("", ""))], want=0)
    row = job.row(0)
    assert (row["state"], row["attempts"], row["fetcher"], row["reserved_bytes"]) == (
        "pending", 0, "", 0,
    )  # fmt: skip


@pytest.mark.parametrize("status", ["paused", "cancelling", "queued"])
def test_nothing_is_claimed_of_a_job_that_does_not_run(db, clock, status):
    job = Job(db)
    [first, *_] = job.turn().tickets
    with db.tx() as conn:
        conn.execute(sa.update(jobs).values(status=status))
    turn = job.turn([ok(first)])
    assert (turn.tickets, turn.standstill, turn.status) == ([], "stopped", status)
    assert job.counts().ok == 1


def test_what_waits_says_until_when(db, clock):
    job = Job(db, 1)
    [ticket] = job.turn().tickets
    later = clock.now() + timedelta(seconds=90)
    turn = job.turn([failed(ticket, F.HTTP_5XX, 500, next_at=later)])
    assert (turn.standstill, turn.wait_until) == ("waiting", later)


def test_only_others_hold_leases(db, clock):
    job = Job(db, 1)
    job.turn()
    assert job.turn().standstill == "others"


def test_retry_after_stops_the_host_until_then(db, clock):
    job = Job(db, 5, concurrency=1)
    [ticket] = job.turn().tickets
    seen = (Observation(status=429, failure=F.HTTP_429, retry_after=120),)
    turn = job.turn([Settled(ticket=ticket, seen=seen, next_at=clock.now())])
    assert (turn.standstill, turn.wait_until) == ("waiting", clock.now() + timedelta(seconds=120))
    clock.advance(timedelta(seconds=121))
    assert len(job.turn().tickets) == 1


def test_more_than_an_hour_pauses(db, clock):
    job = Job(db, 5, concurrency=1)
    [ticket] = job.turn().tickets
    seen = (Observation(status=503, failure=F.HTTP_503, retry_after=7200),)
    turn = job.turn([Settled(ticket=ticket, seen=seen, next_at=clock.now())])
    assert turn.pause == ("host", clock.now() + timedelta(hours=2))


def test_an_open_breaker_lets_three_trials_through(db, clock):
    job = Job(db, 20, concurrency=5)
    tickets = job.turn().tickets
    turn = job.turn([failed(item, F.CONNECT_REFUSED, 0, next_at=clock.now()) for item in tickets])
    assert (turn.tickets, turn.standstill) == ([], "waiting")
    assert [kind for kind, _ in turn.news] == ["breaker"]
    assert turn.wait_until == clock.now() + timedelta(seconds=300)
    assert job.counts().pending == 20
    clock.advance(timedelta(seconds=301))
    trials = job.turn().tickets
    assert len(trials) == 3
    assert host_row(db)["breaker"] == "half_open"
    job.turn([ok(trials[0]), ok(trials[1])], want=0)
    assert host_row(db)["breaker"] == "closed"


def test_five_openings_in_a_job_end_it(db, clock):
    job = Job(db, 20, concurrency=1)
    for _ in range(9):
        tickets = job.turn().tickets
        turn = job.turn([failed(item, next_at=clock.now()) for item in tickets], want=0)
        clock.advance(timedelta(seconds=3700))
    assert turn.stop_reason == "host_unavailable"
    counts = job.counts()
    assert (counts.pending, counts.error) == (0, 20)
    assert job.job()["stop_reason"] == "host_unavailable"
    assert job.job()["failed_urls"] == 20
    assert host_row(db)["requests"] == 5 + 4


def test_the_fetchers_that_are_few_are_given_out_one_by_one(db, clock):
    job = Job(db, 6, concurrency=6)
    with db.tx() as conn:
        conn.execute(sa.update(job_urls).values(fetcher="browser", tier="direct"))
    assert len(job.turn(slots={"browser": 2}).tickets) == 2
    assert job.turn(slots={"browser": 0}).standstill == "busy"
    assert len(job.turn(shared_slots={"browser": 3}).tickets) == 1


def test_a_crawl_delay_means_one_at_a_time(db, clock):
    job = Job(db, 5, concurrency=5)
    assert len(job.turn(crawl_delays={"shop.ru": 30_000}).tickets) == 1
    assert host_row(db)["next_request_at"] == clock.now() + timedelta(seconds=30)


def test_starts_are_never_more_than_a_minute_ahead(db, clock):
    job = Job(db, 5, concurrency=1)
    starts = []
    for _ in range(5):
        turn = job.turn(crawl_delays={"shop.ru": 40_000})
        starts += [item.starts_at for item in turn.tickets]
        job.turn([ok(item) for item in turn.tickets], want=0)
    assert len(starts) == 2
    assert turn.standstill == "waiting"
    assert turn.wait_until is not None


def test_a_dear_step_that_worked_is_where_the_host_begins(db, clock):
    """S61: after three in a row, and every fiftieth begins at the cheapest."""
    job = Job(db, 120, concurrency=1)
    refused = {"fetcher": "http", "tier": "direct", "class": "bot_block"}
    for _ in range(3):
        [ticket] = job.turn().tickets
        assert ticket.step == Step("http")
        tls = Step("http_tls")
        block = failed(ticket, F.BOT_BLOCK, 403, next_at=clock.now(), step=tls, entry=refused)
        [again] = job.turn([block]).tickets
        job.turn([ok(again, entry={"fetcher": "http_tls", "tier": "direct", "class": ""})], want=0)
    begins = []
    for _ in range(50):
        [ticket] = job.turn().tickets
        begins.append(ticket.step.fetcher)
        job.turn([ok(ticket)] if ticket.step.fetcher == "http_tls" else [
            replace(ok(ticket), outcome="gone")], want=0)  # fmt: skip
    assert begins.count("http") == 1
    assert begins[0] == "http_tls"


def test_protection_that_lets_nobody_through_gets_a_pause(db, clock):
    """S62."""
    job = Job(db, 20, concurrency=1)
    for _ in range(3):
        [ticket] = job.turn().tickets
        dear = replace(ticket, step=Step("http_tls"))
        job.turn([replace(failed(dear, F.BOT_BLOCK, 403), outcome="blocked")], want=0)
    turn = job.turn()
    assert (turn.standstill, turn.wait_until) == ("waiting", clock.now() + timedelta(seconds=180))


def test_leases_are_renewed(db, clock):
    job = Job(db, 2, concurrency=2)
    tickets = job.turn().tickets
    with db.tx() as conn:
        conn.execute(sa.update(job_urls).values(lease_until=clock.now() - timedelta(days=400)))
    assert renew(db, job.id, {tickets[0].token}) == 2
    assert renew(db, job.id, {"stolen"}) == 0
    assert job.turn().standstill == "others"


def test_the_same_key_twice_is_one_row(db, clock):
    """N48."""
    job = Job(db, 1)
    now = clock.now()
    twins = [
        NewUrl("http://www.shop.ru/0/", "https://shop.ru/0", 5),
        NewUrl("https://shop.ru/9", "https://shop.ru/9", 6),
        NewUrl("https://shop.ru/9?utm_source=x", "https://shop.ru/9", 7),
        NewUrl("https://shop.ru/8", "https://shop.ru/8", 8, outcome="not_modified"),
    ]
    with db.tx() as conn:
        assert add_urls(conn, job.id, twins, now) == 2
        counts = store_counts(conn, job.id)
    assert (counts.total, counts.pending, counts.not_modified) == (3, 2, 1)
    assert job.row(0)["url"] == "https://shop.ru/0"
    assert job.row(6)["url"] == "https://shop.ru/9"


def test_many_are_ended_at_once(db, clock):
    job = Job(db, 10)
    job.turn()
    with db.tx() as conn:
        assert end_pending(conn, job.id, "skipped", "deadline", clock.now()) == 7
    counts = job.counts()
    assert (counts.skipped, counts.leased, counts.uncounted) == (7, 3, 0)
    assert job.job()["skipped_urls"] == 7


def test_ten_thousand_pages_of_a_polite_host_take_less_than_forty_minutes(db, clock):
    """S151 on a part: delay 200 ms, latency 0.4 s, two at once, in simulated time."""
    job = Job(db, 250, concurrency=2)
    began, flying = clock.now(), []
    while True:
        flying.sort(key=lambda item: item[0])
        done = []
        if flying:
            at, ticket = flying.pop(0)
            clock.advance(max(at - clock.now(), timedelta()))
            done = [replace(ok(ticket), seen=(Observation(status=200, latency_s=0.4),))]
        turn = job.turn(done)
        latency = timedelta(seconds=0.4)
        flying += [(item.starts_at + latency, item) for item in turn.tickets]
        if turn.standstill == "finished":
            break
    assert job.counts().ok == 250
    assert (clock.now() - began) * 40 <= timedelta(minutes=40)


def test_a_claim_never_looks_at_what_is_done(sqlite_db, clock):
    """S149, S50: the plan of SQLite uses the partial indexes."""
    from sqlalchemy import event

    job, seen = Job(sqlite_db, 5), []

    @event.listens_for(sqlite_db.engine, "before_cursor_execute")
    def note(conn, cursor, statement, values, context, many):
        if statement.startswith("SELECT") and "FROM job_urls" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            seen.append(" ".join(str(row[3]) for row in cursor.fetchall()))

    tickets = job.turn().tickets
    job.turn([ok(item) for item in tickets], want=0)
    take_turn(sqlite_db, replace(job.plan, hosts=frozenset()), [], Wish(1, LADDER))
    assert len(seen) >= 4
    for plan in seen:
        assert "ix_job_urls_waiting" in plan or "ix_job_urls_leased" in plan, plan
        assert "TEMP B-TREE" not in plan
