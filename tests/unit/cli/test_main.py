"""The exit status of every way to end."""

import pytest
import typer
from typer.testing import CliRunner

from povod import __version__
from povod.cli import main as entry
from povod.kit.errors import (
    ConfigurationError,
    ConflictError,
    InputError,
    NotFoundError,
    PovodError,
)


def commands(group, path=()):
    found = [path]
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*path, name))
    return found


COMMANDS = commands(typer.main.get_command(entry.app))


def run(*args):
    return CliRunner().invoke(entry.app, list(args))


def test_there_are_the_promised_commands():
    known = {" ".join(path) for path in COMMANDS}
    assert known >= {
        "demo", "up", "serve", "work", "why", "doctor", "sandbox",
        "leads import", "leads run", "leads report", "leads status", "leads export",
        "leads offers import", "deliver once", "deliver outbox", "deliver approve",
        "deliver resolve", "db upgrade", "db check",
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(path, option):
    result = run(*path, option)
    assert result.exit_code == 0
    assert "Usage:" in result.output
    command = typer.main.get_command(entry.app)
    for name in path:
        command = command.commands[name]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", "x"), parameter.name


def test_the_version():
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"povod {__version__}\n")


@pytest.mark.parametrize("args", [(), ("leads",), ("nonsense",), ("db", "check", "--nonsense")])
def test_wrong_use_is_2(args):
    assert run(*args).exit_code == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("x"), 2),
        (InputError("x"), 2),
        (PovodError("x"), 1),
        (NotFoundError("x"), 1),
        (ConflictError("x"), 1),
    ],
)
def test_what_the_house_says_becomes_a_status_and_one_line(monkeypatch, capsys, error, status):
    def fail():
        raise error

    monkeypatch.setattr(entry, "app", fail)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == status
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "povod: x\n")


def test_being_interrupted_is_130(monkeypatch, capsys):
    def fail():
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "app", fail)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "povod: stopped\n"


def test_a_mistake_in_the_program_is_not_hidden(monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(entry, "app", fail)
    with pytest.raises(ZeroDivisionError):
        entry.main()
