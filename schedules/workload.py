"""Visits that will probably have to be made: one per machine and week, which does the lower steps with it (rules 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from schedules.forecast import Basis, Projection, ahead
from schedules.machine import Machine
from schedules.rulebook import Rulebook
from schedules.work_order import Kind, State

_WEEK = timedelta(days=7)
_WAITING = frozenset({State.DUE, State.OVERDUE})


@dataclass(frozen=True, slots=True)
class ExpectedVisit:
    """A visit of a machine in the week that begins on a Monday; `step` is the highest that it does.

    `is_backlog`: due or overdue already, so to be made now. `basis` says what its day rests on; None: it is due.
    """

    week: date
    step: str
    is_backlog: bool
    basis: Basis | None


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_from(today: date, count: int) -> list[date]:
    """The Mondays of this week and those that follow."""
    return [week_of(today) + number * _WEEK for number in range(count)]


def visits_ahead(
    machine: Machine, projection: Projection, today: date, rulebook: Rulebook, weeks: int
) -> list[ExpectedVisit]:
    """The visits of a machine in so many weeks, this one included, in their order."""
    end = week_of(today) + weeks * _WEEK
    highest: dict[date, tuple[int, ExpectedVisit]] = {}
    for threshold_ms, visit in _steps(machine, projection, today, rulebook):
        if visit.week < end and (visit.week not in highest or threshold_ms > highest[visit.week][0]):
            backlog = visit.is_backlog or (visit.week in highest and highest[visit.week][1].is_backlog)
            highest[visit.week] = threshold_ms, ExpectedVisit(visit.week, visit.step, backlog, visit.basis)
    return [visit for _, visit in sorted(highest.values(), key=lambda each: each[1].week)]


def _steps(
    machine: Machine, projection: Projection, today: date, rulebook: Rulebook
) -> Iterable[tuple[int, ExpectedVisit]]:
    """Every step that is to be done, lower ones first, with its engine time."""
    found = [*_waiting(machine, today), *_coming(machine, projection, today, rulebook)]
    return sorted(found, key=lambda each: each[0])


def _waiting(machine: Machine, today: date) -> Iterator[tuple[int, ExpectedVisit]]:
    for order in machine.orders.values():
        if order.kind is Kind.MANDATORY_VISIT and order.state in _WAITING:
            yield order.threshold_ms or 0, ExpectedVisit(week_of(today), order.step, is_backlog=True, basis=None)


def _coming(
    machine: Machine, projection: Projection, today: date, rulebook: Rulebook
) -> Iterator[tuple[int, ExpectedVisit]]:
    for step in ahead(machine, projection, today, rulebook):
        if step.kind is Kind.MANDATORY_VISIT and step.expected.on is not None:
            week = week_of(max(step.expected.on, today))
            yield step.threshold_ms or 0, ExpectedVisit(week, step.step, is_backlog=False, basis=step.expected.basis)
