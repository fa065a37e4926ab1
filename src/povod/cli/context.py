"""Opening the house for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from povod.cli.output import ZONE
from povod.kit.errors import ConfigurationError
from povod.kit.masking import mask

if TYPE_CHECKING:
    from povod.app.house import House

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def reachable_database() -> "Iterator[None]":
    """Turns a database that does not answer into `ConfigurationError`."""
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        raise ConfigurationError(
            f"DATABASE_URL: the database cannot be reached: {mask(reason)}. "
            "Check the address and that the server runs; `povod doctor` looks at everything"
        ) from None


@contextmanager
def open_house() -> "Iterator[House]":
    """Settings, logs, database at the newest schema, everything wired; closed at the end."""
    from zoneinfo import ZoneInfo

    from povod.app.build import build_house
    from povod.kit import log
    from povod.kit.settings import load_settings

    settings = load_settings()
    log.configure(settings.log_level, settings.log_format)
    ZONE.set(ZoneInfo(settings.app_timezone))
    with reachable_database():
        house = build_house(settings)
    try:
        house.prepare()
        yield house
    finally:
        house.close()
