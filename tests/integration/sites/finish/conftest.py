"""Jobs whose crawl is over, for finalisation."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from finish_shop import Shop


@pytest.fixture
def shop(db, clock, tmp_path) -> Shop:
    return Shop(db, clock, tmp_path)
