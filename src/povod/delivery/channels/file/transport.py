"""Three files a letter: the text to read, the mail as it would leave, the record."""

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from povod.delivery.channels.contract import CONNECT, DOT, Parcel, Reply
from povod.delivery.mailboxes import Mailbox
from povod.delivery.moves import Message
from povod.kit.settings import Settings


class FileChannel:
    """Writes letters; what is written can always be looked up, so nothing is ever uncertain."""

    name = "file"
    certain = True

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.outbox_dir

    def leaves_host(self, mailbox: Mailbox) -> bool:
        """Never."""
        return False

    def session(self, mailbox: Mailbox) -> "FileSession":
        """A conversation with the file system."""
        return FileSession(self._folder)

    def was_delivered(self, attempt: Mapping[str, Any], message: Message) -> bool:
        """True if the very bytes of the attempt stand in the folder."""
        path = base_name(self._folder, message).with_suffix(".eml")
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            return False
        return bool(found == attempt["wire_sha256"])


def base_name(folder: Path, message: Message) -> Path:
    """`delivery_<message id>_<key>`: the same for every attempt, so that a rewrite replaces."""
    key = hashlib.sha256(f"{message['dedupe_key']}|file".encode()).hexdigest()[:12]
    return folder / f"delivery_{message['id']}_{key}"


class FileSession:
    """Writes one parcel after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def prepare(self, parcel: Parcel) -> Reply | None:
        """The folder must be there and writable."""
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            return Reply(CONNECT, None, f"{self._folder}: {error.strerror}", "unreachable")
        return None

    async def transfer(self, parcel: Parcel) -> Reply:
        """The `.eml` comes last: it is what says that all is written."""
        try:
            await asyncio.to_thread(self._write, parcel)
        except OSError as error:
            return Reply(DOT, None, f"{self._folder}: {error.strerror}", "unreachable")
        return Reply(DOT, 250, "written")

    def _write(self, parcel: Parcel) -> None:
        message = parcel.message
        base = base_name(self._folder, message)
        card = message["card_file_id"] or ""
        lines = [f"TO: {message['to_value']}", f"SUBJECT: {message['subject']}", ""]
        text = "\n".join([*lines, message["body"], "", f"IMAGE: {card}", ""])
        names = ("id", "kind", "dedupe_key", "message_id", "to_value", "subject", "language")
        record = {name: message[name] for name in names}
        record["wire_sha256"] = hashlib.sha256(parcel.wire).hexdigest()
        _put(base.with_suffix(".txt"), text.encode())
        _put(base.with_suffix(".json"), json.dumps(record, ensure_ascii=False, indent=1).encode())
        _put(base.with_suffix(".eml"), parcel.wire)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    async def abandon(self) -> None:
        """Nothing was done yet."""

    async def close(self) -> None:
        """Nothing is open."""


def _put(path: Path, raw: bytes) -> None:
    """Appear at once or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
