"""Where files are kept: a folder, or any store that speaks S3 (S125)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from povod.kit.errors import ConfigurationError, ExternalError, NotFoundError
from povod.kit.settings import Settings
from povod.kit.tabular.writing import replaced

MULTIPART_BYTES = 8 * 1024 * 1024


class StoreDownError(ExternalError):
    """The store of files cannot be reached now; the data is safe in the database."""


class ArtifactStore(Protocol):
    """Files by key (`jobs/<id>/full.csv`); a key holds a whole file or none."""

    def put(self, key: str, file: Path) -> None:
        """Keep a copy of `file`; what was there under the key is replaced at once."""

    def open(self, key: str) -> BinaryIO:
        """The bytes; `NotFoundError` when there are none."""

    def size(self, key: str) -> int | None:
        """Bytes of the file; None when there is none."""

    def delete(self, key: str) -> None:
        """Forget the file; nothing happens when it is gone already."""

    def list(self, prefix: str) -> Iterator[str]:
        """Keys that begin so."""


class FolderStore:
    """Files in a folder of this machine; never under a path that the web serves."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, file: Path) -> None:
        """Copy and rename, so that nobody sees half a file."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as target:
            shutil.copyfile(file, target)

    def open(self, key: str) -> BinaryIO:
        """The file."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise NotFoundError(f"there is no file {key}") from None

    def size(self, key: str) -> int | None:
        """Its bytes."""
        path = self._path(key)
        return path.stat().st_size if path.is_file() else None

    def delete(self, key: str) -> None:
        """Remove it."""
        self._path(key).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[str]:
        """Keys under a prefix."""
        for path in sorted(self._root.rglob("*")):
            key = path.relative_to(self._root).as_posix()
            if path.is_file() and not path.name.startswith(".") and key.startswith(prefix):
                yield key

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise NotFoundError(f"there is no file {key}")
        return path


class S3Store:
    """Any store that speaks S3, by path-style addresses; the bucket stays private."""

    def __init__(self, settings: Settings) -> None:
        try:
            import boto3  # type: ignore[import-untyped]  # has no types
            from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]
            from botocore.config import Config  # type: ignore[import-untyped]
        except ImportError:
            raise ConfigurationError(
                "S3_ENDPOINT: the library for S3 is not installed. Install the extra: povod[s3]"
            ) from None
        secret, key = settings.s3_secret_key, settings.s3_access_key
        self._bucket = settings.s3_bucket
        self._transfer = TransferConfig(multipart_threshold=MULTIPART_BYTES, use_threads=False)
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint,
            region_name=settings.s3_region,
            aws_access_key_id=key.get_secret_value() if key else None,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            config=Config(
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 2, "mode": "standard"},
            ),
        )

    def put(self, key: str, file: Path) -> None:
        """Upload, in parts when it is large; the store shows it when it is whole."""
        with _reachable():
            self._client.upload_file(str(file), self._bucket, key, Config=self._transfer)

    def open(self, key: str) -> BinaryIO:
        """The body, streamed."""
        with _reachable(key):
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        return cast("BinaryIO", body)

    def size(self, key: str) -> int | None:
        """Its bytes."""
        try:
            with _reachable(key):
                return int(self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"])
        except NotFoundError:
            return None

    def delete(self, key: str) -> None:
        """Remove it."""
        with _reachable():
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def list(self, prefix: str) -> Iterator[str]:
        """Keys under a prefix, page by page."""
        with _reachable():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (entry["Key"] for entry in page.get("Contents", ()))


@contextmanager
def _reachable(key: str = "") -> Iterator[None]:
    """Errors of the client in our words."""
    from boto3.exceptions import S3UploadFailedError  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    try:
        yield
    except ClientError as error:
        if _status(error) == 404:
            raise NotFoundError(f"there is no file {key}") from None
        raise StoreDownError(f"the store of files answers {_status(error)}") from None
    except (BotoCoreError, S3UploadFailedError) as error:
        raise StoreDownError(
            f"the store of files cannot be reached: {type(error).__name__}. Check S3_ENDPOINT"
        ) from None


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def open_store(settings: Settings) -> ArtifactStore:
    """The store that the settings name: S3 when `S3_ENDPOINT` is set, else DATA_DIR."""
    return S3Store(settings) if settings.s3_endpoint else FolderStore(settings.data_dir)
