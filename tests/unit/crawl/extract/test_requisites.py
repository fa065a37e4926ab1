"""Who runs a site, as its pages say (L87, L88)."""

import pytest

from povod.crawl.extract.legal_names import names_in
from povod.crawl.extract.places import address_in, city_in, city_of
from povod.crawl.extract.requisites import Requisites, extract_requisites, merge_requisites

URL = "https://okna.ru/"
INN, OTHER_INN, OGRN = "7707083893", "500100732259", "1027700132195"


def read(html: str | bytes) -> Requisites:
    return extract_requisites(html, URL)


def test_a_full_block() -> None:
    found = read(
        f"<p>ООО «Ромашка»<br>ИНН {INN}, КПП 770701001, ОГРН {OGRN}<br>"
        "Юридический адрес: 117997, г. Москва, ул. Вавилова, д. 19<br>"
        "Генеральный директор: Иванов Иван Иванович<br>р/с 40702810900000012345</p>"
    )
    assert found == Requisites(
        company_name="ООО «Ромашка»",
        inn=INN,
        ogrn=OGRN,
        kpp="770701001",
        city="Москва",
        address="117997, г. Москва, ул. Вавилова, д. 19",
        head="Иванов Иван Иванович",
        legal_name="ООО «Ромашка»",
        inns=(INN,),
        ogrns=(OGRN,),
    )


@pytest.mark.parametrize(
    "text",
    [
        f"ИНН {INN}",
        f"ИНН: {INN}",
        f"ИНН - {INN}",
        f"инн {INN}",
        f"ИНН/КПП {INN}/770701001",
        f"ИНН / КПП: {INN} / 770701001",
        f"ОГРН/ИНН {OGRN}/{INN}",
        f"<table><tr><td>ИНН</td><td>{INN}</td></tr></table>",
        f"ИНН организации: {INN}",
        "ИНН 77 07 083893",
        f'<script type="application/ld+json">{{"taxID": "{INN}"}}</script>',
        f'<meta itemprop="taxID" content="{INN}">',
    ],
)
def test_an_inn_stands_by_its_label_or_in_structured_data(text: str) -> None:
    assert read(text).inn == INN


@pytest.mark.parametrize(
    "text",
    [
        INN,
        f"Телефон {INN}",
        "ИНН 7707083894",
        "ИНН 0000000000",
        f"ИНН 1{INN}1",
        f"СИНН {INN}",
        f"ИНН указан в договоре, который мы подпишем с вами при первой встрече: {INN}",
    ],
)
def test_other_numbers_are_no_inn(text: str) -> None:
    assert read(text).inn is None


def test_two_different_inns_are_listed_and_none_is_taken() -> None:
    found = read(f"<p>ИНН {INN}, КПП 770701001</p><p>ИНН {OTHER_INN}</p>")
    assert (found.inn, found.kpp, found.inns) == (None, None, (INN, OTHER_INN))


def test_the_same_inn_twice_is_one() -> None:
    assert read(f"<p>ИНН {INN}</p><p>ИНН: {INN}</p>").inn == INN


@pytest.mark.parametrize(
    "text", [f"ОГРН {OGRN}", "ОГРНИП 304500116000157", "ОГРНИП: 304500116000157"]
)
def test_registration_numbers(text: str) -> None:
    assert read(text).ogrn in (OGRN, "304500116000157")


def test_a_wrong_check_digit_is_refused() -> None:
    assert read("ОГРН 1027700132196").ogrn is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"ООО «Ромашка», ИНН {INN}", "ООО «Ромашка»"),
        (f'ООО "Ромашка", ИНН {INN}', 'ООО "Ромашка"'),
        (f"ООО Ромашка, ИНН {INN}", "ООО Ромашка"),
        (f"ООО <b>«Ромашка»</b>, ИНН {INN}", "ООО «Ромашка»"),
        (f"ООО «Торговый дом «Ромашка», ИНН {INN}", "ООО «Торговый дом «Ромашка»"),
        (f"ООО «Торговый дом «Ромашка»», ИНН {INN}", "ООО «Торговый дом «Ромашка»»"),
        (f'ЗАО "Завод "Луч"", ИНН {INN}', 'ЗАО "Завод "Луч""'),
        (f"ИП Петрова Анна Сергеевна, ИНН {OTHER_INN}", "ИП Петрова Анна Сергеевна"),
        (f"ИП Петрова А. С., ИНН {OTHER_INN}", "ИП Петрова А. С."),
        (
            f"Индивидуальный предприниматель Петрова Анна Сергеевна, ИНН {OTHER_INN}",
            "Индивидуальный предприниматель Петрова Анна Сергеевна",
        ),
        (
            f"Общество с ограниченной ответственностью «Ромашка» (ООО «Ромашка»), ИНН {INN}",
            "ООО «Ромашка»",
        ),
        (f"ООО «Ромашка», ИНН {INN}, р/с 4070 в ПАО «Сбербанк»", "ООО «Ромашка»"),
        (f"Наш партнёр ООО «Лютик». ООО «Ромашка», ИНН {INN}", "ООО «Ромашка»"),
        ("© 2010–2026 ООО «Ромашка»", "ООО «Ромашка»"),
        ("Все права у ООО «Ромашка». ООО «Ромашка» рада вам.", "ООО «Ромашка»"),
        ("Наши клиенты: ООО «Лютик», ООО «Ромашка», АО «Луч»", None),
        ("КООО «Ромашка»", None),
        ("Мы открыты для всех", None),
    ],
)
def test_legal_names(text: str, name: str | None) -> None:
    assert read(f"<p>{text}</p>").legal_name == name


def test_mentions_are_told_apart() -> None:
    (name,) = names_in("Продавец: ООО «Ромашка»")
    assert (name.text, name.form, name.start, name.labelled) == ("ООО «Ромашка»", "ООО", 10, True)


@pytest.mark.parametrize(
    ("html", "brand"),
    [
        (
            '<script type="application/ld+json">{"@type":"Store","name":"Светлый дом"}</script>',
            "Светлый дом",
        ),
        ('<meta property="og:site_name" content="Светлый дом">', "Светлый дом"),
        ('<header><img src="l.png" alt="Светлый дом"></header>', "Светлый дом"),
        ('<a class="logo"><img alt="Светлый дом"></a>', "Светлый дом"),
        ('<header><img src="l.png" alt="Логотип"></header>', None),
        ('<script type="application/ld+json">{"@type":"Product","name":"Окно"}</script>', None),
    ],
)
def test_brands(html: str, brand: str | None) -> None:
    found = read(html)
    assert (found.brand, found.company_name) == (brand, brand)


def test_the_legal_name_goes_before_the_brand() -> None:
    html = f'<meta property="og:site_name" content="Светлый дом"><p>ООО «Ромашка», ИНН {INN}</p>'
    assert (read(html).company_name, read(html).brand) == ("ООО «Ромашка»", "Светлый дом")


def test_a_structured_legal_name() -> None:
    html = '<script type="application/ld+json">{"@type":"Store","legalName":"ООО Ромашка"}</script>'
    assert read(html).legal_name == "ООО Ромашка"


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("117997, г. Москва, ул. Вавилова, 19", "Москва"),
        ("117997, Россия, г. Москва, ул. Вавилова, 19", "Москва"),
        ("420000, Республика Татарстан, г. Казань, ул. Мира, 1", "Казань"),
        ("440000, Пензенская область, Кузнецк, ул. Мира, 1", "Кузнецк"),
        ("Адрес: Казань, ул. Мира, 1", "Казань"),
        ("Наш адрес: г. Нижний Новгород, ул. Мира, 1", "Нижний Новгород"),
        ("г. Ростов-на-Дону", "Ростов-на-Дону"),
        ("г.Набережные Челны", "Набережные Челны"),
        ("город Казань", "Казань"),
        ("гор. Казань", "Казань"),
        ("г Казань, ул. Мира", "Казань"),
        ("г. Казань, г. Самара, г. Казань", "Казань"),
        ("работаем в г. Казани", None),
        ("основана в 2010 г. Директор рад вам", None),
        ("Мы любим свой город", None),
        (f"ОГРН {OGRN} Банк, филиал", None),
        ("", None),
    ],
)
def test_cities(text: str, city: str | None) -> None:
    assert city_in(text) == city


def test_the_city_beside_the_requisites_wins() -> None:
    text = "Филиалы: г. Самара, г. Самара, г. Уфа." + " " * 600 + "г. Казань, ИНН"
    assert city_in(text, (len(text),)) == "Казань"


@pytest.mark.parametrize(
    ("field", "city"),
    [("г. Казань", "Казань"), ("Казань", "Казань"), ("Московская область", None), ("Россия", None)],
)
def test_a_city_of_a_field(field: str, city: str | None) -> None:
    assert city_of(field) == city


def test_structured_cities() -> None:
    html = '<script type="application/ld+json">{"address":{"addressLocality":"г. Казань"}}</script>'
    assert read(html).city == "Казань"
    assert read('<span itemprop="addressLocality">Самара</span>').city == "Самара"


def test_an_address_needs_a_street_and_a_number() -> None:
    assert address_in("Адрес: Казань, ул. Мира, 1.") == "Казань, ул. Мира, 1"
    assert address_in("Адрес: уточняйте у менеджера") is None
    assert address_in("Текст без него") is None


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("Генеральный директор: Иванов Иван Иванович", "Иванов Иван Иванович"),
        ("Генеральный директор — Иванов И. И.", "Иванов И. И."),
        ("ДИРЕКТОР ООО «Ромашка» Петрова Анна Сергеевна", "Петрова Анна Сергеевна"),
        ("Директор рад видеть вас", None),
        ("Иванов Иван Иванович", None),
    ],
)
def test_the_head_stands_by_the_label(text: str, head: str | None) -> None:
    assert read(text).head == head


def test_a_site_is_the_sum_of_its_pages() -> None:
    merged = merge_requisites(
        [
            Requisites(brand="Светлый дом", company_name="Светлый дом"),
            Requisites(legal_name="ООО «Ромашка»", inn=INN, inns=(INN,), city="Казань"),
            Requisites(city="Самара", inn=INN, inns=(INN,), head="Иванов И. И."),
        ]
    )
    assert (merged.company_name, merged.brand, merged.inn) == ("ООО «Ромашка»", "Светлый дом", INN)
    assert (merged.city, merged.head) == ("Казань", "Иванов И. И.")


def test_two_inns_on_different_pages_of_a_site() -> None:
    merged = merge_requisites(
        [Requisites(inn=INN, inns=(INN,), kpp="770701001"), Requisites(inns=(OTHER_INN,))]
    )
    assert (merged.inn, merged.kpp, merged.inns) == (None, None, (INN, OTHER_INN))


def test_pages_without_requisites() -> None:
    assert read("") == Requisites()
    assert merge_requisites([]) == Requisites()
