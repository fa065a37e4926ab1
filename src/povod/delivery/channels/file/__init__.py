"""Letters as files in OUTBOX_DIR: the default, nothing leaves the host (D60)."""

from povod.delivery.channels.file.transport import FileChannel

__all__ = ["FileChannel"]
