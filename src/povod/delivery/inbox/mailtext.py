"""Reading a mail as it really comes: wrong labels, raw 8-bit headers, HTML only.

The old `compat32` policy is used on purpose: the newer one raises on headers that only spam and
broken servers write.
"""

import re
import unicodedata
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from selectolax.lexbor import LexborHTMLParser, LexborNode

from povod.kit.charset import decode

QUOTE_MARK = "\ue000"
"""Stands in the text of an HTML mail where a quoted block was."""

_QUOTES = (
    "blockquote, div.gmail_quote, div.gmail_quote_container, div.yahoo_quoted, div.moz-cite-prefix,"
    " div.moz-forward-container, div#divRplyFwdMsg, div#appendonsend, div.protonmail_quote,"
    " div#mail-editor-reference-message-container, div.ms-outlook-mobile-reference-message,"
    " div[id^=yahoo_quoted], div.zmail_extra, div.tmail_quote, div.mail-quote-collapse,"
    " div#oriMsgHtmlSeperator, div#reply-intro, hr#stopSpelling, div.OutlookMessageHeader,"
    " div#mailru-quote, div.js-helper-quote"
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "ul", "ol"})
_BLOCKS = _PARAGRAPHS | {
    *("div", "br", "tr", "li", "hr", "section", "article", "header", "footer", "blockquote"),
    *("address", "dd", "dt", "form"),
}
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "-comment"})
_BLANKS = re.compile(r"[ \t\u00a0\u202f]+")


def parse(raw: bytes) -> Message:
    """The mail as a tree of parts."""
    return BytesParser(policy=compat32).parsebytes(raw)


def header(mail: Message, name: str) -> str:
    """A header decoded: encoded words, raw 8-bit bytes, folds; empty if there is none."""
    value = mail.get(name)
    return "" if value is None else decode_text(value)


def headers(mail: Message, name: str) -> list[str]:
    """All headers of that name, decoded."""
    return [decode_text(value) for value in mail.get_all(name, [])]


def decode_text(value: str | Header) -> str:
    """The text of a header value."""
    text = str(value) if not isinstance(value, Header) else _raw_text(value)
    text = _eight_bit(text)
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        pieces = [(text, None)]
    words = []
    for piece, label in pieces:
        if isinstance(piece, str):
            words.append(piece)
        else:
            words.append(decode(piece, f"text/plain; charset={label}" if label else None)[0])
    joined = "".join(words) if len(words) > 1 else (words or [""])[0]
    return " ".join(unicodedata.normalize("NFC", joined).split())


def _raw_text(value: Header) -> str:
    """Bytes that no charset was named for come as a Header of `unknown-8bit`."""
    return "".join(str(chunk) for chunk, _ in getattr(value, "_chunks", [(str(value), None)]))


def _eight_bit(text: str) -> str:
    if not any("\udc80" <= char <= "\udcff" for char in text):
        return text
    return decode(text.encode("ascii", "surrogateescape"))[0]


def part_text(part: Message) -> str:
    """The text of a leaf in whatever charset it is really written."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    label = str(part.get_param("charset", "") or "")
    content_type = f"text/plain; charset={label}" if label else None
    text = decode(raw, content_type)[0] if raw else ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def own_parts(mail: Message) -> Iterator[Message]:
    """All parts of this mail, but none of a mail inside it."""
    yield mail
    if mail.is_multipart() and mail.get_content_maintype() == "multipart":
        for child in mail.get_payload():
            if isinstance(child, Message):
                yield from own_parts(child)


def body_text(mail: Message) -> str:
    """What the writer sees as the text; HTML as text with `QUOTE_MARK` for quoted blocks."""
    return unicodedata.normalize("NFC", _body(mail)).replace("\x00", "")


def _body(part: Message) -> str:
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        return ""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        children = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            return _best(children)
        texts = [text for text in map(_body, children) if text.strip()]
        return "\n".join(texts)
    if kind == "text/plain":
        return part_text(part)
    if kind == "text/html":
        return html_text(part_text(part))
    return ""


def _best(children: list[Message]) -> str:
    """The plain text of alternatives unless it is empty."""
    plain = [c for c in children if c.get_content_type() == "text/plain"]
    rest = [c for c in children if c.get_content_type() != "text/plain"]
    for child in (*plain, *reversed(rest)):
        text = _body(child)
        if text.replace(QUOTE_MARK, "").strip():
            return text
    return ""


def html_text(html: str) -> str:
    """HTML as the lines a reader sees."""
    tree = LexborHTMLParser(html)
    for node in tree.css(_QUOTES):
        if node.parent is not None:
            node.replace_with(f"\n{QUOTE_MARK}\n")
    root = tree.body or tree.root
    pieces: list[str] = []
    if root is not None:
        _collect(root, pieces)
    lines = [_BLANKS.sub(" ", line).strip() for line in "".join(pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _collect(node: LexborNode, pieces: list[str]) -> None:
    """Depth first; white space of the source is one blank, blocks stand on lines of their own."""
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            text = child.text(deep=False) or ""
            marked = QUOTE_MARK in text
            pieces.append(text if marked else re.sub(r"\s+", " ", text))
        elif tag == "br":
            pieces.append("\n")
        elif tag not in _UNSEEN:
            edge = "\n" if tag in _BLOCKS else ""
            _open(pieces, edge)
            _collect(child, pieces)
            _open(pieces, edge)
            if tag in _PARAGRAPHS:
                pieces.append("\n")


def _open(pieces: list[str], edge: str) -> None:
    """A line break, unless the last line has just ended."""
    if edge and pieces and not pieces[-1].endswith("\n"):
        pieces.append(edge)
