"""Letters as bytes: RFC 5322 with MIME, the same bytes for the same letter (section 11)."""

from povod.delivery.mime.content import content
from povod.delivery.mime.headers import headers
from povod.delivery.mime.letter import Card, Letter, UnsafeHeader

__all__ = ["Card", "Letter", "UnsafeHeader", "build"]


def build(message: Letter) -> bytes:
    """The bytes of a letter: CRLF, no line over 998, headers up to 78, base64 for Cyrillic.

    Raises `UnsafeHeader` for anything that would forge a header.
    """
    return headers(message) + content(message).as_bytes()
