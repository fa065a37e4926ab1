"""A visit does not bring back the address of a person who asked to be forgotten (L125)."""

from dataclasses import replace
from functools import partial

from povod.delivery.facade import Delivery
from povod.delivery.personal import forgotten
from povod.leads.enrich import Enricher
from povod.store.tables import contacts, opt_out_registry


def forget(desk, value, kind="email", **given):
    """As an erasure leaves it: a refusal that keeps the hash only."""
    office = Delivery(desk.db, desk.clock, desk.settings).office
    row = {"value_hash": office.keys.value_hash(kind, value), "contact_type": kind}
    row |= {"registered_at": desk.clock.now(), "erased_at": desk.clock.now(), **given}
    with desk.db.tx() as conn:
        conn.execute(opt_out_registry.insert().values(**row))
    desk.enricher = Enricher(replace(desk.deps, forgotten=partial(forgotten, office)))


def found(desk):
    return {row.value: row.is_primary for row in desk.rows(contacts) if row.contact_type == "email"}


def test_it_is_not_stored_and_another_one_is_the_first(desk, firm):
    both = '<a href="mailto:info@firma.ru">a</a> <a href="mailto:anna@firma.ru">b</a>'
    desk.web.show("https://firma.ru/kontakty", desk.legal + both)
    forget(desk, "info@firma.ru")
    desk.enrich(firm)
    assert found(desk) == {"anna@firma.ru": True}


def test_a_telephone_too(desk, firm):
    desk.web.show("https://firma.ru/", '<a href="tel:+78432123456">212-34-56</a>')
    forget(desk, "+78432123456", "phone")
    desk.enrich(firm)
    assert not [row for row in desk.rows(contacts) if row.contact_type == "phone"]


def test_all_extensions_of_a_line_and_an_extension_alone(desk, firm):
    shown = ("+78432123456 доб. 1", "+78432123456 доб. 2", "+78432123457 доб. 3", "+78432123457")
    desk.web.show("https://firma.ru/", desk.legal + "".join(f"<p>{text}</p>" for text in shown))
    forget(desk, "+78432123456", "phone")
    forget(desk, "+78432123457;ext=3", "phone")
    desk.enrich(firm)
    phones = {row.value for row in desk.rows(contacts) if row.contact_type == "phone"}
    assert phones == {"+78432123457"}


def test_a_refusal_alone_hides_nobody(desk, firm):
    forget(desk, "info@firma.ru", erased_at=None)
    desk.enrich(firm)
    assert "info@firma.ru" in found(desk)


def test_after_a_new_consent_it_is_found_again(desk, firm):
    forget(desk, "info@firma.ru", lifted_at=desk.clock.now())
    desk.enrich(firm)
    assert "info@firma.ru" in found(desk)
