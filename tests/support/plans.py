"""How a database would go about a question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

_ALIAS = re.compile(r"\b(\w+) AS (\w+)\b")
_SQLITE: re.Pattern[str] = re.compile(r"^SCAN (\w+)$")
_SORTS = "USE TEMP B-TREE FOR ORDER BY"
_POSTGRESQL = re.compile(r"Seq Scan on (\w+)")


def steps_of(connection: Connection, statement: str, parameters: Any) -> list[str]:  # noqa: ANN401 - the driver's
    """The steps by which a database would go about a statement."""
    if connection.dialect.name == "sqlite":
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return list(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())


def whole_tables(connection: Connection, statement: str, parameters: Any) -> set[str]:  # noqa: ANN401 - the driver's
    """The tables that a statement goes through from end to end, without any index."""
    if connection.dialect.name == "sqlite":
        steps = steps_of(connection, statement, parameters)
        scanned: set[str] = {found[1] for step in steps if (found := _SQLITE.match(step))}
        named = {alias: table for table, alias in _ALIAS.findall(statement)}
        return {named.get(name, name) for name in scanned if not _in_own_order(name, statement, steps)}
    # A small table is read as a whole whatever indexes it has: that must cost more than anything else.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return {name for line in steps_of(connection, statement, parameters) for name in _POSTGRESQL.findall(line)}


def _in_own_order(name: str, statement: str, steps: Sequence[str]) -> bool:
    """A page of a list by number: the table itself is in that order."""
    return f"ORDER BY {name}.id" in statement and "LIMIT" in statement and _SORTS not in steps
