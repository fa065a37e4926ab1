"""Buckets and objects of the sandbox's S3: bytes on the disk, the rest in memory."""

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

SMALLEST_PART = 5 << 20
_BLOCK = 1 << 20


class S3Error(Exception):
    """A refusal with S3's code and status."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Stored:
    """One object or part."""

    path: Path
    size: int
    etag: str
    kind: str = "binary/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Upload:
    """A multipart upload that is under way."""

    bucket: str
    key: str
    kind: str
    metadata: dict[str, str]
    parts: dict[int, Stored] = field(default_factory=dict)


class S3Store:
    """Everything that was put; `bucket` is there from the start."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.buckets: dict[str, dict[str, Stored]] = {bucket: {}}
        self.uploads: dict[str, Upload] = {}

    def new_file(self) -> Path:
        """A place for bytes that are still coming."""
        return self._folder / uuid4().hex

    def bucket(self, name: str) -> dict[str, Stored]:
        """A bucket's objects by key, or NoSuchBucket."""
        if name not in self.buckets:
            raise S3Error(404, "NoSuchBucket", "The specified bucket does not exist")
        return self.buckets[name]

    def find(self, bucket: str, key: str) -> Stored:
        """An object, or NoSuchKey."""
        found = self.bucket(bucket).get(key)
        if found is None:
            raise S3Error(404, "NoSuchKey", "The specified key does not exist.")
        return found

    def put(self, bucket: str, key: str, stored: Stored) -> None:
        """Keep an object; the one before it goes."""
        objects = self.bucket(bucket)
        self.delete(bucket, key)
        objects[key] = stored

    def delete(self, bucket: str, key: str) -> None:
        """Forget an object, whether it is there or not."""
        old = self.bucket(bucket).pop(key, None)
        if old is not None:
            old.path.unlink(missing_ok=True)

    def drop_bucket(self, name: str) -> None:
        """Forget an empty bucket."""
        if self.bucket(name):
            raise S3Error(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        del self.buckets[name]

    def begin_upload(self, upload: Upload) -> str:
        """The number of a new multipart upload."""
        self.bucket(upload.bucket)
        number = uuid4().hex
        self.uploads[number] = upload
        return number

    def upload(self, number: str, bucket: str, key: str) -> Upload:
        """An upload under way, or NoSuchUpload."""
        found = self.uploads.get(number)
        if found is None or (found.bucket, found.key) != (bucket, key):
            raise S3Error(404, "NoSuchUpload", "The specified upload does not exist.")
        return found

    def complete(self, number: str, upload: Upload, wanted: Iterable[tuple[int, str]]) -> Stored:
        """Join the parts into an object, in the order asked for."""
        parts = [_part(upload, place, etag) for place, etag in wanted]
        if not parts:
            raise S3Error(400, "MalformedXML", "no parts are named")
        if any(part.size < SMALLEST_PART for part in parts[:-1]):
            raise S3Error(400, "EntityTooSmall", "a part before the last is under 5 MB")
        whole = self.new_file()
        with whole.open("wb") as target:
            for part in parts:
                with part.path.open("rb") as source:
                    shutil.copyfileobj(source, target, _BLOCK)
        digest = hashlib.md5(
            b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False
        ).hexdigest()
        size = sum(part.size for part in parts)
        stored = Stored(whole, size, f"{digest}-{len(parts)}", upload.kind, upload.metadata)
        self.put(upload.bucket, upload.key, stored)
        self.abort(number)
        return stored

    def abort(self, number: str) -> None:
        """Forget an upload and its parts."""
        upload = self.uploads.pop(number)
        for part in upload.parts.values():
            part.path.unlink(missing_ok=True)


def _part(upload: Upload, place: int, etag: str) -> Stored:
    part = upload.parts.get(place)
    if part is None or part.etag != etag.strip('"'):
        raise S3Error(400, "InvalidPart", f"part {place} was not uploaded, or its ETag differs")
    return part
