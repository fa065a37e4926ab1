"""The new text of a reply: everything above the first quote (D87)."""

import re
import unicodedata

from povod.delivery.inbox.mailtext import QUOTE_MARK, body_text, parse
from povod.delivery.inbox.quotes import first_quote, is_quoted


def reply_text(raw: bytes) -> str:
    """What the writer of the mail added, without quotes; NFC, line ends `\\n`.

    When nothing stands above the quote, the unquoted text below it counts.
    """
    return new_text(body_text(parse(raw)))


def new_text(text: str) -> str:
    """`reply_text` for a text at hand."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\ufeff", "")
    above, below = _split_at_mark(plain)
    lines = above.split("\n")
    start = first_quote(lines)
    if start is None:
        new, rest = above, below
    else:
        new = "\n".join(lines[:start])
        rest = _after_quote(lines[start:]) or below
    return _tidy(new) or _tidy(_without_quotes(rest))


def _split_at_mark(text: str) -> tuple[str, str]:
    above, mark, below = text.partition(QUOTE_MARK)
    return above, below.replace(QUOTE_MARK, "") if mark else ""


def _after_quote(lines: list[str]) -> str:
    """What follows the `>` lines of a quote that stands first; empty without such lines."""
    quoted = [place for place, line in enumerate(lines) if is_quoted(line)]
    if not quoted:
        return ""
    return "\n".join(line for line in lines[quoted[0] :] if not is_quoted(line))


def _without_quotes(text: str) -> str:
    lines = text.split("\n")
    start = first_quote(lines)
    return text if start is None else "\n".join(lines[:start])


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\u00a0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
