"""Opaque tokens: in the link by which a recipient refuses, and in the bounce address (D28, D76)."""

import base64
from uuid import UUID

from povod.delivery.keys import Keys

_VERSION = b"\x01"
_SIGNATURE = 16
_LINK_BYTES = 1 + 16 + _SIGNATURE
_BOUNCE_ID, _BOUNCE_SIGNATURE = 10, 6


def unsubscribe_token(keys: Keys, message_id: str) -> str:
    """Token of a message for `/u/<token>` and for the mailto form; never expires."""
    data = _VERSION + UUID(message_id).bytes
    return base64.urlsafe_b64encode(data + keys.sign(b"u|" + data, _SIGNATURE)).decode().rstrip("=")


def read_unsubscribe_token(keys: Keys, token: str) -> str | None:
    """The message that the token was made for, None if it was not made here."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    data, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    if len(raw) != _LINK_BYTES or data[:1] != _VERSION or not keys.signed(b"u|" + data, signature):
        return None
    # A second spelling of the same bytes (spare bits of the last character) is no token of ours.
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != token:
        return None
    return str(UUID(bytes=data[1:]))


def bounce_token(keys: Keys, attempt_id: str) -> str:
    """Token of an attempt for its envelope address: 26 characters of lower-case base32."""
    data = UUID(attempt_id).bytes[-_BOUNCE_ID:]
    raw = data + keys.sign(b"b|" + data, _BOUNCE_SIGNATURE)
    return base64.b32encode(raw).decode().rstrip("=").lower()


def is_bounce_token(keys: Keys, token: str) -> bool:
    """True if `token` was made by `bounce_token` under one of our keys."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return False
    data, signature = raw[:_BOUNCE_ID], raw[_BOUNCE_ID:]
    return len(signature) == _BOUNCE_SIGNATURE and keys.signed(b"b|" + data, signature)
