"""Secrets at rest: sealed with a key derived from the house's SECRET_KEY.

Passwords of proxies and keys of services must come back in clear to be used, so they are encrypted
(Fernet) and not hashed. A text sealed for one purpose cannot be opened for another.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from povod.kit.errors import ConfigurationError


class SealError(ConfigurationError):
    """A sealed text cannot be opened: SECRET_KEY is not the one that it was sealed with."""


class Sealer:
    """Seals and opens texts of one purpose; what the previous secret sealed still opens."""

    def __init__(
        self, secret: bytes, previous: bytes | None = None, purpose: str = "store"
    ) -> None:
        keys = [secret] if previous is None else [secret, previous]
        self._fernet = MultiFernet([Fernet(_derived(key, purpose)) for key in keys])

    def seal(self, text: str) -> str:
        """The text encrypted, ASCII; nothing stays nothing."""
        return self._fernet.encrypt(text.encode()).decode("ascii") if text else ""

    def open(self, sealed: str) -> str:
        """The text that was sealed; `SealError` when it was sealed with another key."""
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealError(
                "a stored secret cannot be opened: SECRET_KEY has changed since it was stored. "
                "Give the old key as SECRET_KEY_PREVIOUS, or enter the secret again."
            ) from None


def _derived(secret: bytes, purpose: str) -> bytes:
    info = f"povod sealing {purpose}".encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)
    return base64.urlsafe_b64encode(key)
