"""One work order, and the few ways its state moves (rules 0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

OPEN = ("upcoming", "due", "overdue")

MANDATORY = "mandatory_visit"
SELF_SERVICE = "self_service"
STOCK = "stock_upkeep"
FREEZE = "freeze_protection"


@dataclass
class WorkOrder:
    machine_id: str
    kind: str
    step: str
    opens_on: date
    due_on: date | None = None
    overdue_on: date | None = None
    state: str = "upcoming"
    cause: str | None = None
    closed_on: date | None = None
    superseded_by: str | None = None
    ends_on: date | None = None  # freeze only: last day of the window
    closed_by_transfer: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def rank(self) -> tuple[int, str]:
        """Order among the steps of one kind: hours as numbers, months as text."""
        return (int(self.step), "") if self.step.isdigit() else (0, self.step)

    def raise_dates(self) -> None:
        """Dates of one order never run backwards."""
        if self.due_on is not None and self.due_on < self.opens_on:
            self.due_on = self.opens_on
        if self.overdue_on is not None and self.due_on is not None and self.overdue_on < self.due_on:
            self.overdue_on = self.due_on

    def falls_due(self, on: date, cause: str) -> None:
        self.state = "due"
        self.cause = cause
        self.due_on = on
        self.raise_dates()

    def falls_overdue(self, on: date) -> None:
        self.state = "overdue"
        self.overdue_on = on
        self.raise_dates()

    def close(self, state: str, on: date, by: str | None = None) -> None:
        self.state = state
        self.closed_on = on
        self.superseded_by = by

    def late_days(self, today: date) -> int | None:
        if self.state == "done":
            if self.overdue_on is None or self.closed_on is None:
                return 0
            return max(0, (self.closed_on - self.overdue_on + timedelta(days=1)).days)
        if self.state == "overdue" and self.overdue_on is not None:
            return (today - self.overdue_on + timedelta(days=1)).days
        return None

    def as_json(self, today: date) -> dict[str, object]:
        def text(day: date | None) -> str | None:
            return None if day is None else day.isoformat()

        return {
            "machine_id": self.machine_id,
            "kind": self.kind,
            "step": self.step,
            "state": self.state,
            "cause": self.cause,
            "opens_on": text(self.opens_on),
            "due_on": text(self.due_on),
            "overdue_on": text(self.overdue_on),
            "closed_on": text(self.closed_on),
            "superseded_by": self.superseded_by,
            "late_days": self.late_days(today),
        }
