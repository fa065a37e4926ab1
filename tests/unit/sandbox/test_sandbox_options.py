"""The command line of the sandbox process."""

import os
from pathlib import Path

import pytest

from povod.sandbox.__main__ import parse_options


def test_defaults():
    options = parse_options(["--state-dir", "state"])
    assert (options.seed, options.sites, options.port) == (7, 60, 0)
    assert options.yandex_delay == (300, 3600)
    assert options.time_scale == 1
    assert options.iam_ttl == 43_200
    assert options.exit_with_parent is None


def test_everything_can_be_given():
    line = (
        "--seed 3 --sites 12 --state-dir s --port 8099 --time-scale 100 --ready-file r.json "
        "--yandex-delay 5-9 --iam-ttl 60 --exit-with-parent 42"
    )
    options = parse_options(line.split())
    assert (options.seed, options.sites, options.port, options.time_scale) == (3, 12, 8099, 100)
    assert (options.state_dir, options.ready_file) == (Path("s"), Path("r.json"))
    assert (options.yandex_delay, options.iam_ttl, options.exit_with_parent) == ((5, 9), 60, 42)


def test_the_environment_gives_defaults(monkeypatch):
    monkeypatch.setenv("SANDBOX_YANDEX_DELAY", "300")
    monkeypatch.setenv("SANDBOX_TIME_SCALE", "50")
    monkeypatch.setenv("SANDBOX_IAM_TTL", "120")
    options = parse_options(["--state-dir", "s"])
    assert (options.yandex_delay, options.time_scale, options.iam_ttl) == ((300, 300), 50, 120)


def test_the_parent_is_our_own_unless_named():
    options = parse_options(["--state-dir", "s", "--exit-with-parent"])
    assert options.exit_with_parent == os.getppid()


@pytest.mark.parametrize("line", ["", "--state-dir s --yandex-delay 9-1", "--state-dir s --seed x"])
def test_a_wrong_line_is_refused_with_status_2(line, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_options(line.split())
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
