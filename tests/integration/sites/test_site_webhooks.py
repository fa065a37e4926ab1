"""Webhooks against a real receiver, on both databases (S128, S133)."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawl_house import House
from hook_receiver import Receiver

from povod.engine.quotas import Quotas
from povod.engine.runner import Runner
from povod.kit.clock import FixedClock
from povod.kit.errors import InputError, NotFoundError
from povod.sites.jobs import NewJob
from povod.sites.options import JobOptions
from povod.sites.states import job_topic, move
from povod.sites.webhooks import Webhooks
from povod.store.tables import audit_log, processing_jobs, webhooks
from povod.store.types import CLOCK_OPTION

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = "очень-тайно"


class Hooks:
    def __init__(self, db, tmp_path, hosts) -> None:
        self.clock = FixedClock(NOON)
        db.clock = self.clock
        db.engine.update_execution_options(**{CLOCK_OPTION: self.clock})
        changes = {"allowed_private_hosts": hosts, "povod_guard_allow": []}
        self.house, self.db = House(db, self.clock, tmp_path, settings_changes=changes), db
        self.hooks = Webhooks(self.house.deps, Quotas(db, self.clock))
        self.hooks.register(self.house.handlers)

    def add(self, url, *events, **given):
        wish = {"url": url, "events": list(events or ["job.finished"]), "secret": SECRET, **given}
        return self.hooks.create(wish, "анна")

    def job(self, domain="shop.ru") -> str:
        made = self.house.jobs.create_job(
            NewJob(domain=domain, options=JobOptions(), input_kind="list", rights_by="анна")
        )
        return str(made["id"])

    def move(self, job_id: str, event: str) -> None:
        self.clock.advance(timedelta(seconds=2))
        with self.db.tx() as conn:
            move(conn, self.house.events, job_id, event)

    def work(self, minutes: float = 0) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        self.house.events.flush()
        Runner(
            self.house.ledger, self.house.handlers, self.clock, queues=["default"],
            events=self.house.events,
        ).run_until_idle()  # fmt: skip

    def waiting(self) -> int:
        query = sa.select(sa.func.count()).where(
            processing_jobs.c.kind == "sites.webhook", processing_jobs.c.state == "queued"
        )
        with self.db.read() as conn:
            return conn.execute(query).scalar_one()


@pytest.fixture
def receiver():
    with Receiver() as found:
        yield found


@pytest.fixture
def hooks(db, tmp_path):
    return Hooks(db, tmp_path, ["127.0.0.1"])


def test_the_end_of_a_job_is_told_and_signed(hooks, receiver) -> None:
    hooks.add(receiver.url(), "job.started", "job.finished")
    job = hooks.job()
    hooks.move(job, "take")
    hooks.move(job, "fail")
    hooks.work()
    (path, headers, body), second = sorted(receiver.got, key=lambda got: b"finished" in got[2])
    assert path == "/in/t0p-key"
    stamp = headers["X-Webhook-Timestamp"]
    assert stamp == str(int(hooks.clock.now().timestamp()))
    expected = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature-256"] == f"sha256={expected}"
    first, last = json.loads(body), json.loads(second[2])
    assert (first["event"], last["event"]) == ("job.started", "job.finished")
    assert first["id"] == headers["X-Webhook-Id"] != last["id"]
    assert (last["job"]["domain"], last["job"]["status"]) == ("shop.ru", "failed")
    assert set(last) == {"id", "event", "created_at", "job", "data"}


def test_a_start_is_told_once_though_the_job_rests(hooks, receiver) -> None:
    hooks.add(receiver.url(), "job.started", "job.paused")
    job = hooks.job()
    for event in ("take", "pause", "resume", "take"):
        hooks.move(job, event)
    hooks.work()
    told = sorted(json.loads(body)["event"] for _, _, body in receiver.got)
    assert told == ["job.paused", "job.started"]


def test_what_is_rolled_back_is_not_told(hooks, receiver) -> None:
    hooks.add(receiver.url(), "job.started")
    job = hooks.job()
    with hooks.db.tx() as conn:
        move(conn, hooks.house.events, job, "take")
        conn.get_transaction().rollback()
    assert hooks.waiting() == 0
    hooks.move(job, "take")
    assert hooks.waiting() == 1


def test_tries_come_at_their_times_with_the_same_id(hooks, receiver) -> None:
    made = hooks.add(receiver.url())
    receiver.statuses = [500, 302, 404, 503, 429, 500]
    job = hooks.job()
    hooks.move(job, "take")
    hooks.move(job, "fail")
    counts = []
    for minutes in (0, 0.5, 0.5, 3.5, 0.5, 25, 89, 1, 599, 1, 2000):
        hooks.work(minutes)
        counts.append(len(receiver.got))
    assert counts == [1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6]
    assert len({headers["X-Webhook-Id"] for _, headers, _ in receiver.got}) == 1
    assert len({headers["X-Webhook-Signature-256"] for _, headers, _ in receiver.got}) == 6
    assert {path for path, _, _ in receiver.got} == {"/in/t0p-key"}  # no redirect was followed
    assert hooks.hooks.get(made["id"])["last_error"] == "answered with status 500"


def test_a_target_that_is_gone_is_switched_off(hooks, receiver) -> None:
    made = hooks.add(receiver.url())
    receiver.statuses = [410]
    for _ in range(2):
        job = hooks.job()
        hooks.move(job, "take")
        hooks.move(job, "fail")
        hooks.work(60)
    shown = hooks.hooks.get(made["id"])
    assert (len(receiver.got), shown["enabled"]) == (1, False)


def test_failed_pages_are_one_message_in_ten_seconds(hooks, receiver) -> None:
    hooks.add(receiver.url(), "page.failed")
    job = hooks.job()
    for number in range(30):
        outcome = "blocked" if number % 3 else "ok"
        page = {"url": f"https://shop.ru/{number}", "outcome": outcome}
        hooks.house.events.emit(job_topic(job), "page", page)
    hooks.work()
    assert receiver.got == []
    hooks.work(0.2)
    (message,) = [json.loads(body) for _, _, body in receiver.got]
    assert (message["data"]["count"], len(message["data"]["pages"])) == (20, 20)
    hooks.work(5)
    assert len(receiver.got) == 1


def test_budgets_breakers_and_alerts(hooks, receiver) -> None:
    hooks.add(receiver.url(), "budget.soft", "budget.hard", "breaker.open", "alert")
    topic = job_topic(hooks.job())
    for kind, data in (
        ("budget", {"at": "soft"}), ("budget", {"at": "hard"}), ("breaker", {"state": "open"}),
        ("breaker", {"state": "closed"}), ("log", {"message": "x"}), ("progress", {}),
    ):  # fmt: skip
        hooks.house.events.emit(topic, kind, data)
    failed = {"slot": "s", "outcome": "failed", "job_id": "", "error": "нельзя"}
    hooks.house.events.emit("sites:schedule:1", "schedule", failed)
    hooks.work()
    told = sorted(json.loads(body)["event"] for _, _, body in receiver.got)
    assert told == ["alert", "breaker.open", "budget.hard", "budget.soft"]


def test_more_than_ten_a_minute_become_a_summary(hooks, receiver) -> None:
    hooks.add(receiver.url(), "breaker.open")
    topic = job_topic(hooks.job())
    for _ in range(14):
        hooks.house.events.emit(topic, "breaker", {"state": "open"})
    hooks.work()
    assert len(receiver.got) == 10
    hooks.work(1.1)
    summary = json.loads(receiver.got[-1][2])
    assert (len(receiver.got), summary["event"]) == (11, "summary")
    assert summary["data"] == {"count": 4, "breaker.open": 4}
    hooks.work(5)
    assert len(receiver.got) == 11


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x", "http://2130706433/x", "http://0x7f.1/x", "http://[::1]/x",
        "http://169.254.169.254/latest", "http://10.0.0.1/", "ftp://example.org/",
        "https://u:p@example.org/", "https://example.org:8080/", "file:///etc/passwd", "nothing",
    ],
)  # fmt: skip
def test_the_guard_refuses_addresses_within(sqlite_db, tmp_path, url) -> None:
    hooks = Hooks(sqlite_db, tmp_path, [])
    with pytest.raises(InputError) as found:
        hooks.add(url)
    assert [error["field"] for error in found.value.errors] == ["url"]


def test_a_name_that_leads_within_is_refused_when_it_is_asked(
    sqlite_db, tmp_path, receiver
) -> None:
    """N: the name resolves to the loopback only at the time of sending."""
    hooks = Hooks(sqlite_db, tmp_path, [])
    made = hooks.add("http://localhost/x")
    answer = hooks.hooks.test(made["id"])
    assert (answer["ok"], answer["status"]) == (False, None)
    assert "guard" in answer["error"]
    assert receiver.got == []


def test_keys_are_written_and_never_read(hooks, receiver, capfd) -> None:
    made = hooks.add(receiver.url("/services/T0/VERYSECRETKEY?chat_id=5"), format="telegram")
    assert "secret" not in made
    receiver.statuses = [500]
    assert hooks.hooks.test(made["id"])["error"] == "answered with status 500"
    assert json.loads(receiver.got[0][2])["chat_id"] == "5"
    with hooks.db.read() as conn:
        stored = repr(conn.execute(sa.select(webhooks)).mappings().all())
        audited = repr(conn.execute(sa.select(audit_log)).mappings().all())
    seen = stored + audited + repr(hooks.hooks.get(made["id"])) + "".join(capfd.readouterr())
    assert "VERYSECRETKEY" not in seen
    assert SECRET not in seen


def test_changed_and_forgotten(hooks, receiver) -> None:
    made = hooks.add(receiver.url(), secret="")
    assert len(made["secret"]) >= 32
    changed = hooks.hooks.change(made["id"], {"events": ["alert"], "secret": ""}, "анна")
    assert (changed["events"], "secret" in changed) == (["alert"], False)
    assert hooks.hooks.test(made["id"])["ok"]
    stamp, body = receiver.got[0][1]["X-Webhook-Timestamp"], receiver.got[0][2]
    key = made["secret"].encode()
    expected = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert receiver.got[0][1]["X-Webhook-Signature-256"].endswith(expected)
    hooks.hooks.delete(made["id"], "анна")
    with pytest.raises(NotFoundError):
        hooks.hooks.get(made["id"])
