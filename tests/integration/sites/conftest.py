"""A shop and a house for crawls."""

import sys
from pathlib import Path

import pytest
import structlog

from povod.kit import log
from povod.kit.clock import SystemClock
from povod.store.types import CLOCK_OPTION

sys.path.insert(0, str(Path(__file__).parent))

from crawl_house import House
from shop_server import ShopThread


@pytest.fixture
def shop():
    with ShopThread() as served:
        yield served


@pytest.fixture
def house(db, tmp_path):
    """On both databases, with a clock that flows; tracebacks are logged without being painted."""
    log.configure("WARNING", "json")
    db.clock = SystemClock()
    db.engine.update_execution_options(**{CLOCK_OPTION: db.clock})
    yield House(db, db.clock, tmp_path)
    structlog.reset_defaults()
