"""Bounces without a delivery status: qmail, Exim, providers, and what flufl.bounce knows."""

import re
from collections.abc import Iterator
from email.message import Message

from flufl.bounce import all_failures

from povod.delivery.inbox.mailtext import body_text, header, headers

Found = tuple[str | None, str, bool]
"""Recipient, the text that belongs to it, and whether it is only delayed."""

_SENDER = re.compile(
    r"mailer-daemon|postmaster|mail delivery|mail-daemon|<>|delivery subsystem|mdaemon|bounce",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery status notification|delivery (?:has )?fail|failure notice|returned mail"
    r"|mail delivery|delivery failure|non-?delivery|message not delivered|delivery problem"
    r"|message delayed|warning: message|delayed mail|не доставлен|недоставлен|невозможно доставить"
    r"|ошибка доставки|не может быть доставлен|возврат (?:письма|почты)|задержк\w+ доставк",
    re.IGNORECASE,
)
_REPLY = re.compile(r"^\s*(?:re|ответ|отв|fwd?|aw)\s*(?:\[\d+\])?:", re.IGNORECASE)
_DELAY = re.compile(
    r"warning message only|will be retried|still being attempted|will keep trying"
    r"|not yet been deliv|delivery (?:has been|is) delayed|message delayed|delayed \d+ hours"
    r"|will continue to try"
    r"|do not need to resend|задержк|повторн\w+ попытк|попытки доставки будут продолжены",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"gave up|giving up|given up|permanent(?:ly)? (?:error|fail)"
    r"|could not be delivered|was not delivered|failed permanently|has been returned",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<?([\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+)>?", re.UNICODE)
_ORIGINAL = re.compile(
    r"^-{2,}.*(?:original message|copy of (?:the|your) message|below this line"
    r"|message headers|returned|исходн|заголовк|копия|текст).*$"
    r"|^\s*received: from|^\s*return-path:|^\s*message-id:",
    re.IGNORECASE | re.MULTILINE,
)
MAX_TEXT = 20_000


def free_form_bounces(mail: Message) -> list[Found]:
    """Failed and delayed recipients of a report in free form; empty for all other mail."""
    if not looks_like_report(mail):
        return []
    text = _own_text(mail)
    late = bool(_DELAY.search(f"{header(mail, 'Subject')}\n{text}")) and not _GAVE_UP.search(text)
    named = [a for value in headers(mail, "X-Failed-Recipients") for a in _ADDRESS.findall(value)]
    found = list(dict.fromkeys(named)) or list(_told(text, _ours(mail))) or _flufl(mail)
    if not found:
        return [(None, text, late)] if _SUBJECT.search(header(mail, "Subject")) else []
    return [(address, _passage(text, address), late) for address in found]


def looks_like_report(mail: Message) -> bool:
    """A server wrote it: by its sender, and a subject or header that says so."""
    if mail.get("X-Failed-Recipients") is not None:
        return True
    subject = header(mail, "Subject")
    report_type = str(mail.get_param("report-type", "") or "")
    if _REPLY.match(subject) or report_type.startswith("disposition"):
        return False
    sender = f"{header(mail, 'From')} {header(mail, 'Return-Path')}"
    from_server = bool(_SENDER.search(sender))
    if from_server and header(mail, "Auto-Submitted").casefold().startswith("auto-replied"):
        return bool(_SUBJECT.search(subject))
    return from_server and (bool(_SUBJECT.search(subject)) or _says_so(mail))


def _says_so(mail: Message) -> bool:
    """Without a telling subject the text must begin as a report does."""
    start = body_text(mail)[:1500]
    return bool(_SUBJECT.search(start)) or "qmail-send program" in start


def _own_text(mail: Message) -> str:
    """The server's own words: without the letter that it gives back."""
    text = body_text(mail)[:MAX_TEXT]
    match = _ORIGINAL.search(text)
    return text[: match.start()] if match and match.start() > 0 else text


def _ours(mail: Message) -> set[str]:
    """Addresses that cannot be the failed one: the report's own sender and reader."""
    own = " ".join(header(mail, name) for name in ("From", "To", "Return-Path"))
    return {address.casefold() for address in _ADDRESS.findall(own)}


def _told(text: str, ours: set[str]) -> Iterator[str]:
    """Addresses that stand on a line of their own, or introduce a reason."""
    seen: set[str] = set()
    for line in text.splitlines():
        match = _ADDRESS.search(line)
        if not match or match[1].casefold() in ours | seen:
            continue
        alone = line.strip().strip("<>:;*•- ").casefold() == match[1].casefold()
        introduced = line.lstrip(" <*•-").startswith(match[1]) or f"<{match[1]}>" in line
        if alone or introduced:
            seen.add(match[1].casefold())
            yield match[1].rstrip(".")
    if not seen:
        others = [a for a in _ADDRESS.findall(text) if a.casefold() not in ours]
        yield from others[:1]


def _passage(text: str, address: str) -> str:
    """The lines about one recipient: from its address to the next one."""
    start = text.find(address)
    if start < 0:
        return text
    rest = text[start + len(address) :]
    other = next(
        (m.start() for m in _ADDRESS.finditer(rest) if m[1] != address and m.start() > 200), None
    )
    return rest[:other] if len(rest.strip()) > 20 else text


def _flufl(mail: Message) -> list[str]:
    """The library's detectors of old formats; they may stumble over broken mails."""
    try:
        temporary, permanent = all_failures(mail)
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError):
        return []
    return sorted(a.decode("utf-8", "replace") for a in {*permanent, *temporary})
