"""Where a quote begins: attribution lines of mail programs, header blocks, dividers (D87)."""

import re
from collections.abc import Sequence

_MONTH = (
    r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|квіт|трав|черв|лип|серп|вер"
    r"|жовт|лист|груд|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.?"
)
_WEEKDAY = (
    r"(?:пн|вт|ср|чт|пт|сб|вс|нд|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье"
    r"|mon|tue|wed|thu|fri|sat|sun)\w*\.?"
)
_CLOCK = r"\d{1,2}[:.]\d{2}(?::\d{2})?"
_DATE = (
    rf"(?:\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}}"
    rf"|\d{{1,2}}\.?(?:-го)?\s+{_MONTH}(?:,?\s+\d{{4}})?|{_MONTH}\s+\d{{1,2}}(?:,?\s+\d{{4}})?)"
)
_VERB = (
    r"(?:написал(?:\(а\)|а|и)?|писал(?:\(а\)|а|и)?|пишет|сообщил(?:\(а\)|а)?|ответил(?:\(а\)|а)?"
    r"|написав(?:\(ла\)|ла)?|пише|wrote|writes|schrieb|a écrit|escribió|ha scritto|escreveu"
    r"|napisał(?:\(a\)|a)?|skrev|schreef|kirjoitti|yazdı|жазды)"
)
_ADDRESS = r"<?[^\s<>@\"]+@[^\s<>@\"]+>?"

_DATED_START = re.compile(
    rf"^(?:on|am|le|el|il|em|op|den|dnia|w dniu|в|во|от)?\W*(?:{_WEEKDAY}[,\s]+)?\W*{_DATE}", re.I
)
_ENGLISH_START = re.compile(r"^(?:on|am|le|el|il|em|op|den|dnia)\s", re.IGNORECASE)
_VERB_END = re.compile(rf"\b{_VERB}(?:\s+(?:{_DATE}|в|at|г\.|,|{_CLOCK}|\s)+)?\s*:$", re.IGNORECASE)
_GERMAN = re.compile(r"^am\s.*\d.*\sschrieb\s.*:$", re.IGNORECASE)
_NAMED = re.compile(
    rf"^(?!(?:Как|Вот|Я|Мы|Вы|Он|Она|Они|Что|Ранее|Кто|I|As|He|She|We|You|They|Here)\b)"
    rf"[\"«„]?[A-ZА-ЯЁІЇЄ][\w.'’«»\"-]*(?:\s+[\"«]?[\w.'’«»\"-]+){{0,4}}(?:\s+{_ADDRESS})?,?\s+{_VERB}\s*:$"
)
_DIVIDER = re.compile(
    r"^\W{0,3}[-—–_*=]{2,}\s*(?:исходн\w+ сообщени\w+|исходн\w+ письм\w+"
    r"|первоначальн\w+ сообщени\w+|пересылаем\w+ сообщени\w+"
    r"|пересланн\w+ (?:сообщени\w+|письм\w+)|пересылаем\w+ письм\w+"
    r"|переадресованн\w+ сообщени\w+|начало переадресованного сообщения|вихідне повідомлення"
    r"|оригинал\w* (?:сообщени\w+|письм\w+)|original message"
    r"|original appointment|original-nachricht|ursprüngliche nachricht"
    r"|message d'origine|mensaje original|messaggio originale"
    r"|forwarded message|forwarded by .{1,80}|reply message|replied message)\s*:?\s*[-—–_*=]*$",
    re.IGNORECASE,
)
_BARE_DIVIDER = re.compile(
    r"^(?:begin forwarded message|начало переадресованного сообщения"
    r"|начало пересылаемого сообщения)\s*:$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^[_\-—–=*]{10,}$")
_FROM = re.compile(r"^[*_ ]*(?:from|от|от кого|отправитель|von|de|da|від)[*_ ]*:[*_ ]*\S?", re.I)
_FIELD = re.compile(
    r"^[*_ ]*(?:sent|date|to|cc|subject|reply-to|отправлено|дата|кому|копия|тема|получатель"
    r"|дата отправки|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto|надіслано|тема)"
    r"[*_ ]*:",
    re.IGNORECASE,
)
_CLOCK_RE = re.compile(rf"\b{_CLOCK}\b")
_ADDRESS_RE = re.compile(_ADDRESS)
LONGEST_ATTRIBUTION = 4
MAX_CHARS = 320


def is_quoted(line: str) -> bool:
    """True for a line that begins with `>`."""
    return line.lstrip(" \u00a0\t").startswith((">", "&gt;"))


def first_quote(lines: Sequence[str]) -> int | None:
    """Index of the line where the first quote, with its attribution, begins."""
    for start, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        if is_quoted(line):
            return _with_unknown_attribution(lines, start)
        if _DIVIDER.match(text) or _BARE_DIVIDER.match(text) or _is_header_block(lines, start):
            return start
        if _RULE.match(text) and _is_header_block(lines, _next_filled(lines, start + 1)):
            return start
        if _begins_attribution(lines, start):
            return start
    return None


def _next_filled(lines: Sequence[str], start: int) -> int:
    """Index of the first line from `start` that is not blank."""
    while start < len(lines) and not lines[start].strip():
        start += 1
    return start


def _is_header_block(lines: Sequence[str], start: int) -> bool:
    """`From:` and at least two more header fields within the next lines."""
    if start >= len(lines) or not _FROM.match(lines[start].strip()):
        return False
    following = [line.strip() for line in lines[start + 1 : start + 10] if line.strip()]
    return sum(bool(_FIELD.match(line)) for line in following[:7]) >= 2


def _begins_attribution(lines: Sequence[str], start: int) -> bool:
    """Does an attribution of one to four lines begin here, and not further below?"""
    joined = ""
    for count in range(1, LONGEST_ATTRIBUTION + 1):
        place = start + count - 1
        if place >= len(lines) or is_quoted(lines[place]):
            return False
        text = lines[place].strip()
        if not text:
            return False
        joined = f"{joined} {text}".strip()
        if len(joined) > MAX_CHARS:
            return False
        if is_attribution(joined, wrapped=count > 1):
            return not _begins_later(lines[start + 1 : place + 1])
    return False


def _begins_later(lines: Sequence[str]) -> bool:
    """Is the end of this window a whole attribution by itself, dated and all?"""
    suffixes = (" ".join(line.strip() for line in lines[i:]) for i in range(len(lines)))
    return any(
        is_attribution(text) and (_DATED_START.match(text) or _ENGLISH_START.match(text))
        for text in suffixes
    )


def is_attribution(text: str, wrapped: bool = False) -> bool:
    """Is this the line by which a mail program introduces a quote?"""
    if not text.endswith(":") or len(text) > MAX_CHARS:
        return False
    told = bool(_VERB_END.search(text)) or bool(_GERMAN.match(text))
    clock, address = bool(_CLOCK_RE.search(text)), bool(_ADDRESS_RE.search(text))
    if _DATED_START.match(text):
        return told or (clock and (address or " от " in text or '"' in text or "," in text))
    if told and _ENGLISH_START.match(text) and re.search(r"\d", text):
        return True
    if told and address and (not wrapped or "@" in text.split(">", maxsplit=1)[0]):
        return len(text.split()) <= 16
    return not wrapped and bool(_NAMED.match(text))


def _with_unknown_attribution(lines: Sequence[str], quoted: int) -> int:
    """Above `>` lines, a line in any language with a colon at its end and a time or address."""
    above = quoted - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above < 0 or not lines[above].rstrip().endswith(":"):
        return quoted
    for start in (above, above - 1, above - 2):
        if start < 0 or not lines[start].strip():
            break
        text = " ".join(line.strip() for line in lines[start : above + 1])
        if _ADDRESS_RE.search(text) or (_CLOCK_RE.search(text) and re.search(r"\d{4}", text)):
            return start
    return quoted
