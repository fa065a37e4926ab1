"""Repeatable chance: the same seed and the same words give the same number."""

import hashlib


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on `parts` only."""
    digest = hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)


def code(*parts: object, length: int = 17) -> str:
    """Lower-case letters and digits that depend on `parts` only, as in the service's ids."""
    number = int.from_bytes(hashlib.sha256("\x00".join(map(str, parts)).encode()).digest())
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 36)
        letters.append("0123456789abcdefghijklmnopqrstuvwxyz"[digit])
    return "".join(letters)
