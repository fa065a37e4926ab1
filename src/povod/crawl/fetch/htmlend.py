"""Where an HTML page ends, seen while it arrives in chunks (S69, N8)."""

import re
from collections.abc import Callable

_CANDIDATE = re.compile(rb"</html", re.IGNORECASE)
_TOKENS = re.compile(
    rb"<!--.*?(?:-->|\Z)"
    rb"|<(script|style|template)\b[^>]*>.*?(?:</\1\s*>|\Z)"
    rb"|(?P<end></html\s*>)",
    re.IGNORECASE | re.DOTALL,
)
_TAIL = 64


def find_html_end(body: bytes) -> int:
    """Where the page's closing tag ends; -1 when there is none outside of code and comments."""
    for token in _TOKENS.finditer(body):
        if token["end"]:
            return token.end()
    return -1


class HtmlEnd:
    """Watches plain chunks go by; the whole page is looked at only when a closing tag appears."""

    def __init__(self) -> None:
        self._tail = b""

    def is_reached(self, chunk: bytes, body: Callable[[], bytes]) -> bool:
        """Whether the page has ended within what came so far; `body` gives all of that."""
        window = self._tail + chunk
        self._tail = window[-_TAIL:]
        if _CANDIDATE.search(window) is None:
            return False
        return find_html_end(body()) >= 0
