"""Passwords: kept hashed, made for one use, and what may be chosen."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from povod.kit.errors import InputError
from povod.kit.text import value_key

SHORTEST = 10
_ONE_TIME_BYTES = 12
_hasher = PasswordHasher()


def one_time() -> str:
    """A password that a person gets from somebody else and has to change."""
    return secrets.token_urlsafe(_ONE_TIME_BYTES)


def hashed(password: str) -> str:
    """What is stored of a password; slow on purpose, so never inside a transaction."""
    return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether this is the password; without a user it takes as long as a wrong one."""
    try:
        return _hasher.verify(_nobody() if stored is None else stored, password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(_ONE_TIME_BYTES))


def check_choice(fresh: str, present: str, login: str) -> None:
    """`InputError` for a password that is too easy to guess, or no new one."""
    if len(fresh) < SHORTEST:
        raise InputError(
            f"the new password is too short: take at least {SHORTEST} characters",
            code="password_short",
        )
    if value_key(fresh) == value_key(login):
        raise InputError("the new password is the login: take another", code="password_is_login")
    if fresh == present:
        raise InputError("the new password is the old one: take another", code="password_same")
