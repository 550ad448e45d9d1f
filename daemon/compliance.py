"""How well the work was done in its time, by what people want told apart (rules 0)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import compliance as store
from adapters.store.compliance import By, Period
from adapters.store.listing import OrderFilter
from schedules.compliance import Outcome, Tally

Fields = dict[str, Any]
TALLY_FIELDS = ("done_on_time", "done_late", "missed", "overdue", "open", "compliance")
COMPLIANCE_FIELDS = (*(by.value for by in By), *TALLY_FIELDS)
"""What is not told apart is null."""


def compliance(
    connection: Connection, period: Period, by: Sequence[By], wanted: OrderFilter
) -> tuple[list[Fields], Fields]:
    """A row for each combination of the values of `by`, and one of them all together; each is told apart once."""
    by = tuple(dict.fromkeys(by))
    rows = store.counts(connection, period, by, wanted)
    tallies: dict[tuple[Any, ...], list[Row[Any]]] = {}
    for row in rows:
        tallies.setdefault(tuple(getattr(row, each.value) for each in by), []).append(row)
    told = [_fields(dict(zip(by, values, strict=True)), tally) for values, tally in tallies.items()]
    return (told if by else []), _fields({}, rows)


def _fields(values: dict[By, Any], rows: Iterable[Row[Any]]) -> Fields:
    tally = Tally()
    for row in rows:
        tally.add(Outcome(row.outcome), row.orders)
    return {
        **{by.value: values.get(by) for by in By},
        **{name: getattr(tally, name) for name in TALLY_FIELDS},
    }
