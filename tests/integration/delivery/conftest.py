"""A sink to send to and a house to send from, on both databases."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from povod.kit.clock import FixedClock
from povod.store.db import Database

sys.path.insert(0, str(Path(__file__).parent))

from delivery_house import House, settings_for
from delivery_sink import Sink, SinkServer


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = SinkServer()
    yield server.start()
    server.stop()


@pytest.fixture
def house(db: Database, clock: FixedClock, tmp_path: Path, sink: Sink) -> House:
    return House.build(db, clock, settings_for(tmp_path, sink.port))


@pytest.fixture
def file_house(db: Database, clock: FixedClock, tmp_path: Path) -> House:
    return House.build(db, clock, settings_for(tmp_path))
