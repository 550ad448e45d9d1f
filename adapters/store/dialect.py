"""The few places where SQLite and PostgreSQL are asked in their own words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Table,
    Text,
    any_,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY


def among(connection: Connection, wanted: Column[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """`wanted` is one of `values`: one parameter however many there are, so that the statement is compiled once."""
    if connection.dialect.name == "sqlite":
        listed = select(column("value")).select_from(func.json_each(bindparam(None, json.dumps(list(values)), Text)))
        return wanted.in_(listed)
    return wanted == any_(bindparam(None, list(values), ARRAY(Text)))


def insert_new(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - the two dialects' inserts share no class
    """An INSERT that can be told what to do about a row that is already there."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


__all__ = ["Insert", "among", "insert_new"]
