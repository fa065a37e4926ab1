"""Russian typography in one function (G69): quotation marks, dashes, spaces that do not break.

Idempotent: text that went through once is not changed by going through again.
"""

import re

NBSP = "\u00a0"
_SPACES = re.compile(r"[ \t\u00a0\u202f\u2009]+")
_AROUND_BREAK = re.compile(r"[ \u00a0]*\n[ \u00a0]*")
_BLANK_LINES = re.compile(r"\n{3,}")
_BEFORE_MARK = re.compile(r"(?<=[^\W_]) +(?=[,;:!?…](?!\S*[)(DP]))|(?<=[^\W_]) +(?=\.(?:\s|$))")
_DASH = re.compile(r"(?<=\S) (?:-{1,3}|[–—−]) (?=\S)")
_DASH_START = re.compile(r"^(?:-{1,3}|[–—−]) (?=\S)", re.MULTILINE)
_SHORT = re.compile(r"(?<![^\s«„(—\u00a0])([А-ЯЁа-яё]{1,2}) (?=\S)")
_INITIALS = re.compile(r"(?<!\w)([А-ЯЁ]\.) ?(?=[А-ЯЁ][.а-яё])")
_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|‰|₽|°|г|кг|т|м|км|см|мм|л|га|шт|ч|мин|руб|тыс|млн|млрд|лет|года?)(?!\w))"
)
_NUMBER_SIGN = re.compile(r"([№§]) ?(?=\d)")
_ELLIPSIS = re.compile(r"(?<!\.)\.{3}(?!\.)")
_QUOTES = {'"', "«", "»", "„", "“", "”", "‟"}
_OPENERS = " \n\u00a0\t([{—–-/«„"


def typeset(text: str, language: str = "ru") -> str:
    """The text as a careful typesetter would have it; English gets tidy blanks only."""
    plain = _SPACES.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = _BLANK_LINES.sub("\n\n", _AROUND_BREAK.sub("\n", plain)).strip()
    if language != "ru":
        return plain
    plain = _quotes(_ELLIPSIS.sub("…", plain))
    plain = _BEFORE_MARK.sub("", plain)
    plain = _DASH.sub(f"{NBSP}— ", _DASH_START.sub(f"—{NBSP}", plain))
    plain = _INITIALS.sub(rf"\1{NBSP}", plain)
    plain = _NUMBER_SIGN.sub(rf"\1{NBSP}", _UNIT.sub(NBSP, plain))
    return _SHORT.sub(rf"\1{NBSP}", plain)


def _quotes(text: str) -> str:
    """«Outer» and „inner“ marks, paragraph by paragraph; one that does not add up is left alone."""
    if not _QUOTES.intersection(text):
        return text
    return "\n".join(_paired(line) for line in text.split("\n"))


def _paired(line: str) -> str:
    signs, opened = list(line), [""]
    for place, sign in enumerate(line):
        if sign not in _QUOTES:
            continue
        if _opens(sign, opened[-1], line, place):
            signs[place] = "«" if len(opened) == 1 else "„"
            opened.append(sign)
        elif len(opened) > 1:
            opened.pop()
            signs[place] = "»" if len(opened) == 1 else "“"
        else:
            return line
    return "".join(signs) if len(opened) == 1 else line


def _opens(sign: str, innermost: str, line: str, place: int) -> bool:
    if sign in "«„‟»":
        return sign != "»"
    if sign == "“" and innermost == "„":
        return False
    before, after = line[place - 1 : place], line[place + 1 : place + 2]
    return (not before or before in _OPENERS) and bool(after) and not after.isspace()
