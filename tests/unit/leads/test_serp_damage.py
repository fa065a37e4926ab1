"""Damaged and dangerous replies: what is saved, what is refused before parsing (Y41-Y44)."""

import pytest

from povod.leads import serp_xml
from povod.leads.serp import BadXml, ForbiddenDtd, SerpError, UnreadableReply, parse_serp

HEAD = b'<?xml version="1.0" encoding="utf-8"?>'


def reply(count: int, title: str = "Окна") -> bytes:
    docs = "".join(
        f"<group><doc><url>https://f{n}.example/</url><title>{title} {n}</title></doc></group>"
        for n in range(count)
    )
    return f"<yandexsearch><response><results>{docs}</results></response></yandexsearch>".encode()


def urls(raw: bytes) -> list[str]:
    return [doc.url_raw for doc in parse_serp(raw).docs]


def test_a_cut_reply_keeps_what_was_complete_wherever_the_cut_is():
    whole = reply(4)
    ends = [whole.index(b"</doc>", whole.index(f"f{n}.".encode())) + 6 for n in range(4)]
    for cut in range(ends[0], len(whole)):
        result = parse_serp(whole[:cut])
        assert result.recovered
        complete = sum(end <= cut for end in ends)
        assert [doc.title for doc in result.docs] == [f"Окна {n}" for n in range(complete)]


def test_a_cut_before_the_first_document_saves_nothing():
    whole = reply(2)
    with pytest.raises(BadXml) as caught:
        parse_serp(whole[: whole.index(b"</doc>")])
    assert caught.value.kind == "retry"
    assert caught.value.raw == whole[: whole.index(b"</doc>")]


def test_a_break_keeps_the_documents_before_it():
    whole = reply(5).replace("Окна 3".encode(), "Окна & 3".encode())
    result = parse_serp(whole)
    assert (len(result.docs), result.recovered) == (3, True)


def test_a_half_read_count_is_not_taken_for_the_whole():
    raw = (
        b"<yandexsearch><response><results><group><doc><url>https://a.example/</url></doc></group>"
        b'</results><found priority="all">51'
    )
    result = parse_serp(raw)
    assert (len(result.docs), result.found) == (1, None)


def test_an_error_that_was_complete_survives_a_cut():
    with pytest.raises(SerpError) as caught:
        parse_serp(b'<yandexsearch><response><error code="32">limit</error><found>1')
    assert caught.value.code == 32


@pytest.mark.parametrize(
    "character", ["\x00", "\x0b", "\x1f", "\ufffe", "&#0;", "&#x1F;", "&#xD800;"]
)
def test_forbidden_characters_are_removed(character):
    result = parse_serp(reply(3, title=f"Ок{character}на"))
    assert [doc.title for doc in result.docs] == ["Окна 0", "Окна 1", "Окна 2"]
    assert result.recovered


def test_allowed_references_survive_mending():
    result = parse_serp(reply(1, title="A&#38;B&#x410;\x01"))
    assert result.docs[0].title == "A&BА 0"


def test_a_text_with_lone_surrogates_is_read():
    assert parse_serp(reply(1).decode().replace("Окна", "Ок\ud800на")).docs[0].title == "Окна 0"


def test_a_byte_that_is_not_utf8_is_a_break():
    whole = reply(3).replace("Окна 1".encode(), b"\xce\xea\xed\xe0")
    assert urls(whole) == ["https://f0.example/"]


def test_marks_and_white_space_around_are_allowed():
    assert len(urls(b"\xef\xbb\xbf \n" + HEAD + b"<!-- a --><?pi b?>\n" + reply(2) + b"\n")) == 2


@pytest.mark.parametrize(
    "raw",
    [
        reply(1).decode().encode("utf-16"),
        reply(1).decode().encode("utf-32"),
        reply(1).decode().encode("utf-16-le"),
        b'<?xml version="1.0" encoding="windows-1251"?>' + reply(1),
        b"<?xml version='1.0' encoding='UTF-16'?>" + reply(1),
        b"not xml at all",
        HEAD,
        b"<opensearch><item/></opensearch>",
        HEAD + b"<rss version='2.0'/>",
    ],
)
def test_what_is_no_utf8_reply_is_bad_xml(raw):
    with pytest.raises(BadXml) as caught:
        parse_serp(raw)
    assert (caught.value.code, caught.value.raw) == (None, raw)


BOMB = b'<!DOCTYPE a [<!ENTITY x "haha"><!ENTITY y "&x;&x;&x;"><!ENTITY z SYSTEM "file:///etc/passwd">]>'
BODY = b"<yandexsearch><response><found-human>&y;&z;</found-human></response></yandexsearch>"


@pytest.mark.parametrize(
    "prolog",
    [
        BOMB,
        HEAD + BOMB,
        BOMB.replace(b"DOCTYPE", b"doctype"),
        b"<!-- a --><?p ?>" + BOMB,
        b"<!-- --\x01> " + BOMB,
        b"<\x01!DOCTYPE a>",
        b"<\xef\xbf\xbe!DOCTYPE a>",
        b"\x01" + BOMB,
        b'<!ENTITY x "y">',
        b"<![CDATA[a]]>",
        b"junk",
    ],
)
def test_nothing_but_comments_and_instructions_may_precede_the_root(prolog):
    with pytest.raises(ForbiddenDtd):
        parse_serp(prolog + BODY)


def test_mending_cannot_uncover_a_document_type():
    """The comment would end early once its forbidden character is gone."""
    with pytest.raises(UnreadableReply):
        parse_serp(b"<!-- -\x01-> " + BOMB + b" -->" + BODY)
    with pytest.raises(UnreadableReply):
        parse_serp(b"<!-- --<hlword>> " + BOMB + b" -->" + BODY + b"<!-- </hlword> -->")


def test_a_document_type_after_the_start_of_the_root_expands_nothing():
    with pytest.raises(BadXml):
        parse_serp(b"<yandexsearch>" + BOMB + BODY)


def test_entities_other_than_the_five_are_a_break():
    whole = reply(3).replace("Окна 1".encode(), b"&nbsp;")
    assert urls(whole) == ["https://f0.example/"]


@pytest.mark.parametrize("end", [b"</a>" * 70 + b"</yandexsearch>", b""])
def test_deep_nesting_is_refused_closed_or_cut(end):
    with pytest.raises(BadXml, match="deeper than 64"):
        parse_serp(b"<yandexsearch>" + b"<a>" * 70 + end)


def test_sixty_four_levels_are_allowed():
    doc = b"<doc><url>https://a.example/</url></doc>"
    raw = b"<yandexsearch>" + b"<a>" * 61 + doc + b"</a>" * 61 + b"</yandexsearch>"
    assert urls(raw) == ["https://a.example/"]


def test_size_and_number_of_tags_are_limited(monkeypatch):
    with pytest.raises(BadXml, match="bytes, the limit"):
        parse_serp(b"<yandexsearch>" + b" " * serp_xml.MAX_BYTES)
    monkeypatch.setattr(serp_xml, "MAX_TAGS", 20)
    with pytest.raises(BadXml, match="more than 20 tags"):
        parse_serp(reply(5))


def test_messages_say_what_happens_with_the_reply():
    with pytest.raises(BadXml, match="the raw reply is kept"):
        parse_serp(b"junk")
