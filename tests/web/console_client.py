"""Clients of the console for tests."""

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from povod.app.house import House
from povod.web import create_app

HERE = "http://127.0.0.1"
PASSWORD = "correct horse battery"
# Cheap on purpose: the real cost of a hash is argon2's affair.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def client_of(house: House, **headers: str) -> TestClient:
    """A browser that follows no redirect, and sees what a person would see of an error."""
    return TestClient(
        create_app(house),
        base_url=HERE,
        headers=headers,
        follow_redirects=False,
        raise_server_exceptions=False,
    )
