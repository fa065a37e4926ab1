"""The two keys of the house and what is derived from them.

SUPPRESSION_KEY turns an address into the hash under which a refusal is remembered for ever, so it
must never change (D14). SECRET_KEY signs links and makes Message-IDs unguessable.
"""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from povod.delivery.addresses import hash_form
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.store.db import Database
from povod.store.tables import settings as settings_table
from povod.store.upsert import insert_new

KEY_BYTES = 32
FINGERPRINT_ROW = "suppression_key_fingerprint"


class SuppressionKeyError(ConfigurationError):
    """The key of the refusal hashes is not the one this database was filled with."""


@dataclass(frozen=True, repr=False)
class Keys:
    """Key material; `problem` says why the suppression key cannot be used, empty when it can."""

    secret: bytes
    suppression: bytes
    previous_secret: bytes | None = None
    problem: str = ""

    def value_hash(self, kind: str, value: str) -> str:
        """The hash of an address (`email`, `phone`), `domain`, `company` or `client`."""
        self.require()
        text = f"{kind}|{hash_form(kind, value)}"
        return hmac.new(self.suppression, text.encode(), hashlib.sha256).hexdigest()

    def require(self) -> None:
        """Raise `SuppressionKeyError` if refusals cannot be looked up: then nothing is sent."""
        if self.problem:
            raise SuppressionKeyError(self.problem)

    def message_id(self, message: str, domain: str) -> str:
        """Message-ID of a message, the same for every attempt (D27)."""
        digest = hmac.new(self.secret, f"msgid|{message}".encode(), hashlib.sha256).digest()
        return f"<{base64.b32encode(digest).decode().lower()[:26]}@{domain}>"

    def sign(self, data: bytes, size: int) -> bytes:
        """The first `size` bytes of the signature under the current secret."""
        return hmac.new(self.secret, data, hashlib.sha256).digest()[:size]

    def signed(self, data: bytes, signature: bytes) -> bool:
        """True if `signature` was made with the current or the previous secret."""
        for key in filter(None, (self.secret, self.previous_secret)):
            good = hmac.new(key, data, hashlib.sha256).digest()[: len(signature)]
            if hmac.compare_digest(good, signature):
                return True
        return False


def load_keys(settings: Settings, db: Database) -> Keys:
    """Keys from settings, else from files under DATA_DIR that the first start makes (mode 0600)."""
    stored = _stored_fingerprint(db)
    path = settings.data_dir / "suppression.key"
    given = settings.suppression_key
    problem, suppression = "", b""
    if given is not None:
        suppression = given.get_secret_value().encode()
    elif stored and not path.exists():
        problem = f"{path} is gone; restore it from a backup: refusals cannot be looked up without"
    else:
        suppression = _file_key(path)
    if suppression and not stored:
        stored = _store_fingerprint(db, fingerprint(suppression))
    if suppression and fingerprint(suppression) != stored:
        where = "SUPPRESSION_KEY" if given is not None else str(path)
        problem = (
            f"{where} is not the key this database was filled with (its fingerprint is {stored}); "
            "restore the old one: nothing is sent until then"
        )
    secret = settings.secret_key
    previous = settings.secret_key_previous
    return Keys(
        secret.get_secret_value().encode()
        if secret
        else _file_key(settings.data_dir / "secret.key"),
        suppression,
        previous.get_secret_value().encode() if previous else None,
        problem,
    )


def fingerprint(key: bytes) -> str:
    """Twelve characters that name a key without giving it away."""
    return hashlib.sha256(b"povod-key|" + key).hexdigest()[:12]


def _file_key(path: Path) -> bytes:
    """The key in `path`; made there first if need be, by exactly one of several processes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(KEY_BYTES))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip().encode()


def _stored_fingerprint(db: Database) -> str:
    query = sa.select(settings_table.c.value).where(settings_table.c.id == FINGERPRINT_ROW)
    with db.read() as conn:
        value = conn.execute(query).scalar()
    return str(value["fingerprint"]) if value else ""


def _store_fingerprint(db: Database, text: str) -> str:
    """Store the fingerprint unless there is one already; give the stored one."""
    with db.tx(durable=True) as conn:
        row = {"id": FINGERPRINT_ROW, "value": {"fingerprint": text}}
        insert_new(conn, settings_table, [row], ["id"])
    return _stored_fingerprint(db)
