"""`povod deliver`: the outbox, one road out of the house."""

from typing import Annotated

import typer

from povod.cli import consents
from povod.cli.context import Json, open_house
from povod.cli.output import as_json, facts, say, table
from povod.kit.masking import mask_email

app = typer.Typer(help="The outbox: what waits, what left, what is in doubt.", no_args_is_help=True)
app.add_typer(consents.app, name="consent")


@app.command()
def once(
    limit: Annotated[int, typer.Option(min=1, help="At most this many messages.")] = 1000,
    json: Json = False,
) -> None:
    """Send what is due now, read the inbox, resolve doubts."""
    with open_house() as house:
        done = house.deliver_once(limit)
    if json:
        as_json(done)
    else:
        facts(done)


@app.command()
def outbox(
    status: Annotated[str, typer.Option("--status", "--state", help="Only this state.")] = "",
    limit: Annotated[int, typer.Option(help="Rows to show.")] = 50,
    full: Annotated[bool, typer.Option("--full", help="Show whole addresses.")] = False,
    json: Json = False,
) -> None:
    """List messages, newest plan first."""
    from povod.delivery.listing import MessageFilter, list_messages, status_counts
    from povod.store.tables.delivery import MESSAGE_STATES

    if status and status not in MESSAGE_STATES:
        raise typer.BadParameter(f"use one of {', '.join(MESSAGE_STATES)}", param_hint="--status")
    with open_house() as house, house.db.read() as conn:
        listing = list_messages(conn, MessageFilter(status, size=limit))
        counts = status_counts(conn)
    rows = [
        {
            "id": row.id,
            "status": row.status,
            "to": row.to_value if full else mask_email(row.to_value),
            "subject": row.subject,
            "scheduled_for": row.scheduled_for,
            "sent_at": row.sent_at,
            "message_id": row.message_id,
            "reason": row.skip_reason or row.last_error,
        }
        for row in listing.rows
    ]
    if json:
        as_json({"counts": counts, "total": listing.total, "items": rows})
        return
    say(", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "empty")
    if rows:
        columns = ("id", "status", "to", "subject", "scheduled_for", "sent_at", "reason")
        table("", columns, [[row[name] for name in columns] for row in rows])


@app.command()
def approve(
    message_id: Annotated[str, typer.Argument(help="Message, or `all` that wait.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Approve one message, or all that wait for approval."""
    with open_house() as house:
        count = house.approve(message_id, actor="cli", note=note)
    say(f"approved {count}")


@app.command()
def resolve(
    message_id: Annotated[str, typer.Argument(help="Message in doubt; empty lists them.")] = "",
    sent: Annotated[bool, typer.Option("--sent", help="It was found: it did leave.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send it again on your order.")] = False,
    abandon: Annotated[bool, typer.Option("--abandon", help="Give it up.")] = False,
    reason: Annotated[str, typer.Option(help="Why; required.")] = "",
) -> None:
    """Decide about a message whose outcome is unknown."""
    if not message_id:
        outbox(status="uncertain")
        return
    orders = {"sent": sent, "resend": resend, "abandon": abandon}
    chosen = [name for name, wanted in orders.items() if wanted]
    if len(chosen) != 1 or not reason:
        raise typer.BadParameter("give one of --sent, --resend, --abandon, and --reason")
    with open_house() as house:
        state = house.resolve(message_id, chosen[0], actor="cli", reason=reason)
    say(f"{message_id}: {state}")


Mailbox = Annotated[str, typer.Option("--mailbox", help="Only this mailbox; empty: everything.")]


@app.command()
def pause(
    reason: Annotated[str, typer.Option(help="Why; the console shows it.")], mailbox: Mailbox = ""
) -> None:
    """Emergency stop: nothing leaves until `resume`; all keep their places."""
    from povod.delivery.states import Actor

    with open_house() as house, house.db.tx() as conn:
        is_new = house.delivery.pause(conn, Actor("operator", "cli"), reason, mailbox)
    what = f"sending through {mailbox}" if mailbox else "sending"
    say(
        f"{what} is stopped: {reason}"
        if is_new
        else "it was stopped before; `povod doctor` says why"
    )


@app.command()
def resume(mailbox: Mailbox = "") -> None:
    """Lift the stop."""
    from povod.delivery.states import Actor

    with open_house() as house, house.db.tx() as conn:
        lifted = house.delivery.resume(conn, Actor("admin", "cli"), mailbox)
    say("sending goes on" if lifted else "sending was not stopped")
