"""What a reader sees, and what is kept from the stored text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.extract.nesting import MAX_DEPTH, without_abyss
from povod.crawl.extract.parsed import ParsedPage
from povod.crawl.extract.text import (
    anchors_of,
    drop_unseen,
    headings_of,
    link_of,
    metas_of,
    parse_html,
    source_of,
    title_of,
    visible_text,
)


def seen(html: str | bytes) -> str:
    tree = parse_html(html)
    drop_unseen(tree)
    return visible_text(tree)


def test_text_nodes_are_lines_and_blanks_collapse() -> None:
    html = "<p>Окна  и\n двери</p><ul><li>Замер</li><li>  Монтаж&nbsp;под ключ </li></ul>"
    assert seen(html) == "Окна и двери\nЗамер\nМонтаж под ключ"


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>скрыто</script>",
        "<style>скрыто</style>",
        "<noscript>скрыто</noscript>",
        "<template>скрыто</template>",
        "<!-- скрыто -->",
        "<p hidden>скрыто</p>",
        '<p aria-hidden="true">скрыто</p>',
        '<p style="display: none">скрыто</p>',
        '<p style="color:red;DISPLAY:NONE">скрыто</p>',
        '<p style="visibility:hidden">скрыто</p>',
        '<p style="font-size:0">скрыто</p>',
        '<p style="font-size:0px">скрыто</p>',
        '<p style="opacity:0">скрыто</p>',
        '<p style="position:absolute;left:-9999px">скрыто</p>',
        '<p style="text-indent:-10000px">скрыто</p>',
        '<p style="color:#FFF;background:#ffffff">скрыто</p>',
        '<p style="background-color: white; color: #fff">скрыто</p>',
        '<p style="color:transparent">скрыто</p>',
        '<div hidden><p style="display:none"><b>скрыто</b></p></div>',
    ],
)
def test_hidden_elements_are_dropped(hidden: str) -> None:
    assert seen(f"<p>до</p>{hidden}<p>после</p>") == "до\nпосле"


@pytest.mark.parametrize(
    "style",
    [
        "display:block",
        "font-size:0.9em",
        "opacity:0.5",
        "left:-20px",
        "color:#fff;background:#000",
        "background-color:white",
        "color:#333",
    ],
)
def test_ordinary_styles_hide_nothing(style: str) -> None:
    assert seen(f'<p style="{style}">видно</p>') == "видно"


def test_a_body_that_a_script_will_show_is_kept() -> None:
    assert seen('<body style="opacity:0"><p>видно</p></body>') == "видно"


def test_soft_hyphens_and_invisible_signs_part_no_word() -> None:
    assert seen("<p>ком&shy;па\u200bния\ufeff</p>") == "компания"


def test_blanks_of_any_kind_end_no_line_and_make_none() -> None:
    first = "<p>\u2003Окна\u3000и&nbsp;\u2028двери\u2002</p>"
    html = f"{first}<i>&nbsp;</i><b>\u200b \u2009</b><p>Цены&#13;</p>"
    assert seen(html) == "Окна и двери\nЦены"


def test_blanks_beside_invisible_signs_are_edges() -> None:
    assert seen("<p>\u200b Окна \ufeff</p><p>&shy; и  двери</p>") == "Окна\nи двери"


def test_no_sign_of_a_page_is_taken_for_the_end_of_a_text() -> None:
    assert seen("<p>Окна\ue0ffи \0двери&#0;</p>") == "Окна\ue0ffи двери\ufffd"


def test_letters_in_two_characters_are_composed() -> None:
    assert seen("<p>Строи\u0306ка</p>") == "Стройка"


@pytest.mark.parametrize("gap", ["<!-- -->", "<wbr>", "<script>1</script>", "<i hidden>x</i>"])
def test_what_a_reader_does_not_see_parts_no_word(gap: str) -> None:
    assert seen(f"<p>info@ok{gap}na.ru</p>") == "info@okna.ru"


def test_a_comment_between_words_stays_a_gap() -> None:
    assert seen("<p>окна <!-- и --> двери</p>").split() == ["окна", "двери"]


def test_a_page_of_one_element_or_none() -> None:
    assert seen("просто текст") == "просто текст"
    assert seen("") == ""
    assert seen(b"") == ""


def test_bytes_are_decoded_by_what_they_say() -> None:
    html = '<meta charset="koi8-r"><p>Ромашка</p>'
    assert seen(html.encode("koi8-r")) == "Ромашка"
    assert source_of("<p>Ромашка</p>".encode()) == "<p>Ромашка</p>".encode()


def test_lone_surrogates_do_no_harm() -> None:
    assert seen("<p>до\ud800</p>").startswith("до")


@given(st.text(max_size=200))
def test_any_text_gives_collapsed_lines(html: str) -> None:
    text = seen(html)
    assert "  " not in text
    assert all(line == line.strip(" \n\t\xa0") and line for line in text.split("\n") if text)


def test_title_metas_and_headings() -> None:
    page = ParsedPage(
        "<title> Окна\n в Казани </title><meta name=Description content='Под  ключ'>"
        "<meta property='og:site_name' content='Светлый дом'>"
        "<meta name=description content='второе'>"
        "<meta name=empty content=''><h1>Окна <b>ПВХ</b></h1><h2></h2><h2>Услуги</h2>",
        "https://okna.ru/",
    )
    assert page.title == "Окна в Казани"
    assert page.description == "Под ключ"
    assert page.metas == {"description": "Под ключ", "og:site_name": "Светлый дом"}
    assert [tuple(heading) for heading in page.headings] == [(1, "Окна ПВХ"), (2, "Услуги")]


def test_missing_parts_are_empty() -> None:
    tree = parse_html("<p>нет ничего</p>")
    assert (title_of(tree), metas_of(tree), headings_of(tree)) == ("", {}, [])


def test_links_that_lead_nowhere_are_left_out() -> None:
    tree = parse_html(
        '<a href="#top">вверх</a><a href="javascript:void(0)">нет</a><a>нет</a><a href=" ">нет</a>'
        '<a href=" /kontakty ">Наши\n контакты</a>'
    )
    links = [link_of(href, node) for href, node in anchors_of(tree)]
    assert [tuple(link) for link in links] == [("/kontakty", "Наши контакты")]


def test_hidden_links_are_given_back() -> None:
    tree = parse_html(
        '<div style="display:none"><a href="tel:1">один</a></div><a href="/b">два</a>'
    )
    assert [link.href for link in drop_unseen(tree)] == ["tel:1"]
    assert [href for href, _ in anchors_of(tree)] == ["/b"]


def test_a_strange_address_costs_only_the_own_domain() -> None:
    page = ParsedPage("<p>текст</p>", "не адрес")
    assert (page.host, page.own_domain, page.text) == ("", None, "текст")


def test_an_abyss_is_cut() -> None:
    source = b"<p>start</p>" + b"<div>" * 20_000
    cut = without_abyss(source)
    assert cut.startswith(b"<p>start</p>")
    assert cut.count(b"<div>") == MAX_DEPTH


def test_wide_pages_are_not_cut() -> None:
    wide = b"<ul>" + b"<li>one<br>" * 10_000 + b"</ul>" + b"<div></div>" * 5_000
    assert without_abyss(wide) == wide
    assert without_abyss(b"<div>" * 5_000) == b"<div>" * 5_000  # small enough to bear
