"""A house that knows a person, for the tests of what is kept about people."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from person_house import Known, PersonHouse, fill

from povod.kit.clock import FixedClock
from povod.store.db import Database


@pytest.fixture
def house(db: Database, clock: FixedClock, tmp_path: Path) -> PersonHouse:
    return PersonHouse.build(db, clock, tmp_path)


@pytest.fixture
def known(house: PersonHouse) -> Known:
    return fill(house)
