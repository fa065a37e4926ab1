"""Which page is fetched next (L74)."""

import pytest

from povod.crawl.extract.text import Link
from povod.crawl.visit_plan import (
    FIXED_PATHS,
    Candidate,
    Limits,
    Progress,
    candidates_of,
    choose_next,
    home_addresses,
    is_enough,
    page_key,
    page_role,
)

HOME = "https://okna.ru/"


def candidates(*links: tuple[str, str]) -> list[Candidate]:
    return candidates_of(HOME, [Link(href, text) for href, text in links])


def next_url(found: list[Candidate], **progress: object) -> str | None:
    choice = choose_next(HOME, found, Progress(**progress))  # type: ignore[arg-type] # test shorthand
    return choice.url if choice else None


@pytest.mark.parametrize(
    ("url", "text", "role"),
    [
        ("/kontakty", "", "contacts"),
        ("/contacts/", "", "contacts"),
        ("/%D0%BA%D0%BE%D0%BD%D1%82%D0%B0%D0%BA%D1%82%D1%8B", "", "contacts"),
        ("/page17", "Контакты", "contacts"),
        ("/svyaz", "", "contacts"),
        ("/page17", "Реквизиты компании", "requisites"),
        ("/rekvizity.html", "", "requisites"),
        ("/o-kompanii/", "", "about"),
        ("/page17", "О нас", "about"),
        ("/policy", "", "policy"),
        ("/page17", "Политика конфиденциальности", "policy"),
        ("/uslugi", "Услуги", "other"),
        ("/kontakty.pdf", "Контакты", "other"),
        ("mailto:contact@okna.ru", "Контакты", "other"),
        ("/", "", "home"),
        ("https://[", "", "other"),
    ],
)
def test_roles_of_pages(url: str, text: str, role: str) -> None:
    assert page_role(url, text) == role


def test_candidates_are_sorted_by_promise() -> None:
    found = candidates(
        ("/uslugi", "Услуги"),
        ("/policy", "Политика"),
        ("/about", "О компании"),
        ("/rekvizity", "Реквизиты"),
        ("/kontakty", "Контакты"),
    )
    assert [item.role for item in found] == ["contacts", "requisites", "about", "policy"]


def test_only_pages_of_the_site() -> None:
    found = candidates(
        ("https://steklo.ru/kontakty", "Контакты"),
        ("https://kazan.okna.ru/kontakty", "Контакты"),
        ("//okna.ru/contacts", "Контакты"),
        ("ftp://okna.ru/kontakty", "Контакты"),
        ("https://okna.ru:bad/kontakty", "Контакты"),
        ("kontakty", "Контакты"),
    )
    assert [item.url for item in found] == [
        "https://okna.ru/contacts",
        "https://okna.ru/kontakty",
        "https://kazan.okna.ru/kontakty",
    ]


def test_one_page_under_several_addresses_counts_once() -> None:
    found = candidates(
        ("/kontakty", ""),
        ("/kontakty/#map", "Контакты"),
        ("http://www.okna.ru/kontakty?utm_source=a", ""),
    )
    assert [item.url for item in found] == ["https://okna.ru/kontakty/"]


def test_shallow_pages_go_before_deep_ones() -> None:
    found = candidates(("/blog/2020/kak-svyazatsya-contact", "Контакт"), ("/kontakty", "Контакты"))
    assert [item.url for item in found] == [
        "https://okna.ru/kontakty",
        "https://okna.ru/blog/2020/kak-svyazatsya-contact",
    ]


def test_an_address_without_a_domain_has_no_candidates() -> None:
    assert candidates_of("не адрес", [Link("/kontakty", "Контакты")]) == []


def test_linked_pages_go_first_then_the_usual_addresses() -> None:
    found = candidates(("/kontakty", "Контакты"))
    assert next_url(found, fetched=[HOME]) == "https://okna.ru/kontakty"
    fetched = [HOME, "https://okna.ru/kontakty"]
    assert next_url(found, fetched=fetched, roles={"contacts"}) == "https://okna.ru/about"


def test_the_usual_addresses_in_order_without_links() -> None:
    fetched = [HOME]
    tried = []
    while (url := next_url([], fetched=fetched)) is not None:
        fetched.append(url)
        tried.append(url)
    assert tried == [
        f"https://okna.ru{path}" if path.isascii() else page_key(f"https://okna.ru{path}")
        for path in FIXED_PATHS[:9]
    ]


def test_the_sitemap_comes_last() -> None:
    roles = {"contacts", "about", "requisites"}
    sitemap = [f"https://okna.ru/filial-{n}/kontakty" for n in range(9)] + [
        "https://okna.ru/uslugi"
    ]
    fetched = [HOME]
    progress = Progress(fetched=fetched, roles=roles)
    seen = []
    while choice := choose_next(HOME, [], progress, sitemap, Limits(requests=20)):
        seen.append(choice.url)
        fetched.append(choice.url)
    assert seen == [f"https://okna.ru/filial-{n}/kontakty" for n in range(3)]


def test_the_same_page_is_not_fetched_twice() -> None:
    found = candidates(("/kontakty/", "Контакты"))
    url = next_url(found, fetched=["http://www.okna.ru/kontakty"], roles={"contacts"})
    assert url == "https://okna.ru/about"


@pytest.mark.parametrize(
    ("progress", "enough"),
    [
        (Progress(own_email_quality=1.0, has_phone=True, roles={"requisites"}), True),
        (Progress(own_email_quality=0.9, has_phone=True, roles={"requisites"}), True),
        (Progress(own_email_quality=0.8, has_phone=True, roles={"requisites"}), False),
        (Progress(own_email_quality=1.0, has_phone=False, roles={"requisites"}), False),
        (Progress(own_email_quality=1.0, has_phone=True), False),
    ],
)
def test_enough_is_address_number_and_requisites(progress: Progress, enough: bool) -> None:
    found = candidates(("/rekvizity", "Реквизиты"))
    assert is_enough(found, progress) is enough
    assert (choose_next(HOME, found, progress) is None) is enough


def test_requisites_are_not_waited_for_when_nothing_links_to_them() -> None:
    assert is_enough([], Progress(own_email_quality=1.0, has_phone=True))


def test_limits() -> None:
    found = candidates(("/kontakty", "Контакты"))
    assert next_url(found, pages=6) is None
    assert next_url(found, fetched=[f"https://okna.ru/{n}" for n in range(10)]) is None
    assert next_url(found, pages=5, fetched=[HOME]) == "https://okna.ru/kontakty"


def test_home_addresses_in_order() -> None:
    assert home_addresses("okna.ru") == (
        "https://okna.ru/",
        "https://www.okna.ru/",
        "http://okna.ru/",
    )


def test_a_key_of_a_strange_address_is_itself() -> None:
    assert page_key("не адрес") == "не адрес"
    assert page_key("http://www.okna.ru/a/") == page_key("https://okna.ru/a")
