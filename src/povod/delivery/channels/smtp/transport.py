"""The SMTP conversation in separate steps, so that the handoff fits between RCPT and DATA (D23)."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiosmtplib

from povod.delivery.channels.contract import (
    AUTH,
    CONNECT,
    DATA,
    DOT,
    MAIL,
    RCPT,
    Parcel,
    Reply,
)
from povod.delivery.mailboxes import Mailbox, is_loopback, secret_of
from povod.delivery.moves import Message
from povod.kit.settings import Settings

MAX_PER_CONNECTION = 50
MAX_IDLE_SECONDS = 60.0
DATA_SECONDS = 600.0
"""RFC 5321 4.5.3.2.6: a server may take ten minutes to answer the final dot."""

_TROUBLE = (aiosmtplib.SMTPException, OSError, asyncio.TimeoutError, ValueError)


class SmtpChannel:
    """Makes conversations with the server of a mailbox."""

    name = "smtp"
    certain = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def leaves_host(self, mailbox: Mailbox) -> bool:
        """All but a sandbox on this machine counts as outside."""
        return not (self._settings.sandbox_url and is_loopback(mailbox["host"]))

    def session(self, mailbox: Mailbox) -> "SmtpSession":
        """A conversation; connects when the first parcel comes."""
        secret = secret_of(self._settings, mailbox)
        return SmtpSession(mailbox, secret, self._settings.smtp_timeout_sec)

    def was_delivered(self, attempt: Mapping[str, Any], message: Message) -> bool:
        """Nobody can tell from here: the resolver looks into the Sent folder."""
        raise NotImplementedError("SMTP cannot be asked what it delivered")


class SmtpSession:
    """One connection, reused for up to 50 letters or a minute of silence (D4)."""

    def __init__(self, mailbox: Mailbox, secret: str, timeout: float) -> None:
        self._mailbox = mailbox
        self._secret = secret
        self._timeout = timeout
        self._client: aiosmtplib.SMTP | None = None
        self._letters = 0
        self._used = 0.0

    async def prepare(self, parcel: Parcel) -> Reply | None:
        """Connect if need be, then MAIL FROM and RCPT TO."""
        stage = CONNECT
        try:
            client = await self._ready_client()
            stage = AUTH if not self._letters and self._mailbox["auth"] == "password" else MAIL
            if stage == AUTH:
                await client.login(self._mailbox["username"], self._secret)
            stage, refused = MAIL, self._unsupported(client, parcel)
            if refused is not None:
                return refused
            await client.mail(
                parcel.sender, options=self._options(client, parcel), encoding="utf-8"
            )
            stage = RCPT
            await client.rcpt(parcel.recipient, encoding="utf-8")
        except _TROUBLE as error:
            return await self._failed(stage, error)
        self._letters += 1
        return None

    async def _ready_client(self) -> aiosmtplib.SMTP:
        idle = time.monotonic() - self._used > MAX_IDLE_SECONDS
        stale = idle or self._letters >= MAX_PER_CONNECTION
        if self._client is not None and (stale or not self._client.is_connected):
            await self.close()
        if self._client is None:
            security = self._mailbox["security"]
            self._letters = 0
            self._client = aiosmtplib.SMTP(
                hostname=self._mailbox["host"],
                port=self._mailbox["port"],
                use_tls=security == "ssl",
                start_tls=security == "starttls",
                local_hostname=self._mailbox["from_email"].rpartition("@")[2] or "localhost",
                timeout=self._timeout,
            )
            await self._client.connect()
            await self._client.ehlo()
        self._used = time.monotonic()
        return self._client

    @staticmethod
    def _unsupported(client: aiosmtplib.SMTP, parcel: Parcel) -> Reply | None:
        if parcel.recipient.isascii() or client.supports_extension("smtputf8"):
            return None
        return Reply(MAIL, None, "the server does not offer SMTPUTF8", "smtputf8")

    @staticmethod
    def _options(client: aiosmtplib.SMTP, parcel: Parcel) -> list[str]:
        options = [f"SIZE={len(parcel.wire)}"] if client.supports_extension("size") else []
        if client.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")
        return options if parcel.recipient.isascii() else [*options, "SMTPUTF8"]

    async def transfer(self, parcel: Parcel) -> Reply:
        """DATA and the letter; without an answer to the final dot nobody knows."""
        if self._client is None or not self._client.is_connected:
            return Reply(DATA, None, "the connection was closed", "unreachable")
        try:
            answer = await self._client.data(parcel.wire, timeout=DATA_SECONDS)
        except aiosmtplib.SMTPResponseException as error:
            reply = Reply(DOT, error.code, error.message)
        except _TROUBLE as error:
            reply = Reply(DOT, None, str(error) or type(error).__name__)
        else:
            return Reply(DOT, answer.code, answer.message)
        if reply.code is None or reply.code == 421:
            await self.close()
        return reply

    async def abandon(self) -> None:
        """RSET; a connection that cannot even do that is closed."""
        if self._client is not None and self._client.is_connected:
            try:
                await self._client.rset()
            except _TROUBLE:
                await self.close()

    async def close(self) -> None:
        """QUIT if the server still listens."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            if client.is_connected:
                await client.quit(timeout=2)
        except _TROUBLE:
            pass
        finally:
            client.close()

    async def _failed(self, stage: str, error: BaseException) -> Reply:
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
        text = getattr(error, "message", "") or str(error) or type(error).__name__
        if code is None or code == 421 or stage in (CONNECT, AUTH):
            await self.close()
        else:
            await self.abandon()
        return Reply(stage, code, str(text))
