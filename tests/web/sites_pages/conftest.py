"""Sites with a history: rows as crawls leave them, finished by the house's own hands."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from console_client import HERE, client_of
from sites_rows import SiteRows, watch

from povod.app.house import House


@pytest.fixture
def sites(house: House) -> SiteRows:
    return watch(house)


@pytest.fixture
def own_client(house: House) -> Iterator[TestClient]:
    """A browser that says where its forms come from."""
    with client_of(house, origin=HERE, **{"accept-language": "en"}) as client:
        yield client
