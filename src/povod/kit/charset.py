"""Which charset a page or a file is written in (S70).

Order: BOM, valid UTF-8, the declared charset if the text then looks like words, detection. A wrong
label is common on old Russian sites, so a single-byte label is believed only as long as it gives
words: a cp1251 page read as KOI8-R decodes without an error and is rubbish all the same.
"""

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_LABEL = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;,\"'<>]+)", re.IGNORECASE)
_PAGE_LABEL = re.compile(
    rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
_LABEL_WITHIN = 4096
"""Bytes at the beginning of a page in which its declaration is looked for."""

# What browsers read under these labels (WHATWG Encoding) and almost all sites mean.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_ALIASES = {
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-cp1251": "cp1251",
    "win-1251": "cp1251",
    "windows1251": "cp1251",
    "x-mac-cyrillic": "mac_cyrillic",
    "iso-8859-8-i": "iso8859-8",
    "unicode": "utf-8",
}
# Python codecs that are no charset of any page, or a danger as such.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs"}
)
_ASCII_CARRIERS = ("utf-16", "utf-32", "iso2022", "hz")
"""Encodings whose bytes may all be ASCII, so that they pass for UTF-8."""
_FALLBACK = "cp1251"

_LABEL_SAMPLE, _DETECTION_SAMPLE = 2048, 32_768  # bytes
_FEW_LETTERS = 12
"""With fewer letters their frequency says nothing."""

_USUAL_LETTERS = "оеаинтсрвлі"
_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f\W\d_][^\W\d_]*")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_BROKEN = re.compile(
    r"[а-яѐ-џ][\u0400-Я]"  # a capital within a word
    r"|[A-Za-z\u00c0-\u024f][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z\u00c0-\u024f]"  # two alphabets
    r"|(?<![A-Za-z])[\u00c0-\u024f]{3,}"  # accents on every letter
    r"|[€ƒ¤\u2200-\u22ff\u2500-\u25ff][а-я]"  # a sign for a capital
)


def decode(raw: bytes, content_type: str | None = None) -> tuple[str, str]:
    """Text without BOM, and the Python name of its encoding; never raises on any bytes.

    `content_type` is the header the bytes came with. Bytes that fit nothing become U+FFFD.
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(name, "replace"), name
    text = _as_utf8(raw)
    if text is not None and not (text.isascii() and _has_controls(raw)):
        return text, "utf-8"
    label = declared_charset(raw, content_type)
    if text is None and label in (None, "utf-8") and (text := _nearly_utf8(raw)) is not None:
        return text, "utf-8"
    encoding = _carried_by_ascii(raw) if _has_controls(raw) else _believed(raw, label)
    if encoding is None and text is not None:
        return text, "utf-8"
    encoding = encoding or _detected(raw) or label or _FALLBACK
    return raw.decode(encoding, "replace").removeprefix("\ufeff"), encoding


def declared_charset(raw: bytes, content_type: str | None = None) -> str | None:
    """Python's name of the charset that the header or the page itself names, if Python knows it."""
    header = _HEADER_LABEL.search(content_type) if content_type else None
    if header is not None and (name := _python_name(header[1])):
        return name
    page = _PAGE_LABEL.search(raw, 0, _LABEL_WITHIN)
    if page is None:
        return None
    name = _python_name((page[1] or page[2]).decode("ascii", "replace"))
    # A page whose ASCII declaration could be read is not written in UTF-16, whatever it says.
    return "utf-8" if name and name.startswith("utf-") else name


def _python_name(label: str) -> str | None:
    key = label.strip().lower()
    try:
        name = codecs.lookup(_ALIASES.get(key, key)).name
        "a".encode(name)  # refuses rot13 and the like, which are no text encodings
    except (LookupError, ValueError):
        return None
    return None if name.replace("_", "-") in _NO_CHARSETS else name


def _carried_by_ascii(raw: bytes) -> str | None:
    """UTF-16 without BOM, or ISO-2022, if the bytes are that."""
    encoding = _detected(raw)
    return encoding if encoding and encoding.startswith(_ASCII_CARRIERS) else None


def _has_controls(raw: bytes) -> bool:
    """UTF-16 without BOM has zero bytes, ISO-2022 has escapes, UTF-8 text has neither."""
    return b"\0" in raw or b"\x1b" in raw


def _as_utf8(raw: bytes) -> str | None:
    """The text if the bytes are UTF-8: valid, or cut off within a letter."""
    try:
        text, read = codecs.utf_8_decode(raw, "strict", False)
    except UnicodeDecodeError:
        return None
    return text if read == len(raw) or not text.isascii() else None


def _nearly_utf8(raw: bytes) -> str | None:
    """The text if the bytes are UTF-8 but for a few."""
    text = raw.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    letters = sum(1 for _ in _WORD.finditer(text))
    return text if broken * 5 < letters else None


def _believed(raw: bytes, label: str | None) -> str | None:
    """The declared charset, as browsers read it, if the bytes can be that and give words."""
    if label is None or label == "utf-8":
        return None
    encoding = _SUPERSETS.get(label, label)
    try:
        raw.decode(encoding)
    except ValueError:
        return None
    sample = _telling(raw, _LABEL_SAMPLE).decode(encoding, "replace")
    return encoding if _reads_well(sample) else None


def _detected(raw: bytes) -> str | None:
    """What the bytes themselves tell, if anything."""
    import chardet

    sample = _telling(raw, _DETECTION_SAMPLE).replace(b"charset", b"").replace(b"encoding", b"")
    guess = chardet.detect(sample)["encoding"]
    return _python_name(guess) if guess else None


def _telling(raw: bytes, limit: int) -> bytes:
    """The first lines and stretches of markup that are not plain ASCII."""
    if _has_controls(raw):
        return raw[:limit]
    kept: list[bytes] = []
    size = 0
    for part in raw.replace(b"<", b"\n").split(b"\n"):
        if not part.isascii():
            kept.append(part)
            size += len(part)
            if size >= limit:
                break
    return b"\n".join(kept)[:limit]


def _reads_well(text: str) -> bool:
    """Whether the words with non-ASCII letters look like words of some language."""
    broken = len(_BROKEN.findall(text))
    return (broken < 2 or broken * 12 < len(_WORD.findall(text))) and _is_usual_cyrillic(text)


def _is_usual_cyrillic(text: str) -> bool:
    """In every language written so, ten letters make up most of a text (Russian: two thirds)."""
    total = sum(map(len, _CYRILLIC.findall(text)))
    lower = text.lower()
    usual = sum(lower.count(letter) for letter in _USUAL_LETTERS)
    return total < _FEW_LETTERS or usual * 100 >= total * 48
