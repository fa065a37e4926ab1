"""Which characters a font can draw, read from its `cmap` table (OpenType 1.9, formats 4 and 12)."""

import struct
from pathlib import Path
from struct import unpack_from

from povod.kit.errors import ConfigurationError

_UNICODE = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}


def characters(path: Path) -> frozenset[int]:
    """All code points with a glyph; `ConfigurationError` for what is no TTF or OTF."""
    try:
        raw = path.read_bytes()
        return frozenset(_read(raw))
    except OSError as error:
        raise ConfigurationError(f"font {path.name} cannot be read: {error.strerror}") from None
    except (struct.error, ValueError):
        raise ConfigurationError(f"{path.name} is not a TTF or OTF font") from None


def _read(raw: bytes) -> set[int]:
    table = _table(raw)
    found: set[int] = set()
    (count,) = unpack_from(">H", raw, table + 2)
    for number in range(count):
        platform, encoding, offset = unpack_from(">HHL", raw, table + 4 + 8 * number)
        if (platform, encoding) in _UNICODE:
            found |= _subtable(raw, table + offset)
    return found


def _table(raw: bytes) -> int:
    (count,) = unpack_from(">H", raw, 4)
    for number in range(count):
        tag, _, offset, _ = unpack_from(">4sLLL", raw, 12 + 16 * number)
        if tag == b"cmap":
            return int(offset)
    raise ValueError("no cmap table")


def _subtable(raw: bytes, start: int) -> set[int]:
    (form,) = unpack_from(">H", raw, start)
    if form == 4:
        return _segments(raw, start)
    if form == 12:
        return _groups(raw, start)
    return set()


def _segments(raw: bytes, start: int) -> set[int]:
    """Format 4: segments of the basic plane, each with a shift or an array of glyphs."""
    (double,) = unpack_from(">H", raw, start + 6)
    ends, starts = start + 14, start + 16 + double
    found: set[int] = set()
    for place in range(0, double, 2):
        (last,), (first,) = (
            unpack_from(">H", raw, ends + place),
            unpack_from(">H", raw, starts + place),
        )
        (shift,) = unpack_from(">h", raw, starts + double + place)
        ranges = starts + 2 * double + place
        (offset,) = unpack_from(">H", raw, ranges)
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = unpack_from(">H", raw, ranges + offset + 2 * (code - first))
            if (glyph + shift) & 0xFFFF if glyph or not offset else 0:
                found.add(code)
    return found


def _groups(raw: bytes, start: int) -> set[int]:
    """Format 12: runs of code points of all planes."""
    (count,) = unpack_from(">L", raw, start + 12)
    found: set[int] = set()
    for number in range(count):
        first, last, glyph = unpack_from(">LLL", raw, start + 16 + 12 * number)
        if last - first > 0x10FFFF:
            raise ValueError("a group of characters has no end")
        found.update(range(first + (1 if glyph == 0 else 0), last + 1))
    return found
