"""The footer of a message: who writes, why, and how to refuse (D41, D72).

It is part of the stored body, so the approval covers it.
"""

from html import escape

from povod.delivery.keys import Keys
from povod.delivery.tokens import unsubscribe_token
from povod.kit.settings import Settings

_RU = {
    "source": "Пишем вам, потому что этот адрес указан на странице {source}.",
    "client": "Пишем вам как клиенту компании.",
    "refuse": "Если писать больше не нужно, ответьте STOP.",
    "link": "Отписаться: {link}",
}
_EN = {
    "source": "We write to you because this address is published at {source}.",
    "client": "We write to you as a client.",
    "refuse": "If you would rather not hear from us, reply STOP.",
    "link": "Unsubscribe: {link}",
}


def footer(settings: Settings, language: str, source: str, is_client: bool, link: str) -> str:
    """Lines below the text; `source` is the page where the address was found, may be empty."""
    words = _RU if language == "ru" else _EN
    lines = [settings.sender_legal_name]
    if source:
        lines.append(words["source"].format(source=source))
    elif is_client:
        lines.append(words["client"])
    lines.append(words["refuse"])
    if link:
        lines.append(words["link"].format(link=link))
    return "\n".join(line for line in lines if line)


MARK = "\n\n-- \n"


def with_footer(body: str, lines: str) -> str:
    """The body with the footer below a signature mark."""
    return f"{body}{MARK}{lines}"


def split_footer(body: str) -> tuple[str, str]:
    """A stored body as its text and its footer, the mark included; both joined give the body."""
    text, mark, lines = body.rpartition(MARK)
    return (text, mark + lines) if mark else (body, "")


def html_footer(lines: str) -> str:
    """The footer for the HTML side of a message, which says the same as its text."""
    return f"\n<p>{'<br>'.join(escape(lines).splitlines())}</p>"


def unsubscribe_link(settings: Settings, keys: Keys, message_id: str) -> str:
    """The page on which a recipient refuses; empty without a public https address."""
    base = settings.public_base_url.rstrip("/")
    return f"{base}/u/{unsubscribe_token(keys, message_id)}" if base.startswith("https://") else ""


def has_opt_out_line(body: str) -> bool:
    """True if the text says how to refuse."""
    return "STOP" in body or "/u/" in body
