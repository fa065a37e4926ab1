"""Companies page by page, found and sorted, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from povod.book.listing import (
    SORTS,
    CompanyFilter,
    cities,
    company_card,
    list_companies,
    state_counts,
)
from povod.kit.clock import FixedClock
from povod.kit.errors import NotFoundError
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import companies, company_merges, contacts

NAMES = ("Альфа", "бета", "Гамма Плюс", "Дельта", "ЁЛКА", "100%_проект")


@pytest.fixture
def ids(db: Database, clock: FixedClock) -> dict[str, str]:
    made = {name: new_id() for name in NAMES}
    with db.tx() as conn:
        for number, name in enumerate(NAMES):
            row: dict[str, Any] = {
                "id": made[name],
                "name": name,
                "canonical_domain": f"firma-{number}.ru" if number else None,
                "city": "Казань" if number % 2 else "Омск",
                "status": "contacted" if number > 2 else "new",
                "hits_count": number * 3 % 5,
                "inn": f"770000000{number}",
                "first_seen_at": clock.now(),
                "last_seen_at": clock.now() - timedelta(days=number),
            }
            conn.execute(companies.insert().values(**row))
    return made


def names(db: Database, **wanted: Any) -> list[str]:
    with db.read() as conn:
        return [row.name for row in list_companies(conn, CompanyFilter(**wanted)).rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("альфа", ["Альфа"]),
        ("БЕТА", ["бета"]),
        ("гамма плюс", ["Гамма Плюс"]),
        ("ёлка", ["ЁЛКА"]),
        ("FIRMA-3", ["Дельта"]),
        ("https://www.firma-3.ru/kontakty", ["Дельта"]),
        ("7700000001", ["бета"]),
        ("%", ["100%_проект"]),
        ("%_п", ["100%_проект"]),
        ("нет такой", []),
    ],
)
def test_search_knows_no_case_and_no_wildcards(
    db: Database, ids: dict[str, str], text: str, found: list[str]
) -> None:
    assert names(db, text=text) == found


def test_sorts_turn_round_and_break_ties_by_id(db: Database, ids: dict[str, str]) -> None:
    for sort in (name for name in SORTS if not name.startswith("-")):
        up, down = names(db, sort=sort), names(db, sort=f"-{sort}")
        assert sorted(up) == sorted(down) == sorted(NAMES)
    assert names(db, sort="-hits")[0] == "Дельта"
    assert names(db, sort="-seen")[0] == "Альфа"
    assert names(db, sort="site")[-1] == "Альфа", "a company without a site comes last"
    assert names(db, sort="-site")[-1] == "Альфа"
    assert names(db, sort="nonsense") == names(db, sort="name")


def test_pages_do_not_overlap_and_end(db: Database, ids: dict[str, str]) -> None:
    seen = [name for page in (1, 2, 3) for name in names(db, page=page, size=2)]
    assert sorted(seen) == sorted(NAMES)
    with db.read() as conn:
        beyond = list_companies(conn, CompanyFilter(page=10**12, size=4))
        before = list_companies(conn, CompanyFilter(page=-1, size=0))
    assert (beyond.page, beyond.pages, len(beyond.rows)) == (2, 2, 2)
    assert (before.page, before.size, before.total) == (1, 1, 6)


def test_filters_and_their_counts(db: Database, ids: dict[str, str]) -> None:
    assert names(db, city="Омск", status="contacted") == ["ЁЛКА"]
    with db.read() as conn:
        assert cities(conn) == ["Казань", "Омск"]
        assert state_counts(conn) == {"new": 3, "contacted": 3}


def test_duplicates_are_shown_only_when_asked_for(
    db: Database, ids: dict[str, str], clock: FixedClock
) -> None:
    loser, winner = ids["бета"], ids["Альфа"]
    with db.tx() as conn:
        row = companies.update().where(companies.c.id == loser)
        conn.execute(row.values(duplicate_of=winner, status="duplicate"))
        merge = {"winner_id": winner, "loser_id": loser, "reason": "manual"}
        conn.execute(company_merges.insert().values(**merge, merged_at=clock.now()))
    assert "бета" not in names(db)
    assert names(db, status="duplicate") == ["бета"]
    with db.read() as conn:
        assert [merge.name for merge in company_card(conn, winner).merges] == ["бета"]


def test_a_card_orders_contacts_by_rank(
    db: Database, ids: dict[str, str], clock: FixedClock
) -> None:
    company = ids["Дельта"]
    seen = {"first_seen_at": clock.now(), "last_seen_at": clock.now()}
    with db.tx() as conn:
        for rank, value in ((0.2, "b@x.ru"), (0.9, "a@x.ru")):
            row = {"value": value, "value_key": value, "rank": rank, "is_primary": rank > 0.5}
            conn.execute(
                contacts.insert().values(company_id=company, contact_type="email", **row, **seen)
            )
    with db.read() as conn:
        card = company_card(conn, company)
        listed = list_companies(conn, CompanyFilter(text="дельта")).rows
    assert [contact.value for contact in card.contacts] == ["a@x.ru", "b@x.ru"]
    assert listed[0].email == "a@x.ru"
    assert listed[0].phone is None


def test_no_such_company(db: Database) -> None:
    with db.read() as conn, pytest.raises(NotFoundError):
        company_card(conn, new_id())
