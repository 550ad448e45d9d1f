"""What a timeline expects, held against the scratch database (design 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.store import machines
from daemon.keeper import Keeper
from daemon.timeline import Line
from schedules.hours import MS_PER_HOUR
from schedules.work_order import Kind, OrderKey, WorkOrder

_AGREES_MS = MS_PER_HOUR // 1000
_ORDER_FIELDS = (
    "state",
    "cause",
    "opens_on",
    "due_on",
    "overdue_on",
    "closed_on",
    "superseded_by",
    "late_days",
)


@dataclass(frozen=True, slots=True)
class Failed:
    """An expectation that is not met."""

    line: int
    expected: dict[str, Any]
    got: dict[str, Any]


def unmet(keeper: Keeper, line: Line) -> Iterator[Failed]:
    """The expectation of a line, if it is not met."""
    with keeper.store.read() as connection:
        record = machines.load_one(connection, keeper.zone, line.fields["machine_id"])
    if "total_hours" in line.fields:
        total_ms = None if record is None else record.facts.total_ms
        got = {"total_hours": None if total_ms is None else total_ms / MS_PER_HOUR}
        if not _same_hours(line.fields["total_hours"], total_ms):
            yield Failed(line.number, {"total_hours": plain(line.fields["total_hours"])}, got)
    if "kind" in line.fields:
        key = _key(line)
        order = None if record is None or key is None else record.facts.orders.get(key)
        yield from _unmet_of_order(keeper, line, order)


def _same_hours(expected: object, total_ms: int | None) -> bool:
    if not isinstance(expected, Decimal) or total_ms is None:
        return expected is None and total_ms is None
    return abs(expected * MS_PER_HOUR - total_ms) <= _AGREES_MS


def _key(line: Line) -> OrderKey | None:
    try:
        return OrderKey(Kind(line.fields["kind"]), line.fields["step"])
    except ValueError:
        return None


def _unmet_of_order(keeper: Keeper, line: Line, order: WorkOrder | None) -> Iterator[Failed]:
    expected = {name: plain(line.fields[name]) for name in _ORDER_FIELDS if name in line.fields}
    known = {"state": None} if order is None else fields_of(order, keeper, line.at_ms)
    got = {name: known.get(name) for name in expected}
    if got != expected or (order is None and expected.get("state", "") is not None):
        yield Failed(line.number, expected, got)


def fields_of(order: WorkOrder, keeper: Keeper, now_ms: int) -> dict[str, Any]:
    """An order's fields as JSON shows them, without its machine."""
    return {
        "kind": order.kind.value,
        "step": order.step,
        "state": order.state.value,
        "cause": order.cause.value if order.cause else None,
        "opens_on": _iso(order.opens_on),
        "due_on": _iso(order.due_on),
        "overdue_on": _iso(order.overdue_on),
        "closed_on": _iso(order.closed_on),
        "superseded_by": order.superseded_by,
        "late_days": order.late_days(keeper.today(now_ms)),
    }


def _iso(day: Any) -> str | None:  # noqa: ANN401 - a date or None
    return None if day is None else day.isoformat()


def plain(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """A JSON value with its numbers as JSON writes them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
