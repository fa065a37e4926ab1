"""Starting and stopping the mail servers."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from povod.kit.clock import Clock
from povod.sandbox.mail.behaviour import Faults, Temper
from povod.sandbox.mail.imap import serve_imap
from povod.sandbox.mail.ledger import Ledger
from povod.sandbox.mail.mailbox import Account
from povod.sandbox.mail.smtp import LetterBox, serve_smtp
from povod.sandbox.world.model import World

USER = "anna@mail.povod-demo.ru"
PASSWORD = "sandbox"  # noqa: S105 - a published password of a local toy


@dataclass(slots=True)
class MailServers:
    """The running servers; any user name goes with `PASSWORD` and reaches the one account."""

    smtp_port: int
    imap_port: int
    ledger: Ledger
    faults: Faults
    account: Account
    servers: tuple[asyncio.Server, ...]

    async def close(self) -> None:
        """Stop listening and cut what is still connected."""
        for server in self.servers:
            server.close()
        self.ledger.close()


async def start_mail(world: World, clock: Clock, state_dir: Path) -> MailServers:
    """SMTP and IMAP on free loopback ports; `state_dir` keeps every accepted letter."""
    folder = state_dir / "mail"
    ledger, faults = Ledger(folder), Faults()
    account = Account(world, clock, ledger, folder)
    smtp = await serve_smtp(LetterBox(ledger, Temper(world, faults), clock), PASSWORD)
    imap = await serve_imap(account, PASSWORD)
    return MailServers(_port(smtp), _port(imap), ledger, faults, account, (smtp, imap))


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
