from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schedules.assess import assess
from schedules.forecast import Basis, Projection, Use
from schedules.hours import MS_PER_HOUR
from schedules.machine import Machine
from schedules.workload import ExpectedVisit, visits_ahead, week_of, weeks_from

from .making import shipped, sold

MONDAY = date(2025, 3, 3)
BOOK = shipped()


def used(hours_a_day: float, total_hours: float = 0, *, assumed: bool = False) -> Projection:
    use = Use(Fraction(hours_a_day) * MS_PER_HOUR, None if assumed else 30)
    return Projection(int(total_hours * MS_PER_HOUR), use)


def standing(today: date, total_hours: float = 0) -> Machine:
    """Handed over on that Monday, with hours read today."""
    machine = assess(sold("2025-03-03"), today, BOOK).machine
    now = replace(machine, total_ms=int(total_hours * MS_PER_HOUR), total_on=today)
    return assess(now, today, BOOK).machine


def test_a_week_is_named_by_its_monday() -> None:
    assert [week_of(MONDAY + timedelta(days=day)) for day in (0, 6, 7)] == [MONDAY, MONDAY, date(2025, 3, 10)]
    assert weeks_from(date(2025, 3, 5), 2) == [MONDAY, date(2025, 3, 10)]


def test_visits_by_hours_and_by_the_calendar() -> None:
    machine = standing(MONDAY)

    found = visits_ahead(machine, used(12), MONDAY, BOOK, 12)

    assert found == [
        ExpectedVisit(date(2025, 3, 10), "100", is_backlog=False, basis=Basis.MEASURED),
        ExpectedVisit(date(2025, 4, 21), "600", is_backlog=False, basis=Basis.MEASURED),
    ]
    slow = visits_ahead(machine, used(1, assumed=True), MONDAY, BOOK, 15)
    assert [(visit.step, visit.week, visit.basis) for visit in slow] == [
        ("100", date(2025, 3, 10), Basis.CALENDAR),
        ("600", date(2025, 6, 2), Basis.CALENDAR),
    ]


def test_several_steps_that_wait_are_one_visit_now() -> None:
    today = date(2025, 7, 1)
    machine = standing(today)

    found = visits_ahead(machine, used(1), today, BOOK, 12)

    assert found[0] == ExpectedVisit(week_of(today), "600", is_backlog=True, basis=None)
    assert [visit.step for visit in found] == ["600", "1200"]


def test_a_step_expected_this_week_takes_the_backlog_with_it() -> None:
    today = date(2025, 7, 1)
    machine = standing(today, 1195)

    found = visits_ahead(machine, used(8, 1195), today, BOOK, 1)

    assert found == [ExpectedVisit(week_of(today), "1200", is_backlog=True, basis=Basis.MEASURED)]


def test_nothing_is_expected_of_the_users_own_cycle_or_of_other_machines() -> None:
    today = date(2026, 6, 1)
    machine = standing(today, 3000)
    assert visits_ahead(machine, used(8, 3000), today, BOOK, 52) == []


@given(st.integers(0, 400), st.floats(0.1, 24), st.floats(0, 2500), st.integers(1, 60))
def test_one_visit_a_week_in_order_and_none_twice(age: int, hours_a_day: float, total: float, weeks: int) -> None:
    today = MONDAY + timedelta(days=age)
    machine = standing(today, round(total, 1))

    found = visits_ahead(machine, used(hours_a_day, round(total, 1)), today, BOOK, weeks)

    mondays = [visit.week for visit in found]
    assert mondays == sorted(set(mondays))
    assert all(week in weeks_from(today, weeks) for week in mondays)
    assert len({visit.step for visit in found}) == len(found)
    assert [visit.is_backlog for visit in found[1:]] == [False] * len(found[1:])
