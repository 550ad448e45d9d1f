"""Findings: opened once, closed when cured, kept for ever; and the questions that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, case, func, select, update

from adapters.store.dialect import among, insert_new
from adapters.store.tables import findings, machines, status_is
from schedules.finding import Cure, FindingKind
from schedules.machine import Status


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found wrong: its `subject` is a machine's number, or the key of a place or region."""

    kind: FindingKind
    subject: str
    opened_on: date
    machine_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closing:
    """When and why a finding is closed, and when that was written down."""

    on: date
    cure: Cure
    recorded_ms: int


def open_all(
    connection: Connection, found: Sequence[Finding], recorded_ms: int, closing: Closing | None = None
) -> list[Finding]:
    """Write findings, and return those that are new; one that is open already stays as it is.

    With `closing` they are over already.
    """
    ended = {} if closing is None else {"closed_on": closing.on, "cure": closing.cure, "closed_ms": closing.recorded_ms}
    rows = [{**_columns(each), "recorded_ms": recorded_ms, **ended} for each in found]
    if not rows:
        return []
    opening = insert_new(connection, findings).on_conflict_do_nothing()
    opened = connection.execute(opening.returning(findings.c.kind, findings.c.subject), rows)
    new = {(row.kind, row.subject) for row in opened}
    return [each for each in found if (each.kind, each.subject) in new]


def _columns(found: Finding) -> dict[str, Any]:
    names = ("kind", "subject", "opened_on", "machine_id")
    return {**{name: getattr(found, name) for name in names}, "details": dict(found.details)}


def restate(connection: Connection, found: Sequence[Finding]) -> None:
    """Findings that are open, with a beginning and details that were corrected."""
    columns = findings.c
    mine = (columns.closed_on.is_(None), columns.kind == bindparam("of_kind"), columns.subject == bindparam("of"))
    rows = [
        {"of_kind": each.kind, "of": each.subject, "since": each.opened_on, "said": dict(each.details)}
        for each in found
    ]
    if rows:
        restated = update(findings).where(*mine).values(opened_on=bindparam("since"), details=bindparam("said"))
        connection.execute(restated, rows)


def close(connection: Connection, kinds: Iterable[FindingKind], subjects: Sequence[str], closing: Closing) -> None:
    """Close what is open of these kinds and subjects; never before the day on which it was opened."""
    if not subjects:
        return
    columns = findings.c
    mine = (columns.closed_on.is_(None), columns.kind.in_(list(kinds)), among(connection, columns.subject, subjects))
    on = case((columns.opened_on > closing.on, columns.opened_on), else_=closing.on)
    values = {"closed_on": on, "cure": closing.cure, "closed_ms": closing.recorded_ms}
    connection.execute(update(findings).where(*mine).values(**values))


def open_subjects(connection: Connection, kind: FindingKind) -> set[str]:
    """What findings of a kind are open about."""
    statement = select(findings.c.subject).where(findings.c.kind == kind, findings.c.closed_on.is_(None))
    return set(connection.execute(statement).scalars())


def named(connection: Connection, column: Column[str], status: Status) -> set[str]:
    """What machines of a status name in a column."""
    return {key for key in connection.execute(_named(column, status)).scalars() if key is not None}


@cache
def _named(column: Column[str], status: Status) -> Select[str | None]:
    """One step down the index for each name, however many machines have it."""
    its = machines.alias("its")
    keys = select(func.min(column).label("key")).where(status_is(status)).cte("named", recursive=True)
    following = select(func.min(its.c[column.name])).where(status_is(status), its.c[column.name] > keys.c.key)
    keys = keys.union_all(select(following.scalar_subquery()).where(keys.c.key.isnot(None)))
    return select(keys.c.key)


def addressed(connection: Connection, key: Column[str], email: Column[str]) -> set[str]:
    """Places of a register that have an e-mail address."""
    return set(connection.execute(select(key).where(func.trim(email) != "")).scalars())
