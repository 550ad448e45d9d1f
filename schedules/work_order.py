"""What must be done to one machine, and where it stands (rules 0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The four kinds of work orders."""

    MANDATORY_VISIT = "mandatory_visit"
    SELF_SERVICE = "self_service"
    STOCK_UPKEEP = "stock_upkeep"
    FREEZE_PROTECTION = "freeze_protection"


RULES = {
    Kind.MANDATORY_VISIT: "M1",
    Kind.SELF_SERVICE: "M6",
    Kind.STOCK_UPKEEP: "K1",
    Kind.FREEZE_PROTECTION: "K2",
}


class State(StrEnum):
    """The states of a work order; the first three are open, the others final."""

    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({State.UPCOMING, State.DUE, State.OVERDUE})
MISSED_STATES = frozenset({State.SUPERSEDED, State.LAPSED})


class Cause(StrEnum):
    """Which clock made an order due, or moved it."""

    HOURS = "hours"
    CALENDAR = "calendar"


class Closing(StrEnum):
    """What closed an order: only a transfer can be taken back, by coming home (rules 4)."""

    COMPLETED = "completed"
    HIGHER_STEP = "higher_step"
    WINDOW_ENDED = "window_ended"
    HANDOVER = "handover"
    TRANSFER = "transfer"
    RETIREMENT = "retirement"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Identity of an order within its machine, unique for ever."""

    kind: Kind
    step: str


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order; dates as in rules 0, `threshold_ms` is the step's engine time (None without hours)."""

    kind: Kind
    step: str
    state: State
    opens_on: date
    plan_version: str
    due_on: date | None = None
    overdue_on: date | None = None
    closed_on: date | None = None
    cause: Cause | None = None
    superseded_by: str | None = None
    closing: Closing | None = None
    threshold_ms: int | None = None

    @property
    def key(self) -> OrderKey:
        """Kind and step."""
        return OrderKey(self.kind, self.step)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN_STATES

    def rank(self) -> tuple[int, str]:
        """Order of steps within a kind: by engine time where there is one, else by name (`2025-02` < `2025-03`)."""
        return (self.threshold_ms or 0, self.step)

    def late_days(self, today: date) -> int | None:
        """Days late (rules 0): of done and overdue orders; None for the others."""
        if self.state is State.DONE and self.closed_on:
            return max(0, (self.closed_on - self.overdue_on).days + 1) if self.overdue_on else 0
        if self.state is State.OVERDUE and self.overdue_on:
            return (today - self.overdue_on).days + 1
        return None


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the life of an order: `before` None when it comes into being, `on` the date by the rules."""

    before: WorkOrder | None
    after: WorkOrder
    on: date
    why: str
