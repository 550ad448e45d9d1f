"""When a step will probably be due (rules 7): an estimate, which never makes anything due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from schedules import self_service, visits
from schedules.machine import Category, Machine
from schedules.plan import ForecastRules
from schedules.rulebook import Rulebook
from schedules.window import Window
from schedules.work_order import Kind, OrderKey, State, WorkOrder

DAY_MS = 86_400_000
_LONGER = 3


class Basis(StrEnum):
    """What a projected date rests on: the calendar, measured use, or the use assumed of the category."""

    CALENDAR = "calendar"
    MEASURED = "measured"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Two believed readings of one machine: engine time and instant of each, in ms."""

    from_total_ms: int
    from_ms: int
    to_total_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Use:
    """Engine ms a day; `window_days` is the window it was measured in, None if it is assumed."""

    ms_a_day: Fraction
    window_days: int | None

    @property
    def basis(self) -> Basis:
        """What dates projected with it rest on."""
        return Basis.ASSUMED if self.window_days is None else Basis.MEASURED


@dataclass(frozen=True, slots=True)
class Expected:
    """A projected due date and what it rests on; both None where nothing can be said."""

    on: date | None
    basis: Basis | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """A step that is not due yet: `state` None while it has no order."""

    kind: Kind
    step: str
    threshold_ms: int | None
    state: State | None
    expected: Expected


def windows_of(rules: ForecastRules) -> tuple[int, int]:
    """The windows looked at, in days: the plan's, and one three times as long for want of data (30, 90)."""
    return rules.window_days, rules.window_days * _LONGER


def is_enough(stretch: Stretch, rules: ForecastRules) -> bool:
    """Whether a stretch holds as many days of data as the plan asks for."""
    return stretch.to_ms - stretch.from_ms >= rules.min_days * DAY_MS


def measured(stretch: Stretch, window_days: int) -> Use:
    """The average use over a stretch; a meter that seems to run backwards stands still."""
    run_ms = max(0, stretch.to_total_ms - stretch.from_total_ms)
    return Use(Fraction(run_ms * DAY_MS, stretch.to_ms - stretch.from_ms), window_days)


def assumed(category: Category, rules: ForecastRules) -> Use:
    """The use assumed of a category."""
    return Use(Fraction(rules.assumed_ms[category]), None)


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a machine stands (total engine ms) and how it is used."""

    total_ms: int
    use: Use

    def due(self, threshold_ms: int | None, calendar_due_on: date | None, today: date) -> Expected:
        """The earlier of the calendar's due date and today + remaining / rate, in whole days up (rules 7)."""
        by_hours = None if threshold_ms is None else self._reached(threshold_ms, today)
        if by_hours is None or (calendar_due_on is not None and calendar_due_on <= by_hours):
            return Expected(calendar_due_on, None if calendar_due_on is None else Basis.CALENDAR)
        return Expected(by_hours, self.use.basis)

    def of_order(self, order: WorkOrder, today: date) -> Expected:
        """The projected date of an order not yet due; the date of one that is; nothing of one that is closed."""
        if not order.is_open:
            return Expected(None, None)
        if order.state is not State.UPCOMING:
            return Expected(order.due_on, None)
        return self.due(order.threshold_ms, order.due_on, today)

    def _reached(self, threshold_ms: int, today: date) -> date | None:
        """The day on which the hours are reached; None if never, at this rate."""
        remaining = max(0, threshold_ms - self.total_ms)
        if remaining and not self.use.ms_a_day:
            return None
        days = -(-remaining // self.use.ms_a_day) if remaining else 0
        return today + timedelta(days=days) if days <= (date.max - today).days else None


def ahead(machine: Machine, projection: Projection, today: date, rulebook: Rulebook) -> tuple[Ahead, ...]:
    """The visits and the user's own services that are not due yet, with or without an order, next one first."""
    found = [_ahead(window, machine, projection, today) for window in _not_due(machine, rulebook)]
    return tuple(sorted(found, key=lambda each: (each.expected.on or date.max, each.threshold_ms or 0)))


def _not_due(machine: Machine, rulebook: Rulebook) -> Iterator[Window]:
    windows: Iterable[Window] = (*visits.windows(machine, rulebook), *self_service.windows(machine, rulebook))
    for window in windows:
        order = machine.orders.get(OrderKey(window.kind, window.step))
        if order is None or order.state is State.UPCOMING:
            yield window


def _ahead(window: Window, machine: Machine, projection: Projection, today: date) -> Ahead:
    order = machine.orders.get(OrderKey(window.kind, window.step))
    calendar = window.due_on if order is None else order.due_on
    expected = projection.due(window.due_at, calendar, today)
    return Ahead(window.kind, window.step, window.due_at, None if order is None else order.state, expected)
