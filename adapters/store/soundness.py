"""Whether a database is what it should be: its schema, its pages, its references."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from adapters.store.engine import Store
from adapters.store.schema import REFUSALS, SchemaState, state_on

_MOST_NAMED = 20


def problems(store: Store) -> list[str]:
    """What is wrong with the database, one line each; empty if nothing is. Reads all of it."""
    with store.read() as connection:
        return [*_of_schema(connection), *_of_content(connection)]


def _of_schema(connection: Connection) -> Iterator[str]:
    found = state_on(connection)
    if found is SchemaState.FRESH:
        yield "the database is empty; `hourkeeper db upgrade` or `hourkeeper run` creates the tables"
    elif found is not SchemaState.CURRENT:
        yield REFUSALS[found]


def _of_content(connection: Connection) -> Iterator[str]:
    """PostgreSQL keeps its references itself; SQLite is asked."""
    if connection.dialect.name != "sqlite":
        return
    for (line,) in connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST_NAMED})"):
        if line != "ok":
            yield f"damaged: {line}; restore a backup"
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_MOST_NAMED)
    for table, row, parent, _ in found:
        yield f"table {table}, row {row}: refers to a row of {parent} that does not exist; restore a backup"
