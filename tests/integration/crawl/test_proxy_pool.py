"""The table of proxies, the pool over it, bursts and versions: on both databases."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.fetch.fetchers import Attempt
from povod.crawl.policies import shipped_policies
from povod.crawl.policies_record import Rollback, record_policies
from povod.crawl.proxies.checking import check_idle, report_use
from povod.crawl.proxies.pool import ProxyPool
from povod.crawl.proxies.store import import_proxies, set_enabled
from povod.crawl.residential import settle_residential, take_residential
from povod.crawl.steps import Step
from povod.kit.errors import InputError, NotFoundError
from povod.kit.sealing import Sealer
from povod.store.tables import audit_log, crawl_hosts, proxies

SEALER = Sealer(b"k" * 32)
RULES = shipped_policies()
LIST = "http://ivan:секрет@10.0.0.1:8080\nbad line\nsocks5://10.0.0.2:1080\n"


def add(db, text: str = LIST, tier: str = "dc", **more):
    return import_proxies(db, SEALER, text, tier=tier, **more)


def rows(db) -> dict[str, dict]:
    with db.read() as conn:
        found = conn.execute(sa.select(proxies).order_by(proxies.c.host)).mappings()
        return {row["host"]: dict(row) for row in found}


@pytest.fixture
def pool(db, clock) -> ProxyPool:
    return ProxyPool(db, SEALER, clock, RULES.proxies, seed=7)


def test_list_is_kept_and_given_again_it_updates(db, pool) -> None:
    report = add(db, provider="Ромашка", tags=["ru"], cost_per_gb=Decimal("3.5"))
    assert report.kept == 2
    assert [bad.number for bad in report.bad] == [2]
    first = rows(db)
    assert "секрет" not in str(first)
    assert SEALER.open(first["10.0.0.1"]["password_sealed"]) == "секрет"
    chosen = pool.choose("dc", "f.ru")
    pool.report(chosen.id, "f.ru", ok=True, latency_ms=120, size=1000)
    again = add(db, LIST.replace("секрет", "новый"), tier="isp")
    assert again.kept == 2
    second = rows(db)
    assert {row["id"] for row in second.values()} == {row["id"] for row in first.values()}
    assert SEALER.open(second["10.0.0.1"]["password_sealed"]) == "новый"
    assert {row["tier"] for row in second.values()} == {"isp"}
    assert sum(row["ok_count"] for row in second.values()) == 1


def test_unknown_tier_is_refused(db) -> None:
    with pytest.raises(InputError, match="dc, isp, residential, mobile"):
        add(db, tier="direct")


def test_choice_is_sticky_for_its_host_and_then_drawn_anew(db, pool, clock) -> None:
    add(db, "\n".join(f"http://10.0.1.{number}:8080" for number in range(20)))
    first = pool.choose("dc", "f.ru")
    assert {pool.choose("dc", "f.ru").id for _ in range(30)} == {first.id}
    assert len({pool.choose("dc", f"h{number}.ru").id for number in range(30)}) > 5
    other = pool.choose("dc", "f.ru", avoid=[first.id])
    assert other.id != first.id
    clock.advance(timedelta(seconds=601))
    assert len({_after(pool, clock, 601).id for _ in range(10)}) > 1
    assert pool.choose("isp", "f.ru") is None


def _after(pool, clock, seconds):
    clock.advance(timedelta(seconds=seconds))
    return pool.choose("dc", "f.ru")


def test_failures_rest_a_proxy_in_the_table_and_in_every_pool(db, pool, clock) -> None:
    add(db, "http://10.0.0.1:8080")
    one = pool.choose("dc", "f.ru")
    for _ in range(3):
        pool.report(one.id, "f.ru", ok=False, size=500)
    assert pool.choose("dc", "f.ru") is None
    assert pool.tiers() == set()
    other = ProxyPool(db, SEALER, clock, RULES.proxies)
    assert other.tiers() == set()
    clock.advance(timedelta(seconds=600))
    assert pool.tiers() == other.tiers() == {"dc"}
    assert pool.choose("dc", "f.ru").password == ""
    [row] = rows(db).values()
    assert (row["state"], row["rests_in_row"], row["bytes_used"]) == ("resting", 1, 1500)


def test_refused_login_burns_until_an_operator_enables_it(db, pool, clock) -> None:
    add(db, "http://a:b@10.0.0.1:8080")
    one = pool.choose("dc", "f.ru")
    attempt = Attempt(Step("http", "dc"), None, F.PROXY_ERROR, proxy_id=one.id, proxy_refused=True)
    report_use(pool, attempt, "f.ru")
    assert pool.choose("dc", "f.ru") is None
    clock.advance(timedelta(days=1))
    assert pool.tiers() == set()
    set_enabled(db, one.id, True)
    clock.advance(timedelta(minutes=1))
    assert pool.choose("dc", "f.ru").id == one.id
    assert pool.choose("dc", "f.ru").password == "b"
    set_enabled(db, one.id, False)
    clock.advance(timedelta(minutes=1))
    assert pool.tiers() == set()
    with pytest.raises(NotFoundError):
        set_enabled(db, "0" * 32, True)


def test_refusal_of_the_site_is_no_fault_of_the_proxy(db, pool) -> None:
    add(db, "http://10.0.0.1:8080")
    one = pool.choose("dc", "f.ru")
    for failure in (F.BOT_BLOCK, F.HTTP_429, F.GONE, F.CONNECT_REFUSED, F.TLS_ERROR):
        attempt = Attempt(Step("http", "dc"), None, failure, proxy_id=one.id, duration_ms=90)
        report_use(pool, attempt, "f.ru")
    report_use(pool, Attempt(Step(), None, F.READ_TIMEOUT), "f.ru")  # without a proxy
    [row] = rows(db).values()
    assert (row["ok_count"], row["fail_count"], row["state"]) == (5, 0, "active")


def test_deleted_proxy_and_a_lost_key_break_nothing(db, pool, clock) -> None:
    add(db)
    pool.report("0" * 32, "f.ru", ok=True)
    stranger = ProxyPool(db, Sealer(b"x" * 32), clock, RULES.proxies)
    assert [stranger.choose("dc", "f.ru").host for _ in range(5)] == ["10.0.0.2"] * 5


def test_tags_narrow_the_choice(db, pool) -> None:
    add(db, "http://10.0.0.1:80", tags=["ru"])
    add(db, "http://10.0.0.2:80", tags=["de"])
    assert {pool.choose("dc", f"{n}.ru", tags=["de"]).host for n in range(9)} == {"10.0.0.2"}
    assert pool.tiers(["fr"]) == set()


def test_idle_proxies_are_checked_and_only_those(db, pool, clock) -> None:
    add(db, "http://10.0.0.1:80\nhttp://10.0.0.2:80")
    busy = pool.choose("dc", "f.ru")
    clock.advance(timedelta(hours=2))
    pool.report(busy.id, "f.ru", ok=True)
    asked = []

    async def attempt(request):
        asked.append(request)
        return Attempt(request.step, None, F.PROXY_ERROR, proxy_id=request.proxy.id)

    async def go():
        return [
            await check_idle(pool, "", attempt),
            await check_idle(pool, "http://check.ru/", attempt),
        ]

    assert asyncio.run(go()) == [0, 1]
    assert [request.url for request in asked] == ["http://check.ru/"]
    assert asked[0].proxy.id != busy.id
    assert asked[0].step == Step("http", "dc")
    clock.advance(timedelta(minutes=30))
    assert len(pool.idle()) == 0


def test_bursts_are_counted_together_by_all_workers(db, clock) -> None:
    rules = RULES.residential
    for number in range(6):
        with db.tx() as conn:
            wait = take_residential(conn, "f.ru", clock.now(), rules)
        assert (wait > 0) == (number == 5)
    with db.tx() as conn:
        assert take_residential(conn, "other.ru", clock.now(), rules) == 0
        settle_residential(conn, "f.ru", False, rules)
    with db.read() as conn:
        query = sa.select(crawl_hosts.c.residential).where(crawl_hosts.c.host == "f.ru")
        state = conn.execute(query).scalar_one()
    assert (state["cooldown_s"], state["today"]) == (2700, 5)
    clock.advance(timedelta(seconds=2699))
    with db.tx() as conn:
        assert take_residential(conn, "f.ru", clock.now(), rules) == pytest.approx(1)
    clock.advance(timedelta(seconds=1))
    with db.tx() as conn:
        assert take_residential(conn, "f.ru", clock.now(), rules) == 0


def test_older_policies_are_recorded_once(db) -> None:
    """N47: two processes load a lower version."""
    new = RULES.model_copy(update={"version": "1.10.0"})
    old = RULES.model_copy(update={"version": "1.9.3"})
    assert record_policies(db, old) is None
    assert record_policies(db, new) is None
    assert record_policies(db, old) == Rollback("1.10.0", "1.9.3")
    assert record_policies(db, old) is None
    with db.read() as conn:
        query = sa.select(audit_log.c.data).where(audit_log.c.action == "policies.rollback")
        entries = conn.execute(query).scalars().all()
    assert entries == [{"policy_rollback_from": "1.10.0", "policy_rollback_to": "1.9.3"}]
