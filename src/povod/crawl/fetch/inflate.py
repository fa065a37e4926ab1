"""Decoding a body while it arrives, never beyond the cap: that is where a gzip bomb stops."""

import zlib

from povod.crawl.fetch.result import Failure

ACCEPTED = "gzip, deflate"


class BodyTooLargeError(Exception):
    """The decoded body would pass the cap."""

    failure = Failure.TOO_LARGE


class UnknownEncodingError(Exception):
    """The body came in an encoding that was not asked for, or is damaged."""

    failure = Failure.PROTOCOL


class Inflater:
    """Collects chunks of one body and undoes its content encoding within `cap` bytes."""

    def __init__(self, encoding: str, cap: int) -> None:
        self._cap = cap
        self._parts: list[bytes] = []
        self._size = 0
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UnknownEncodingError(f"content encoding {encoding!r} was not asked for")
        self._zlib = self._decoder(raw=False)

    def _decoder(self, *, raw: bool) -> "zlib._Decompress | None":
        if self._encoding in ("", "identity"):
            return None
        if self._encoding == "deflate":
            return zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
        return zlib.decompressobj(zlib.MAX_WBITS | 16)

    def feed(self, chunk: bytes) -> None:
        """Take one chunk from the wire; `BodyTooLargeError` as soon as the cap is passed."""
        if self._zlib is None:
            self._keep(chunk)
            return
        try:
            plain = self._inflate(chunk)
        except zlib.error as error:
            raise UnknownEncodingError(f"damaged {self._encoding} body: {error}") from None
        self._keep(plain)

    def _inflate(self, chunk: bytes) -> bytes:
        room = self._cap - self._size + 1
        assert self._zlib is not None
        try:
            return self._zlib.decompress(chunk, room)
        except zlib.error:
            if self._encoding != "deflate" or self._size:
                raise
            # Some servers send raw deflate under that name, without the zlib header.
            self._zlib = self._decoder(raw=True)
            assert self._zlib is not None
            return self._zlib.decompress(chunk, room)

    def _keep(self, plain: bytes) -> None:
        self._size += len(plain)
        if self._size > self._cap:
            raise BodyTooLargeError(f"body is larger than {self._cap} bytes")
        self._parts.append(plain)

    def body(self) -> bytes:
        """Everything that came, decoded."""
        return b"".join(self._parts)
