"""Addresses of databases."""

import pytest

from povod.kit.errors import ConfigurationError
from povod.store.db import parse_database_url


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///data/povod.db", "sqlite+pysqlite"),
        ("sqlite:////var/lib/povod.db", "sqlite+pysqlite"),
        ("postgresql://povod:x@db/povod", "postgresql+psycopg"),
        ("postgres://povod:x@db:5433/povod", "postgresql+psycopg"),
        ("postgresql+psycopg2://db/povod", "postgresql+psycopg"),
    ],
)
def test_the_driver_is_our_own(text, driver):
    assert parse_database_url(text).drivername == driver


def test_the_rest_of_the_address_is_kept():
    url = parse_database_url("postgres://povod:p%40ss@db:5433/base?sslmode=require")
    assert (url.username, url.password, url.host, url.port) == ("povod", "p@ss", "db", 5433)
    assert (url.database, url.query["sslmode"]) == ("base", "require")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a database address"),
        ("data/povod.db", "not a database address"),
        ("postgresql://geheim@db:port/x", "not a database address"),
        ("postgresql://[::1/x", "not a database address"),
        ("mysql://u:geheim@h/d", "mysql is not supported"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
    ],
)
def test_what_is_no_address_is_explained_without_its_password(text, said):
    with pytest.raises(ConfigurationError) as caught:
        parse_database_url(text)
    message = str(caught.value)
    assert message.startswith("DATABASE_URL: ")
    assert said in message
    assert "geheim" not in message
    assert "sqlite:///" in message or "Example" in message
