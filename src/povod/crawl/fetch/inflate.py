"""Decoding a body while it arrives, never beyond the cap: that is where a gzip bomb stops."""

import zlib
from typing import Protocol

import brotli  # type: ignore[import-untyped]
import zstandard

ACCEPTED = "gzip, deflate, br, zstd"
_PLAIN = frozenset({"", "identity", "none", "utf-8", "utf8", "7bit", "8bit", "binary"})
"""No encoding, and what careless servers write for it."""

_ZSTD_WINDOW = 8 * 1024 * 1024  # RFC 8878 section 3.1.1.1.2: what a receiver should support
_ZSTD_SLICE = 256
"""Input fed at a time: a block may inflate to 128 KiB, so this bounds what one call can make."""


class DecodingError(Exception):
    """The body came in an encoding that was not asked for, or is damaged."""


class _Decoder(Protocol):
    def decode(self, chunk: bytes, room: int) -> bytes:
        """The plain bytes of a chunk, at least `room` of them if there are that many."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the encoded stream has come to its end."""
        ...


class _Zlib:
    """gzip, and deflate with or without the zlib header: some servers send it raw.

    Two bytes make that header (RFC 1950 section 2.2), so the first one waits for the second.
    """

    def __init__(self, encoding: str) -> None:
        self._may_be_raw = encoding == "deflate"
        self._head = b""
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | (0 if self._may_be_raw else 16))

    def decode(self, chunk: bytes, room: int) -> bytes:
        if self._may_be_raw:
            chunk = self._head + chunk
            if len(chunk) < 2:
                self._head = chunk
                return b""
            self._may_be_raw = False
            if not _has_zlib_header(chunk):
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._zlib.decompress(chunk, room)
        except zlib.error as error:
            raise DecodingError(f"damaged gzip or deflate body: {error}") from None

    @property
    def is_over(self) -> bool:
        return self._zlib.eof


class _Brotli:
    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    def decode(self, chunk: bytes, room: int) -> bytes:
        try:
            plain: bytes = self._brotli.process(chunk, output_buffer_limit=room)
        except brotli.error:
            raise DecodingError("damaged brotli body") from None
        return plain

    @property
    def is_over(self) -> bool:
        return bool(self._brotli.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    def decode(self, chunk: bytes, room: int) -> bytes:
        parts: list[bytes] = []
        made = 0
        try:
            for start in range(0, len(chunk), _ZSTD_SLICE):
                part = self._zstd.decompress(chunk[start : start + _ZSTD_SLICE])
                parts.append(part)
                made += len(part)
                if made >= room or self._zstd.eof:
                    break
        except zstandard.ZstdError as error:
            raise DecodingError(f"damaged zstd body: {error}") from None
        return b"".join(parts)

    @property
    def is_over(self) -> bool:
        return self._zstd.eof


def _has_zlib_header(head: bytes) -> bool:
    """Whether a deflate stream begins with the header of RFC 1950: method, window, check bits."""
    method, window, checked = head[0] & 15, head[0] >> 4, head[0] << 8 | head[1]
    return method == zlib.DEFLATED and window <= 7 and checked % 31 == 0


class Inflater:
    """Collects chunks of one body and undoes its content encoding within `cap` bytes.

    `is_full` once the body is longer than the cap; what is beyond is not kept.
    """

    def __init__(self, encoding: str, cap: int) -> None:
        self._cap = cap
        self._parts: list[bytes] = []
        self._size = 0
        self._fed = False
        self._decoder = _decoder(encoding.strip().lower())
        self.is_full = False

    def feed(self, chunk: bytes) -> bytes:
        """Take one chunk from the wire; gives what it holds in plain, cut at the cap."""
        room = self._cap - self._size + 1
        self._fed = self._fed or bool(chunk)
        plain = chunk if self._decoder is None else self._decoder.decode(chunk, room)
        if self._size + len(plain) > self._cap:
            self.is_full = True
            plain = plain[: room - 1]
        self._size += len(plain)
        self._parts.append(plain)
        return plain

    @property
    def is_complete(self) -> bool:
        """Whether the encoded stream ended by itself (a plain body always does)."""
        return self._decoder is None or not self._fed or self._decoder.is_over

    def body(self) -> bytes:
        """Everything that came, decoded."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


def _decoder(encoding: str) -> _Decoder | None:
    if encoding in _PLAIN:
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _Zlib(encoding)
    if encoding == "br":
        return _Brotli()
    if encoding == "zstd":
        return _Zstd()
    raise DecodingError(f"content encoding {encoding[:60]!r} was not asked for")
