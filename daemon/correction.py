"""What a person says was wrong with a machine's facts (rules 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.files.register import MACHINES, day
from schedules.work_order import OrderKey

CORRECTABLE = {
    **{name: parse for name, parse in MACHINES.columns.items() if name != "status"},
    "arrived_on": day,
    "retired_on": day,
    "retire_reason": MACHINES.columns["customer"],
}
"""What may be corrected, and what it may be; `machine_id` is the true number of a machine registered under a wrong
one, `arrived_on` the day a machine in stock came to its present region.
"""
_NEVER_EMPTY = frozenset(
    {"machine_id", "category", "stocked_on", "arrived_on", "handed_over_on", "retired_on", "warranty"}
)
_OF_MOVE = {"on": day, "region": MACHINES.columns["region"], "yard": MACHINES.columns["yard"]}


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer as it truly was; None stays as it was recorded."""

    on: date | None = None
    region: str | None = None
    yard: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong: `facts` by name as in `CORRECTABLE` (None empties one), a sale or retirement that never was,
    transfers by the day on which they were recorded, steps that were never done, or were on another date; who says
    so, and why.
    """

    machine_id: str
    by: str
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    undo_sale: bool = False
    undo_retirement: bool = False
    undo_completions: tuple[OrderKey, ...] = ()
    completed_on: Mapping[OrderKey, date] = field(default_factory=dict)
    transfers: Mapping[date, Move] = field(default_factory=dict)
    undo_transfers: tuple[date, ...] = ()
    missing_transfers: tuple[Move, ...] = ()

    def is_empty(self) -> bool:
        """Whether nothing is corrected."""
        of_orders = self.undo_completions or self.completed_on
        of_transfers = self.transfers or self.undo_transfers or self.missing_transfers
        return not (self.facts or self.undo_sale or self.undo_retirement or of_orders or of_transfers)


def fact(name: str, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """The value of a fact as people write it, None for nothing; ValueError says what is wrong."""
    if name not in CORRECTABLE:
        message = f"{name!r} is nothing that can be corrected; known are {', '.join(CORRECTABLE)}"
        raise ValueError(message)
    text = text.strip()
    if not text and name in _NEVER_EMPTY:
        message = f"{name} must not be empty"
        raise ValueError(message)
    try:
        return CORRECTABLE[name](text) if text else None
    except ValueError as error:
        message = f"{name}: {error}"
        raise ValueError(message) from None


def move(text: str) -> Move:
    """A transfer as people write it: `on=2025-11-24,region=23,yard=Y2`; ValueError says what is wrong."""
    values: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in _OF_MOVE or not equals or not value:
            message = f"{part.strip()!r} is none of on=DATE, region=CODE, yard=CODE"
            raise ValueError(message)
        values[name] = _OF_MOVE[name](value)
    return Move(**values)
