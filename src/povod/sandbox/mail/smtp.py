"""The SMTP side: takes letters for any recipient, in the manner planted for each."""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from povod.kit.clock import Clock
from povod.sandbox.mail.behaviour import Temper
from povod.sandbox.mail.ledger import Ledger

HOST_NAME = "mx.sandbox.test"
_MAX_BYTES = 25 * 1024 * 1024


class LetterBox:
    """Hooks of aiosmtpd: one instance serves all connections."""

    def __init__(self, ledger: Ledger, temper: Temper, clock: Clock) -> None:
        self._ledger = ledger
        self._temper = temper
        self._clock = clock

    async def handle_MAIL(  # noqa: N802 - the library's name for the hook
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept any sender."""
        reply = self._temper.reply("mail", address)
        if reply is not None:
            return _said(server, reply)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name for the hook
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept, defer or reject a recipient."""
        reply = self._temper.reply("rcpt", address)
        if reply is not None:
            return _said(server, reply)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the library's name for the hook
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the letter, then answer, unless the planted manner says otherwise."""
        refusal = self._first_reply("dot", envelope.rcpt_tos)
        if refusal is not None:
            return _said(server, refusal)
        raw = bytes(envelope.original_content or b"")
        sender = envelope.mail_from or ""
        numbers = [
            self._ledger.record(sender, rcpt, raw, self._clock.now()).number
            for rcpt in envelope.rcpt_tos
        ]
        last_word = self._first_reply("accepted", envelope.rcpt_tos)
        if last_word is not None:
            return _said(server, last_word)
        return f"250 2.0.0 OK queued as {numbers[-1]:06d}"

    def _first_reply(self, stage: str, rcpts: list[str]) -> str | None:
        replies = (self._temper.reply(stage, rcpt) for rcpt in rcpts)
        return next((reply for reply in replies if reply is not None), None)


def _said(server: SMTP, reply: str) -> str:
    """The reply, or a closed connection when there is nothing to say."""
    if not reply:
        transport = server.transport
        if isinstance(transport, asyncio.Transport):
            transport.abort()
    return reply or "421 4.4.2 gone"


async def serve_smtp(box: LetterBox, password: str) -> asyncio.Server:
    """Listen on a free loopback port; AUTH is offered, and a wrong password refused."""

    def check(*conversation: Any) -> AuthResult:
        data = conversation[-1]
        right = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=right, handled=False)

    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return SMTP(
            box,
            hostname=HOST_NAME,
            ident="Povod sandbox",
            data_size_limit=_MAX_BYTES,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=check,
            loop=loop,
        )

    return await loop.create_server(connection, "127.0.0.1", 0)
