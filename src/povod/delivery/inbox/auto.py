"""Is a mail an automatic answer (D86)? And until when is its writer away?"""

import re
from datetime import date
from email.message import Message

from povod.delivery.inbox.mailtext import header

_SUBJECTS = (
    *("автоответ", "автоматический ответ", "нет на месте", "вне офиса", "я в отпуске"),
    *("автоматичний", "автоматическое уведомление", "отсутствие в офисе", "отпуск:", "нет в офисе"),
    *("automatic reply", "out of office", "out of the office", "autoreply", "auto reply"),
    *("auto-reply", "auto response", "autosvar", "abwesenheitsnotiz", "automatische antwort"),
    *("réponse automatique", "risposta automatica", "respuesta automática"),
)
_PREFIX = re.compile(r"^(?:(?:re|ответ|отв|fw|fwd|aw|sv)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_GONE = (
    *("больше не работает", "больше не работаю", "уволился", "уволилась", "no longer with"),
    *("no longer works", "has left the company", "no longer employed"),
)
_MONTHS = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_BACK = re.compile(
    r"(?:до|по|until|till|вернусь|буду(?: на месте| в офисе)?(?: с)?|back on|return on)\s+"
    r"(\d{1,2})(?:[./](\d{1,2})(?:[./](\d{2,4}))?|\s+([а-я]{2,8}))",
    re.IGNORECASE,
)


def is_automatic(mail: Message) -> bool:
    """True for machines; `Auto-Submitted: no` is a person."""
    submitted = header(mail, "Auto-Submitted").casefold().split(";")[0].strip()
    if submitted:
        return submitted != "no"
    marks = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response-Suppress")
    if any(mail.get(name) is not None for name in marks):
        return True
    if header(mail, "Precedence").casefold() in ("auto_reply", "auto-reply"):
        return True
    if mail.get_content_type() == "multipart/report":
        return True
    subject = _PREFIX.sub("", header(mail, "Subject").strip()).casefold()
    return subject.startswith(_SUBJECTS)


def says_gone(text: str) -> bool:
    """True if the person no longer works there: a case for a person (D86)."""
    plain = " ".join(text.casefold().split())
    return any(phrase in plain for phrase in _GONE)


def return_date(text: str, today: date) -> date | None:
    """The day named as the end of an absence, if one lies ahead within a year."""
    for match in _BACK.finditer(text.casefold()):
        day, month, year, name = match.groups()
        number = int(month) if month else _month_number(name)
        if not number:
            continue
        years = (
            [int(year) + (2000 if int(year) < 100 else 0)] if year else [today.year, today.year + 1]
        )
        for candidate in years:
            try:
                found = date(candidate, number, int(day))
            except ValueError:
                continue
            if 0 <= (found - today).days <= 366:
                return found
    return None


def _month_number(name: str) -> int:
    for number, stem in enumerate(_MONTHS, 1):
        if name.startswith(stem):
            return 3 if name.startswith("мар") else number
    return 0
