"""Addresses in running text, also those written to be read by people only (L81).

The search goes from one at-sign to the next and looks at a bounded number of characters around it,
so its time is linear in the length of the text.
"""

import re
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from povod.crawl.extract.contacts.emails import Judge

_LEFT, _RIGHT = 120, 330  # characters looked at around an at-sign; an address has at most 254
_MAX_LOCAL = 64
_MAX_PIECES = 6
_MAX_SIGNS = 2000  # on one page; more are no contacts

_BRACKETS = "([{<«"
_BRACKETED_AT = re.compile(
    r"[(\[{<«]\s?(?:at|ат|эт|собак[аи]|собачка|[@＠])\s?[)\]}>»]", re.IGNORECASE
)
_BRACKET = re.compile(r"[(\[{<«)\]}>»]")
_AT_WORDS = ("оба", "ОБА")  # after the first letter
_AT_WORD = re.compile(r"(?<=[a-z0-9])\s(?:собака|собачка)(?=\s)", re.IGNORECASE)
_DOT = re.compile(r"\s?[(\[{<«]\s?(?:dot|точка|тчк|\.)\s?[)\]}>»]\s?", re.IGNORECASE)
_DOT_BEGINS = re.compile(r"[(\[{<«]\s?[dDтТ.]")
_DOT_WORD = re.compile(r"(?<=[a-z0-9а-яё]) (?:dot|точка) (?=[a-z0-9а-яё])", re.IGNORECASE)
_LOCAL_BACKWARDS = re.compile(r"[a-z0-9_+.-]{1,65}|[а-яё0-9_+.-]{1,65}", re.IGNORECASE)
_LABEL = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|[а-яё0-9](?:[а-яё0-9-]{0,61}[а-яё0-9])?)"
_LABELS = rf"{_LABEL}(?:[.．。]{_LABEL}){{0,8}}"
_DOMAIN = re.compile(_LABELS, re.IGNORECASE)
_NEXT_LABELS = re.compile(rf"(?:\s?[.．。]\s?|(?P<glue>\n))(?P<labels>{_LABELS})", re.IGNORECASE)
_PIECE = re.compile(r"(?:\A|(?<=\n))([a-z0-9_.+-]{1,64})\n$", re.IGNORECASE)
_LABEL_WORDS = frozenset({"email", "e-mail", "mail"})
_NETWORK = re.compile(
    r"(?:telegram|insta(?:gram)?|inst|twitter|tiktok|youtube|viber|whatsapp|skype|vk|tg)$", re.I
)
_NO_DOMAIN = ("invalid", "unknown_suffix")
_WIDE_DOTS = str.maketrans("．。", "..")
_MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")


class FoundAddress(NamedTuple):
    """A text that reads as an address; `reason` says why it is none to write to, if so."""

    value: str
    start: int
    plain: bool
    reason: str


class _Sign(NamedTuple):
    """Where an at-sign stands; only the ones in disguise let «точка» be read as a dot."""

    start: int
    end: int
    disguised: bool


def find_addresses(
    text: str, judge: Judge, known: Container[str] = frozenset()
) -> Iterator[FoundAddress]:
    """Every address of the text in order; one that `judge` refuses comes with the reason.

    Usable ones that are `known` already, in lower case, may be passed over.
    """
    for sign in _signs(text):
        if not (known and _is_plainly_one_of(text, sign.start, known)):
            found = _around(text, sign, judge)
            if found is not None:
                yield found


def _is_plainly_one_of(text: str, sign: int, known: Container[str]) -> bool:
    """Whether the word around an at-sign is known, and no bracket beside it may go on with it."""
    local = "".join(text[max(sign - _LEFT, 0) : sign].rsplit(None, 1)[-1:])
    domain = text[sign : sign + _RIGHT].split(None, 1)[0]
    start, end = sign - len(local), sign + len(domain)
    if local + domain not in known or text[start:sign] != local or not local[0].isalnum():
        return False
    return _BRACKET.search(text[max(start - 2, 0) : start] + text[end : end + 2]) is None


def reversed_text(text: str) -> str:
    """Text that a page shows from right to left, in the order in which a reader sees it."""
    return text[::-1].translate(_MIRRORED)


def _signs(text: str) -> list[_Sign]:
    """All at-signs, found by plain search where possible: most pages have few and no disguise."""
    signs = [_Sign(place, place + 1, text[place] != "@") for place in _places(text, "@＠")]
    disguised = [
        _Sign(place, match.end(), True)
        for place in _places(text, _BRACKETS)
        if (match := _BRACKETED_AT.match(text, place))
    ]
    disguised += [
        _Sign(place - 2, match.end(), True)
        for place in _places(text, _AT_WORDS)
        if place > 1 and (match := _AT_WORD.match(text, place - 2))
    ]
    if disguised:
        taken = {place for sign in disguised for place in range(sign.start, sign.end)}
        signs = [*disguised, *(sign for sign in signs if sign.start not in taken)]
    return sorted(signs)[:_MAX_SIGNS]


def _places(text: str, words: Iterable[str]) -> list[int]:
    places = []
    for word in words:
        place = text.find(word)
        while place >= 0:
            places.append(place)
            place = text.find(word, place + 1)
    return places


def _around(text: str, sign: _Sign, judge: Judge) -> FoundAddress | None:
    left = text[max(sign.start - _LEFT, 0) : sign.start]
    right = text[sign.end : sign.end + _RIGHT]
    bare_left, bare_right = left.rstrip(), right.lstrip()
    if left != bare_left and right == bare_right and _NETWORK.search(bare_left):
        return None  # «Telegram @firma.ru» names an account
    read_left, read_right = _dotted(bare_left, sign), _dotted(bare_right, sign)
    is_split = left.endswith("\n") or right.startswith("\n") or "\n" in right[:1]
    local = _local_part(read_left, is_split)
    if not local:
        return None
    domain, is_whole, reason = _domain(local, read_right, judge)
    if not domain:
        return None
    plain = (
        is_whole
        and not sign.disguised
        and (left, right) == (bare_left, bare_right) == (read_left, read_right)
    )
    start = max(sign.start - (len(left) - len(bare_left)) - len(local), 0)
    return FoundAddress(f"{local}@{domain}", start, plain, reason)


def _dotted(text: str, sign: _Sign) -> str:
    """The text with dots in disguise as dots; bare words only after an at-sign in disguise."""
    if _DOT_BEGINS.search(text):
        text = _DOT.sub(".", text)
    if sign.disguised and _names_dots(text.lower()):
        text = _DOT_WORD.sub(".", text)
    return text


def _names_dots(text: str) -> bool:
    return " dot " in text or " точка " in text


def _local_part(left: str, is_split: bool) -> str:
    """The local part that ends the text; empty when it is too long or mixes alphabets."""
    match = _LOCAL_BACKWARDS.match(left[::-1])
    if match is None or match.end() > _MAX_LOCAL:
        return ""
    before, local = left[: -match.end()], left[-match.end() :].lstrip(".-+")
    if before[-1:].isalpha() and not (local.isascii() and _ends_in_cyrillic_word(before)):
        return ""
    pieces = 0
    while is_split and len(local) == len(left) - len(before) and pieces < _MAX_PIECES:
        piece = _PIECE.search(before)
        if piece is None or not local.isascii() or _is_label(piece[1]):
            break
        local, before, pieces = piece[1] + local, before[: piece.start()], pieces + 1
        left = before + local
    return local if len(local) <= _MAX_LOCAL else ""


def _is_label(piece: str) -> bool:
    """Whether a piece before an address names it («Email», «Skype») rather than begins it."""
    return piece[0].isupper() or piece.lower() in _LABEL_WORDS


def _ends_in_cyrillic_word(text: str) -> bool:
    """Whether a word is glued to the address («Почтаinfo@…»), rather than a look-alike letter."""
    return re.search(r"[а-яё]{3}$", text, re.IGNORECASE) is not None


def _domain(local: str, right: str, judge: Judge) -> tuple[str, bool, str]:
    """The longest domain that can be written to, whether it stood in one piece, and the verdict.

    A dot with blanks around it, or a line between two text nodes, is read through only as long
    as what stands before is no domain.
    """
    match = _DOMAIN.match(right)
    if match is None:
        return "", True, ""
    first, end = match[0], match.end()
    domain = first if first.isascii() else first.translate(_WIDE_DOTS)
    verdict = _best_prefix(local, domain, 2, judge)
    shown = verdict
    for _ in range(_MAX_PIECES):
        if verdict[1] not in _NO_DOMAIN:
            return verdict[0], verdict[0] == first[: len(verdict[0])], verdict[1]
        more = _NEXT_LABELS.match(right, end)
        if more is None:
            break
        known = domain.count(".") + 1
        domain += ("" if more["glue"] else ".") + more["labels"].translate(_WIDE_DOTS)
        verdict = _best_prefix(local, domain, known + (not more["glue"]), judge)
        end = more.end()
    return (shown[0], True, shown[1]) if "." in shown[0] else ("", True, "")


def _best_prefix(local: str, domain: str, least: int, judge: Judge) -> tuple[str, str]:
    """The longest prefix of at least `least` labels that is not simply no domain."""
    if least == 2 and domain.isascii() and "." in domain:  # nearly always the whole is right
        reason = judge(f"{local}@{domain}")
        if reason not in _NO_DOMAIN:
            return domain, reason
    labels = domain.split(".")
    choices = [".".join(labels[:count]) for count in range(len(labels), max(least, 2) - 1, -1)]
    # «info@firma.ru.Москва» ends a sentence: one alphabet first
    choices.sort(key=lambda choice: choice.isascii() != labels[0].isascii())
    for choice in choices:
        reason = judge(f"{local}@{choice}")
        if reason not in _NO_DOMAIN:
            return choice, reason
    return domain, "unknown_suffix" if choices else "invalid"
