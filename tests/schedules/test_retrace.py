"""Orders computed anew from a history, and what of them a correction replaces (rules 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.files.plan import read_plan, read_winter
from schedules.machine import Machine, Status, Warranty
from schedules.retrace import (
    Adopted,
    Cancelled,
    Done,
    Event,
    Known,
    Moved,
    Retired,
    Revision,
    Sold,
    in_order,
    retrace,
    revisions,
)
from schedules.rulebook import Rulebook
from schedules.work_order import Closing, Kind, OrderKey, State, WorkOrder

VISIT_100 = OrderKey(Kind.MANDATORY_VISIT, "100")
VISIT_600 = OrderKey(Kind.MANDATORY_VISIT, "600")
MARCH = OrderKey(Kind.STOCK_UPKEEP, "2025-03")


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    plan = read_plan(None)
    return Rulebook({plan.version: plan}, plan.version, read_winter(None))


def in_stock(stocked_on: date, region: str = "37") -> Machine:
    return Machine("L1", Status.STOCK, region, stocked_on=stocked_on, arrived_on=stocked_on)


def sold(on: date) -> Machine:
    return Machine("L1", Status.IN_SERVICE, handed_over_on=on, warranty=Warranty.ONE_YEAR)


def said(order: WorkOrder) -> tuple[str, date | None]:
    return order.state.value, order.closed_on


def test_a_life_from_stock_to_retirement_is_walked(rulebook: Rulebook) -> None:
    story: list[Event] = [
        Done(date(2025, 3, 12), MARCH),
        Sold(date(2025, 5, 14), Warranty.ONE_YEAR),
        Known(date(2025, 5, 14), 2 * 3_600_000, date(2025, 5, 14)),
        Retired(date(2025, 6, 1)),
    ]

    orders = retrace(in_stock(date(2025, 3, 1), "46"), in_order(story), date(2025, 7, 1), rulebook).machine.orders

    assert {key.step: said(order) for key, order in orders.items()} == {
        "2025-03": ("done", date(2025, 3, 12)),
        "2025-04": ("lapsed", date(2025, 5, 14)),
        "2025-05": ("cancelled", date(2025, 5, 14)),
        "100": ("lapsed", date(2025, 6, 1)),
    }


def test_a_machine_that_comes_back_has_its_freeze_order_opened_again(rulebook: Rulebook) -> None:
    story: list[Event] = [Moved(date(2025, 11, 1), "46"), Moved(date(2025, 12, 1), "23")]

    orders = retrace(in_stock(date(2025, 8, 5), "23"), story, date(2025, 12, 2), rulebook).machine.orders

    order = orders[OrderKey(Kind.FREEZE_PROTECTION, "2025-26@23")]
    assert (order.state, order.opens_on, order.due_on) == (State.UPCOMING, date(2025, 12, 1), date(2025, 12, 3))


def test_a_form_counts_on_the_day_it_was_entered(rulebook: Rulebook) -> None:
    """Two visits of which the lower was entered last: the higher had taken it in, and it comes out of that again."""
    story = in_order(
        [
            Done(date(2025, 6, 5), VISIT_600, entered_on=date(2025, 6, 5)),
            Done(date(2025, 6, 1), VISIT_100, entered_on=date(2025, 6, 9)),
        ]
    )

    orders = retrace(sold(date(2025, 3, 3)), story, date(2025, 6, 10), rulebook).machine.orders

    assert [event.key.step for event in story if isinstance(event, Done)] == ["600", "100"]
    assert said(orders[VISIT_100]) == ("done", date(2025, 6, 1))
    assert said(orders[VISIT_600]) == ("done", date(2025, 6, 5))


def test_what_was_truly_done_stays_done_outside_its_window(rulebook: Rulebook) -> None:
    as_it_was = WorkOrder(Kind.MANDATORY_VISIT, "100", State.DONE, date(2025, 3, 1), "1", closed_on=date(2025, 3, 12))
    story = [Done(date(2025, 3, 12), VISIT_100, as_it_was)]

    order = retrace(sold(date(2025, 3, 20)), story, date(2025, 4, 10), rulebook).machine.orders[VISIT_100]

    assert said(order) == ("done", date(2025, 3, 12))
    assert (order.opens_on, order.due_on, order.overdue_on) == (date(2025, 3, 12), date(2025, 3, 30), date(2025, 3, 31))
    assert order.late_days(date(2025, 4, 10)) == 0


def test_a_step_the_plan_does_not_know_stays_as_it_was_done(rulebook: Rulebook) -> None:
    as_it_was = WorkOrder(
        Kind.MANDATORY_VISIT, "50", State.DONE, date(2025, 3, 4), rulebook.current, closed_on=date(2025, 3, 12)
    )
    story = [Done(date(2025, 3, 12), as_it_was.key, as_it_was)]

    order = retrace(sold(date(2025, 3, 3)), story, date(2025, 4, 10), rulebook).machine.orders[as_it_was.key]

    assert said(order) == ("done", date(2025, 3, 12))


def test_what_a_person_cancelled_stays_cancelled(rulebook: Rulebook) -> None:
    cancelled = WorkOrder(
        Kind.MANDATORY_VISIT,
        "100",
        State.CANCELLED,
        date(2025, 3, 10),
        rulebook.current,
        closed_on=date(2025, 3, 15),
        closing=Closing.PERSON,
    )
    for handed_over_on in (date(2025, 3, 3), date(2025, 3, 20)):
        story = [Cancelled(date(2025, 3, 15), cancelled)]
        orders = retrace(sold(handed_over_on), in_order(story), date(2025, 4, 10), rulebook).machine.orders
        assert said(orders[VISIT_100]) == ("cancelled", date(2025, 3, 15))


def test_orders_follow_the_plan_of_their_time(rulebook: Rulebook) -> None:
    versions = ("first", "second", "third")
    plans = {version: replace(rulebook.plan, version=version) for version in versions}
    book = Rulebook(plans, "third", rulebook.winter)
    story = [
        Adopted(date(2025, 3, 3), replace(book, current="first")),
        Adopted(date(2025, 5, 10), replace(book, current="second")),
        Adopted(date(2025, 9, 1), book),
    ]

    orders = retrace(sold(date(2025, 3, 3)), story, date(2025, 12, 1), book).machine.orders

    assert {key.step: order.plan_version for key, order in orders.items()} == {
        "100": "first",
        "600": "first",
        "1200": "second",
        "1800": "third",
    }


def test_only_what_followed_from_the_wrong_fact_is_revised() -> None:
    def order(step: str, due_on: date) -> WorkOrder:
        return WorkOrder(Kind.MANDATORY_VISIT, step, State.DUE, date(2025, 1, 1), "1", due_on=due_on)

    same, other = order("100", date(2025, 3, 1)), order("600", date(2025, 3, 1))
    moved = order("600", date(2025, 4, 1))
    gone, shaped = order("1200", date(2025, 5, 1)), order("100", date(2025, 2, 1))

    found = revisions(
        {each.key: each for each in (shaped, other, gone)},
        {each.key: each for each in (same, other, gone)},
        {each.key: each for each in (same, moved)},
    )

    assert found == [Revision(other.key, other, moved), Revision(gone.key, gone, None)]
