"""What the commands on machines take."""

from __future__ import annotations

from pydantic import Field

from daemon.web.api.fields import (
    Body,
    CategoryWord,
    Code,
    Day,
    Email,
    Hours,
    Locale,
    MachineId,
    Note,
    Text,
    WarrantyWord,
    When,
)


class StockIn(Body):
    """A machine comes into a yard, unsold."""

    machine_id: MachineId
    category: CategoryWord
    model: Text | None = None
    region: Code | None = None
    yard: Code | None = None
    inspected: bool = False
    at: When | None = None


class HandOver(Body):
    """A machine goes to its user; `category` and `model` when it was not in stock."""

    hours: Hours | None = None
    warranty: WarrantyWord
    category: CategoryWord | None = None
    model: Text | None = None
    region: Code | None = None
    customer: Text | None = None
    customer_email: Email | None = None
    customer_phone: Text | None = None
    customer_locale: Locale | None = None
    service_centre: Code | None = None
    last_step_done: Code | None = None
    last_step_done_on: Day | None = None
    handed_over_on: When | None = None


class Registered(HandOver):
    """A machine that was never in stock."""

    machine_id: MachineId
    category: CategoryWord


class Transfer(Body):
    """A machine in stock moves."""

    region: Code | None = None
    yard: Code | None = None
    on: When | None = None


class Retire(Body):
    """A machine leaves for good."""

    reason: Note
    on: When | None = None


class MeterChange(Body):
    """A replaced hour meter."""

    changed_at: When
    old_end: Hours
    new_start: Hours
    dry_run: bool = False


class MoveBody(Body):
    """A transfer as it truly was."""

    on: Day | None = None
    region: Code | None = None
    yard: Code | None = None


class Corrected(Body):
    """What was wrong; with `dry_run` the consequences are shown, and nothing is done."""

    why: Note
    facts: dict[str, str | None] = Field(default_factory=dict, examples=[{"handed_over_on": "2025-03-01"}])
    machine_id: MachineId | None = None
    undo_sale: bool = False
    undo_retirement: bool = False
    undo_completions: list[str] = Field(default_factory=list, examples=[["mandatory_visit/600"]])
    completed_on: dict[str, Day] = Field(default_factory=dict)
    transfers: dict[str, MoveBody] = Field(default_factory=dict)
    undo_transfers: list[Day] = Field(default_factory=list)
    missing_transfers: list[MoveBody] = Field(default_factory=list)
    dry_run: bool = False
