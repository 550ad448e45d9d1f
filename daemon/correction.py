"""What a person says was wrong with a machine's facts (rules 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.files.register import MACHINES, day
from schedules.work_order import OrderKey

_IDENTITY = frozenset({"machine_id", "status", "handover_hours"})
CORRECTABLE = {
    **{name: parse for name, parse in MACHINES.columns.items() if name not in _IDENTITY},
    "arrived_on": day,
    "retired_on": day,
}
"""What may be corrected, and what it may be; `arrived_on` is the day a machine in stock came to its present region."""
_NEVER_EMPTY = frozenset({"category", "stocked_on", "arrived_on", "handed_over_on", "retired_on", "warranty"})


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong: `facts` by name as in `CORRECTABLE` (None empties one), a sale or retirement that never was,
    steps that were never done, or were on another date; who says so, and why.
    """

    machine_id: str
    by: str
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    undo_sale: bool = False
    undo_retirement: bool = False
    undo_completions: tuple[OrderKey, ...] = ()
    completed_on: Mapping[OrderKey, date] = field(default_factory=dict)

    def is_empty(self) -> bool:
        """Whether nothing is corrected."""
        return not (self.facts or self.undo_sale or self.undo_retirement or self.undo_completions or self.completed_on)


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
