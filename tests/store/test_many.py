"""Many rows by one statement: the same is stored on either database, and what does not fit is refused whole."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import JSON, Column, Date, Integer, MetaData, String, Table, Text, bindparam, insert, select
from sqlalchemy.exc import DataError, IntegrityError

from adapters.store.engine import Store
from adapters.store.many import Many, inserting, updating

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(8), unique=True),
    Column("words", Text),
    Column("seen", Date),
    Column("row", JSON(none_as_null=True)),
)
_NAMED = (things.c.name, things.c.words, things.c.seen, things.c.row)
_ROWS = [
    ("A", 'half "a" \\ back\nslash, {brace}', "2026-11-28", json.dumps([[1, 2], [3, None]])),
    ("b.-_", "轮式装载机 ½ 😀", None, None),
    ("c", None, "1999-12-31", "[]"),
]
_STORED = [
    ("A", 'half "a" \\ back\nslash, {brace}', date(2026, 11, 28), [[1, 2], [3, None]]),
    ("b.-_", "轮式装载机 ½ 😀", None, None),
    ("c", None, date(1999, 12, 31), []),
]


@pytest.fixture
def store(empty: Store) -> Store:
    with empty.write() as connection:
        things.create(connection)
    return empty


def stored(store: Store) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(*_NAMED).order_by(things.c.id))]


def add(store: Store, rows: list[tuple[object, ...]]) -> None:
    with store.write() as connection:
        inserting(_NAMED).run(connection, rows)


def test_rows_are_stored_as_they_are_and_in_their_order(store: Store) -> None:
    add(store, [*_ROWS])
    assert stored(store) == _STORED


def test_no_rows_are_no_statement(store: Store) -> None:
    add(store, [])
    assert stored(store) == []


def test_each_row_is_changed_that_is_named_and_no_other(store: Store) -> None:
    add(store, [*_ROWS])
    changing = updating([things.c.words, things.c.seen, things.c.row], things.c.name)
    with store.write() as connection:
        changing.run(connection, [("new", None, "[7]", "c"), (None, "2026-01-01", None, "A"), ("x", None, None, "no")])
    expected = [("A", None, date(2026, 1, 1), None), _STORED[1], ("c", "new", None, [7])]
    assert sorted(stored(store), key=str) == expected


def test_a_row_that_is_there_refuses_all_of_them(store: Store) -> None:
    add(store, [_ROWS[0]])
    with pytest.raises(IntegrityError):
        add(store, [_ROWS[1], _ROWS[0]])
    assert stored(store) == [_STORED[0]]


@pytest.mark.parametrize("words", ["x" * 9, "\0"], ids=["too long", "NUL"])
def test_what_postgresql_cannot_hold_is_an_error_of_the_data(store: Store, words: str) -> None:
    """Nothing is cut off, and the intake, that keeps such a row elsewhere, does not take the store to be away."""
    row = (words, None, None, None)
    if store.engine.dialect.name == "sqlite":
        add(store, [row])
        assert stored(store) == [row]
        return
    with pytest.raises(DataError):
        add(store, [row])


def test_parameters_in_another_order_than_the_tuples_are_refused() -> None:
    each = insert(things).values(name=bindparam("name"), words=bindparam("words"))
    with pytest.raises(ValueError, match="order"):
        Many(each, each, ("words", "name"))
