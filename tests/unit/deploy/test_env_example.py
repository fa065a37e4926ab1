"""`.env.example` holds every setting, with its default and where its value comes from."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from dotenv import dotenv_values

from povod.kit.settings import Settings, load_settings
from povod.kit.settings.example import env_example

FILE = Path(__file__).parents[3] / ".env.example"
STACK_ONLY = {"POSTGRES_PASSWORD", "POVOD_PORT"}
ASSIGNMENT = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$")


@pytest.fixture(scope="module")
def lines():
    return FILE.read_text(encoding="utf-8").splitlines()


def assignments(lines):
    return [match.groups() for match in map(ASSIGNMENT.match, lines) if match]


def test_it_is_what_the_model_says():
    assert FILE.read_text(encoding="utf-8") == env_example(), (
        "renew it: povod doctor --env-example > .env.example"
    )


def test_each_setting_stands_there_once(lines):
    names = [name for name, _ in assignments(lines)]
    assert len(names) == len(set(names))
    assert set(names) - STACK_ONLY == {name.upper() for name in Settings.model_fields}


def test_each_line_says_where_the_value_comes_from(lines):
    for above, line in pairwise(lines):
        match = ASSIGNMENT.match(line)
        if match and match[1] not in STACK_ONLY:
            assert re.fullmatch(r"# .+ \[.{4,}\]", above), line


def test_the_defaults_written_there_are_the_defaults(lines, tmp_path):
    written = tmp_path / ".env"
    pairs = [f"{name}={value}" for name, value in assignments(lines) if name not in STACK_ONLY]
    written.write_text("\n".join(pairs), encoding="utf-8")
    assert load_settings({}, written) == load_settings({}, None)


def test_a_fresh_copy_changes_nothing(tmp_path):
    copy = tmp_path / ".env"
    copy.write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8")
    assert {name for name, value in dotenv_values(copy).items() if value} == set()
    assert load_settings({}, copy) == load_settings({}, None)
