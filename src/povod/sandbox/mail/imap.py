"""A read-only IMAP4rev1 server for one account, enough for imaplib and imap-tools.

SELECT answers READ-WRITE because clients insist on it, but nothing can be changed.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Callable

from povod.sandbox.mail.imap_fetch import fetched, wanted_items
from povod.sandbox.mail.imap_search import found
from povod.sandbox.mail.imap_syntax import (
    Command,
    ImapSyntaxError,
    Tokens,
    contains,
    numbers,
    read_command,
)
from povod.sandbox.mail.mailbox import INBOX, SENT, Account, Stored

CAPABILITIES = "IMAP4rev1 LITERAL+ SPECIAL-USE UNSELECT"
_LINE_LIMIT = 1 << 20
_FREE = {"CAPABILITY", "LOGIN", "NOOP", "LOGOUT"}
_NEED_FOLDER = {"SEARCH", "UID SEARCH", "FETCH", "UID FETCH", "CHECK", "CLOSE", "UNSELECT"}


async def serve_imap(account: Account, password: str) -> asyncio.Server:
    """Listen on a free loopback port; any user name goes with the password."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await _Session(account, password, reader, writer).run()
        writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", 0, limit=_LINE_LIMIT)


class _RefusedError(ImapSyntaxError):
    """A command that is understood and not granted: answered with NO."""


class _Session:
    """One client's connection and the folder it has open."""

    def __init__(
        self,
        account: Account,
        password: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._account = account
        self._password = password
        self._reader = reader
        self._writer = writer
        self._logged_in = False
        self._folder: str | None = None
        self._messages: list[Stored] = []
        self._commands: dict[str, Callable[[Tokens], str]] = {
            "CAPABILITY": self._capability,
            "LOGIN": self._login,
            "LIST": self._list,
            "LSUB": self._list,
            "STATUS": self._status,
            "SELECT": self._select,
            "EXAMINE": self._examine,
            "NOOP": self._noop,
            "CHECK": self._noop,
            "CLOSE": self._close,
            "UNSELECT": self._close,
            "SEARCH": lambda arguments: self._search(arguments, by_uid=False),
            "UID SEARCH": lambda arguments: self._search(arguments, by_uid=True),
            "FETCH": lambda arguments: self._fetch(arguments, by_uid=False),
            "UID FETCH": lambda arguments: self._fetch(arguments, by_uid=True),
            "LOGOUT": self._logout,
        }

    async def run(self) -> None:
        """Answer commands until LOGOUT or the end of the connection."""
        self._say(f"* OK [CAPABILITY {CAPABILITIES}] Povod sandbox")
        while True:
            try:
                command = await read_command(self._reader, lambda: self._say("+ go on"))
            except ImapSyntaxError as error:
                self._say(f"* BAD {error}")
                continue
            if command is None:
                return
            self._say(f"{command.tag} {self._answer(command)}")
            await self._writer.drain()
            if command.name == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")

    def _answer(self, command: Command) -> str:
        handler = self._commands.get(command.name)
        if handler is None:
            return f"BAD {command.name} is not known here"
        if not self._logged_in and command.name not in _FREE:
            return "NO log in first"
        if self._folder is None and command.name in _NEED_FOLDER:
            return "NO select a folder first"
        try:
            return handler(command.arguments)
        except _RefusedError as error:
            return f"NO {error}"
        except ImapSyntaxError as error:
            return f"BAD {error}"

    def _capability(self, _: Tokens) -> str:
        self._say(f"* CAPABILITY {CAPABILITIES}")
        return "OK done"

    def _login(self, arguments: Tokens) -> str:
        _, password = _texts(arguments, 2)
        if not hmac.compare_digest(password.encode(), self._password.encode()):
            return "NO [AUTHENTICATIONFAILED] wrong password"
        self._logged_in = True
        return f"OK [CAPABILITY {CAPABILITIES}] logged in"

    def _list(self, arguments: Tokens) -> str:
        _, pattern = _texts(arguments, 2)
        if not pattern:
            self._say('* LIST (\\Noselect) "/" ""')
            return "OK done"
        for name, flags in ((INBOX, "\\HasNoChildren"), (SENT, "\\HasNoChildren \\Sent")):
            if pattern in {"*", "%"} or pattern.lower() == name.lower():
                self._say(f'* LIST ({flags}) "/" "{name}"')
        return "OK done"

    def _status(self, arguments: Tokens) -> str:
        name = _texts(arguments[:1], 1)[0]
        messages = self._open(name)
        values = {
            "MESSAGES": len(messages),
            "RECENT": 0,
            "UNSEEN": len(messages),
            "UIDNEXT": _uidnext(messages),
            "UIDVALIDITY": self._account.uidvalidity,
        }
        asked = arguments[1] if len(arguments) > 1 else []
        shown = [f"{item} {values[item]}" for item in asked if item in values]
        self._say(f'* STATUS "{name}" ({" ".join(shown)})')
        return "OK done"

    def _select(self, arguments: Tokens) -> str:
        self._enter(_texts(arguments[:1], 1)[0])
        return "OK [READ-WRITE] selected"

    def _examine(self, arguments: Tokens) -> str:
        self._enter(_texts(arguments[:1], 1)[0])
        return "OK [READ-ONLY] selected"

    def _enter(self, name: str) -> None:
        self._folder = None
        self._messages = self._open(name)
        self._folder = name
        self._say(f"* {len(self._messages)} EXISTS")
        self._say("* 0 RECENT")
        self._say("* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)")
        self._say("* OK [PERMANENTFLAGS ()] nothing can be changed")
        self._say(f"* OK [UIDVALIDITY {self._account.uidvalidity}] valid")
        self._say(f"* OK [UIDNEXT {_uidnext(self._messages)}] next")

    def _noop(self, _: Tokens) -> str:
        self._refresh()
        return "OK done"

    def _close(self, _: Tokens) -> str:
        self._folder = None
        return "OK closed"

    def _logout(self, _: Tokens) -> str:
        self._say("* BYE until later")
        return "OK done"

    def _search(self, arguments: Tokens, *, by_uid: bool) -> str:
        self._refresh()
        keys = list(arguments)
        if keys and isinstance(keys[0], str) and keys[0].upper() == "CHARSET":
            del keys[:2]
        hits = found(self._messages, keys)
        shown = [str(item.uid if by_uid else number) for number, item in hits]
        self._say(" ".join(["* SEARCH", *shown]))
        return "OK done"

    def _fetch(self, arguments: Tokens, *, by_uid: bool) -> str:
        if len(arguments) != 2 or not isinstance(arguments[0], str):
            raise ImapSyntaxError("FETCH expects a set and items")
        self._refresh()
        items = wanted_items(arguments[1], with_uid=by_uid)
        last = self._messages[-1].uid if by_uid and self._messages else len(self._messages)
        ranges = numbers(arguments[0], last)
        for number, item in enumerate(self._messages, 1):
            if contains(ranges, item.uid if by_uid else number):
                self._writer.write(fetched(number, item, items))
        return "OK done"

    def _refresh(self) -> None:
        """Take in what arrived since the folder was opened, and say so."""
        if self._folder is None:
            return
        messages = self._open(self._folder)
        if len(messages) != len(self._messages):
            self._say(f"* {len(messages)} EXISTS")
        self._messages = messages

    def _open(self, name: str) -> list[Stored]:
        messages = self._account.folder(name)
        if messages is None:
            raise _RefusedError(
                f"[NONEXISTENT] there is no folder {name}; there are INBOX and Sent"
            )
        return messages


def _texts(arguments: Tokens, count: int) -> list[str]:
    texts = [argument for argument in arguments if isinstance(argument, str)]
    if len(texts) != count or len(arguments) != count:
        raise ImapSyntaxError(f"Expected {count} arguments")
    return texts


def _uidnext(messages: list[Stored]) -> int:
    return messages[-1].uid + 1 if messages else 1
