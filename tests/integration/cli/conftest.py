"""The command line in this process: its own folder, its own settings, a database in a file."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from povod.app.build import build_house
from povod.app.house import House
from povod.cli import main as entry
from povod.kit.settings import Settings, load_settings


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Povod = Callable[..., Done]


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty folder to stand in; no setting comes from outside; logs are as before."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.lower().removesuffix("_file") in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield tmp_path
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def povod(
    surroundings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Povod:
    """Run `povod ARGS` with more settings as keywords."""

    def call(*args: str, **settings: str) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr("sys.argv", ["povod", *args])
            for name, value in settings.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                entry.main()
        captured = capsys.readouterr()
        return Done(int(ended.value.code or 0), captured.out, captured.err)

    return call


@pytest.fixture
def house(surroundings: Path) -> Iterator[House]:
    """The same database as the commands use, for preparing rows and looking at them."""
    house = build_house(load_settings())
    house.prepare()
    yield house
    house.close()
