"""The letters step on the ledger, and what a moved letter does to its company."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from povod.engine.handlers import Handlers
from povod.engine.runner import Runner
from povod.kit.ids import new_id
from povod.leads.steps_letters import WRITE
from povod.store.tables import companies, contacts, processing_jobs


def work_off(desk) -> None:
    """Plan once and work everything that is due."""
    handlers = Handlers()
    desk.steps.register(handlers)
    desk.steps.plan(None)
    Runner(desk.ledger, handlers, desk.clock).run_until_idle()


def company_state(desk, company_id: str) -> str:
    [row] = desk.rows(companies, id=company_id)
    return str(row.status)


def primary(desk) -> list[str]:
    return [row.value for row in desk.rows(contacts, is_primary=True)]


def test_one_work_for_each_company(desk) -> None:
    desk.offer()
    names = {desk.company(), desk.company("dveri.ru")}
    assert desk.steps.next_due() == desk.clock.now()
    assert desk.steps.plan(None) == {"planned": 2}
    assert {job.args["company_id"] for job in desk.rows(processing_jobs, kind=WRITE)} == names
    assert desk.steps.plan(None) == {"planned": 0}
    assert desk.steps.next_due() is None


def test_planned_letters_are_written(desk) -> None:
    desk.offer()
    company = desk.company()
    work_off(desk)
    assert [letter.company_id for letter in desk.letters()] == [company]
    assert desk.steps.next_due() is None


def test_without_an_offer_nothing_is_planned(desk) -> None:
    desk.company()
    assert desk.steps.next_due() is None
    assert desk.steps.plan(None) == {"planned": 0}


def test_letters_can_be_switched_off(make_desk) -> None:
    desk = make_desk(letters_enabled=False)
    desk.offer()
    desk.company()
    assert desk.steps.next_due() is None


def test_a_missing_offer_of_one_niche_does_not_keep_the_step_busy(desk) -> None:
    desk.offer()
    desk.company(offer_key="gone")
    work_off(desk)
    [job] = desk.rows(processing_jobs, kind=WRITE)
    assert job.state == "failed"
    assert "'gone'" in job.error
    assert desk.steps.next_due() is None


def test_a_new_offer_gives_failed_letters_another_chance(desk) -> None:
    desk.offer()
    company = desk.company(offer_key="gone")
    work_off(desk)
    desk.clock.advance(timedelta(minutes=1))
    desk.offer("gone")
    work_off(desk)
    assert [letter.company_id for letter in desk.letters()] == [company]


def test_a_failed_model_is_asked_later_and_knows_why(model_desk) -> None:
    model_desk.mode("invented_number")
    model_desk.company()
    work_off(model_desk)
    [job] = model_desk.rows(processing_jobs, kind=WRITE)
    assert job.state == "queued"
    assert job.run_at > model_desk.clock.now()
    assert job.checkpoint["tried"] == 1
    assert any("47" in reason for reason in job.checkpoint["reasons"])
    assert model_desk.letters() == []

    model_desk.clock.advance(job.run_at - model_desk.clock.now())
    work_off(model_desk)
    assert [letter.text_source for letter in model_desk.letters()] == ["llm"]
    [job] = model_desk.rows(processing_jobs, kind=WRITE)
    assert job.state == "done"


@pytest.fixture
def written(desk) -> str:
    """A company with a letter on its way."""
    desk.offer()
    company = desk.company()
    desk.writer.write(company)
    return company


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ("sent", "contacted"),
        ("replied", "replied"),
        ("unsubscribed", "replied"),
        ("complained", "replied"),
        ("failed", "contacts_ready"),
        ("cancelled", "contacts_ready"),
    ],
)
def test_the_company_follows_its_letter(desk, written, after, state) -> None:
    desk.move(written, after)
    assert company_state(desk, written) == state


def test_a_bounce_makes_the_next_address_primary(desk, written) -> None:
    desk.move(written, "sent")
    desk.move(written, "bounced")
    assert primary(desk) == ["sale@okna.ru"]
    [dead] = desk.rows(contacts, value="info@okna.ru")
    assert (dead.status, dead.is_primary) == ("bounced", False)
    assert company_state(desk, written) == "contacts_ready"


def test_a_bounced_letter_is_not_written_again_by_itself(desk, written) -> None:
    desk.move(written, "sent")
    desk.move(written, "bounced")
    assert desk.steps.next_due() is None


def test_the_last_address_bounced(desk, written) -> None:
    with desk.db.tx() as conn:
        conn.execute(sa.delete(contacts).where(contacts.c.value == "sale@okna.ru"))
    desk.move(written, "sent")
    desk.move(written, "bounced")
    assert primary(desk) == []
    assert company_state(desk, written) == "contacts_not_found"


def test_a_bounce_of_an_old_address_leaves_the_new_primary_alone(desk, written) -> None:
    """A person chose another address while the letter was under way."""
    with desk.db.tx() as conn:
        conn.execute(contacts.update().values(is_primary=False))
        chosen = {"company_id": written, "contact_type": "email", "rank": 1.0}
        chosen |= {"value": "new@okna.ru", "value_key": "new@okna.ru", "is_primary": True}
        now = desk.clock.now()
        seen = {"first_seen_at": now, "last_seen_at": now}
        conn.execute(contacts.insert().values(id=new_id(), **chosen, **seen))
    desk.move(written, "sent")
    desk.move(written, "bounced")
    assert primary(desk) == ["new@okna.ru"]


def test_a_decision_of_a_person_outlives_the_mail(desk, written) -> None:
    with desk.db.tx() as conn:
        conn.execute(companies.update().values(status="disqualified"))
    for after in ("sent", "bounced", "replied"):
        desk.move(written, after)
    assert company_state(desk, written) == "disqualified"
