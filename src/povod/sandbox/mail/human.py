"""Answers of people and of their vacation robots, with the quoting habits of mail programs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, parseaddr

from povod.sandbox.mail.ledger import Accepted
from povod.sandbox.seeded import code

_MOSCOW = timezone(timedelta(hours=3))
_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_FULL_DAYS = ("Понедельник", "Вторник", "Среда", "Четверг", "Пятница", "Суббота", "Воскресенье")
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
    "октября", "ноября", "декабря",
)  # fmt: skip
_SHORT_MONTHS = (
    "янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.",
    "дек.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quoted:
    """What an answer quotes: who wrote when, under which subject, and the lines."""

    name: str
    address: str
    at: datetime
    to: str
    subject: str
    lines: tuple[str, ...]

    @property
    def arrows(self) -> str:
        """The lines behind `>` marks."""
        return "\n".join(f"> {line}".rstrip() for line in self.lines)


Quote = Callable[[Quoted], str]


@dataclass(frozen=True, slots=True)
class Script:
    """One answer: its new text, how it quotes, and its headers."""

    text: str
    quote: Quote | None
    charset: str = "utf-8"
    subject: str = ""
    html: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def _gmail(q: Quoted) -> str:
    stamp = f"{_DAYS[q.at.weekday()]}, {q.at.day} {_SHORT_MONTHS[q.at.month - 1]} {q.at.year} г."
    return f"{stamp} в {q.at:%H:%M}, {q.name} <{q.address}>:\n\n{q.arrows}"


def _mail_ru(q: Quoted) -> str:
    stamp = f"{_FULL_DAYS[q.at.weekday()]}, {q.at.day} {_MONTHS[q.at.month - 1]} {q.at.year}"
    return f"{stamp}, {q.at:%H:%M} +03:00 от {q.name} <{q.address}>:\n{q.arrows}"


def _yandex(q: Quoted) -> str:
    return f"{q.at:%d.%m.%Y, %H:%M}, {q.name} <{q.address}>:\n{q.arrows}"


def _outlook(q: Quoted) -> str:
    lines = "\n".join(q.lines)
    return (
        f"От: {q.name} <{q.address}>\nОтправлено: {q.at:%d.%m.%Y %H:%M}\nКому: {q.to}\n"
        f"Тема: {q.subject}\n\n{lines}"
    )


def _english(q: Quoted) -> str:
    return f"On {q.at:%a, %b %d, %Y} at {q.at:%H:%M}, {q.name} <{q.address}> wrote:\n{q.arrows}"


def _original_message(q: Quoted) -> str:
    return f"-------- Исходное сообщение --------\n{_outlook(q)}"


def _wrote(q: Quoted) -> str:
    return f"{q.name} писал(а) {q.at:%Y-%m-%d %H:%M}:\n{q.arrows}"


_AUTO = (("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"))

HUMAN_REPLIES: tuple[Script, ...] = (
    Script("Добрый день!\nИнтересно, пришлите подробности и цены.", _gmail, html=True),
    Script("Здравствуйте. Перезвоните мне завтра после обеда, обсудим.", _mail_ru, "koi8-r"),
    Script("Спасибо, перезвоните. Сколько это стоит?", _yandex),
    Script("Добрый день, переслал ваше письмо директору.\n--\nЕлена, администратор", _outlook),
    Script("Hello, please call me next week.\n\nBest regards,\nElena", _english),
    Script("Нам актуально, давайте созвонимся в четверг.", _original_message, "cp1251"),
    Script("Пока не готовы, вернёмся к вопросу весной.", _wrote),
)
STOP_REPLIES: tuple[Script, ...] = (
    Script("СТОП", _yandex),
    Script("Здравствуйте! Удалите мой адрес из рассылки, пожалуйста.", _gmail),
    Script("Не интересует", _mail_ru, "koi8-r"),
    Script("Unsubscribe", _english),
    Script("Отпишите нас", _outlook, "cp1251"),
)
AUTO_REPLIES: tuple[Script, ...] = (
    Script("Я в отпуске до понедельника, отвечу по возвращении.", None, headers=_AUTO),
    Script(
        "Ваше письмо получено и будет рассмотрено в течение рабочего дня.",
        None,
        headers=(("Auto-Submitted", "auto-generated"), ("Precedence", "auto_reply")),
    ),
    Script("Сейчас меня нет на месте.", None, "koi8-r", subject="Автоответ"),
)


def write_answer(letter: Accepted, at: datetime, script: Script) -> bytes:
    """The answer of the letter's recipient, sent at `at` to where the letter asks for replies."""
    original = message_from_bytes(letter.raw, policy=default)
    subject = str(original["Subject"] or "")
    answer = EmailMessage(policy=SMTP)
    answer["From"] = letter.rcpt
    answer["To"] = str(original["Reply-To"] or original["From"] or letter.mail_from)
    answer["Subject"] = f"{script.subject}: {subject}" if script.subject else f"Re: {subject}"
    answer["Date"] = format_datetime(at)
    answer["Message-ID"] = f"<{code(letter.message_id, letter.rcpt)}@{_host(letter.rcpt)}>"
    if letter.message_id:
        answer["In-Reply-To"] = letter.message_id
        answer["References"] = letter.message_id
    for name, value in script.headers:
        answer[name] = value
    text = script.text
    if script.quote is not None:
        text += "\n\n" + script.quote(_quoted(original, letter, subject))
    answer.set_content(_fitting(text, script.charset), charset=script.charset, cte="base64")
    if script.html:
        answer.add_alternative(_gmail_html(script.text, text), subtype="html")
        answer.set_boundary(code("boundary", letter.message_id, letter.rcpt))
    return answer.as_bytes()


def _quoted(original: EmailMessage, letter: Accepted, subject: str) -> Quoted:
    body = original.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    name, address = parseaddr(str(original["From"] or letter.mail_from))
    return Quoted(
        name=name or address,
        address=address,
        at=letter.at.astimezone(_MOSCOW),
        to=letter.rcpt,
        subject=subject,
        lines=tuple(text.strip().splitlines()),
    )


def _gmail_html(new: str, whole: str) -> str:
    quote = whole[len(new) :].strip().replace("<", "&lt;").replace("\n", "<br>")
    return (
        f'<div dir="ltr">{new.replace(chr(10), "<br>")}</div><br><div class="gmail_quote">'
        f'<blockquote class="gmail_quote">{quote}</blockquote></div>'
    )


def _fitting(text: str, charset: str) -> str:
    """The text without what the charset cannot say."""
    return text.encode(charset, "replace").decode(charset)


def _host(address: str) -> str:
    return address.rpartition("@")[2]
