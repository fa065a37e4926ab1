"""The three jobs feed one another: company → client → changed site → letter, told in order."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from povod.app.build import build_house
from povod.book.clients.model import Author, Ground
from povod.crawl.policies import read_policies
from povod.crawl.policies_record import record_policies
from povod.delivery.states import Actor
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError
from povod.kit.ids import new_id
from povod.kit.settings import load_settings
from povod.sites.finish.notable import SiteChange, SiteReport, notable
from povod.store.tables import (
    audit_log,
    companies,
    company_domains,
    events,
    jobs,
    outreach_messages,
    pages,
    site_profiles,
    snapshot_versions,
    snapshots,
)

ANNA = Author("anna")
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def house(db, tmp_path):
    from povod.store.migrate import newest_revision

    with db.tx() as conn:
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        conn.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{newest_revision()}')")
    url = db.url.render_as_string(hide_password=False)
    settings = load_settings(
        {}, None, database_url=url, data_dir=tmp_path / "data", outbox_dir=tmp_path / "out",
        sender_name="Анна Орлова", sender_legal_name="ООО «Повод»",
    )  # fmt: skip
    built = build_house(settings, FixedClock(START))
    built.prepare()
    yield built
    with db.tx() as conn:
        conn.exec_driver_sql("DROP TABLE alembic_version")
    built.close()


@pytest.fixture
def company(house):
    row = {"id": new_id(), "name": "ООО «Ромашка»", "canonical_domain": "romashka.ru"}
    with house.db.tx() as conn:
        seen = {"first_seen_at": START, "last_seen_at": START}
        conn.execute(sa.insert(companies), [{**row, **seen}])
        owned = {"company_id": row["id"], "domain": "romashka.ru", "kind": "primary"}
        conn.execute(sa.insert(company_domains), [{**owned, "since": START}])
    return row["id"]


@pytest.fixture
def client(house, company):
    person = {"first_name": "Наталья", "middle_name": "Олеговна", "email": "n@romashka.ru"}
    with house.db.tx() as conn:
        ground = Ground("existing_client", "договор 7")
        return house.book.client_of_company(conn, company, ANNA, person=person, ground=ground)


def report(job="", total=1, **change):
    values = {"url": "https://romashka.ru/p1", "name": "Краска «Белая»", "field": "price"}
    values |= {"before": "100", "after": "120", "currency": "RUB", "version_id": new_id()}
    values |= {"page_sha256": "ab" * 32, "seen_at": START, **change}
    return SiteReport(job or new_id(), "romashka.ru", total, [SiteChange(**values)])


def rows(house, table):
    with house.db.read() as conn:
        return conn.execute(sa.select(table)).mappings().all()


def test_a_change_on_a_site_is_an_event_of_the_client_whose_site_it_is(house, client):
    (event_id,) = house.greetings.site_changed(found := report(total=12))
    assert house.greetings.site_changed(found) == []
    (event,) = rows(house, events)
    assert (event["id"], event["client_id"], event["event_type"]) == (
        event_id,
        client,
        "site_change",
    )
    assert event["occasion_date"] == date(2026, 11, 20)
    assert event["metadata"]["changes"][0]["after"] == "120"


def test_the_daily_run_leaves_such_events_alone(house, client):
    house.greetings.site_changed(report())
    house.greetings.run_once("cli")
    assert [row["status"] for row in rows(house, events) if row["event_type"] == "site_change"] == [
        "closed"
    ]
    assert rows(house, outreach_messages) == []


def test_a_watched_site_may_be_named_in_its_profile(house, client):
    with house.db.tx() as conn:
        profile = {"domain": "other.ru", "client_id": client}
        conn.execute(sa.insert(site_profiles).values(**profile))
    other = SiteReport(new_id(), "other.ru", 1, report().changes)
    assert len(house.greetings.site_changed(other)) == 1
    stranger = SiteReport(new_id(), "nobody.ru", 1, report().changes)
    assert house.greetings.site_changed(stranger) == []


def test_the_event_starts_one_letter_that_waits_for_a_person(house, client):
    (event_id,) = house.greetings.site_changed(report())
    actor = Actor("operator", "anna")
    letter = house.greetings.letter_about_site(event_id, actor)
    assert house.greetings.letter_about_site(event_id, actor) == letter
    (message,) = rows(house, outreach_messages)
    assert (message["kind"], message["status"]) == ("letter", "needs_approval")
    assert "Уважаемая Наталья Олеговна!" in message["body"]
    assert "Краска «Белая»: было 100,00\u00a0₽, стало 120,00\u00a0₽" in message["body"]
    house.approve(letter, actor="anna")
    assert rows(house, outreach_messages)[0]["status"] == "approved"


def test_the_story_is_told_in_order(house, client):
    (event_id,) = house.greetings.site_changed(report())
    letter = house.greetings.letter_about_site(event_id, Actor("operator", "anna"))
    house.approve(letter, actor="anna", note="да")
    steps = house.story(letter).steps
    assert [step.kind for step in steps][:5] == ["client", "ground", "site_job", "change", "text"]
    assert steps[1].text == "existing_client"
    assert steps[3].quote == "price: 100 → 120"
    assert steps[3].notes["sha256"] == "ab" * 8
    assert "approval" in [step.kind for step in steps]


def test_a_greeting_tells_its_occasion(house, client):
    with house.db.tx() as conn:
        house.book.update(conn, client, {"birth_date": "21.11.1985", "segment": "loyal"}, ANNA)
    house.greetings.run_once("cli")
    (greeting,) = house.greetings.greetings().rows
    house.greetings.approve(greeting["id"], Actor("approver", "olga"))
    message = rows(house, outreach_messages)[0]
    steps = {step.kind: step for step in house.story(message["id"]).steps}
    assert steps["occasion"].notes["day"] == "2026-11-21"
    assert steps["client"].text == "Наталья Олеговна"
    assert steps["approval"].text == "approver:olga"
    assert (steps["text"].holds, steps["approval"].holds) == (True, True)
    house.greetings.rate(greeting["id"], Actor("operator", "anna"), score=5, notes="звонили")
    said = house.story(message["id"]).steps[-1]
    assert (said.kind, said.quote, said.notes["score"]) == ("feedback", "звонили", "5")


@pytest.mark.parametrize("change", [{"email": ""}, {"do_not_greet": True}])
def test_who_cannot_be_written_to_gets_no_letter(house, client, change):
    (event_id,) = house.greetings.site_changed(report())
    with house.db.tx() as conn:
        house.book.update(conn, client, change, ANNA)
    with pytest.raises(ConflictError):
        house.greetings.letter_about_site(event_id, Actor("operator", "anna"))
    assert rows(house, outreach_messages) == []


def test_another_kind_of_event_gives_no_such_letter(house, client):
    made = house.greetings.manual(
        Actor("operator", "anna"), client_ids=[client], title="Юбилей фирмы",
        event_date=date(2026, 11, 25),
    )  # fmt: skip
    with pytest.raises(ConflictError):
        house.greetings.letter_about_site(made.made[0], Actor("operator", "anna"))


def version(conn, job, number, fields, before, after, variant=""):
    snapshot = {"id": new_id(), "domain": "romashka.ru", "url": f"https://romashka.ru/p{number}"}
    snapshot |= {"url_key": f"https://romashka.ru/p{number}", "variant_key": variant}
    snapshot |= {"last_data": after, "last_crawl_at": START, "first_seen_at": START}
    conn.execute(sa.insert(snapshots).values(**snapshot))
    row = {"snapshot_id": snapshot["id"], "job_id": job, "change_type": "MODIFIED"}
    row |= {"fields_changed": fields, "prev_data": before, "data": after, "seen_at": START}
    conn.execute(sa.insert(snapshot_versions).values(**row))


def page(price="100", availability="in_stock"):
    full = {"name": "Краска", "price": price, "availability": availability, "currency": "RUB"}
    return {"title": "Краска", "full": full}


def test_only_large_changes_of_price_and_availability_are_worth_a_letter(house):
    job = new_id()
    with house.db.tx() as conn:
        conn.execute(sa.insert(jobs).values(id=job, domain="romashka.ru"))
        version(conn, job, 1, ["price"], page("100"), page("120"))
        version(conn, job, 2, ["price"], page("100"), page("102"))
        version(conn, job, 3, ["title"], page(), page())
        version(conn, job, 4, ["availability"], page(), page(availability="out_of_stock"))
        was, now = {"price": "10", "in_stock": True}, {"price": "10", "in_stock": False}
        version(conn, job, 5, ["availability"], was, now, variant="к")
        seen = {"job_id": job, "url": "u", "url_key": "https://romashka.ru/p1", "outcome": "ok"}
        conn.execute(sa.insert(pages).values(**seen, fetched_at=START, content_hash="cd" * 32))
    found = notable(house.db, job)
    assert found.total == 3
    assert [(c.field, c.before, c.after) for c in found.changes] == [
        ("price", "100", "120"),
        ("availability", "in_stock", "out_of_stock"),
        ("availability", "in_stock", "out_of_stock"),
    ]
    assert found.changes[0].page_sha256 == "cd" * 32


def test_a_deleted_client_takes_its_drafts_along(house, client):
    with house.db.tx() as conn:
        house.book.update(conn, client, {"birth_date": "22.11.1985"}, ANNA)
    house.greetings.run_once("cli")
    assert len(house.greetings.greetings().rows) == 1
    with house.db.tx() as conn:
        house.book.delete(conn, client, ANNA)
    assert {row["status"] for row in rows(house, events)} == {"cancelled"}
    house.clock.advance(timedelta(days=2))
    house.greetings.run_once("cli", deliver=True)
    assert {row["status"] for row in rows(house, outreach_messages)} <= {"cancelled"}


def test_a_house_with_older_policies_says_so_in_the_audit(house):
    """N47: the version that this house ran last is remembered when it is opened."""
    newer = read_policies(house.settings).model_copy(update={"version": "99.0.0"})
    record_policies(house.db, newer)
    house.prepare()
    house.prepare()
    with house.db.read() as conn:
        query = sa.select(audit_log.c.data).where(audit_log.c.action == "policies.rollback")
        [entry] = conn.execute(query).scalars()
    assert entry["policy_rollback_from"] == "99.0.0"
