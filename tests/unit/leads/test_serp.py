"""Reading replies: texts, positions, counts, and which error means what (Y34-Y43, Y66)."""

from datetime import UTC, datetime

import pytest

from povod.leads.serp import Correction, EmptyRaw, NotXml, SerpError, parse_serp

DOC = """<doc id="Z1A"><relevance priority="all"/><url>https://www.okna-plus.example/ceny?utm_source=ya
 </url><domain>www.okna-plus.example</domain>
 <title><hlword>Окна</hlword> в <hlword>Казани</hlword> — «Алми»</title>
 <headline>Завод  <hlword>окон</hlword></headline><modtime>20260301T040000</modtime>
 <size>26938</size><charset>utf-8</charset>
 <passages><passage>Мон<hlword>таж</hlword> за день</passage><passage> </passage>
 <passage>Гарантия\n5 лет</passage></passages>
 <properties><_PassagesType>1</_PassagesType><lang>ru</lang><TurboLink>t</TurboLink></properties>
 <mime-type>text/html</mime-type><saved-copy-url>https://copy.example/?a=1&amp;b=2</saved-copy-url>
</doc>"""


def group(doc: str, name: str = "www.okna-plus.example", count: object = 12) -> str:
    return (
        f'<group><categ attr="d" name="{name}"/><doccount>{count}</doccount>'
        f'<relevance priority="all"/>{doc}</group>'
    )


def reply(
    groups: str = "", page: str = '<page first="1" last="10">0</page>', head: str = ""
) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><yandexsearch version="1.0">'
        "<request><query>окна</query><page>0</page></request>"
        f'<response date="20261121T211902"><reqid>17-1-XML</reqid>{head}'
        '<found priority="phrase">3</found><found priority="all">5120</found>'
        "<found-human>Нашлось 5 тыс. результатов</found-human><results>"
        '<grouping attr="d" mode="deep" groups-on-page="10" docs-in-group="1" curcateg="-1">'
        f"{page}{groups}</grouping></results></response></yandexsearch>"
    )


def bare_doc(url: str, title: str = "т") -> str:
    return f"<doc><url>{url}</url><title>{title}</title></doc>"


def error_reply(code: object, docs: str = "") -> str:
    return reply(docs, head=f'<error code="{code}">Слова сервиса</error>')


def test_every_field_of_a_document():
    (doc,) = parse_serp(reply(group(DOC, name="UngroupVital223.ru"))).docs
    assert doc._asdict() == {
        "position": 1,
        "group_position": 1,
        "doc_id": "Z1A",
        "url_raw": "https://www.okna-plus.example/ceny?utm_source=ya",
        "host_raw": "www.okna-plus.example",
        "title": "Окна в Казани — «Алми»",
        "headline": "Завод окон",
        "snippet": "Монтаж за день … Гарантия 5 лет",
        "lang": "ru",
        "modtime": datetime(2026, 3, 1, 4, tzinfo=UTC),
        "mime_type": "text/html",
        "size": 26938,
        "charset": "utf-8",
        "passages_type": 1,
        "saved_copy_url": "https://copy.example/?a=1&b=2",
        "group_name": "UngroupVital223.ru",
        "doc_count": 12,
        "properties": {"TurboLink": "t"},
    }


def test_head_of_a_reply():
    result = parse_serp(
        reply(
            group(DOC),
            head="<misspell><rule>KeyboardLayout</rule><source-text>jr<hlword>yf</hlword>"
            "</source-text><text>окна</text></misspell><reask><rule>Misspell</rule>"
            "<source-text>акна</source-text><text-to-show>окна</text-to-show></reask>",
        ).encode()
    )
    assert (result.reqid, result.found, result.found_human) == (
        "17-1-XML",
        5120,
        "Нашлось 5 тыс. результатов",
    )
    assert (result.page, result.first, result.last, result.recovered) == (0, 1, 10, False)
    assert result.misspell == Correction("KeyboardLayout", "jryf", "окна", "")
    assert result.reask == Correction("Misspell", "акна", "", "окна")


def test_mixed_text_is_joined_without_separator_and_made_nfc():
    title = "<hlword>Стомато</hlword>логия\n\t«У<i>лы</i>бка»\u00a0 и\u0306"
    (doc,) = parse_serp(reply(group(bare_doc("https://a.example/", title)))).docs
    assert doc.title == "Стоматология «Улыбка» й"


@pytest.mark.parametrize(
    "title",
    ['<hlword a="1">Ок</hlword>на', "<hlword/>Окна", "<hlword><hlword>Ок</hlword></hlword>на"],
)
def test_unusual_marks_are_text_too(title):
    (doc,) = parse_serp(reply(group(bare_doc("https://a.example/", title)))).docs
    assert doc.title == "Окна"


def test_positions_count_over_the_whole_query():
    groups = group(bare_doc("https://a.example/") + bare_doc("https://a.example/2")) + group(
        "<doc><title>без адреса</title></doc>"
    )
    groups += group(bare_doc("https://c.example/"))
    result = parse_serp(reply(groups, page='<page first="21" last="30">2</page>'))
    assert [(d.position, d.group_position) for d in result.docs] == [(21, 21), (22, 21), (24, 23)]
    assert result.skipped == [(3, "no url")]


@pytest.mark.parametrize(
    ("page", "position"),
    [("<page>2</page>", 21), ('<page first="x">2</page>', 21), ("", 1), ("<page>z</page>", 1)],
)
def test_position_without_first_is_counted_from_the_page(page, position):
    (doc,) = parse_serp(reply(group(bare_doc("https://a.example/")), page=page)).docs
    assert doc.position == position


def test_hundred_documents_with_a_broken_and_a_missing_url():
    good = "".join(group(bare_doc(f"https://firma{n}.example/")) for n in range(98))
    broken = group(bare_doc("http://a.ru:99999x/")) + group("<doc><url> </url></doc>")
    result = parse_serp(reply(broken + good))
    assert len(result.docs) == 99
    assert result.docs[0].url_raw == "http://a.ru:99999x/"
    assert result.skipped == [(2, "blank url")]


def test_documents_outside_groups_and_outside_groupings_are_kept():
    xml = (
        "<yandexsearch><response><results><group><doc><url>https://a.example/</url></doc></group>"
        "<doc><url>https://b.example/</url></doc><doc><url>https://c.example/</url></doc>"
        "</results></response></yandexsearch>"
    )
    docs = parse_serp(xml).docs
    assert [(d.url_raw, d.group_position) for d in docs] == [
        ("https://a.example/", 1),
        ("https://b.example/", 2),
        ("https://c.example/", 3),
    ]
    assert docs[1].group_name is None


@pytest.mark.parametrize("value", ["", "x", "-1", "1e3", "٣", "1_0", "9" * 40])
def test_a_number_that_is_none_becomes_none(value):
    doc = f"<doc><url>https://a.example/</url><size>{value}</size></doc>"
    (found,) = parse_serp(reply(group(doc, count=value))).docs
    assert (found.size, found.doc_count) == (None, None)


@pytest.mark.parametrize("value", ["", "вчера", "20261399T000000", "20260301"])
def test_a_date_that_is_none_becomes_none(value):
    doc = f"<doc><url>https://a.example/</url><modtime>{value}</modtime></doc>"
    assert parse_serp(reply(group(doc))).docs[0].modtime is None


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ('<found priority="all">7</found>', 7),
        ('<found priority="phrase">5</found><found priority="strict">6</found>', 5),
        ("<found>много</found>", None),
        ("", None),
    ],
)
def test_found_is_that_of_all_else_the_first(counts, found):
    xml = f"<yandexsearch><response>{counts}</response></yandexsearch>"
    assert parse_serp(xml).found == found


def test_found_of_the_grouping_serves_when_the_reply_has_none():
    xml = (
        "<yandexsearch><response><results><grouping><found priority='all'>9</found></grouping>"
        "</results></response></yandexsearch>"
    )
    assert parse_serp(xml).found == 9


@pytest.mark.parametrize(
    "xml",
    [
        "<yandexsearch/>",
        reply(),
        error_reply(15),
        error_reply(15, group(bare_doc("https://a.example/"))),
        '<yandexsearch><error code="15">Искомая комбинация</error></yandexsearch>',
    ],
)
def test_nothing_found_is_a_reply_without_documents(xml):
    assert parse_serp(xml).docs == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, "permanent"),
        (2, "permanent"),
        (18, "permanent"),
        (19, "permanent"),
        (20, "retry"),
        (31, "configuration"),
        (32, "defer"),
        (33, "configuration"),
        (37, "permanent"),
        (42, "configuration"),
        (44, "configuration"),
        (48, "configuration"),
        (55, "retry"),
        (100, "permanent"),
        (777, "retry"),
    ],
)
def test_error_codes_have_their_class(code, kind):
    with pytest.raises(SerpError) as caught:
        parse_serp(error_reply(code))
    assert (caught.value.code, caught.value.kind) == (code, kind)
    assert caught.value.text == "Слова сервиса"
    assert str(code) in str(caught.value)


@pytest.mark.parametrize("attribute", ["", ' code=""', ' code="abc"'])
def test_an_error_without_code_is_an_error_all_the_same(attribute):
    with pytest.raises(SerpError) as caught:
        parse_serp(f"<yandexsearch><response><error{attribute}/></response></yandexsearch>")
    assert (caught.value.code, caught.value.kind) == (None, "retry")


def test_documents_that_come_with_an_error_travel_with_it():
    with pytest.raises(SerpError) as caught:
        parse_serp(error_reply(55, group(bare_doc("https://a.example/"))))
    assert [doc.url_raw for doc in caught.value.documents] == ["https://a.example/"]


def test_an_error_under_the_root_is_seen_beside_a_response():
    with pytest.raises(SerpError) as caught:
        parse_serp('<yandexsearch><response/><error code="32">лимит</error></yandexsearch>')
    assert caught.value.code == 32


@pytest.mark.parametrize(
    "page", ["<!DOCTYPE html><p>502", "\n <HTML><body>", "\ufeff<html lang=a>"]
)
def test_an_html_page_is_not_a_reply(page):
    with pytest.raises(NotXml) as caught:
        parse_serp(page.encode())
    assert caught.value.raw == page.encode()
    assert (caught.value.kind, caught.value.code) == ("retry", None)


@pytest.mark.parametrize("raw", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_reply_is_an_error(raw):
    with pytest.raises(EmptyRaw):
        parse_serp(raw)
