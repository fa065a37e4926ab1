"""No element is guaranteed: generated replies against the rules and a second parser (Y65)."""

import unicodedata
from contextlib import suppress
from xml.etree.ElementTree import Element, SubElement, tostring

import defusedxml.ElementTree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.leads.serp import ForbiddenDtd, SerpError, SerpReply, parse_serp

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12).filter(
    lambda text: not any(char in text for char in "\ufffe\uffff")
)
PLAIN_TAGS = ["domain", "modtime", "size", "charset", "mime-type", "saved-copy-url", "relevance"]
HEAD_TAGS = ["reqid", "found", "found-human", "found-docs", "page"]


@st.composite
def mixed(draw: st.DrawFn, tag: str) -> Element:
    """Text and highlighted words in any order and depth."""
    element = Element(tag)
    element.text = draw(TEXT)
    for _ in range(draw(st.integers(0, 3))):
        mark = SubElement(element, "hlword")
        mark.text, mark.tail = draw(TEXT), draw(TEXT)
        if draw(st.booleans()):
            SubElement(mark, "hlword").text = draw(TEXT)
    return element


@st.composite
def plain(draw: st.DrawFn, tag: str) -> Element:
    element = Element(tag, draw(st.dictionaries(st.sampled_from(["priority", "first"]), TEXT)))
    element.text = draw(st.one_of(TEXT, st.integers(0, 10**20).map(str)))
    return element


@st.composite
def document(draw: st.DrawFn) -> Element:
    parts = draw(st.lists(st.sampled_from(PLAIN_TAGS).flatmap(plain), max_size=4))
    parts += draw(st.lists(st.sampled_from(["title", "headline"]).flatmap(mixed), max_size=2))
    for tag, child in (("passages", "passage"), ("properties", "lang")):
        if draw(st.booleans()):
            box = Element(tag)
            box.extend(draw(st.lists(mixed(child), max_size=3)))
            parts.append(box)
    if draw(st.booleans()):
        url = Element("url")
        url.text = draw(st.sampled_from(["https://a.example/", "http://b:99999x/", " ", "мусор"]))
        parts.append(url)
    return wrap("doc", draw(st.permutations(parts)))


def wrap(tag: str, parts: list[Element]) -> Element:
    element = Element(tag)
    element.extend(parts)
    return element


@st.composite
def search_reply(draw: st.DrawFn) -> Element:
    """Any subset of the elements, siblings in any order, boxes that may be missing."""
    groups = draw(st.lists(st.lists(document(), max_size=3), max_size=4))
    boxes = [wrap("group", docs) for docs in groups]
    for tag in ("grouping", "results", "response"):
        heads = draw(st.lists(st.sampled_from(HEAD_TAGS).flatmap(plain), max_size=2))
        boxes += [head for head in heads if tag != "results"]
        boxes = draw(st.permutations(boxes))
        if tag != "grouping" or draw(st.booleans()):
            boxes = [wrap(tag, boxes)]
    return wrap("yandexsearch", boxes)


def text_of(element: Element | None) -> str:
    joined = "" if element is None else "".join(element.itertext())
    return " ".join(unicodedata.normalize("NFC", joined).split())


def read_again(raw: bytes) -> list[tuple[str, str]]:
    """Address and title of every document with an address, by another parser."""
    return [
        (url, text_of({part.tag: part for part in doc}.get("title")))
        for doc in defusedxml.ElementTree.fromstring(raw).iter("doc")
        if (url := (doc.findtext("url") or "").strip())
    ]


@settings(max_examples=60, deadline=None)
@given(search_reply())
def test_no_document_with_an_address_is_lost_whatever_is_missing(root):
    raw = tostring(root, encoding="utf-8")
    result = parse_serp(raw)
    assert [(doc.url_raw, doc.title) for doc in result.docs] == read_again(raw)
    assert len(result.docs) + len(result.skipped) == len(list(root.iter("doc")))
    positions = [doc.position for doc in result.docs]
    assert positions == sorted(set(positions))
    assert parse_serp(raw.decode()) == result


@settings(max_examples=40, deadline=None)
@given(search_reply(), st.data())
def test_a_cut_reply_gives_a_beginning_of_the_whole_or_an_error(root, data):
    raw = tostring(root, encoding="utf-8")
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
    whole = [doc.url_raw for doc in parse_serp(raw).docs]
    try:
        kept = [doc.url_raw for doc in parse_serp(cut).docs]
    except SerpError:
        return
    assert kept == whole[: len(kept)]


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text("<>!?-[]&;/ax\x01\ufeff \n'\"=", max_size=60)))
def test_garbage_gives_a_reply_or_a_search_error_and_nothing_else(garbage):
    with suppress(SerpError):
        assert isinstance(parse_serp(garbage), SerpReply)


@pytest.mark.parametrize("prolog", ["<!DOCTYPE a>", '<!DOCTYPE a [<!ENTITY b "c">]>'])
def test_the_second_parser_refuses_the_same(prolog):
    raw = f"<?xml version='1.0'?>{prolog}<yandexsearch/>"
    with pytest.raises((defusedxml.DefusedXmlException, ValueError)):
        defusedxml.ElementTree.fromstring(raw, forbid_dtd=True)
    with pytest.raises(ForbiddenDtd):
        parse_serp(raw)
