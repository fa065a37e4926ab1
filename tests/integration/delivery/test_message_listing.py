"""The queue page by page, on both databases."""

from typing import Any

import pytest
from delivery_house import House

from povod.delivery.listing import MessageFilter, list_messages, status_counts

ADDRESSES = ("info@alfa.ru", "zakaz@beta.ru", "mail@gamma.ru")


@pytest.fixture
def letters(file_house: House) -> list[str]:
    put = file_house.put
    return [put(to, subject=f"Вопрос про {to[0].upper()}") for to in ADDRESSES]


def found(house: House, **wanted: Any) -> list[str]:
    with house.db.read() as conn:
        return [row.to_value for row in list_messages(conn, MessageFilter(**wanted)).rows]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("ВОПРОС", set(ADDRESSES)),
        ("ZAKAZ@", {"zakaz@beta.ru"}),
        ("gamma", {"mail@gamma.ru"}),
        ("_", set()),
    ],
)
def test_search(file_house: House, letters: list[str], text: str, addresses: set[str]) -> None:
    assert set(found(file_house, text=text)) == addresses


def test_states_and_pages(file_house: House, letters: list[str]) -> None:
    assert found(file_house, status="sent") == []
    pages = [found(file_house, page=page, size=2) for page in (1, 2, 3)]
    assert sorted(pages[0] + pages[1]) == sorted(ADDRESSES)
    assert pages[2] == pages[1], "beyond the last page is the last page"
    with file_house.db.read() as conn:
        assert status_counts(conn) == {"draft": 3}
        assert list_messages(conn, MessageFilter(size=10_000)).size == 500
