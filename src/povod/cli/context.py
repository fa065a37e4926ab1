"""Opening the house for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from povod.kit.errors import ConfigurationError
from povod.kit.masking import mask

if TYPE_CHECKING:
    from sqlalchemy.exc import OperationalError

    from povod.app.house import House

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def open_house() -> "Iterator[House]":
    """Settings, logs, database at the newest schema, everything wired; closed at the end."""
    from sqlalchemy.exc import OperationalError

    from povod.app.build import build_house
    from povod.kit import log
    from povod.kit.settings import load_settings

    settings = load_settings()
    log.configure(settings.log_level, settings.log_format)
    try:
        house = build_house(settings)
    except OperationalError as error:
        raise cannot_be_reached(error) from None
    try:
        house.prepare()
        yield house
    finally:
        house.close()


def cannot_be_reached(error: "OperationalError") -> ConfigurationError:
    """What to tell a person whose database does not answer."""
    reason = str(error.orig).splitlines()[0]
    return ConfigurationError(
        f"DATABASE_URL: the database cannot be reached: {mask(reason)}. "
        "Check the address and that the server runs; `povod doctor` looks at everything"
    )
