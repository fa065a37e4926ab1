"""The content of a letter: text alone, or text, HTML and a card (D68-D70)."""

import hashlib
from email.message import EmailMessage
from email.policy import SMTP

from povod.delivery.mime.letter import Card, Letter

LONGEST_LINE = 998


def content(letter: Letter) -> EmailMessage:
    """The MIME tree without the letter's own headers; boundaries come from the content."""
    tree = _text(letter.text, "plain")
    if not letter.html:
        return tree
    seed = hashlib.sha256(f"{letter.message_id}\0{letter.text}\0{letter.html}".encode()).hexdigest()
    html = _html_part(letter, seed)
    tree.make_alternative(boundary=f"alt-{seed[:24]}")
    tree.attach(html)
    return tree


def _html_part(letter: Letter, seed: str) -> EmailMessage:
    if letter.card is None:
        return _text(letter.html, "html")
    domain = letter.from_email.rpartition("@")[2]
    name = f"{hashlib.sha256(letter.card.body).hexdigest()[:20]}@{domain}"
    page = _text(letter.html + picture_tag(letter.card, name), "html")
    page.make_related(boundary=f"rel-{seed[:24]}")
    page.attach(_picture(letter.card, name))
    return page


def picture_tag(card: Card, name: str) -> str:
    """The `img` that shows the card from within the letter."""
    alt = card.alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    size = f'width="{card.width}" height="{card.height}"'
    return f'\n<p><img src="cid:{name}" alt="{alt}" {size}></p>\n'


def _picture(card: Card, name: str) -> EmailMessage:
    part = EmailMessage(SMTP)
    part.set_content(
        card.body, maintype="image", subtype=card.subtype, cid=f"<{name}>", disposition="inline"
    )
    return part


def _text(text: str, subtype: str) -> EmailMessage:
    part = EmailMessage(SMTP)
    body = text if text.endswith("\n") else f"{text}\n"
    part.set_content(body, subtype=subtype, charset="utf-8", cte=_encoding(body))
    return part


def _encoding(text: str) -> str:
    """Base64 for anything that is not plain short-lined ASCII: no server has to touch it."""
    short = all(len(line) <= LONGEST_LINE for line in text.splitlines())
    return "7bit" if text.isascii() and short else "base64"
