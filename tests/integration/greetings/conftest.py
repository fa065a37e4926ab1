"""A house for greetings on both databases."""

import sys
from pathlib import Path

import pytest

from povod.kit.clock import FixedClock
from povod.store.db import Database

sys.path.insert(0, str(Path(__file__).parent))

from greetings_house import House, settings_for


@pytest.fixture
def house(db: Database, clock: FixedClock, tmp_path: Path) -> House:
    return House.build(db, clock, settings_for(tmp_path))


@pytest.fixture
def small(sqlite_db: Database, clock: FixedClock, tmp_path: Path) -> House:
    """The same on SQLite alone, where the database makes no difference."""
    return House.build(sqlite_db, clock, settings_for(tmp_path))
