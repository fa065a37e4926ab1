"""Commands of the whole house: demo, up, serve, work, why, doctor, sandbox."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from povod.cli.context import Json, open_house
from povod.cli.output import as_json, complain, moment, say, table

if TYPE_CHECKING:
    from povod.app.demo import DemoResult
    from povod.app.house import House


def register(app: typer.Typer) -> None:
    """Hang the commands on the root."""
    for command in (demo, up, serve, work, why, doctor, sandbox):
        app.command()(command)


def demo(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the console at the end.")
    ] = True,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("data/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty world.")] = False,
    sites: Annotated[int, typer.Option(help="Companies in the sandbox world.")] = 60,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the console.")] = 8000,
    json: Json = False,
) -> None:
    """The whole product on a local world, with the planted truth beside the result."""
    from povod.app.demo import run_demo

    run_demo(
        data,
        sites=sites,
        fresh=fresh,
        say=complain if json else say,
        show=(lambda result: as_json(result.as_dict())) if json else _show_demo,
        then=(lambda house: _open_console(house, port)) if serve else None,
    )


def _open_console(house: "House", port: int) -> None:
    from povod.web.serving import serve as run_server

    say()
    run_server(house, "127.0.0.1", port, work=False, say=say)


def _show_demo(result: "DemoResult") -> None:
    say("")
    names = ("queries", "documents", "companies", "duplicates_merged", "contacts", "letters")
    shown = (*names, "accepted", "bounced", "replied", "refused")
    table("funnel", ("step", "count"), [(name, result.funnel[name]) for name in shown])
    table(
        "watched shop and clients",
        ("what", "count"),
        [*result.sites.items(), *result.greetings.items()],
    )
    say("")
    rows = [
        (s.name, s.found, s.planted, f"{s.precision:.3f}", f"{s.recall:.3f}") for s in result.scores
    ]
    table("beside the planted truth", ("what", "found", "planted", "precision", "recall"), rows)
    say("")
    say(
        f"the mail server accepted {result.accepted_by_server} messages, "
        f"{result.sent_twice} of them twice; {result.greetings['greeted']} clients were greeted, "
        f"{result.greeted_twice} of them twice; {result.seconds:.0f} s in all"
    )


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[
        int, typer.Option(min=-1, max=65535, help="Port to listen on; -1 = WEB_PORT.")
    ] = -1,
) -> None:
    """Console, workers and schedules in one process."""
    from povod.web.serving import serve as run_server

    with open_house() as house:
        run_server(house, host, port, work=True, say=say)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[
        int, typer.Option(min=-1, max=65535, help="Port to listen on; -1 = WEB_PORT.")
    ] = -1,
) -> None:
    """The console only."""
    from povod.web.serving import serve as run_server

    with open_house() as house:
        run_server(house, host, port, work=False, say=say)


def work(
    roles: Annotated[str, typer.Option(help="app, scheduler, worker; empty = all.")] = "",
    queues: Annotated[str, typer.Option(help="Only these queues, by comma.")] = "",
) -> None:
    """Workers only; with REDIS_URL they are woken through RQ."""
    from povod.app.working import work_forever

    with open_house() as house:
        work_forever(house, roles=_parts(roles), queues=_parts(queues))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_PROOFS = {True: "  [verified]", False: "  [CHANGED: the stored hash does not hold]", None: ""}


def why(
    message: Annotated[str, typer.Argument(help="Our id of the message, or its Message-ID.")],
    json: Json = False,
) -> None:
    """Why this message exists: every link from the search to the answer."""
    with open_house() as house:
        story = house.story(message)
    if json:
        as_json(story.as_dict())
        return
    say(f"{story.message['subject']}  [{story.message['status']}]")
    say(f"  {story.message['message_id'] or 'no Message-ID yet'}")
    for step in story.steps:
        when = moment(step.at, ":%S") if step.at else " " * 19
        say(f"  {when}  {step.kind:<10} {step.text}{_PROOFS[step.holds]}")
        if step.quote:
            say(f"  {' ' * 19}  {'':<10} «{step.quote}»")
        if step.detail:
            say(f"  {' ' * 19}  {'':<10} {step.detail}")
    say(f"  links that a hash proves: {story.proved}; changed since: {story.broken}")


def doctor(
    json: Json = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the search service and the model; free.")
    ] = False,
    env_example: Annotated[
        bool, typer.Option("--env-example", help="Print every setting with its default.")
    ] = False,
) -> None:
    """What is configured, what is missing, and how to mend it; exit 1 if something is wrong."""
    from povod.app.doctor import examine
    from povod.kit.log import configure
    from povod.kit.settings.example import env_example as example

    if env_example:
        say(example().rstrip())
        return

    configure("WARNING")  # the settings may be what is wrong
    findings = examine(online=online)
    if json:
        as_json([vars(finding) for finding in findings])
    else:
        table("", ("", "what", "seen", "what to do"), [f.cells() for f in findings])
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)


def sandbox(
    state: Annotated[Path, typer.Option(help="Where the world keeps its state.")] = Path(
        "data/sandbox"
    ),
    sites: Annotated[int, typer.Option(help="Number of companies.")] = 60,
    seed: Annotated[int, typer.Option(help="Another number is another world.")] = 7,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of its services.")] = 8099,
    env_file: Annotated[
        Path, typer.Option(help="File to write the settings to that point Povod at the world.")
    ] = Path(".env.sandbox"),
) -> None:
    """The local world alone: search service, company sites, mail, models."""
    from povod.app.worlds import run_sandbox

    try:
        run_sandbox(state, seed=seed, sites=sites, port=port, env_file=env_file, say=say)
    except KeyboardInterrupt:
        complain("sandbox stopped")
