"""The few places where SQLite and PostgreSQL are asked in their own words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    SelectBase,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles


def listed(connection: Connection, values: Sequence[str]) -> FromClause:
    """A column `value` of these values: one parameter however many there are, so that statements are compiled once."""
    if connection.dialect.name == "sqlite":
        return _each(values)
    return func.unnest(bindparam(None, list(values), ARRAY(Text))).table_valued("value").render_derived()


def _each(values: Sequence[str] | Sequence[int]) -> FromClause:
    return func.json_each(bindparam(None, json.dumps(list(values)), Text)).table_valued("value")


def among(connection: Connection, wanted: Column[Any], values: Sequence[str] | Sequence[int]) -> ColumnElement[bool]:
    """`wanted` is one of `values`: one parameter, as in `listed`."""
    if connection.dialect.name == "sqlite":
        return wanted.in_(select(_each(values).c.value))
    return wanted == any_(bindparam(None, list(values), ARRAY(BigInteger if _is_number(wanted) else Text)))


def _is_number(column: Column[Any]) -> bool:
    """Whether whole numbers stand in a column."""
    return isinstance(column.type, Integer)


def among_found(connection: Connection, wanted: ColumnElement[Any], values: SelectBase) -> ColumnElement[bool]:
    """`wanted` is one of those that a statement finds: they are found first, and looked up then."""
    if connection.dialect.name == "sqlite":
        return wanted.in_(values)
    return wanted == any_(func.array(values.scalar_subquery()))


def among_given(dialect: str, wanted: Column[Any]) -> ColumnElement[bool]:
    """`wanted` is one of the values of the parameter `given`, for statements that are built once per dialect."""
    if dialect == "sqlite":
        return wanted.in_(select(func.json_each(bindparam("given", type_=Text)).table_valued("value").c.value))
    return wanted == any_(bindparam("given", type_=ARRAY(Text)))


def given(connection: Connection, values: Sequence[str]) -> dict[str, str | list[str]]:
    """The parameter `given` of `among_given`."""
    return {"given": json.dumps(list(values)) if connection.dialect.name == "sqlite" else list(values)}


class unhurried(ColumnElement[Any]):  # noqa: N801 - it is used as a function
    """A column by which SQLite shall not look for rows: it has no statistics, and thinks that few have any value."""

    inherit_cache = True
    __visit_name__ = "unhurried"

    def __init__(self, column: ColumnElement[Any]) -> None:
        """The column, as it is everywhere else."""
        self.column = column
        self.type = column.type


@compiles(unhurried)
def _plain(element: unhurried, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return str(compiler.process(element.column, **options))


@compiles(unhurried, "sqlite")
def _hidden(element: unhurried, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - as above
    return f"+{compiler.process(element.column, **options)}"


def insert_new(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - the two dialects' inserts share no class
    """An INSERT that can be told what to do about a row that is already there."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def lock_alone(connection: Connection, table: Table) -> None:
    """Nobody else writes this table until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
