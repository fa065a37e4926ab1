"""Rows of the house: its first user, the demo's yardstick, and a key that is not touched."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from povod.app.lazy import LazySearchClient
from povod.app.people import ensure_first_user
from povod.app.truth import Score, compare
from povod.engine.quotas import Quotas
from povod.kit.clock import FixedClock
from povod.kit.errors import ConfigurationError
from povod.kit.ids import new_id
from povod.kit.settings import load_settings
from povod.leads.yandex.protocol import DeferredQueryParams
from povod.store.db import Database
from povod.store.tables import companies, contacts, outreach_messages, users


def test_first_user_is_made_once(db: Database) -> None:
    password = ensure_first_user(db)
    assert password is not None
    assert len(password) >= 16
    assert ensure_first_user(db) is None
    with db.read() as conn:
        [user] = conn.execute(sa.select(users)).all()
    assert (user.login, user.role, user.must_change_password) == ("admin", "admin", True)
    assert password not in user.password_hash
    assert PasswordHasher().verify(user.password_hash, password)


def test_no_admin_where_somebody_is(db: Database) -> None:
    with db.tx() as conn:
        conn.execute(users.insert().values(login="olga", login_key="olga", role="viewer"))
    assert ensure_first_user(db) is None


def test_broken_key_stops_searching_only(
    sqlite_db: Database, clock: FixedClock, tmp_path: Path
) -> None:
    given = {"yandex_cloud_sa_key_file": tmp_path, "yandex_cloud_folder_id": "b1g"}
    settings = load_settings({}, None, **given)
    client = LazySearchClient(sqlite_db, clock, settings, Quotas(sqlite_db, clock))
    with pytest.raises(ConfigurationError, match="YANDEX_CLOUD_SA_KEY_FILE"):
        client.create(DeferredQueryParams("окна", "b1g"))
    with pytest.raises(ConfigurationError):
        client.get_operation("op-1")


def site(host: str, email: str, inn: str = "") -> dict[str, Any]:
    found = {"emails": [email], "best_email": email, "phones": [], "inn": inn}
    return {"host": host, **found}


TRUTH = {
    "sites": [
        site("okna.ru", "info@okna.ru", "7707083893"),
        site("dveri.ru", "info@dveri.ru"),
        site("unseen.ru", "info@unseen.ru"),
        {**site("okna-kazan.ru", ""), "emails": []},
    ],
    "duplicates": [
        {"host": "okna-kazan.ru", "of": "okna.ru", "expected": "auto"},
        {"host": "okna.ru", "of": "dveri.ru", "expected": "review"},
    ],
    "mailboxes": {"info@okna.ru": "reply", "sales@dveri.ru": "bounce"},
}


@pytest.fixture
def scores(db: Database, clock: FixedClock) -> dict[str, Score]:
    """Two firms found: one right in everything, the other with a wrong address; one joined."""
    now = clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    hosts = ("okna.ru", "dveri.ru", "okna-kazan.ru")
    ids = {host: new_id() for host in hosts}
    hashes = {"recipient_hash": "r", "content_hash": "c"}
    mails = {"okna.ru": ("info@okna.ru", "replied"), "dveri.ru": ("sales@dveri.ru", "sent")}
    with db.tx() as conn:
        for host in hosts:
            firm = {"id": ids[host], "canonical_domain": host}
            firm |= {"inn": "7707083893"} if host == "okna.ru" else {}
            firm |= {"duplicate_of": ids["okna.ru"]} if host == "okna-kazan.ru" else {}
            conn.execute(companies.insert().values(**firm, **seen))
        for host, (value, status) in mails.items():
            mail = {"value": value, "value_key": value, "is_primary": True}
            mail |= {"company_id": ids[host], "contact_type": "email"}
            conn.execute(contacts.insert().values(**mail, **seen))
            sent = {"kind": "letter", "purpose": "advertising", "status": status}
            sent |= {"company_id": ids[host], "to_value": value, "dedupe_key": host}
            conn.execute(outreach_messages.insert().values(**sent, **hashes))
    with db.read() as conn:
        return {score.name: score for score in compare(conn, TRUTH)}


def test_found_beside_planted(scores: dict[str, Score]) -> None:
    mails = scores["e-mail addresses"]
    assert (mails.found, mails.planted, mails.right) == (2, 2, 1)
    best = scores["best address chosen"]
    assert (best.found, best.planted, best.right) == (2, 2, 1)
    assert scores["tax numbers"].as_dict()["recall"] == 1


def test_a_merge_that_a_redirect_proves_is_right(scores: dict[str, Score]) -> None:
    merges = scores["duplicates merged"]
    assert (merges.found, merges.planted, merges.right) == (1, 1, 1)


def test_letters_by_what_became_of_them(scores: dict[str, Score]) -> None:
    assert scores["replied"].right == scores["replied"].planted == 1
    bounced = scores["bounced"]
    assert (bounced.found, bounced.planted, bounced.recall) == (0, 1, 0)


def test_an_empty_comparison_is_no_failure() -> None:
    assert (Score("x", 0, 0, 0).precision, Score("x", 0, 0, 0).recall) == (1, 1)
