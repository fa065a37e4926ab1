"""Where contacts stand on a page, and the trust each place deserves (L80)."""

import pytest

from povod.crawl.extract.contacts import Collector, Contact, extract_contacts
from povod.crawl.extract.contacts.links import profile_of
from povod.crawl.extract.parsed import ParsedPage

URL = "https://okna.ru/"


def contacts(html: str | bytes) -> list[Contact]:
    return extract_contacts(html, URL)


def brief(html: str | bytes) -> list[tuple[str, str, float, str]]:
    return [(item.kind, item.value, item.quality, item.where) for item in contacts(html)]


CLOUDFLARE = "543d3a323b143b3f3a357a2621"  # info@okna.ru


@pytest.mark.parametrize(
    ("html", "quality", "where"),
    [
        ('<a href="mailto:info@okna.ru">почта</a>', 1.0, "mailto"),
        ('<a href="MAILTO:Info@Okna.ru?subject=Заявка">почта</a>', 1.0, "mailto"),
        ('<a href="mailto:%20info%40okna.ru">почта</a>', 1.0, "mailto"),
        ('<a href="mailto:Окна &lt;info@okna.ru&gt;">почта</a>', 1.0, "mailto"),
        ('<a href="mailto://info@okna.ru">почта</a>', 1.0, "mailto"),
        ('<a href="mailto:?to=info@okna.ru&amp;subject=1">почта</a>', 1.0, "mailto"),
        ('<a href="mailto:info(at)okna.ru">почта</a>', 1.0, "mailto"),
        ('<a href="&#109;&#97;&#105;lto:info@okna.ru">почта</a>', 1.0, "mailto"),
        (f'<a data-cfemail="{CLOUDFLARE}">[email&#160;protected]</a>', 1.0, "cloudflare"),
        (f'<a href="/cdn-cgi/l/email-protection#{CLOUDFLARE}">почта</a>', 1.0, "cloudflare"),
        (
            '<script type="application/ld+json">{"@graph":[{"email":"info@okna.ru"}]}</script>',
            0.95,
            "json_ld",
        ),
        ('<span itemprop="email">info@okna.ru</span>', 0.95, "microdata"),
        ('<div hidden><meta itemprop="email" content="info@okna.ru"></div>', 0.95, "microdata"),
        ('<div data-mail="info@okna.ru"></div>', 0.92, "attribute"),
        ('<meta name="contact" content="info@okna.ru">', 0.92, "attribute"),
        ('<input value="info@okna.ru">', 0.92, "attribute"),
        ("<i DATA-Mail-2 = 'info@okna.ru'></i>", 0.92, "attribute"),
        ('<meta name="twitter:site" content="@okna, info@okna.ru">', 0.92, "attribute"),
        ("<p>info@okna.ru</p>", 0.8, "text"),
    ],
)
def test_an_address_by_source(html: str, quality: float, where: str) -> None:
    assert brief(html) == [("email", "info@okna.ru", quality, where)]


@pytest.mark.parametrize(
    ("html", "quality", "where"),
    [
        ('<a href="tel:+78432001122">звоните</a>', 0.9, "tel"),
        ('<a href="tel:8%20(843)%20200-11-22">звоните</a>', 0.9, "tel"),
        ('<div style="display:none"><a href="tel:88432001122">меню</a></div>', 0.9, "tel"),
        (
            '<script type="application/ld+json">{"telephone":["8 (843) 200-11-22"]}</script>',
            0.9,
            "json_ld",
        ),
        ('<a itemprop="telephone" href="#">8 (843) 200-11-22</a>', 0.9, "microdata"),
        ('<div data-phone="8 (843) 200-11-22"></div>', 0.7, "attribute"),
        ('<meta property="og:phone_number" content="+78432001122">', 0.7, "attribute"),
        ("<p>8 (843) 200-11-22</p>", 0.6, "text"),
    ],
)
def test_a_number_by_source(html: str, quality: float, where: str) -> None:
    html = html.replace('href="#"', 'title="звоните"')
    assert brief(html) == [("phone", "+78432001122", quality, where)]


def test_each_contact_once_at_its_best_source() -> None:
    html = (
        '<p>info@okna.ru, 8 (843) 200-11-22</p><a href="mailto:info@okna.ru">info@okna.ru</a>'
        '<a href="tel:+78432001122">8 (843) 200-11-22</a><span itemprop="email">info@okna.ru</span>'
    )
    assert [(item.value, item.where) for item in contacts(html)] == [
        ("info@okna.ru", "mailto"),
        ("+78432001122", "tel"),
    ]


def test_a_list_in_one_link() -> None:
    html = '<a href="mailto:info@okna.ru,zakaz@okna.ru;%20sales@okna.ru">почта</a>'
    assert [item.value for item in contacts(html)] == [
        "info@okna.ru",
        "zakaz@okna.ru",
        "sales@okna.ru",
    ]


def test_the_anchor_tells_the_extension() -> None:
    html = '<a href="tel:+78432001122">8 (843) 200-11-22 доб. 5</a>'
    assert [item.value for item in contacts(html)] == ["+78432001122;ext=5"]


def test_an_extension_is_told_by_a_later_link_too() -> None:
    link = '<a href="tel:+78432001122">8 (843) 200-11-22'
    html = f"{link}</a>{link}</a>{link} доб. 5</a>"
    assert [item.value for item in contacts(html)] == ["+78432001122", "+78432001122;ext=5"]


def test_labels_come_from_the_anchor_or_the_text_before() -> None:
    html = (
        '<p>Отдел продаж: <a href="mailto:sales@okna.ru">sales@okna.ru</a></p>'
        '<p>Бухгалтерия</p><p>8 (843) 200-11-22</p><a href="mailto:info@okna.ru">Напишите нам</a>'
    )
    assert {item.value: item.label for item in contacts(html)} == {
        "sales@okna.ru": "Отдел продаж",
        "info@okna.ru": "Напишите нам",
        "+78432001122": "Бухгалтерия",
    }


def test_a_person_is_marked() -> None:
    (found,) = contacts("<p>Менеджер Иванова Анна Петровна: kzn7@okna.ru</p>")
    assert (found.personal, found.role_class) == (True, "personal")


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-8"])
def test_pages_as_fetched(charset: str) -> None:
    html = f'<meta charset="{charset}"><p>Почта: info собака okna точка ru</p>'
    assert [item.value for item in contacts(html.encode(charset))] == ["info@okna.ru"]


CREDITS = [
    'Создание сайта — <a href="mailto:hello@studia.ru">hello@studia.ru</a>',
    'Создание сайта — <a href="//studia.ru">Вебмир</a>, <a href="mailto:a@studia.ru">почта</a>',
    "Разработка и поддержка сайта: hello@studia.ru",
    "Сайт разработан: hello@studia.ru",
    "Made by Studia, hello@studia.ru",
    "Разработка сайта: Studia, 8 (843) 200-11-22",
    'Создание сайта <a href="tel:88432001122">8 (843) 200-11-22</a>',
    'Продвижение сайта <a href="https://t.me/studia">Telegram</a>',
]


@pytest.mark.parametrize("credit", CREDITS)
def test_the_studio_that_made_the_site_is_no_contact(credit: str) -> None:
    html = f'<p><a href="mailto:info@okna.ru">info@okna.ru</a></p><footer>{credit}</footer>'
    assert [item.value for item in contacts(html)] == ["info@okna.ru"]


def test_an_own_address_beside_the_credits_is_kept() -> None:
    assert [item.value for item in contacts("<p>Создание сайта, info@okna.ru</p>")] == [
        "info@okna.ru"
    ]


def test_a_company_that_builds_sites_has_no_credits() -> None:
    html = "<title>Создание сайтов в Казани</title><p>Разработка сайта: 8 (843) 200-11-22</p>"
    assert [item.value for item in contacts(html)] == ["+78432001122"]


def test_other_companies_addresses_are_found_too() -> None:
    assert [item.value for item in contacts("<p>Партнёр: info@steklo.ru</p>")] == ["info@steklo.ru"]


def test_refused_addresses_are_listed_with_the_reason() -> None:
    collector = Collector(ParsedPage("<p>noreply@okna.ru mail@mail.ru</p>", URL))
    assert collector.collect() == []
    assert {item.value: item.reason for item in collector.rejected.values()} == {
        "noreply@okna.ru": "never",
        "mail@mail.ru": "placeholder",
    }


@pytest.mark.parametrize(
    "html", ["", "   ", "<p>нет ничего</p>", b"", b"\xff\xfe\x00", "<a href='mailto:'>x</a>"]
)
def test_a_page_without_contacts(html: str | bytes) -> None:
    assert contacts(html) == []


@pytest.mark.parametrize("url", ["", "не адрес", "https://", "https://192.168.0.1/"])
def test_a_strange_address_of_the_page_is_borne(url: str) -> None:
    assert [item.value for item in extract_contacts("<p>info@okna.ru</p>", url)] == ["info@okna.ru"]


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://t.me/Okna_Kazan", ("telegram", "https://t.me/okna_kazan")),
        ("https://telegram.me/okna_kazan?start=1", ("telegram", "https://t.me/okna_kazan")),
        ("https://t.me/s/okna_news", ("telegram", "https://t.me/okna_news")),
        ("tg://resolve?domain=okna_kazan", ("telegram", "https://t.me/okna_kazan")),
        ("https://t.me/+AbCdEf123", ("telegram", "https://t.me/+AbCdEf123")),
        ("https://wa.me/79161234567?text=Привет", ("whatsapp", "https://wa.me/79161234567")),
        ("//wa.me/79161234567", ("whatsapp", "https://wa.me/79161234567")),
        (
            "https://api.whatsapp.com/send?phone=%2B7%20916%20123-45-67",
            ("whatsapp", "https://wa.me/79161234567"),
        ),
        ("whatsapp://send?phone=89161234567", ("whatsapp", "https://wa.me/79161234567")),
        ("https://vk.com/okna.kazan", ("vk", "https://vk.com/okna.kazan")),
        ("http://m.vk.com/public123", ("vk", "https://vk.com/public123")),
        ("https://t.me/share/url?url=https://okna.ru", None),
        ("https://t.me/", None),
        ("https://vk.com/share.php?url=x", None),
        ("https://vk.com/", None),
        ("https://wa.me/?text=Привет", None),
        ("https://api.whatsapp.com/send?text=x", None),
        ("https://okna.ru/t.me/okna", None),
        ("https://notvk.com/okna", None),
        ("mailto:info@okna.ru", None),
    ],
)
def test_profiles(href: str, expected: tuple[str, str] | None) -> None:
    assert profile_of(href) == expected


def test_profiles_of_a_page() -> None:
    html = (
        '<a href="https://t.me/okna_kazan">Написать</a><script type="application/ld+json">'
        '{"@type":"Organization","sameAs":["https://vk.com/okna"]}</script>'
    )
    assert brief(html) == [
        ("telegram", "https://t.me/okna_kazan", 0.9, "link"),
        ("vk", "https://vk.com/okna", 0.95, "json_ld"),
    ]
