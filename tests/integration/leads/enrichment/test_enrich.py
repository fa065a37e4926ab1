"""What a visit makes of a company: contacts, requisites, retries, re-visits, redirects."""

from datetime import timedelta

import pytest

from povod.store.tables import contacts, dedup_pairs


def test_a_visit_fills_the_company(desk, firm):
    stored = desk.enrich(firm)
    assert (stored.outcome, stored.contacts) == ("contacts_ready", 2)
    row = desk.row(firm)
    assert (row.legal_name, row.inn, row.ogrn) == ("ООО «Окна Плюс»", "7707083893", "1027700132195")
    assert row.kpp == "770701001"
    assert row.field_sources["inn"] == "requisites"
    assert row.next_enrich_at == desk.clock.now() + timedelta(days=180)
    assert "Пластиковые окна Казани\n" in row.homepage_excerpt
    assert row.dedup_dirty


def test_what_a_person_wrote_stays(desk, firm):
    desk.change(firm, inn="7736050003", field_sources={"inn": "human"})
    desk.enrich(firm)
    assert desk.row(firm).inn == "7736050003"


def test_two_tax_numbers_are_listed_and_none_is_taken(desk, firm):
    bank = "<p>ООО «Банк»<br>ИНН 7736050003</p>"
    desk.web.show("https://firma.ru/kontakty", desk.legal + bank)
    desk.enrich(firm)
    assert desk.row(firm).inn == ""
    assert set(desk.row(firm).attributes["inns"]) == {"7707083893", "7736050003"}


def test_phones_alone_make_nobody_reachable(desk, firm):
    desk.web.show("https://firma.ru/", '<a href="tel:+78432123456">212-34-56</a>')
    stored = desk.enrich(firm)
    row = desk.row(firm)
    assert (stored.outcome, stored.contacts) == ("contacts_not_found", 1)
    assert row.attributes["phone_only"]
    assert (row.enrich_attempts, row.next_enrich_at) == (1, desk.clock.now() + timedelta(days=7))


def test_a_site_without_contacts_is_looked_at_three_times_more(desk, firm):
    desk.web.site("firma.ru", mail=False)
    waits = []
    for _ in range(4):
        assert desk.due() == [firm]
        desk.enrich(firm)
        due = desk.row(firm).next_enrich_at
        waits.append(None if due is None else (due - desk.clock.now()).days)
        desk.clock.advance(timedelta(days=40))
    assert waits == [7, 14, 30, None]
    assert desk.due() == []


def test_a_second_look_sees_what_changed(desk, firm):
    desk.enrich(firm)
    desk.clock.advance(timedelta(days=181))
    changed = desk.web.answers["https://firma.ru/"].replace("info@", "zakaz@")
    desk.web.answers["https://firma.ru/"] = changed
    assert desk.due() == [firm]
    desk.enrich(firm)
    status = {row.value: (row.status, row.is_primary) for row in desk.rows(contacts)}
    assert status["info@firma.ru"] == ("gone", False)
    assert status["zakaz@firma.ru"] == ("active", True)


def test_a_busy_site_is_asked_again_later_and_later(desk, firm):
    desk.web.says("firma.ru", 503)
    waits = []
    for _ in range(4):
        stored = desk.enrich(firm)
        assert stored.failure == "blocked"
        due = desk.next_due()
        waits.append((desk.row(firm).status, (due - desk.clock.now()).total_seconds()))
        desk.clock.advance(due - desk.clock.now())
    assert waits[:3] == [("new", 60), ("new", 300), ("new", 1800)]
    assert waits[3] == ("contacts_not_found", 7 * 86_400)
    assert desk.row(firm).attributes["failure"]["class"] == "blocked"


def test_the_sites_own_wish_wins(desk, firm):
    desk.web.says("firma.ru", 429, **{"retry-after": "1000"})
    desk.enrich(firm)
    assert desk.next_due() == desk.clock.now() + timedelta(seconds=1000)
    desk.web.says("firma.ru", 429, **{"retry-after": "99999999"})
    desk.enrich(firm)
    assert desk.next_due() == desk.clock.now() + timedelta(days=1)


def test_after_a_good_visit_the_trouble_is_forgotten(desk, firm):
    desk.web.says("firma.ru", 503)
    desk.enrich(firm)
    desk.web.site("firma.ru")
    desk.enrich(firm)
    assert "failure" not in desk.row(firm).attributes


def test_a_parked_site_keeps_its_reason(desk, firm):
    desk.web.show("https://firma.ru/", "<h1>Этот домен продаётся</h1>")
    assert desk.enrich(firm).failure == "parked"
    assert desk.rows(contacts) == []


def test_a_site_that_moved_to_a_free_domain_is_visited_there(desk, firm):
    desk.web.site("novaya.ru")
    desk.web.leads_to("firma.ru", "novaya.ru")
    assert desk.enrich(firm).outcome == "contacts_ready"
    row = desk.row(firm)
    assert (row.canonical_domain, row.website_url) == ("novaya.ru", "https://novaya.ru/")
    primary = next(row for row in desk.rows(contacts) if row.contact_type == "email")
    assert (primary.value, primary.rank >= 1.3) == ("info@novaya.ru", True)


def test_a_site_that_moved_to_a_known_company_is_that_company(desk, firm):
    desk.web.site("drugaya.ru")
    desk.clock.advance(timedelta(hours=1))
    other = desk.company("drugaya.ru")
    desk.web.leads_to("firma.ru", "drugaya.ru")
    assert desk.enrich(firm).outcome == "merged"
    assert desk.row(other).duplicate_of == firm
    assert (desk.row(firm).status, desk.row(firm).website_url) == ("new", "https://drugaya.ru/")
    assert desk.enrich(firm).outcome == "contacts_ready"
    assert {row.value for row in desk.rows(contacts) if row.is_primary} == {
        "info@drugaya.ru",
        "+78432123456",
    }
    assert desk.enrich(other).outcome == "not_wanted"


@pytest.mark.parametrize(("target", "status"), [("novaya.ru", 302), ("vk.com", 301)])
def test_other_redirects_prove_nothing(desk, firm, target, status):
    desk.web.leads_to("firma.ru", target, status)
    assert desk.enrich(firm).failure == "redirects"
    assert desk.row(firm).canonical_domain == "firma.ru"


def test_a_canonical_link_to_a_known_company_is_for_review(desk, firm):
    other = desk.company("drugaya.ru")
    head = '<link rel="canonical" href="https://www.drugaya.ru/">'
    desk.web.show("https://firma.ru/", desk.mail, head)
    desk.enrich(firm)
    (pair,) = desk.rows(dedup_pairs)
    assert {pair.a, pair.b} == {firm, other}


def test_text_that_no_database_can_keep_does_no_harm(desk, firm):
    evil = (
        '<script type="application/ld+json">{"@type": "Organization", "name": "A\\u0000B\\ud800",'
        ' "legalName": "\\u0000", "email": "in\\u0000fo@firma.ru"}</script>'
    )
    body = desk.mail + "<p>Рабо\0таем 12 лет на рынке</p>"
    desk.web.show("https://firma.ru/", body, evil)
    assert desk.enrich(firm).outcome == "contacts_ready"


def test_addresses_read_lately_are_not_fetched_again_unless_forced(desk, firm):
    desk.enrich(firm)
    desk.change(firm, status="new")
    desk.web.asked.clear()
    desk.enrich(firm)
    assert "https://firma.ru/kontakty" not in desk.web.asked
    assert desk.row(firm).inn == "7707083893"
    desk.change(firm, status="new")
    desk.enrich(firm, force=True)
    assert "https://firma.ru/kontakty" in desk.web.asked
