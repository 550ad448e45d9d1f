"""How machines are used, measured from their readings (rules 7): a few statements however many machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, select

from adapters.store.dialect import among
from adapters.store.tables import OTHER_TIME, machines, meters, readings
from schedules.forecast import DAY_MS, Projection, Stretch, Use, assumed, is_enough, measured, windows_of
from schedules.machine import Category
from schedules.plan import ForecastRules
from schedules.reading import Verdict

# Noise is believed, but its total is not the meter's.
_COUNTED = (Verdict.ACCEPTED, Verdict.LATE)


def projections(
    connection: Connection, rules: ForecastRules, machine_ids: Iterable[str], now_ms: int
) -> dict[str, Projection]:
    """Total and use of each registered machine of these; `Projection.of_order` gives an order's projected date."""
    rows = connection.execute(_states(connection, sorted(set(machine_ids)))).all()
    use = _uses(connection, rules, rows, now_ms)
    return {
        row.machine_id: Projection(row.total_ms or 0, use.get(row.machine_id) or assumed(Category(row.category), rules))
        for row in rows
    }


def _states(connection: Connection, machine_ids: Sequence[str]) -> Select[Any]:
    columns = (meters.c.machine_id, machines.c.category, meters.c.total_ms, meters.c.time_ms)
    joined = meters.join(machines, machines.c.machine_id == meters.c.machine_id)
    return select(*columns).select_from(joined).where(among(connection, meters.c.machine_id, machine_ids))


def _uses(connection: Connection, rules: ForecastRules, rows: Sequence[Row[Any]], now_ms: int) -> dict[str, Use]:
    """The use measured in the first window that holds enough data."""
    found: dict[str, Use] = {}
    for days in windows_of(rules):
        since_ms = now_ms - days * DAY_MS
        asked = {row.machine_id: row for row in rows if row.machine_id not in found and _may_hold(row, since_ms, rules)}
        for first in _firsts(connection, list(asked), since_ms):
            last = asked[first.machine_id]
            stretch = Stretch(first.total_ms, first.time_ms, last.total_ms, last.time_ms)
            if is_enough(stretch, rules):
                found[first.machine_id] = measured(stretch, days)
    return found


def _may_hold(row: Row[Any], since_ms: int, rules: ForecastRules) -> bool:
    """Whether the last accepted reading is late enough in a window for it to hold enough days."""
    return row.time_ms is not None and row.time_ms >= since_ms + rules.min_days * DAY_MS


def _firsts(connection: Connection, machine_ids: Sequence[str], since_ms: int) -> Iterator[Row[Any]]:
    """The first reading of each machine since an instant: by its device time, or by the time it counts at."""
    if not machine_ids:
        return
    other = readings.alias("other")
    first: dict[str, Row[Any]] = {}
    for at, where in ((other.c.device_ms, ~other.c.clock), (other.c.time_ms, OTHER_TIME)):
        for row in connection.execute(_first_by(other, at, where, since_ms).where(_is_one_of(connection, machine_ids))):
            known = first.setdefault(row.machine_id, row)
            first[row.machine_id] = min(known, row, key=lambda found: found.time_ms)
    yield from first.values()


def _is_one_of(connection: Connection, machine_ids: Sequence[str]) -> ColumnElement[bool]:
    return among(connection, meters.c.machine_id, machine_ids)


def _first_by(other: FromClause, at: ColumnElement[int], where: Any, since_ms: int) -> Select[Any]:  # noqa: ANN401 - a clause or text
    """The first readings by one of the two indexes: one step down the index for each machine."""
    first = (
        select(other.c.id)
        .where(other.c.machine_id == meters.c.machine_id, at >= since_ms, where, other.c.verdict.in_(_COUNTED))
        .order_by(at, other.c.id)
        .limit(1)
        .correlate(meters)
        .scalar_subquery()
    )
    joined = meters.join(readings, readings.c.id == first)
    return select(meters.c.machine_id, readings.c.time_ms, readings.c.total_ms).select_from(joined)
