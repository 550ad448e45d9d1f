"""Mandatory visits: hours or calendar, whichever comes first (rules 0, 1 and 9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.machine import Status, Warranty
from schedules.rulebook import Rulebook
from schedules.work_order import Cause, State
from tests.schedules.making import VISIT, ask, asked, dates, day, ms, order_of, plan_of, reads, sold, told

HALF, ONE = Warranty.HALF_YEAR, Warranty.ONE_YEAR


@pytest.mark.parametrize(
    ("step", "opens", "due"),
    [
        ("100", "2025-03-27", "2025-03-30"),
        ("600", "2025-05-20", "2025-06-20"),
        ("1200", "2025-08-20", "2025-09-20"),
        ("1800", "2025-11-20", "2025-12-20"),
        ("2400", "2026-02-20", "2026-03-20"),
    ],
)
def test_the_calendar_of_an_idle_machine(step: str, opens: str, due: str) -> None:
    """One-year warranty, D 2025-03-20: states on the days before and on which they change."""
    lapses_on = day("2026-03-21")
    for on, state in (
        (before(opens), None),
        (opens, "upcoming"),
        (before(due), "upcoming"),
        (due, "due"),
        (after(due), "overdue" if day(after(due)) < lapses_on else "lapsed"),
    ):
        assert told(asked(sold("2025-03-20"), on), VISIT).get(step) == state, on
    order = order_of(asked(sold("2025-03-20"), due), VISIT, step)
    assert (dates(order), order.cause) == ((opens, due, after(due), "-"), Cause.CALENDAR)


def before(on: str) -> str:
    return day(on).fromordinal(day(on).toordinal() - 1).isoformat()


def after(on: str) -> str:
    return day(on).fromordinal(day(on).toordinal() + 1).isoformat()


@pytest.mark.parametrize(
    ("on", "step", "opens", "due"),
    [
        ("2023-12-31", "600", "2024-02-29", "2024-03-31"),
        ("2025-01-31", "600", "2025-03-31", "2025-04-30"),
        ("2025-01-31", "1200", "2025-06-30", "2025-07-31"),
        ("2025-08-31", "100", "2025-09-07", "2025-09-10"),
        ("2025-08-31", "600", "2025-10-31", "2025-11-30"),
        ("2025-08-31", "1200", "2026-01-31", "2026-02-28"),
    ],
)
def test_months_from_the_last_of_a_month(on: str, step: str, opens: str, due: str) -> None:
    assert dates(order_of(asked(sold(on, HALF), due), VISIT, step))[:2] == (opens, due)


@pytest.mark.parametrize(("warranty", "steps"), [(HALF, 3), (ONE, 5)])
def test_each_warranty_has_its_steps(warranty: Warranty, steps: int) -> None:
    machine = reads(sold("2025-03-03", warranty), 2600, "2025-03-04")
    assert list(told(machine, VISIT)) == ["100", "600", "1200", "1800", "2400"][:steps]


@pytest.mark.parametrize(
    ("step", "hours", "state"),
    [
        ("100", "79.999", None),
        ("100", 80, State.UPCOMING),
        ("100", "99.999", State.UPCOMING),
        ("100", 100, State.DUE),
        ("100", 110, State.DUE),
        ("100", "110.001", State.OVERDUE),
        ("600", "549.999", None),
        ("600", 550, State.UPCOMING),
        ("600", 600, State.DUE),
        ("600", 650, State.DUE),
        ("600", "650.001", State.OVERDUE),
        ("2400", 2350, State.UPCOMING),
        ("2400", "2450.001", State.OVERDUE),
    ],
)
def test_hours_at_their_limits(step: str, hours: float | str, state: State | None) -> None:
    assert told(reads(sold("2025-03-03"), hours, "2025-03-04"), VISIT).get(step) == state


def test_a_reading_dates_what_it_causes() -> None:
    """Upcoming on 03-05, due on 03-07, overdue on 03-08: each the date of its reading (rules 0)."""
    machine = reads(sold("2025-03-03"), 80, "2025-03-05")
    assert dates(order_of(machine, VISIT, "100")) == ("2025-03-05", "2025-03-13", "2025-03-14", "-")
    machine = reads(machine, 100, "2025-03-07")
    assert dates(order_of(machine, VISIT, "100")) == ("2025-03-05", "2025-03-07", "2025-03-14", "-")
    machine = reads(machine, 110.5, "2025-03-08")
    assert dates(order_of(machine, VISIT, "100")) == ("2025-03-05", "2025-03-07", "2025-03-08", "-")
    assert order_of(machine, VISIT, "100").cause is Cause.HOURS


def test_far_beyond_the_tolerance_it_is_overdue_at_once() -> None:
    order = order_of(reads(sold("2025-01-10"), 1262, "2025-05-22"), VISIT, "1200")
    assert (order.state, dates(order)) == (State.OVERDUE, ("2025-05-22", "2025-05-22", "2025-05-22", "-"))


def test_due_by_hours_is_overdue_by_the_calendar() -> None:
    machine = asked(reads(sold("2025-01-10"), 1230, "2025-05-22"), "2025-07-11")
    order = order_of(machine, VISIT, "1200")
    assert (order.state, order.cause, dates(order)) == (
        State.OVERDUE,
        Cause.HOURS,
        ("2025-05-22", "2025-05-22", "2025-07-11", "-"),
    )


def test_due_by_the_calendar_stays_so_when_the_hours_follow() -> None:
    machine = reads(sold("2025-03-03"), 105, "2025-03-13")
    order = order_of(machine, VISIT, "100")
    assert (order.cause, dates(order)[1:3]) == (Cause.CALENDAR, ("2025-03-13", "2025-03-14"))
    order = order_of(reads(machine, 111, "2025-03-13"), VISIT, "100")
    assert (order.state, dates(order)[1:3]) == (State.OVERDUE, ("2025-03-13", "2025-03-13"))


def test_a_late_arrival_changes_no_date_of_a_due_order() -> None:
    machine = reads(sold("2025-03-03"), 100, "2025-03-08")
    machine = reads(machine, 105, "2025-03-09", dated="2025-03-06")
    assert dates(order_of(machine, VISIT, "100"))[1] == "2025-03-08"


def test_dates_never_run_backwards() -> None:
    """Opened by the calendar on 03-10; a reading of 03-08 makes it due that day, raised to the opening."""
    machine = reads(asked(sold("2025-03-03"), "2025-03-11"), 120, "2025-03-11", dated="2025-03-08")
    assert dates(order_of(machine, VISIT, "100"))[:3] == ("2025-03-10", "2025-03-10", "2025-03-10")


def test_a_step_opens_at_the_earlier_of_calendar_and_reading() -> None:
    machine = reads(sold("2025-03-03"), 560, "2025-05-02", dated="2025-04-29")
    assert dates(order_of(machine, VISIT, "600"))[0] == "2025-04-29"


def test_hours_run_before_the_hand_over_count_at_once_dated_d() -> None:
    machine = replace(sold("2025-05-14"), total_ms=ms(612), total_on=day("2025-05-10"))
    orders = asked(machine, "2025-05-14")
    assert told(orders, VISIT) == {"100": "overdue", "600": "due"}
    assert {dates(order)[:2] for order in orders.orders.values()} == {("2025-05-14", "2025-05-14")}


def test_steps_passed_unseen_each_have_their_order() -> None:
    machine = reads(sold("2025-03-03"), 1255, "2025-08-01")
    assert told(machine, VISIT) == {"100": "overdue", "600": "overdue", "1200": "overdue"}
    assert dates(order_of(machine, VISIT, "100"))[:3] == ("2025-03-10", "2025-03-13", "2025-03-14")
    assert dates(order_of(machine, VISIT, "600"))[:3] == ("2025-05-03", "2025-06-03", "2025-06-04")
    assert dates(order_of(machine, VISIT, "1200"))[:3] == ("2025-08-01", "2025-08-01", "2025-08-01")


# ---- the warranty ends


@pytest.mark.parametrize(
    ("on", "warranty", "last"), [("2025-08-31", HALF, "2026-02-28"), ("2025-03-20", ONE, "2026-03-20")]
)
def test_on_the_day_after_the_warranty_everything_open_lapses(on: str, warranty: Warranty, last: str) -> None:
    machine = asked(sold(on, warranty), last)
    states = list(told(machine, VISIT).values())
    assert states == ["overdue"] * (len(states) - 1) + ["due"]
    later = asked(machine, after(last))
    assert set(told(later, VISIT).values()) == {"lapsed"}
    assert {dates(order)[3] for order in later.orders.values() if order.kind is VISIT} == {after(last)}


def test_what_would_be_overdue_that_day_lapses_instead() -> None:
    changes = ask(asked(sold("2025-08-31", HALF), "2026-02-28"), "2026-03-01").changes
    assert [change.after.state for change in changes if change.after.step == "1200"] == [State.LAPSED]


def test_after_the_warranty_no_visit_comes_into_being() -> None:
    """A plan with a step that only hours can open before a warranty of half a year is over."""
    steps = [{"step": "100"}, {"step": "1800", "warranties": ["half_year"]}]
    plan = plan_of({"version": "2", "mandatory": steps})
    book = Rulebook({"2": plan}, "2")
    machine = replace(
        asked(sold("2025-03-03", HALF), "2025-09-03", book), total_ms=ms(1900), total_on=day("2025-09-04")
    )
    assert told(asked(machine, "2025-09-03", book), VISIT) == {"100": "overdue", "1800": "overdue"}
    assert told(asked(machine, "2025-09-04", book), VISIT) == {"100": "lapsed"}


def test_hours_that_arrive_after_the_warranty_cannot_make_a_lapsed_visit_due() -> None:
    machine = reads(sold("2025-03-03", HALF), 1300, "2025-09-04", dated="2025-09-02")
    assert set(told(machine, VISIT).values()) == {"lapsed"}


@pytest.mark.parametrize("status", [Status.STOCK, Status.RETIRED])
def test_only_machines_in_service_have_visits(status: Status) -> None:
    machine = replace(sold("2025-03-03"), status=status, total_ms=ms(700), total_on=day("2025-03-03"))
    assert told(asked(machine, "2025-06-03"), VISIT) == {}
