"""A real SMTP server for the tests, whose manners depend on the recipient's local part."""

import asyncio
import hashlib
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

RCPT_ANSWERS = {
    "grey": "451 4.7.1 Greylisted, try again later",
    "unknown": "550 5.1.1 User unknown",
    "nouser571": "550 5.7.1 No such user!",
    "full": "552 5.2.2 Mailbox full",
    "limit": "550 5.4.5 Daily sending limit exceeded",
    "odd": "554 Transaction failed",
}
DATA_ANSWERS = {
    "spam571": "550 5.7.1 Message rejected under suspicion of SPAM",
    "later": "451 4.3.0 Try again later",
    "big": "552 5.3.4 Message too big",
    "nouserdot": "550 5.1.1 No such user here",
}


@dataclass
class Sink:
    """What was accepted, and the port to send to."""

    port: int = 0
    accepted: list[tuple[str, str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    on_rcpt: Any = None
    on_data: Any = None

    def ids(self) -> list[str]:
        """Message-IDs accepted, in order."""
        return [message_id for message_id, _, _ in self.accepted]

    def manner(self, address: str) -> str:
        return address.partition("@")[0].split("-")[0]

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append(f"RCPT {address}")
        if self.on_rcpt is not None:
            await asyncio.to_thread(self.on_rcpt)
        if self.manner(address) == "hangup":
            assert server.transport is not None
            server.transport.abort()
            return "421 bye"
        answer = RCPT_ANSWERS.get(self.manner(address))
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        recipient = envelope.rcpt_tos[0]
        raw = envelope.original_content or b""
        self.commands.append(f"DATA {recipient}")
        if self.on_data is not None:
            await asyncio.to_thread(self.on_data)
        manner = self.manner(recipient)
        if manner in DATA_ANSWERS:
            return DATA_ANSWERS[manner]
        message_id = message_from_bytes(raw)["Message-ID"]
        self.accepted.append((message_id, recipient, hashlib.sha256(raw).hexdigest()))
        if manner == "lost250":
            assert server.transport is not None
            server.transport.abort()
        return f"250 2.0.0 Ok: queued as Q{len(self.accepted)}"


class SinkServer:
    """Runs a sink in a thread of its own."""

    def __init__(self) -> None:
        self.sink = Sink()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> Sink:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        self.sink.port = self._server.sockets[0].getsockname()[1]
        return self.sink

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(
            lambda: SMTP(
                self.sink,
                hostname="sink",
                enable_SMTPUTF8=False,
                loop=self._loop,
                auth_require_tls=False,
                authenticator=lambda *_: AuthResult(success=False, handled=False),
            ),
            "127.0.0.1",
            0,
        )

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
