"""An IMAP conversation line by line: order of commands, answers, and what is refused."""

import socket

import pytest

from povod.sandbox.mail import PASSWORD, USER


class Talk:
    """A client that sends lines and reads up to the tagged answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._file = self._socket.makefile("rwb")
        self.greeting = self._file.readline()

    def send(self, line: str) -> None:
        self._file.write(line.encode() + b"\r\n")
        self._file.flush()

    def line(self) -> str:
        return self._file.readline().decode().rstrip()

    def ask(self, line: str) -> list[str]:
        self.send(f"t {line}")
        lines = [self.line()]
        while lines[-1] and not lines[-1].startswith("t "):
            lines.append(self.line())
        return lines

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def talk(mail):
    talk = Talk(mail.imap_port)
    yield talk
    talk.close()


@pytest.fixture
def known(talk):
    assert talk.ask(f"LOGIN {USER} {PASSWORD}")[-1].startswith("t OK")
    return talk


def test_the_greeting_names_the_capabilities(talk):
    assert talk.greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 ")
    lines = talk.ask("CAPABILITY")
    assert lines[0].startswith("* CAPABILITY IMAP4rev1")
    assert lines[-1] == "t OK done"


@pytest.mark.parametrize("command", ["SELECT INBOX", 'LIST "" "*"', "UID SEARCH ALL"])
def test_nothing_is_shown_before_login(talk, command):
    assert talk.ask(command) == ["t NO log in first"]


@pytest.mark.parametrize("command", ["UID SEARCH ALL", "FETCH 1 FLAGS", "CLOSE"])
def test_a_folder_must_be_open(known, command):
    assert known.ask(command) == ["t NO select a folder first"]


def test_a_password_may_come_as_a_literal(talk):
    talk.send(f"t LOGIN {USER} {{{len(PASSWORD)}}}")
    assert talk.line().startswith("+ ")
    talk.send(PASSWORD)
    assert talk.line().startswith("t OK")


def test_unreadable_lines_are_answered_and_forgiven(known):
    known.send("t SEARCH (ALL")
    assert known.line().startswith("* BAD")
    assert known.ask("NOOP") == ["t OK done"]


def test_a_folder_is_opened_and_closed(known, mail):
    lines = known.ask("EXAMINE inbox")
    assert lines[0] == "* 0 EXISTS"
    assert f"* OK [UIDVALIDITY {mail.account.uidvalidity}] valid" in lines
    assert "* OK [UIDNEXT 1] next" in lines
    assert lines[-1] == "t OK [READ-ONLY] selected"
    assert known.ask("UNSELECT") == ["t OK closed"]
    assert known.ask("CHECK") == ["t NO select a folder first"]


def test_a_failed_select_leaves_no_folder_open(known):
    known.ask("SELECT INBOX")
    assert known.ask("SELECT Spam")[-1].startswith("t NO [NONEXISTENT]")
    assert known.ask("UID SEARCH ALL") == ["t NO select a folder first"]


def test_folders_are_listed_by_pattern(known):
    assert known.ask('LIST "" ""')[0] == '* LIST (\\Noselect) "/" ""'
    assert known.ask('LIST "" sent')[:-1] == ['* LIST (\\HasNoChildren \\Sent) "/" "Sent"']
    assert known.ask('LIST "" Spam') == ["t OK done"]
    assert len(known.ask('LIST "" %')) == 3


def test_the_state_of_a_folder_can_be_asked(known):
    assert (
        known.ask("STATUS Sent (MESSAGES UIDNEXT)")[0] == '* STATUS "Sent" (MESSAGES 0 UIDNEXT 1)'
    )
    assert known.ask("STATUS Spam (MESSAGES)")[-1].startswith("t NO")


def test_new_mail_is_announced(known, mail, mail_clock):
    known.ask("SELECT Sent")
    mail.ledger.record("a@x.ru", "b@x.ru", b"Subject: x\r\n\r\n", mail_clock.now())
    assert known.ask("NOOP") == ["* 1 EXISTS", "t OK done"]
    assert known.ask("SEARCH CHARSET UTF-8 SUBJECT x") == ["* SEARCH 1", "t OK done"]
    assert known.ask("FETCH 1 FLAGS") == ["* 1 FETCH (FLAGS ())", "t OK done"]
    assert known.ask("UID FETCH 1:* (FLAGS)") == ["* 1 FETCH (UID 1 FLAGS ())", "t OK done"]


@pytest.mark.parametrize(
    "command", ["UID FETCH 1", "FETCH (1) FLAGS", "FETCH a FLAGS", "LOGIN a", "DANCE"]
)
def test_wrong_use_is_called_bad(known, command):
    known.ask("SELECT INBOX")
    assert known.ask(command)[-1].startswith("t BAD")


def test_logout_ends_the_conversation(known):
    assert known.ask("LOGOUT") == ["* BYE until later", "t OK done"]
    assert known.line() == ""
