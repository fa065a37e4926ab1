"""Hiding addresses and credentials in what people and logs see."""

import re
from typing import Any

_ADDRESS = re.compile(r"([\w.+%-]{1,64})@((?:[\w-]+\.)+\w{2,24})")
_SECRET_NAME = re.compile(r"(?i)(pass(word)?|secret|token|api_?key|private_key|authorization|jwt)")
_SECRET_VALUE = re.compile(
    r"(?i)\b(bearer|api-key)\s+\S+|t1\.[\w.-]{8,}|-----BEGIN[\s\S]*?-----END[^-]*-----"
)


def mask_email(text: str) -> str:
    """`anna@firma.ru` becomes `an***@firma.ru` (D51)."""
    return _ADDRESS.sub(lambda m: f"{m[1][:2]}***@{m[2]}", text)


def mask(value: Any) -> Any:
    """Mask addresses and credentials in a text, or in the texts of a list or mapping."""
    if isinstance(value, str):
        return mask_email(_SECRET_VALUE.sub("***", value))
    if isinstance(value, dict):
        return {
            k: "***" if _SECRET_NAME.search(str(k)) and v else mask(v) for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask(item) for item in value]
    return value
