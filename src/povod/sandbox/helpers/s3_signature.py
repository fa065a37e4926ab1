"""AWS Signature Version 4, as the sandbox's S3 checks it: in the header or in the address."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_plus

ACCESS_KEY, SECRET_KEY = "sandbox-s3", "sandbox-s3-secret"
ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_SAFE = "-_.~"


@dataclass(frozen=True)
class Signed:
    """What a request says about its signature."""

    access_key: str
    day: str
    region: str
    headers: tuple[str, ...]
    signature: str
    moment: str
    payload: str


def problem_of(
    method: str, path: str, query: str, headers: Mapping[str, str], secret: str = SECRET_KEY
) -> str:
    """The S3 error code of a request's signature; empty when it is right.

    `path` and `query` are as sent; header names may be in any case.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    pairs = _pairs(query)
    signed = _in_header(lowered) or _in_query(pairs)
    if signed is None:
        return "AccessDenied"
    if signed.access_key != ACCESS_KEY:
        return "InvalidAccessKeyId"
    canonical = "\n".join(
        [
            method,
            quote(unquote(path), safe="/" + _SAFE),
            _canonical_query(pairs),
            *(f"{name}:{' '.join(lowered.get(name, '').split())}" for name in signed.headers),
            "",
            ";".join(signed.headers),
            signed.payload,
        ]
    )
    scope = f"{signed.day}/{signed.region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{signed.moment}\n{scope}\n{digest}"
    right = hmac.new(_key(secret, signed), text.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(right, signed.signature) else "SignatureDoesNotMatch"


def _in_header(headers: Mapping[str, str]) -> Signed | None:
    algorithm, _, rest = headers.get("authorization", "").partition(" ")
    if algorithm != ALGORITHM:
        return None
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    return _signed(
        fields.get("Credential", ""),
        fields.get("SignedHeaders", ""),
        fields.get("Signature", ""),
        headers.get("x-amz-date", ""),
        headers.get("x-amz-content-sha256", UNSIGNED),
    )


def _in_query(pairs: list[tuple[str, str]]) -> Signed | None:
    fields = dict(pairs)
    if fields.get("X-Amz-Algorithm") != ALGORITHM:
        return None
    return _signed(
        fields.get("X-Amz-Credential", ""),
        fields.get("X-Amz-SignedHeaders", ""),
        fields.get("X-Amz-Signature", ""),
        fields.get("X-Amz-Date", ""),
        UNSIGNED,
    )


def _signed(
    credential: str, names: str, signature: str, moment: str, payload: str
) -> Signed | None:
    parts = credential.split("/")
    if len(parts) != 5:
        return None
    return Signed(parts[0], parts[1], parts[2], tuple(names.split(";")), signature, moment, payload)


def _key(secret: str, signed: Signed) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (signed.day, signed.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _pairs(query: str) -> list[tuple[str, str]]:
    items = (item.partition("=") for item in query.split("&") if item)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in items]


def _canonical_query(pairs: list[tuple[str, str]]) -> str:
    encoded = sorted(
        (quote(name, safe=_SAFE), quote(value, safe=_SAFE))
        for name, value in pairs
        if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)
