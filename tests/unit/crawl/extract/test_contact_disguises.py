"""Addresses written for people only (L81), and texts that merely look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.crawl.extract.contacts import Contact, extract_contacts
from povod.crawl.extract.contacts.cloudflare import protected_text
from povod.crawl.extract.contacts.emails import judge_for
from povod.crawl.extract.contacts.obfuscation import find_addresses, reversed_text

URL = "https://okna.ru/kontakty"


def emails(html: str) -> list[Contact]:
    return [contact for contact in extract_contacts(html, URL) if contact.kind == "email"]


def values(html: str) -> list[str]:
    return [contact.value for contact in emails(html)]


@pytest.mark.parametrize(
    "html",
    [
        "Пишите: info (at) okna.ru",
        "info(at)okna(dot)ru",
        "info [at] okna [dot] ru",
        "info {at} okna {dot} ru",
        "INFO (AT) OKNA (DOT) RU",
        "info(собака)okna.ru",
        "info [собака] okna [точка] ru",
        "info (собака) okna точка ru",
        "info собака okna.ru",
        "info собака okna точка ru",
        "info « собака » okna.ru",
        "info[@]okna.ru",
        "info (@) okna[.]ru",
        "info @ okna.ru",
        "info@ okna.ru",
        "info @ okna . ru",
        "info@okna .ru",
        "info＠okna．ru",
        "info&#64;okna&#46;ru",
        "&#105;nfo&commat;okna.ru",
        "in&shy;fo@ok\u200bna.ru",
        "info<span>@</span>okna.ru",
        "<span>info</span>@<span>okna</span>.<span>ru</span>",
        "<b>info</b><i>@okna</i>.ru",
        "in<b>fo</b>@okna.ru",
        "info@ok<wbr>na.ru",
        "in<!-- нет -->fo@okna.ru",
        'info<span style="display:none">СПАМ</span>@okna.ru',
        '<span style="unicode-bidi:bidi-override; direction: rtl">ur.anko@ofni</span>',
        '<bdo dir="rtl">ur.anko@ofni</bdo>',
        "Почтаinfo@okna.ru",
        "<table><tr><td>E-mail</td><td>info@okna.ru</td></tr></table>",
        "(info@okna.ru)",
        "Почта:info@okna.ru,sales",
        "Пишите на info@okna.ru. Звоните!",
        "info@okna.ru.Москва",
        "info@okna.ruТелефон",
        "<b>Skype</b> <span>info</span>@okna.ru",
    ],
)
def test_one_address_is_read(html: str) -> None:
    assert values(f"<p>{html}</p>") == ["info@okna.ru"]


@pytest.mark.parametrize(
    ("html", "where", "quality"),
    [
        ("info@okna.ru", "text", 0.8),
        ("info (at) okna.ru", "obfuscated", 0.7),
        ("info@okna<b>.</b>ru", "obfuscated", 0.7),
        ('<bdo dir="rtl">ur.anko@ofni</bdo>', "obfuscated", 0.7),
    ],
)
def test_disguise_lowers_the_trust(html: str, where: str, quality: float) -> None:
    (found,) = emails(f"<p>{html}</p>")
    assert (found.where, found.quality) == (where, quality)


@pytest.mark.parametrize(
    "html",
    [
        "Мы в Instagram @okna.ru и Telegram @okna_msk",
        "https://youtube.com/@okna.ru",
        "look at okna.ru",
        "наша собака живёт на okna.ru",
        "версия jquery@3.6.0 и swiper@8",
        "логотип logo@2x.png",
        "аdmin@okna.ru",
        "infо@okna.ru",
        "info@okna",
        "@ okna.ru",
        "цена (at) уточняйте",
        f"{'a' * 70}@okna.ru",
        "<script>var mail = 'info' + '@' + 'okna.ru'</script>",
        "<script>var mail = 'info@okna.ru'</script>",
        "<!-- info@okna.ru -->",
        '<input placeholder="info@okna.ru">',
        '<img alt="info@okna.ru">',
        '<p style="display:none">info@okna.ru</p>',
        '<a href="mailto:info@okna.ru" style="display:none">почта</a>',
    ],
)
def test_no_address_is_read(html: str) -> None:
    assert values(f"<p>{html}</p>") == []


def test_a_number_before_a_split_address_is_no_part_of_it() -> None:
    html = "<span>+7 (846) 278-42-96</span><span>info</span><i>@</i><span>okna.ru</span>"
    assert values(html) == ["info@okna.ru"]


def test_dots_in_disguise_within_the_local_part() -> None:
    assert values("ivan (dot) petrov (at) okna (dot) ru") == ["ivan.petrov@okna.ru"]


def test_a_longer_domain_is_read_whole() -> None:
    assert values("info@okna.com.ru") == ["info@okna.com.ru"]


def test_a_sentence_after_a_spaced_dot_is_no_domain() -> None:
    assert values("info@okna.ru . Online запись") == ["info@okna.ru"]


def test_several_addresses_keep_their_order() -> None:
    html = "<p>zakaz@okna.ru, info (at) okna.ru; buh@okna.ru</p>"
    assert values(html) == ["zakaz@okna.ru", "info@okna.ru", "buh@okna.ru"]


def test_refused_addresses_come_with_the_reason() -> None:
    found = list(find_addresses("noreply@okna.ru logo@2x.png a@b.local", judge_for("okna.ru")))
    assert [(item.value, item.reason) for item in found] == [
        ("noreply@okna.ru", "never"),
        ("logo@2x.png", "file"),
        ("a@b.local", "unknown_suffix"),
    ]


def test_reversed_text_turns_brackets() -> None:
    assert reversed_text("(994) ur") == "ru (499)"


@given(st.binary(min_size=1, max_size=1), st.text("abcxyz@.-", max_size=40))
def test_protected_text_comes_back(key: bytes, text: str) -> None:
    code = key.hex() + bytes(byte ^ key[0] for byte in text.encode()).hex()
    assert protected_text(code) == text


@pytest.mark.parametrize("code", ["", "zz", "5", "не код"])
def test_a_code_that_is_none_hides_nothing(code: str) -> None:
    assert protected_text(code) == ""


words = st.sampled_from(
    ["info", "okna", "ru", "(at)", "[собака]", "точка", "(dot)", " ", "\n", ".", "Привет", "-", "_"]
)


@given(st.lists(words, max_size=30).map("".join))
def test_any_text_is_read_without_error(text: str) -> None:
    for found in find_addresses(text, judge_for(None)):
        assert found.value.count("@") == 1
        assert 0 <= found.start <= len(text)


KNOWN = "info@okna.ru"


@given(st.lists(words | st.sampled_from([KNOWN, "@", "x", ")", ","]), max_size=30).map("".join))
def test_a_known_address_is_passed_over_only_where_it_stands(text: str) -> None:
    def others(known: set[str]) -> list[str]:
        found = find_addresses(text, judge_for(None), known)
        return [each.value for each in found if each.value != KNOWN]

    assert others({KNOWN}) == others(set())


@pytest.mark.parametrize(
    "text", ["info@okna.ru (dot) com", "a (.) info@okna.ru", "info@okna.ru.com", "x+info@okna.ru"]
)
def test_a_longer_address_is_not_taken_for_a_known_one(text: str) -> None:
    assert len(list(find_addresses(text, judge_for(None), {KNOWN}))) == 1
