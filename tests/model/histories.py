"""What is known of a machine, day by day, as plain data: the material of the model that computes everything anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .plan import HOUR

Spans = tuple[int, str]
"""A count and "days" or "months"."""


def hours_text(engine_ms: int) -> str:
    """Engine time in hours, as short as it can be written."""
    return f"{engine_ms / HOUR:.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Step:
    """A mandatory visit of a plan (rules 1); hours in whole ms."""

    step: str
    at: int
    lead: int
    tolerance: int
    opens: Spans
    due: Spans
    warranties: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """The numbers of a plan that decide about orders; hours in whole ms."""

    steps: tuple[Step, ...]
    warranty_months: dict[str, int]
    every: int
    lead: int
    arrival_days: int


@dataclass(frozen=True)
class StockIn:
    """The machine comes into stock."""

    on: date
    region: str
    inspected: bool = False


@dataclass(frozen=True)
class Sale:
    """The machine is handed over."""

    on: date
    warranty: str


@dataclass(frozen=True)
class Total:
    """A reading that was believed reaches us: the machine's total in ms, and the date of the device's clock."""

    on: date
    total: int
    read_on: date


@dataclass(frozen=True)
class Form:
    """A form comes in for an order, dated `done_on`."""

    on: date
    kind: str
    step: str
    done_on: date


@dataclass(frozen=True)
class Cancel:
    """A person ends an order."""

    on: date
    kind: str
    step: str


@dataclass(frozen=True)
class Move:
    """A machine in stock comes to a region."""

    on: date
    region: str


@dataclass(frozen=True)
class Retire:
    """The machine leaves for good."""

    on: date


@dataclass(frozen=True)
class Before:
    """A visit known to be done, of a machine that we did not know yet."""

    on: date
    step: str


@dataclass(frozen=True)
class Registration:
    """Only now do we learn of the machine; what stands before it is its past."""

    on: date


@dataclass(frozen=True)
class Decision:
    """Somebody decides on other dates of one season of a region; without a date, on those of the file again."""

    on: date
    region: str
    season: str
    opens: date | None = None
    due: date | None = None
    ends: date | None = None


Event = StockIn | Sale | Total | Form | Cancel | Move | Retire | Before | Registration | Decision
History = tuple[Event, ...]
"""In the order in which things reached us; the first is a stock-in or a sale. Of one day, midnight comes first."""
