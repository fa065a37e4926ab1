"""Taking a map out of its archive, piece by piece: gzip by its first bytes, zip of one file (S35).

Nothing here holds a whole file in memory, and nothing is read beyond the caps of S36.
"""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO

from povod.crawl.sitemaps import MAX_INFLATED_BYTES, MAX_RECEIVED_BYTES, SitemapError

CHUNK = 64 * 1024
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_OTHER_ARCHIVES = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
)
_GZIP_FORMAT = 31  # zlib's word for a gzip header with the largest window
_MB = 1024**2

Warn = Callable[[str], None]


def unpacked(chunks: Iterable[bytes], url: str, warn: Warn) -> Iterator[bytes]:
    """The bytes of the map within `chunks`; `warn` is told of what is missing at its end.

    `SitemapError`: `file_too_large`, `nested_archive`, `unreadable_file`, `unsupported_type`.
    """
    received = _received(chunks, url)
    head, rest = _head(received)
    if head.startswith(GZIP):
        inner = _capped(_gunzipped(rest, url, warn), url)
    elif head.startswith(ZIP):
        inner = _capped(_unzipped(rest, url), url)
    else:
        inner = rest
    head, rest = _head(inner)
    if head.startswith((GZIP, ZIP)):
        raise SitemapError("nested_archive", url, "is an archive within an archive")
    _refuse_binary(head, url)
    yield from rest


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first piece that is long enough to tell what it is, and everything again."""
    head = b""
    for piece in chunks:
        head += piece
        if len(head) >= CHUNK:
            break
    return head, chain([head] if head else [], chunks)


def _refuse_binary(head: bytes, url: str) -> None:
    if head.startswith(_OTHER_ARCHIVES):
        raise SitemapError("unsupported_type", url, "is an archive of a kind that is not read")
    zeros = head.count(b"\0")
    if zeros and zeros < len(head) // 4:  # UTF-16 has a zero in nearly every second byte
        raise SitemapError("unsupported_type", url, "is neither XML nor text")


def _received(chunks: Iterable[bytes], url: str) -> Iterator[bytes]:
    size = 0
    for piece in chunks:
        size += len(piece)
        if size > MAX_RECEIVED_BYTES:
            raise _too_large(url, f"is larger than {MAX_RECEIVED_BYTES // _MB} MiB")
        yield piece


def _capped(chunks: Iterable[bytes], url: str) -> Iterator[bytes]:
    size = 0
    for piece in chunks:
        size += len(piece)
        if size > MAX_INFLATED_BYTES:
            raise _too_large(url, f"unpacks to more than {MAX_INFLATED_BYTES // _MB} MiB")
        yield piece


def _too_large(url: str, reason: str) -> SitemapError:
    return SitemapError("file_too_large", url, reason)


def _gunzipped(chunks: Iterator[bytes], url: str, warn: Warn) -> Iterator[bytes]:
    """All members of a gzip file; damage ends it with a warning once something was read."""
    inflater, got = zlib.decompressobj(_GZIP_FORMAT), False
    for piece in chunks:
        packed = piece
        while packed:
            if inflater.eof:  # another member, or padding
                if not packed.startswith(GZIP[: len(packed)]):
                    return
                inflater = zlib.decompressobj(_GZIP_FORMAT)
            try:
                plain = inflater.decompress(packed, CHUNK)
            except zlib.error as error:
                if not got:
                    raise SitemapError("unreadable_file", url, f"is damaged: {error}") from None
                warn(f"{url}: the gzip data are damaged: {error}")
                return
            if plain:
                got = True
                yield plain
            packed = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if not inflater.eof:
        warn(f"{url}: the gzip data end too early")


def _unzipped(chunks: Iterator[bytes], url: str) -> Iterator[bytes]:
    """The one member of a zip archive; its list of contents stands at the end, so it is kept."""
    with tempfile.TemporaryFile() as kept:
        for piece in chunks:
            kept.write(piece)
        yield from _member(kept, url)


def _member(file: IO[bytes], url: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = [info for info in archive.infolist() if not info.is_dir()]
            if len(names) != 1:
                reason = f"holds {len(names)} files; pack exactly one"
                raise SitemapError("unreadable_file", url, reason)
            with archive.open(names[0]) as member:
                while piece := member.read(CHUNK):
                    yield piece
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise SitemapError("unreadable_file", url, f"cannot be unpacked: {error}") from None
