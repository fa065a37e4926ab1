"""Hiding addresses and credentials in what people and logs see."""

import re
from typing import Any

_ADDRESS = re.compile(r"([\w.+%-]{1,64})@((?:[\w-]+\.)+\w{2,24})")
_SECRET_NAME = re.compile(
    r"(?i)(password|passwd|secret|token|api_?key|private_key|authorization|jwt)|(^|_)pass($|_)"
)
_SECRET_VALUE = re.compile(
    r"(?i)\b(bearer|api-key)\s+\S+|t1\.[\w.-]{8,}|-----BEGIN[\s\S]*?-----END[^-]*-----"
    r"|\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*|\bsk-[\w-]{16,}"
)
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)")


def mask_email(text: str) -> str:
    """`anna@firma.ru` becomes `an***@firma.ru` (D51)."""
    return _ADDRESS.sub(lambda m: f"{m[1][:2]}***@{m[2]}", text)


def mask(value: Any) -> Any:
    """Mask addresses and credentials in a text, an error, or what a list or mapping holds."""
    if isinstance(value, str):
        return mask_email(_URL_PASSWORD.sub(r"\1***", _SECRET_VALUE.sub("***", value)))
    if isinstance(value, BaseException):
        return mask(f"{type(value).__name__}: {value}")
    if isinstance(value, dict):
        return {k: "***" if _is_secret(k, v) else mask(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask(item) for item in value]
    return value


def _is_secret(name: Any, value: Any) -> bool:
    """A number is a count (`input_tokens`), never a credential."""
    counted = isinstance(value, (int, float))
    return bool(value) and not counted and _SECRET_NAME.search(str(name)) is not None
