"""What a machine needs next: the worst of what is open, else what will be due first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from schedules.forecast import Expected, Projection, ahead
from schedules.machine import Machine
from schedules.rulebook import Rulebook
from schedules.work_order import Kind, State

_RANK = {State.OVERDUE: 0, State.DUE: 1, State.UPCOMING: 2, None: 2}


@dataclass(frozen=True, slots=True)
class NextService:
    """One step: `state` None while it has no order, `left_ms` of engine time until its hours (negative once passed).

    `late_days` counts as rules 0 say, None unless it is overdue.
    """

    kind: Kind
    step: str
    state: State | None
    threshold_ms: int | None
    left_ms: int | None
    expected: Expected
    late_days: int | None = None

    def _urgency(self) -> tuple[int, date, int, str]:
        return _RANK[self.state], self.expected.on or date.max, self.threshold_ms or 0, self.step


def next_service(machine: Machine, projection: Projection, today: date, rulebook: Rulebook) -> NextService | None:
    """What is overdue before what is due before what lies ahead, each the earliest first; None: nothing is known."""
    found = [*_open(machine, projection, today), *_planned(machine, projection, today, rulebook)]
    return min(found, key=NextService._urgency, default=None)  # noqa: SLF001 - its own order


def _open(machine: Machine, projection: Projection, today: date) -> Iterator[NextService]:
    for order in machine.orders.values():
        if order.is_open:
            expected, late = projection.of_order(order, today), order.late_days(today)
            left_ms = _left(machine, order.threshold_ms)
            yield NextService(order.kind, order.step, order.state, order.threshold_ms, left_ms, expected, late)


def _planned(machine: Machine, projection: Projection, today: date, rulebook: Rulebook) -> Iterator[NextService]:
    for step in ahead(machine, projection, today, rulebook):
        if step.state is None:
            left_ms = _left(machine, step.threshold_ms)
            yield NextService(step.kind, step.step, None, step.threshold_ms, left_ms, step.expected)


def _left(machine: Machine, threshold_ms: int | None) -> int | None:
    if threshold_ms is None or machine.total_ms is None:
        return None
    return threshold_ms - machine.total_ms
