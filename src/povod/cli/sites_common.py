"""What the commands of watched sites share: sources, options, exit statuses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from povod.cli.output import complain
from povod.kit.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooManyError

if TYPE_CHECKING:
    from povod.sites.start import Source

REFUSED, NOT_FOUND = 3, 4


@contextmanager
def refusals() -> Iterator[None]:
    """Refused is 3, not found is 4 (S130); wrong use stays 2."""
    try:
        yield
    except NotFoundError as error:
        complain(f"povod: {error}")
        raise typer.Exit(NOT_FOUND) from None
    except (ConflictError, ForbiddenError, TooManyError) as error:
        complain(f"povod: {error}")
        raise typer.Exit(REFUSED) from None


def confirm_rights(yes: bool) -> None:
    """Whoever starts a job says that it is right to (S5)."""
    try:
        sure = yes or typer.confirm("May you collect these pages?", err=True)
    except typer.Abort:
        raise InputError("nobody answered; a script says it with --yes") from None
    if not sure:
        raise typer.Exit(REFUSED)


def source_of(sitemap: str, urls: Path | None, site: str) -> "tuple[Source, dict[str, Any]]":
    """The source that was named, and the options that go with it."""
    from povod.sites.start import Source

    given = [bool(sitemap), urls is not None, bool(site)]
    if sum(given) != 1:
        raise typer.BadParameter("give one of --sitemap, --urls, --site")
    if urls is not None:
        lines = (line.strip() for line in _read(urls).decode("utf-8-sig", "replace").splitlines())
        return Source(urls=[line for line in lines if line and not line.startswith("#")]), {}
    if site:
        return Source(), {"domain": site, "discover": True}
    if "://" in sitemap:
        return Source(sitemap_url=sitemap), {}
    return Source(upload=_read(Path(sitemap))), {}


def wanted_options(pairs: Sequence[str]) -> dict[str, Any]:
    """`key=value` pairs; a value that is JSON is taken as such, a comma makes a list."""
    import orjson

    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{pair!r} is not key=value", param_hint="--option")
        try:
            found[name] = orjson.loads(text)
        except orjson.JSONDecodeError:
            found[name] = [part for part in text.split(",") if part] if name in _LISTS else text
        if name in _LISTS and not isinstance(found[name], list):
            found[name] = [str(found[name])]
    return found


_LISTS = ("include", "exclude", "fetchers", "proxy_tags", "compare", "notify")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be opened: {error.strerror}") from None
