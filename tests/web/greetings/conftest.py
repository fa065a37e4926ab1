"""A console over a house with clients, occasions and drafts in it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from congratulated import Congratulated, congratulate
from console_client import HERE, client_of

from povod.app.house import House


@pytest.fixture
def full(house: House) -> Congratulated:
    """The same as `house`, with rows."""
    return congratulate(house)


@pytest.fixture
def web(house: House) -> Iterator[TestClient]:
    with client_of(house, origin=HERE) as client:
        yield client
