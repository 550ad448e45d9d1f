"""A machine as the rules see it: facts, hours and its work orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schedules.work_order import OrderKey, WorkOrder


class Status(StrEnum):
    """Where a machine stands in its life (rules 0)."""

    STOCK = "stock"
    IN_SERVICE = "in_service"
    RETIRED = "retired"


class Category(StrEnum):
    """What sort of machine it is."""

    LOADER = "loader"
    ROLLER = "roller"


class Warranty(StrEnum):
    """The two warranties of the plan (rules 1)."""

    HALF_YEAR = "half_year"
    ONE_YEAR = "one_year"


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything `assess` looks at.

    `total_ms` is the normalised engine time, `total_on` the date of the reading that set it (both None before
    the first). `own_cycle_from_ms` is the total known when the day after the warranty began (rules 2), None
    until then. `asked_version` is the plan version of the last assessment, `asked_rulebook` the serial of its
    rulebook, `exempt_steps` the mandatory steps a later plan added when this machine was already past their opening.
    """

    machine_id: str
    status: Status
    region: str | None = None
    stocked_on: date | None = None
    arrived_on: date | None = None
    handed_over_on: date | None = None
    warranty: Warranty | None = None
    retired_on: date | None = None
    total_ms: int | None = None
    total_on: date | None = None
    own_cycle_from_ms: int | None = None
    asked_version: str | None = None
    asked_rulebook: int | None = None
    exempt_steps: frozenset[str] = frozenset()
    orders: Mapping[OrderKey, WorkOrder] = field(default_factory=dict)
