"""`povod sites profile` and `povod sites proxies`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, say, table
from povod.cli.sites_common import refusals
from povod.kit.errors import InputError

profile_app = typer.Typer(help="What is set for one site.", no_args_is_help=True)
proxies_app = typer.Typer(help="Proxies that crawls may use.", no_args_is_help=True)
Domain = Annotated[str, typer.Argument(help="Domain of the site.")]
ProxyId = Annotated[str, typer.Argument(help="Id of the proxy.")]
BY = "cli"


@profile_app.command("list")
def list_all(json: Json = False) -> None:
    """Sites that have a profile."""
    from povod.sites.profiles import list_profiles

    with open_house() as house, house.db.read() as conn:
        found, _ = list_profiles(conn, 500, "")
    if json:
        as_json({"items": found})
        return
    columns = ("domain", "version", "updated_by", "updated_at")
    table("", columns, [[row[name] for name in columns] for row in found])


@profile_app.command("show")
def show_one(domain: Domain, json: Json = False) -> None:
    """A profile as YAML."""
    from povod.sites.profiles import get_profile

    with open_house() as house, refusals(), house.db.read() as conn:
        found = get_profile(conn, domain)
    if json:
        as_json(found)
    else:
        say(_yaml(found["data"]).rstrip())


@profile_app.command("export")
def export_one(
    domain: Domain,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
) -> None:
    """Write a profile as YAML."""
    from povod.sites.profiles import get_profile

    with open_house() as house, refusals(), house.db.read() as conn:
        text = _yaml(get_profile(conn, domain)["data"])
    if output is None:
        say(text.rstrip())
    else:
        output.write_text(text, encoding="utf-8")


@profile_app.command("import")
def import_one(
    domain: Domain, file: Annotated[Path, typer.Argument(help="YAML of the profile.")]
) -> None:
    """Set a whole profile from a file."""
    _put(domain, _load(file))


@profile_app.command("check")
def check_one(file: Annotated[Path, typer.Argument(help="YAML of a profile.")]) -> None:
    """Whether a file would do."""
    from povod.sites.profiles import parse_profile

    with open_house() as house:
        parse_profile(_load(file), house.sites.deps)
    say(f"{file}: ok")


@profile_app.command("set")
def set_keys(
    domain: Domain, pairs: Annotated[list[str], typer.Argument(help="key=value; empty removes.")]
) -> None:
    """Change some keys."""
    import yaml

    from povod.kit.errors import NotFoundError
    from povod.sites.profiles import get_profile

    with open_house() as house, house.db.read() as conn:
        try:
            data = get_profile(conn, domain)["data"]
        except NotFoundError:
            data = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign:
            raise typer.BadParameter(f"{pair!r} is not key=value")
        data.pop(name, None)
        if text:
            data[name] = yaml.safe_load(text)
    _put(domain, data)


def _put(domain: str, data: Any) -> None:
    from povod.sites.profiles import put_profile
    from povod.sites.start import domain_of

    with open_house() as house, refusals():
        try:
            found = put_profile(house.sites.deps, domain_of(domain), data, BY)
        except InputError as error:
            for item in error.errors:
                complain(f"  {item['field']}: {item['message']}")
            raise
    say(f"{found['domain']}: version {found['version']}")


def _load(file: Path) -> Any:
    import yaml

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"{file}: holds no keys")
    return found


def _yaml(data: Any) -> str:
    import yaml

    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=True))


@proxies_app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="One address a line.")],
    tier: Annotated[str, typer.Option(help="dc, isp, residential, mobile.")],
    provider: Annotated[str, typer.Option(help="Whose they are.")] = "",
) -> None:
    """Take a list of proxies; bad lines are named by number."""
    from povod.crawl.proxies.store import import_proxies

    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{file}: cannot be opened: {error.strerror}") from None
    with open_house() as house:
        sealer = house.sites.deps.sealer
        report = import_proxies(house.db, sealer, text, tier=tier, provider=provider)
    for line in report.bad:
        complain(f"  line {line.number}: {line.reason}")
    say(f"{report.kept} proxies")


@proxies_app.command("list")
def list_proxies(json: Json = False) -> None:
    """All proxies, without passwords."""
    import sqlalchemy as sa

    from povod.store.tables import proxies

    columns = ("id", "scheme", "host", "port", "username", "tier", "state", "enabled")
    query = sa.select(*(proxies.c[name] for name in columns)).order_by(proxies.c.id)
    with open_house() as house, house.db.read() as conn:
        rows = [dict(row) for row in conn.execute(query).mappings()]
    if json:
        as_json({"items": rows})
    else:
        table("", columns, [[row[name] for name in columns] for row in rows])


@proxies_app.command()
def check() -> None:
    """Try proxies that were idle for long."""
    import asyncio

    with open_house() as house:
        count = asyncio.run(house.sites.check_proxies())
    say(f"{count} proxies tried")


@proxies_app.command()
def enable(proxy: ProxyId) -> None:
    """Switch a proxy on; what it was burned for is forgiven."""
    _switch(proxy, True)


@proxies_app.command()
def disable(proxy: ProxyId) -> None:
    """Switch a proxy off."""
    _switch(proxy, False)


def _switch(proxy: str, enabled: bool) -> None:
    from povod.crawl.proxies.store import set_enabled

    with open_house() as house, refusals():
        set_enabled(house.db, proxy, enabled)
    say(f"{proxy}: {'on' if enabled else 'off'}")
