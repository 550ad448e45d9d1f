"""What a manager is told once a week: what is late, what is coming, how well the work is done, what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schedules.compliance import Tally
from schedules.finding import FindingKind
from schedules.machine import Category
from schedules.work_order import Kind, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A machine, and who is to be asked about it; what is not known is None."""

    machine_id: str
    model: str | None = None
    category: Category
    region: str | None = None
    yard: str | None = None
    customer: str | None = None
    customer_phone: str | None = None
    service_centre: str | None = None
    service_centre_name: str | None = None
    service_centre_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestOrder:
    """One work order; `state` None: its window has not opened yet. `is_estimate`: the day is projected (rules 7)."""

    place: Place
    kind: Kind
    step: str
    state: State | None
    due_on: date | None
    is_estimate: bool = False
    late_days: int | None = None
    total_hours: float | None = None
    acknowledged: bool = False
    scheduled_for: date | None = None


@dataclass(frozen=True, slots=True)
class DigestFinding:
    """A machine that is not heard of, or whose meter needs a decision; `since` when."""

    place: Place
    kind: FindingKind
    since: date


@dataclass(frozen=True, slots=True)
class Rates:
    """How well one centre did its work, None: all of them: of what was due this month, and in the last quarter."""

    service_centre: str | None
    month: Tally
    quarter: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One manager's week: `ahead` is due from `on` to `until`; worst and soonest first.

    The counts are of all there are; the lists may be cut at `DIGEST_ROWS`. `quarter_from` begins the last whole
    quarter of a year, the month is that of `on`.
    """

    on: date
    until: date
    quarter_from: date
    overdue: tuple[DigestOrder, ...]
    overdue_count: int
    ahead: tuple[DigestOrder, ...]
    ahead_count: int
    rates: tuple[Rates, ...]
    all_rates: Rates
    unheard: tuple[DigestFinding, ...]
    undecided: tuple[DigestFinding, ...]


DIGEST_ROWS = 20_000
"""Rows of one list that are read and attached; nobody reads more."""
