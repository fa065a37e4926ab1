"""Budgets at the frontier: reservations, soft limits, days, tiers; on both databases."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from frontier_job import POLICIES, Job, ok

from povod.crawl.budgets import (
    MB,
    accounts,
    charge_provider,
    take_request,
    used_bytes,
)
from povod.crawl.frontier import (
    Wish,
    take_turn,
)
from povod.crawl.frontier.turns import reserve_more
from povod.crawl.hosts import Observation
from povod.crawl.ladder import LadderPolicy
from povod.store.tables import budget_counters, job_urls


def counters(db, scope="job"):
    with db.read() as conn:
        query = sa.select(budget_counters).where(budget_counters.c.scope == scope)
        return conn.execute(query).mappings().one()


def test_reservations_are_replaced_by_the_true_figures(db, clock):
    job = Job(db)
    tickets = job.turn().tickets
    assert counters(db)["reserved"] == 3 * 262_144
    assert counters(db, "all")["reserved"] == 3 * 262_144
    job.turn([ok(item, used=1000) for item in tickets], want=0)
    for scope in ("job", "site", "all"):
        row = counters(db, scope)
        assert (row["used"], row["reserved"]) == (3000, 0)
    assert job.job()["traffic_bytes"] == 3000


def test_no_page_is_claimed_without_money(db, clock):
    """S74: what is left if less, but at least 16 KB; then the rest is skipped."""
    job = Job(db, 10, concurrency=5, budget=300 * 1024)
    tickets = job.turn().tickets
    assert [item.reserved for item in tickets] == [262_144, 300 * 1024 - 262_144]
    assert job.turn().standstill == "busy"  # what is reserved may come back
    turn = job.turn([ok(item, used=item.reserved) for item in tickets])
    assert (turn.tickets, turn.stop_reason) == ([], "budget")
    assert turn.news[-1] == ("budget", {"scope": "job", "class": "plain", "at": "soft"})
    assert job.counts().skipped == 8
    assert job.job()["skipped_urls"] == 8
    assert counters(db)["used"] <= counters(db)["hard"]
    assert job.turn().standstill == "finished"


def test_at_the_soft_limit_one_at_a_time(db, clock):
    """S76."""
    job = Job(db, 10, concurrency=5, budget=10 * MB)
    [first, *rest] = job.turn().tickets
    assert len(rest) == 4
    turn = job.turn([ok(first, used=9 * MB)], want=0)
    assert ("budget", {"scope": "job", "class": "plain", "at": "soft"}) in turn.news
    job.turn([ok(item) for item in rest], want=0)
    assert len(job.turn().tickets) == 1


def test_a_spent_day_pauses_until_the_next_one(db, clock):
    job = Job(db, 5, budgets={"all_hard_mb": 0.001})
    turn = job.turn()
    assert turn.pause is not None
    reason, until = turn.pause
    assert reason == "budget"
    assert until.date() == (clock.now() + timedelta(days=1)).date()
    assert job.counts().pending == 5


def test_a_large_page_reserves_again(db, clock):
    job = Job(db, 1, budget=600 * 1024)
    [ticket] = job.turn().tickets
    assert reserve_more(db, job.plan, ticket.id, ticket.token, "direct") == 262_144
    assert reserve_more(db, job.plan, ticket.id, ticket.token, "direct") == 600 * 1024 - 2 * 262_144
    assert reserve_more(db, job.plan, ticket.id, ticket.token, "direct") == 0
    assert reserve_more(db, job.plan, ticket.id, "stolen", "direct") == 0
    assert job.row(0)["reserved_bytes"] == 600 * 1024
    grown = replace(ticket, reserved=600 * 1024)
    job.turn([ok(grown, used=500_000)], want=0)
    assert (counters(db)["used"], counters(db)["reserved"]) == (500_000, 0)


def test_midnight_between_reservation_and_settlement(db, clock):
    job = Job(db, 2, concurrency=1)
    [ticket] = job.turn().tickets
    clock.advance(timedelta(days=1))
    with db.tx() as conn:
        conn.execute(sa.update(job_urls).values(lease_until=clock.now() + timedelta(days=900)))
    job.turn([ok(ticket, used=500)], want=1)
    with db.read() as conn:
        rows = conn.execute(
            sa.select(budget_counters).where(budget_counters.c.scope == "all")
        ).mappings()
        days = {row["period"]: (row["used"], row["reserved"]) for row in rows}
    assert days == {"2026-11-20": (500, 0), "2026-11-21": (0, 262_144)}
    assert counters(db)["used"] == 500


def test_residential_bytes_count_apart(db, clock):
    job = Job(db, 2, concurrency=2)
    limits = replace(job.plan.budget, residential_hard=MB)
    job.plan = replace(job.plan, budget=limits)
    tiers = LadderPolicy.of(POLICIES, fetchers=("http",), tiers=("direct", "residential"))
    with db.tx() as conn:
        conn.execute(sa.update(job_urls).values(fetcher="http", tier="residential"))
    turn = take_turn(db, job.plan, [], Wish(5, tiers))
    assert [ticket.step.tier for ticket in turn.tickets] == ["residential"] * 2
    seen = (Observation(tier="residential", status=200),)
    done = [replace(ok(item, used=70), seen=seen, proxy_provider="p1") for item in turn.tickets]
    job.turn(done, want=0)
    row = job.job()
    assert (row["traffic_bytes"], row["residential_bytes"]) == (0, 140)
    assert counters(db, "provider")["used"] == 140
    assert counters(db, "month")["used"] == 140


def test_five_residential_requests_then_a_pause(db, clock):
    """N5."""
    job = Job(db, 20, concurrency=10)
    job.plan = replace(job.plan, budget=replace(job.plan.budget, residential_hard=90 * MB))
    tiers = LadderPolicy.of(POLICIES, fetchers=("http",), tiers=("direct", "residential"))
    with db.tx() as conn:
        conn.execute(sa.update(job_urls).values(fetcher="http", tier="residential"))
    first = take_turn(db, job.plan, [], Wish(20, tiers))
    assert len(first.tickets) == 5
    seen = (Observation(tier="residential", status=200),)
    done = [replace(ok(item), seen=seen) for item in first.tickets]
    second = take_turn(db, job.plan, done, Wish(20, tiers))
    assert (second.tickets, second.standstill) == ([], "waiting")
    assert second.wait_until == clock.now() + timedelta(seconds=1800)


def test_paid_requests_are_counted(db, clock):
    with db.tx() as conn:
        assert [take_request(conn, "j", "firecrawl", 2) for _ in range(3)] == [True, True, False]
        assert take_request(conn, "other", "firecrawl", 2)
        assert charge_provider(conn, "p", 10, clock.now().date(), POLICIES.budgets)
        assert not charge_provider(conn, "p", 400 * MB, clock.now().date(), POLICIES.budgets)


def test_used_bytes_for_pages(db, clock):
    job = Job(db, 1)
    wanted = accounts(job.plan.budget, "plain", clock.now().date(), POLICIES.budgets)
    with db.read() as conn:
        assert set(used_bytes(conn, wanted).values()) == {(0, 0)}
    job.turn()
    with db.read() as conn:
        assert set(used_bytes(conn, wanted).values()) == {(0, 262_144)}
