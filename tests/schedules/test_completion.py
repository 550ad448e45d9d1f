"""Forms, in time and entered late, and what they take the place of (rules 0, 1 and 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.completion import cancelled, completed, refusal
from schedules.machine import Machine, Warranty
from schedules.work_order import Closing, Kind, OrderKey, State
from tests.schedules.making import SELF, STOCK, VISIT, asked, dates, day, order_of, reads, sold, told, unsold

HALF = Warranty.HALF_YEAR


def refused(machine: Machine, step: str, done_on: str, today: str, kind: Kind = VISIT) -> str | None:
    return refusal(machine.orders.get(OrderKey(kind, step)), day(done_on), day(today))


def done(machine: Machine, step: str, on: str, kind: Kind = VISIT) -> Machine:
    changes = completed(machine, OrderKey(kind, step), day(on))
    return replace(machine, orders={**machine.orders, **{change.after.key: change.after for change in changes}})


# ---- when a form is refused


def test_before_its_window_a_visit_is_refused() -> None:
    machine = asked(sold("2025-03-03"), "2025-03-09")
    assert refused(machine, "100", "2025-03-09", "2025-03-09") == (
        "there is no such work order: its window has not opened"
    )


@pytest.mark.parametrize(
    ("done_on", "reason"),
    [
        ("2025-03-09", "2025-03-09 is before the order's window opened on 2025-03-10"),
        ("2025-03-10", None),
        ("2025-03-12", None),
        ("2025-03-13", "2025-03-13 is in the future"),
    ],
)
def test_the_date_lies_between_the_opening_and_today(done_on: str, reason: str | None) -> None:
    machine = asked(sold("2025-03-03"), "2025-03-12")
    assert refused(machine, "100", done_on, "2025-03-12") == reason


@pytest.mark.parametrize("today", ["2025-03-10", "2025-03-13", "2025-03-14"])
def test_upcoming_due_and_overdue_can_be_done(today: str) -> None:
    assert refused(asked(sold("2025-03-03"), today), "100", today, today) is None


@pytest.mark.parametrize(("done_on", "reason"), [("2025-09-03", None), ("2025-09-04", "lapsed since 2025-09-04")])
def test_a_lapsed_visit_is_done_only_before_the_day_it_lapsed(done_on: str, reason: str | None) -> None:
    machine = asked(sold("2025-03-03", HALF), "2025-10-01")
    found = refused(machine, "1200", done_on, "2025-10-01")
    assert found == (None if reason is None else f"the order is {reason}")


def test_a_superseded_visit_is_done_only_before_the_day_it_was_superseded() -> None:
    machine = done(asked(sold("2025-03-03"), "2025-05-10"), "600", "2025-05-08")
    assert told(machine, VISIT) == {"100": "superseded", "600": "done"}
    assert refused(machine, "100", "2025-05-07", "2025-05-10") is None
    assert refused(machine, "100", "2025-05-08", "2025-05-10") == "the order is superseded since 2025-05-08"


@pytest.mark.parametrize("state", [State.DONE, State.CANCELLED])
def test_what_is_done_or_cancelled_is_not_done_again(state: State) -> None:
    machine = asked(sold("2025-03-03"), "2025-03-14")
    order = replace(order_of(machine, VISIT, "100"), state=state, closed_on=day("2025-03-14"))
    machine = replace(machine, orders={order.key: order})
    assert refused(machine, "100", "2025-03-12", "2025-03-14") == f"the order is {state} since 2025-03-14"


# ---- what a form does


@pytest.mark.parametrize(("on", "late"), [("2025-03-10", 0), ("2025-03-13", 0), ("2025-03-14", 1), ("2025-03-20", 7)])
def test_done_on_its_date_and_so_many_days_late(on: str, late: int) -> None:
    """The due day itself is still on time."""
    order = order_of(done(asked(sold("2025-03-03"), on), "100", on), VISIT, "100")
    assert (order.state, dates(order)[3], order.late_days(day("2025-12-31"))) == (State.DONE, on, late)


def test_days_late_of_open_and_missed_orders() -> None:
    machine = asked(sold("2025-03-03", HALF), "2025-03-16")
    assert order_of(machine, VISIT, "100").late_days(day("2025-03-16")) == 3
    assert order_of(asked(sold("2025-03-03"), "2025-03-13"), VISIT, "100").late_days(day("2025-03-13")) is None
    lapsed = asked(machine, "2025-09-04")
    assert order_of(lapsed, VISIT, "100").late_days(day("2025-09-10")) is None


def test_a_step_done_supersedes_every_lower_open_one_and_no_higher() -> None:
    machine = reads(sold("2025-03-03"), 1760, "2025-05-30")
    assert list(told(machine, VISIT)) == ["100", "600", "1200", "1800"]
    machine = done(machine, "1200", "2025-05-30")
    assert told(machine, VISIT) == {"100": "superseded", "600": "superseded", "1200": "done", "1800": "upcoming"}
    for step in ("100", "600"):
        order = order_of(machine, VISIT, step)
        assert (order.superseded_by, order.closing, dates(order)[3]) == ("1200", Closing.HIGHER_STEP, "2025-05-30")


def test_a_lower_step_done_touches_no_higher() -> None:
    machine = done(asked(sold("2025-03-03"), "2025-05-10"), "100", "2025-05-10")
    assert told(machine, VISIT) == {"100": "done", "600": "upcoming"}


def test_visits_and_self_service_do_not_take_each_other_in() -> None:
    machine = done(reads(sold("2025-03-03", HALF), 1760, "2025-06-01"), "1800", "2025-06-01", SELF)
    assert set(told(machine, VISIT).values()) == {"overdue"}
    assert told(machine, SELF) == {"1800": "done"}


def test_a_later_month_done_supersedes_the_earlier_ones() -> None:
    machine = done(asked(unsold("2025-02-18"), "2025-04-10"), "2025-04", "2025-04-10", STOCK)
    assert told(machine, STOCK) == {"2025-02": "superseded", "2025-03": "superseded", "2025-04": "done"}


def test_a_superseded_date_is_never_before_the_opening() -> None:
    """600 opened on 06-01 by a reading, 1200 on 05-20: its form of 05-25 closes the lower one at its opening."""
    machine = asked(sold("2025-03-03"), "2025-06-05")
    upper = replace(order_of(machine, VISIT, "600"), step="1200", threshold_ms=1, opens_on=day("2025-04-01"))
    lower = replace(order_of(machine, VISIT, "600"), threshold_ms=0)
    machine = done(replace(machine, orders={lower.key: lower, upper.key: upper}), "1200", "2025-04-10")
    assert dates(order_of(machine, VISIT, "600"))[3] == "2025-05-03"


# ---- entered late


def test_entered_late_a_lapsed_visit_is_done_on_its_date() -> None:
    machine = done(asked(sold("2025-03-03", HALF), "2025-10-01"), "1200", "2025-08-30")
    order = order_of(machine, VISIT, "1200")
    assert (order.state, dates(order)[3], order.closing) == (State.DONE, "2025-08-30", Closing.COMPLETED)


def test_entered_late_lower_steps_that_closed_after_that_date_are_superseded_by_it() -> None:
    machine = done(asked(sold("2025-03-03", HALF), "2025-10-01"), "600", "2025-08-30")
    assert told(machine, VISIT) == {"100": "superseded", "600": "done", "1200": "lapsed"}
    assert (order_of(machine, VISIT, "100").superseded_by, dates(order_of(machine, VISIT, "100"))[3]) == (
        "600",
        "2025-08-30",
    )


def test_entered_late_a_superseded_step_is_done_and_no_more_superseded() -> None:
    machine = done(done(asked(sold("2025-03-03"), "2025-05-10"), "600", "2025-05-08"), "100", "2025-05-06")
    order = order_of(machine, VISIT, "100")
    assert (order.state, order.superseded_by, dates(order)[3]) == (State.DONE, None, "2025-05-06")


def test_entered_late_lower_steps_that_closed_before_stay_as_they_are() -> None:
    machine = reads(sold("2025-03-03"), 1210, "2025-05-10")
    machine = done(machine, "600", "2025-05-10")
    assert order_of(machine, VISIT, "100").superseded_by == "600"
    assert order_of(done(machine, "1200", "2025-05-12"), VISIT, "100").superseded_by == "600"


def test_a_truly_done_lower_step_stays_done() -> None:
    machine = done(asked(sold("2025-03-03"), "2025-05-10"), "100", "2025-05-09")
    assert told(done(machine, "600", "2025-05-04"), VISIT) == {"100": "done", "600": "done"}


# ---- cancelled by a person


@pytest.mark.parametrize(("on", "closed_on"), [("2025-03-12", "2025-03-12"), ("2025-03-01", "2025-03-10")])
def test_a_person_cancels(on: str, closed_on: str) -> None:
    change = cancelled(order_of(asked(sold("2025-03-03"), "2025-03-12"), VISIT, "100"), day(on))
    assert (change.after.state, change.after.closing) == (State.CANCELLED, Closing.PERSON)
    assert (change.on, change.after.closed_on) == (day(closed_on), day(closed_on))


def test_cancelled_is_final() -> None:
    machine = asked(sold("2025-03-03"), "2025-03-12")
    gone = cancelled(order_of(machine, VISIT, "100"), day("2025-03-12")).after
    machine = replace(machine, orders={gone.key: gone})
    assert order_of(reads(machine, 300, "2025-09-01"), VISIT, "100") == gone
