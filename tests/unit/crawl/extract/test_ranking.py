"""The choice among found contacts (L83)."""

from itertools import permutations

import pytest

from povod.crawl.extract.contacts import Contact, extract_contacts
from povod.crawl.extract.contacts.emails import role_of
from povod.crawl.extract.contacts.model import EMAIL_QUALITY, PHONE_QUALITY, Where
from povod.crawl.extract.ranking import (
    PageContacts,
    PageRole,
    email_rank,
    is_own_address,
    rank_contacts,
)

OWN = {"okna.ru"}


def email(value: str, where: Where = "mailto", label: str = "") -> Contact:
    role = role_of(value, label)
    return Contact("email", value, EMAIL_QUALITY[where], where, label, role == "personal", role)


def phone(value: str, where: Where = "tel", *, fax: bool = False) -> Contact:
    role = "fax" if fax else "other"
    return Contact("phone", value, PHONE_QUALITY[where], where, role_class=role)


def page(
    *contacts: Contact, role: PageRole = "home", url: str = "https://okna.ru/"
) -> PageContacts:
    return PageContacts(url, role, contacts)


@pytest.mark.parametrize(
    ("contact", "roles", "pages", "rank"),
    [
        (email("info@okna.ru"), {"home"}, 1, 1.30),
        (email("info@okna.ru", "text"), {"home"}, 1, 1.10),
        (email("info@okna.ru", "text"), {"home", "contacts"}, 2, 1.20),
        (email("info@okna.ru", "text"), {"requisites"}, 1, 1.15),
        (email("hr@okna.ru"), {"home"}, 1, 1.00),
        (email("buh@okna.ru"), {"home"}, 1, 1.15),
        (email("okna@mail.ru"), {"home"}, 1, 1.00),
        (email("info@steklo.ru"), {"home"}, 1, 0.50),
        (email("info@steklo.ru", "text"), {"home"}, 1, 0.30),
        (email("ivanov.ii@okna.ru"), {"home"}, 1, 1.30),
    ],
)
def test_rank_is_quality_and_bonuses(
    contact: Contact, roles: set[PageRole], pages: int, rank: float
) -> None:
    assert email_rank(contact, OWN, roles, pages) == rank


def test_an_alias_is_an_own_domain_too() -> None:
    contact = email("info@okna-kazan.ru")
    assert email_rank(contact, {"okna.ru", "okna-kazan.ru"}, {"home"}, 1) == 1.30


def test_the_best_three_are_kept_and_the_first_is_primary() -> None:
    found = [email(f"{local}@okna.ru") for local in ("hr", "info", "buh", "zakaz", "sales")]
    ranked = rank_contacts([page(*found)], OWN)
    assert [(item.contact.value, item.is_primary) for item in ranked.emails] == [
        ("info@okna.ru", True),
        ("sales@okna.ru", False),
        ("zakaz@okna.ru", False),
    ]


def test_low_ranks_are_not_kept() -> None:
    ranked = rank_contacts([page(email("info@steklo.ru", "text"))], OWN)
    assert ranked.emails == ()


def test_studios_are_dropped() -> None:
    found = page(email("hello@studia.ru"), email("info@okna.ru", "obfuscated"))
    ranked = rank_contacts([found], OWN, studio_domains={"studia.ru"})
    assert [item.contact.value for item in ranked.emails] == ["info@okna.ru"]


def test_a_value_counts_once_from_its_best_page() -> None:
    home = page(email("info@okna.ru", "text"))
    contacts = page(email("info@okna.ru"), role="contacts", url="https://okna.ru/kontakty")
    (found,) = rank_contacts([home, contacts], OWN).emails
    assert (found.source_url, found.rank) == ("https://okna.ru/kontakty", 1.40)


def test_the_order_of_pages_changes_nothing() -> None:
    pages = [
        page(email("info@okna.ru", "text"), phone("+78432001122", "text")),
        page(email("zakaz@okna.ru"), role="contacts"),
        page(email("info@okna.ru"), phone("+78432001122"), role="about"),
    ]
    answers = {
        tuple(
            (item.contact.value, item.rank, item.is_primary)
            for item in ranked.emails + ranked.phones
        )
        for order in permutations(pages)
        for ranked in [rank_contacts(order, OWN)]
    }
    assert len(answers) == 1


def test_phones_from_links_come_first_and_one_is_primary() -> None:
    found = page(
        phone("+78432001111", "text"), phone("+78432001122"), phone("+78432001133", "attribute")
    )
    ranked = rank_contacts([found], OWN)
    assert [(item.contact.value, item.is_primary) for item in ranked.phones] == [
        ("+78432001122", True),
        ("+78432001133", False),
        ("+78432001111", False),
    ]


def test_a_number_from_the_text_or_a_fax_is_never_primary() -> None:
    only_text = rank_contacts([page(phone("+78432001111", "text"))], OWN)
    only_fax = rank_contacts([page(phone("+78432001111", fax=True))], OWN)
    assert not any(item.is_primary for item in only_text.phones + only_fax.phones)


def test_limits_can_be_set() -> None:
    found = page(*(phone(f"+7843200112{n}") for n in range(5)), email("info@okna.ru"))
    ranked = rank_contacts([found], OWN, max_emails=0, max_phones=2)
    assert (len(ranked.emails), len(ranked.phones)) == (0, 2)


def test_profiles_are_kept_apart() -> None:
    html = '<a href="https://t.me/okna_kazan">Telegram</a><a href="mailto:info@okna.ru">почта</a>'
    ranked = rank_contacts([page(*extract_contacts(html, "https://okna.ru/"))], OWN)
    assert [item.contact.kind for item in ranked.profiles] == ["telegram"]


def test_nothing_found_gives_nothing() -> None:
    ranked = rank_contacts([], OWN)
    assert (ranked.emails, ranked.phones, ranked.profiles) == ((), (), ())


def test_own_addresses() -> None:
    assert is_own_address("info@mail.okna.ru", OWN)
    assert not is_own_address("okna@mail.ru", OWN)
