"""No column of text is forgotten: each is emptied with a person, or said to tell of nobody."""

from typing import Any

import pytest
import sqlalchemy as sa

from povod.app.person.holdings import AUDIT, HOLDINGS, HOLDS_NONE
from povod.store.personal import FILE_COLUMNS, Holding
from povod.store.tables import metadata

BY_TABLE = {holding.table.name: holding for holding in (*HOLDINGS, AUDIT)}
TABLES = sorted(metadata.tables)


def holds_text(column: sa.Column[Any]) -> bool:
    """Free text, JSON or bytes; neither a choice of codes nor the id of another row."""
    kind = column.type
    if isinstance(kind, sa.Enum) or column.foreign_keys:
        return False
    return isinstance(kind, sa.String | sa.JSON | sa.LargeBinary)


def named(holding: Holding) -> set[str]:
    return {*holding.blank, *holding.keeps, *holding.files}


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_text_is_in_a_list(name: str) -> None:
    table = metadata.tables[name]
    columns = {column.name for column in table.columns if holds_text(column)}
    known = named(BY_TABLE[name]) if name in BY_TABLE else set(HOLDS_NONE.get(table, ()))
    assert columns - known == set(), f"{name}: emptied with a person, or does it tell of nobody?"


@pytest.mark.parametrize("name", TABLES)
def test_no_list_names_what_is_not_there(name: str) -> None:
    table = metadata.tables[name]
    known = named(BY_TABLE[name]) if name in BY_TABLE else set(HOLDS_NONE.get(table, ()))
    assert known <= set(table.columns.keys())


def test_a_table_stands_in_one_list_only() -> None:
    assert len(BY_TABLE) == len(HOLDINGS) + 1
    assert set(BY_TABLE) & {table.name for table in HOLDS_NONE} == set()
    assert set(BY_TABLE) | {table.name for table in HOLDS_NONE} == set(TABLES)


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.table.name)
def test_nothing_is_both_emptied_and_kept(holding: Holding) -> None:
    assert set(holding.blank) & set(holding.keeps) == set()
    assert set(holding.files) & {*holding.blank, *holding.keeps} == set()


def test_stored_bytes_go_with_the_rows_that_name_them() -> None:
    listed = {holding.table.c[name] for holding in HOLDINGS for name in holding.files}
    assert set(FILE_COLUMNS) - listed == set()
