"""Which links of a message's evidence chain a hash can prove (D100)."""

import zlib

from sqlalchemy.engine import Connection

from povod.delivery.drafts import content_hash
from povod.delivery.moves import Message
from povod.kit.errors import NotFoundError
from povod.store.files import get_file, sha256


def text_holds(message: Message) -> bool | None:
    """Whether text and recipient are those of the stored hash; None once they were erased."""
    if message["erased_at"] is not None:
        return None
    return bool(content_hash(message) == message["content_hash"])


def approval_holds(message: Message) -> bool:
    """Whether exactly this text was approved."""
    return bool(message["approved_hash"] == message["content_hash"])


def file_holds(conn: Connection, file_id: str | None, digest: str) -> bool | None:
    """Whether the stored bytes are those of the digest; None where none were kept."""
    if not file_id:
        return None
    try:
        return sha256(get_file(conn, file_id)) == digest
    except (NotFoundError, OSError, EOFError, zlib.error):
        return False
