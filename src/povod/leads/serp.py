"""Reading the search service's reply (spec page yandex-search-api, section 7).

Nothing in a reply is guaranteed: any element may be missing and the rest is still read.
URLs are given as found; judging them is the work of ingest.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from unicodedata import is_normalized
from xml.etree.ElementTree import Element

from povod.kit.text import collapse
from povod.leads.serp_errors import (
    NOTHING_FOUND,
    BadBase64,
    BadXml,
    EmptyRaw,
    FailureKind,
    ForbiddenDtd,
    NotXml,
    SerpError,
    UnreadableReply,
)
from povod.leads.serp_xml import read_tree

__all__ = [
    "PARSER_VERSION",
    "BadBase64",
    "BadXml",
    "Correction",
    "EmptyRaw",
    "FailureKind",
    "ForbiddenDtd",
    "NotXml",
    "SerpDoc",
    "SerpError",
    "SerpReply",
    "UnreadableReply",
    "parse_serp",
]

PARSER_VERSION = 1
"""Stored with an operation; raise it when stored replies should be parsed again."""

PASSAGE_SEPARATOR = " … "


class Correction(NamedTuple):
    """A spelling that the service doubts (`misspell`) or has searched instead (`reask`)."""

    rule: str
    source_text: str
    text: str
    text_to_show: str


class SerpDoc(NamedTuple):
    """One document of a reply. Texts are empty when missing, everything else is None."""

    position: int
    group_position: int
    doc_id: str | None
    url_raw: str
    host_raw: str | None
    title: str
    headline: str
    snippet: str
    lang: str | None
    modtime: datetime | None
    mime_type: str | None
    size: int | None
    charset: str | None
    passages_type: int | None
    saved_copy_url: str | None
    group_name: str | None
    doc_count: int | None
    properties: dict[str, str]


class SerpReply(NamedTuple):
    """A reply: `found` is what the service estimates, `docs` what it gave on this page.

    `skipped` names the documents without address by their number in reading order.
    `recovered` tells that the XML was damaged and may have lost documents.
    """

    reqid: str | None
    found: int | None
    found_human: str
    page: int | None
    first: int | None
    last: int | None
    misspell: Correction | None
    reask: Correction | None
    docs: list[SerpDoc]
    skipped: list[tuple[int, str]]
    recovered: bool


def parse_serp(xml: bytes | str) -> SerpReply:
    """Read a decoded reply; error 15 (nothing found) is a reply without documents.

    Raises `SerpError` for any other error of the service, with the documents that came with it,
    and a subclass of `UnreadableReply` for what is no search reply.
    """
    root, recovered = read_tree(xml)
    response = root.find("response")
    response = root if response is None else response
    failure = response.find("error")
    failure = root.find("error") if failure is None else failure
    code = None if failure is None else _number(failure.get("code"))
    skipped: list[tuple[int, str]] = []
    docs = [] if code == NOTHING_FOUND else _read_documents(root, skipped)
    if failure is not None and code != NOTHING_FOUND:
        raise SerpError(_words(failure) or "no text given", code=code, documents=docs)
    return _reply(root, response, docs, skipped, recovered)


def _reply(
    root: Element,
    response: Element,
    docs: list[SerpDoc],
    skipped: list[tuple[int, str]],
    recovered: bool,
) -> SerpReply:
    mark = _page_mark(root)
    return SerpReply(
        reqid=_plain(response.find("reqid")),
        found=_found(response),
        found_human=_words(response.find("found-human")),
        page=_page_number(root),
        first=None if mark is None else _number(mark.get("first")),
        last=None if mark is None else _number(mark.get("last")),
        misspell=_correction(response.find("misspell")),
        reask=_correction(response.find("reask")),
        docs=docs,
        skipped=skipped,
        recovered=recovered,
    )


def _read_documents(root: Element, skipped: list[tuple[int, str]]) -> list[SerpDoc]:
    """Every document with an address, in reading order; the others are noted in `skipped`."""
    offset = _offset(root)
    owner = {doc: group for group in root.iter("group") for doc in group.iter("doc")}
    docs: list[SerpDoc] = []
    place, group_place, last_group = offset, offset, None
    head: tuple[str | None, int | None] = (None, None)
    for place, doc in enumerate(root.iter("doc"), offset + 1):
        group = owner.get(doc)
        if group is None or group is not last_group:
            group_place, last_group, head = group_place + 1, group, _group_head(group)
        parts = {part.tag: part for part in doc}
        url = _plain(parts.get("url"))
        if url is None:
            skipped.append((place - offset, "no url" if "url" not in parts else "blank url"))
            continue
        docs.append(_document(doc, parts, url, (place, group_place), head))
    return docs


def _document(
    doc: Element,
    parts: dict[str, Element],
    url: str,
    places: tuple[int, int],
    group_head: tuple[str | None, int | None],
) -> SerpDoc:
    extra = {part.tag: _joined(part).strip() for part in parts.get("properties", ())}
    passages_type = extra.pop("_PassagesType", None)
    lang = extra.pop("lang", None)
    part = parts.get
    return SerpDoc(
        *places,
        doc.get("id"),
        url,
        _plain(part("domain")),
        _words(part("title")),
        _words(part("headline")),
        _snippet(parts.get("passages", ())),
        lang or None,
        _moment(_plain(part("modtime"))),
        _plain(part("mime-type")),
        _number(_plain(part("size"))),
        _plain(part("charset")),
        _number(passages_type),
        _plain(part("saved-copy-url")),
        *group_head,
        extra,
    )


def _group_head(group: Element | None) -> tuple[str | None, int | None]:
    """Name and document count of a group; the name may hold a service prefix (Y36)."""
    if group is None:
        return None, None
    category = group.find("categ")
    name = None if category is None else category.get("name")
    return name, _number(_plain(group.find("doccount")))


def _snippet(passages: Iterable[Element]) -> str:
    texts = [_joined(passage) for passage in passages if passage.tag == "passage"]
    return _clean(PASSAGE_SEPARATOR.join(filter(str.strip, texts)))


def _page_mark(root: Element) -> Element | None:
    return root.find(".//grouping/page")


def _page_number(root: Element) -> int | None:
    mark = _page_mark(root)
    page = None if mark is None else _number(_plain(mark))
    return _number(_plain(root.find("request/page"))) if page is None else page


def _offset(root: Element) -> int:
    """How many results the earlier pages had (Y38)."""
    mark = _page_mark(root)
    first = None if mark is None else _number(mark.get("first"))
    if first:
        return first - 1
    grouping = root.find(".//grouping")
    grouping = root.find("request/groupings/groupby") if grouping is None else grouping
    asked = None if grouping is None else _number(grouping.get("groups-on-page"))
    return (_page_number(root) or 0) * (asked or 0)


def _found(response: Element) -> int | None:
    counts = response.findall("found") or response.findall("results/grouping/found")
    for count in counts:
        if count.get("priority") == "all":
            return _number(_plain(count))
    return _number(_plain(counts[0])) if counts else None


def _correction(element: Element | None) -> Correction | None:
    if element is None:
        return None
    names = ("rule", "source-text", "text", "text-to-show")
    return Correction(*(_words(element.find(name)) for name in names))


def _joined(element: Element) -> str:
    """All text of mixed content, joined without separator (Y35)."""
    return "".join(element.itertext()) if len(element) else element.text or ""


def _words(element: Element | None) -> str:
    """The text for people: white space collapsed, NFC."""
    return "" if element is None else _clean(_joined(element))


def _clean(text: str) -> str:
    """Most texts need no cleaning, and telling so costs half of cleaning them.

    The ordinary space is the only white space that Python calls printable.
    """
    tidy = text.isprintable() and "  " not in text and text == text.strip()
    return text if tidy and is_normalized("NFC", text) else collapse(text)


def _plain(element: Element | None) -> str | None:
    """The text for machines, or None when there is none."""
    return None if element is None else _joined(element).strip() or None


def _number(text: str | None) -> int | None:
    """A count that fits a database's 64 bits, or None."""
    return int(text) if text and len(text) <= 18 and text.isascii() and text.isdigit() else None


def _moment(text: str | None) -> datetime | None:
    """`20260301T040000`, which is UTC; what is no such date is None."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text + "Z")
    except ValueError:
        return None
