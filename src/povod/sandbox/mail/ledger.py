"""Every letter the mail server accepted, on disk before the sender hears about it (D115)."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Accepted:
    """One letter for one recipient.

    `sha256` is that of the bytes on the wire after dot-unstuffing; `at` is virtual time, `real_at`
    the machine's. `number` counts from 1 without gaps.
    """

    number: int
    message_id: str
    mail_from: str
    rcpt: str
    sha256: str
    size: int
    at: datetime
    real_at: datetime
    raw: bytes

    def as_json(self) -> dict[str, Any]:
        """The entry without the letter itself."""
        row = asdict(self)
        del row["raw"]
        return row | {"at": self.at.isoformat(), "real_at": self.real_at.isoformat()}


class Ledger:
    """Append-only: `ledger.jsonl` beside one `.eml` file per letter; read back at start."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / "ledger.jsonl"
        self.accepted: list[Accepted] = self._read()
        self._file = self._path.open("a", encoding="utf-8")

    def rows(self) -> list[dict[str, Any]]:
        """All entries as JSON data, the oldest first."""
        return [entry.as_json() for entry in self.accepted]

    def record(self, mail_from: str, rcpt: str, raw: bytes, at: datetime) -> Accepted:
        """Keep a letter; when this returns it survives a power cut."""
        entry = Accepted(
            number=len(self.accepted) + 1,
            message_id=message_id_of(raw),
            mail_from=mail_from,
            rcpt=rcpt,
            sha256=hashlib.sha256(raw).hexdigest(),
            size=len(raw),
            at=at,
            real_at=datetime.now(UTC),
            raw=raw,
        )
        with self._letter(entry.number).open("wb") as letter:
            letter.write(raw)
            os.fsync(letter.fileno())
        self._file.write(json.dumps(entry.as_json(), ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.accepted.append(entry)
        return entry

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _letter(self, number: int) -> Path:
        return self._folder / f"{number:06d}.eml"

    def _read(self) -> list[Accepted]:
        """Whole lines only: a line cut by a kill was never answered for, and is removed."""
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            self._path.write_bytes(whole)
        return [self._revive(json.loads(line)) for line in whole.splitlines()]

    def _revive(self, row: dict[str, Any]) -> Accepted:
        times = {name: datetime.fromisoformat(row[name]) for name in ("at", "real_at")}
        return Accepted(**{**row, **times}, raw=self._letter(row["number"]).read_bytes())


def message_id_of(raw: bytes) -> str:
    """The Message-ID with its angle brackets; empty when there is none."""
    return str(BytesHeaderParser().parsebytes(raw).get("Message-ID", "")).strip()
