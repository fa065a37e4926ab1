"""Opening the house for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from povod.app.house import House

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def open_house() -> "Iterator[House]":
    """Settings, logs, database at the newest schema, everything wired; closed at the end."""
    from povod.app.build import build_house
    from povod.kit import log
    from povod.kit.settings import load_settings

    settings = load_settings()
    log.configure(settings.log_level, settings.log_format)
    house = build_house(settings)
    try:
        house.prepare()
        yield house
    finally:
        house.close()
