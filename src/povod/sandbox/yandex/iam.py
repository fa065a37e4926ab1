"""Token exchange and authorisation of the imitated cloud (Y55, Y56)."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from povod.sandbox.clock import WorldClock
from povod.sandbox.yandex.errors import (
    INVALID_ARGUMENT,
    PERMISSION_DENIED,
    UNAUTHENTICATED,
    ApiRefusal,
)
from povod.sandbox.yandex.store import Store, Token

AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens"
FOLDER_ID = "b1gsandbox0000000000"
KEY_ID = "ajesandboxkey0000000"
ACCOUNT_ID = "ajesandboxaccount000"
API_KEY = "sandbox-key"
API_KEY_NO_ROLE = "sandbox-key-norole"
MAX_JWT_SECONDS = 3600
CLOCK_SLACK_SECONDS = 60
SAME_TOKEN_SECONDS = 60


@dataclass(frozen=True)
class DemoKey:
    """The service account's authorised key, as the console of the cloud hands it out."""

    document: dict[str, str]
    public_pem: str


def make_demo_key() -> DemoKey:
    """A fresh RSA-2048 key; nothing secret is stored in the source."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    warning = "PLEASE DO NOT REMOVE THIS LINE! Sandbox key of " + ACCOUNT_ID + "\n"
    document = {
        "id": KEY_ID,
        "service_account_id": ACCOUNT_ID,
        "created_at": "2026-01-01T00:00:00.000000000Z",
        "key_algorithm": "RSA_2048",
        "public_key": public.decode(),
        "private_key": warning + pem,
    }
    return DemoKey(document, public.decode())


def load_demo_key(path: Path) -> DemoKey:
    """The key kept at `path`; made at the first start."""
    if not path.exists():
        key = make_demo_key()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(key.document, file, indent=2)
        return key
    document = json.loads(path.read_text(encoding="utf-8"))
    return DemoKey(document, document["public_key"])


@dataclass
class Iam:
    """Issues tokens for a correctly signed JWT and recognises them later.

    All times are judged on the virtual clock; `ttl_seconds` is the life of a token.
    """

    key: DemoKey
    clock: WorldClock
    store: Store
    ttl_seconds: float = 43_200

    def exchange(self, body: Any) -> Token:
        """A token for `{"jwt": …}`; the same one again within 60 s. `ApiRefusal` otherwise."""
        assertion = body.get("jwt") if isinstance(body, dict) else None
        if not isinstance(assertion, str) or not assertion:
            raise ApiRefusal(
                INVALID_ARGUMENT, "jwt is required", violations=[("jwt", "Field is required")]
            )
        now = self.clock.now().timestamp()
        self._check_claims(self._verified(assertion), now)
        newest = self.store.newest_token()
        if newest and now - newest.issued_at < SAME_TOKEN_SECONDS and now < newest.expires_at:
            return newest
        token = Token("t1." + secrets.token_urlsafe(48), now, now + self.ttl_seconds)
        self.store.save_token(token)
        return token

    def _verified(self, assertion: str) -> dict[str, Any]:
        """Claims of a JWT with a good header and a good PS256 signature."""
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.PyJWTError:
            raise _unauthenticated("jwt: cannot be decoded") from None
        if header.get("alg") != "PS256":
            raise _unauthenticated(f"jwt: alg {header.get('alg')} is not supported, use PS256")
        if header.get("kid") != KEY_ID:
            raise _unauthenticated("jwt: kid names no known key")
        try:
            # the claims are ours to judge: on the virtual clock, each with its own message
            payload = jwt.PyJWS().decode(assertion, self.key.public_pem, algorithms=["PS256"])
        except jwt.PyJWTError:
            raise _unauthenticated("jwt: signature does not match") from None
        return _parse_claims(payload)

    def _check_claims(self, claims: Mapping[str, Any], now: float) -> None:
        issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
        if claims.get("iss") != ACCOUNT_ID:
            raise _unauthenticated("jwt: iss is not the owner of the key")
        if claims.get("aud") != AUDIENCE:
            raise _unauthenticated(f"jwt: aud must be {AUDIENCE}")
        if issued is None or issued > now + CLOCK_SLACK_SECONDS:
            raise _unauthenticated("jwt: iat is missing or in the future")
        if expires is None or expires <= now:
            raise _unauthenticated("jwt: exp is missing or past")
        if expires - issued > MAX_JWT_SECONDS:
            raise _unauthenticated("jwt: exp is more than 3600 s after iat")

    def authorise(self, header: str | None) -> str:
        """Kind of the credential (`iam_token` or `api_key`); `ApiRefusal` 16 or 7 otherwise."""
        scheme, _, credential = (header or "").partition(" ")
        credential = credential.strip()
        if scheme.lower() == "api-key":
            return _check_api_key(credential)
        if scheme.lower() != "bearer" or not credential:
            raise _unauthenticated("The authorization header is missing or malformed")
        token = self.store.token(credential)
        if token is None:
            raise _unauthenticated("The token is invalid")
        if token.expires_at <= self.clock.now().timestamp():
            raise _unauthenticated("The token has expired")
        return "iam_token"


def _check_api_key(key: str) -> str:
    if key == API_KEY_NO_ROLE:
        raise ApiRefusal(
            PERMISSION_DENIED, "Permission denied: role search-api.webSearch.user is required"
        )
    if key != API_KEY:
        raise _unauthenticated("Unknown api key")
    return "api_key"


def check_folder(folder_id: str) -> None:
    """Only the demo folder exists; any other is refused with 403 (Y56)."""
    if folder_id != FOLDER_ID:
        raise ApiRefusal(PERMISSION_DENIED, f"Permission denied to folder {folder_id}")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number else None


def _parse_claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise _unauthenticated("jwt: the claims are not a JSON object")
    return claims


def _unauthenticated(message: str) -> ApiRefusal:
    return ApiRefusal(UNAUTHENTICATED, message)
