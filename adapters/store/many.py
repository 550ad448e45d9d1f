"""One statement for many rows, with nothing done per row but what the driver does.

SQLite is told each row, which costs it next to nothing. PostgreSQL, to which every statement is a journey, gets all
rows as one JSON text and reads them as a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    String,
    TableValuedAlias,
    Text,
    UpdateBase,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

_ROWS = "given_rows"


class Many:
    """A statement for rows that are given as tuples of plain values: dates in ISO format, JSON as text."""

    def __init__(self, each: UpdateBase, at_once: UpdateBase, order: tuple[str, ...]) -> None:
        """`each` takes a row, `at_once` all of them as JSON; `order` names what a tuple holds.

        ValueError if `each` has its parameters in another order.
        """
        compiled = each.compile(dialect=sqlite.dialect())
        if tuple(compiled.positiontup or ()) != order:
            message = f"the statement's order is {compiled.positiontup}"
            raise ValueError(message)
        self._each = str(compiled)
        self._at_once = at_once
        self._order = order

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute for all rows."""
        if rows and connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._each, list(rows))
        elif rows:
            named = [dict(zip(self._order, row, strict=True)) for row in rows]
            connection.execute(self._at_once, {_ROWS: named})


def inserting(columns: Sequence[Column[Any]]) -> Many:
    """Insert rows of these columns of one table."""
    table, names = columns[0].table, tuple(each.name for each in columns)
    each = insert(table).values({name: bindparam(name) for name in names})
    given = _given({each.name: each for each in columns})
    at_once = insert(table).from_select(names, select(*_typed(given, columns).values()), include_defaults=False)
    return Many(each, at_once, names)


def updating(columns: Sequence[Column[Any]], key: Column[Any]) -> Many:
    """Set these columns of one table in the row whose `key` is the last value of a tuple; each key once."""
    table, names, of_key = key.table, tuple(each.name for each in columns), f"of_{key.name}"
    each = update(table).where(key == bindparam(of_key)).values({name: bindparam(name) for name in names})
    given = _given({**{each.name: each for each in columns}, of_key: key})
    at_once = update(table).where(key == given.c[of_key]).values(_typed(given, columns))
    return Many(each, at_once, (*names, of_key))


def _given(columns: Mapping[str, Column[Any]]) -> TableValuedAlias:
    """The rows as a table. Text is of any length there: what is too long is refused by the column it is put into."""
    shapes = [
        column(name, Text if isinstance(each.type, JSON | String) else each.type) for name, each in columns.items()
    ]
    table = func.json_to_recordset(bindparam(_ROWS, type_=JSON)).table_valued(*shapes)
    return table.render_derived(name="given", with_types=True)


def _typed(given: TableValuedAlias, columns: Sequence[Column[Any]]) -> dict[str, ColumnElement[Any]]:
    """What the rows hold of these columns, as their types."""
    return {
        each.name: cast(given.c[each.name], each.type) if isinstance(each.type, JSON) else given.c[each.name]
        for each in columns
    }
