"""How well the work was done in its time (rules 0): done on time / (done + missed)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schedules.work_order import MISSED_STATES, Kind, State, WorkOrder

COUNTED_KINDS = frozenset({Kind.MANDATORY_VISIT, Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION})
"""Kinds that compliance is asked of; the user's own service is nobody's duty to us."""


class Outcome(StrEnum):
    """What became of an order that was due in a period; the first three enter the formula."""

    DONE_ON_TIME = "done_on_time"
    DONE_LATE = "done_late"
    MISSED = "missed"
    OVERDUE = "overdue"
    OPEN = "open"


def outcome_of(order: WorkOrder) -> Outcome | None:
    """What became of an order; None if it does not count: cancelled, or of a kind that is not counted."""
    if order.kind not in COUNTED_KINDS or order.state is State.CANCELLED:
        return None
    if order.state is State.DONE:
        return Outcome.DONE_ON_TIME if _in_time(order) else Outcome.DONE_LATE
    if order.state in MISSED_STATES:
        return Outcome.MISSED
    return Outcome.OVERDUE if order.state is State.OVERDUE else Outcome.OPEN


def _in_time(order: WorkOrder) -> bool:
    """Whether a done order was done before the first day that counts as late."""
    return order.overdue_on is None or order.closed_on is None or order.closed_on < order.overdue_on


@dataclass(slots=True)
class Tally:
    """How many orders came out how."""

    done_on_time: int = 0
    done_late: int = 0
    missed: int = 0
    overdue: int = 0
    open: int = 0

    def add(self, outcome: Outcome, count: int) -> None:
        """Count orders."""
        setattr(self, outcome, getattr(self, outcome) + count)

    @property
    def compliance(self) -> float | None:
        """Done on time / (done + missed), rounded to 3 decimals; None if nothing counts."""
        counted = self.done_on_time + self.done_late + self.missed
        return round(self.done_on_time / counted, 3) if counted else None
