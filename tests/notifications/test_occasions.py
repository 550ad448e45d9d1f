"""Who is told of which change (rules 8)."""

from __future__ import annotations

from datetime import date

import pytest

from notifications.occasions import (
    Occasion,
    Role,
    leading,
    occasions_of,
    roles_of,
    strongest,
    told_of,
    waits_for_morning,
)
from schedules.work_order import Change, Closing, Kind, State, WorkOrder

DAY = date(2026, 11, 1)
CENTRE, CUSTOMER, MANAGER, YARD = Role.SERVICE_CENTRE, Role.CUSTOMER, Role.MANAGER, Role.YARD
VISIT, OWN, STOCK, FREEZE = (
    Kind.MANDATORY_VISIT,
    Kind.SELF_SERVICE,
    Kind.STOCK_UPKEEP,
    Kind.FREEZE_PROTECTION,
)


def order(kind: Kind, state: State, closing: Closing | None = None) -> WorkOrder:
    return WorkOrder(kind, "600", state, DAY, "1", closing=closing)


def change(kind: Kind, before: State | None, after: State, closing: Closing | None = None) -> Change:
    return Change(order(kind, before) if before else None, order(kind, after, closing), DAY, "hours")


TOLD = {
    (VISIT, State.UPCOMING): (Occasion.VISIT_UPCOMING, {CENTRE, CUSTOMER}),
    (VISIT, State.DUE): (Occasion.VISIT_DUE, {CENTRE, CUSTOMER}),
    (VISIT, State.OVERDUE): (Occasion.VISIT_OVERDUE, {CENTRE, CUSTOMER, MANAGER}),
    (VISIT, State.LAPSED): (Occasion.VISIT_LAPSED, {CENTRE, MANAGER}),
    (OWN, State.UPCOMING): (Occasion.SELF_SERVICE_UPCOMING, {CUSTOMER, CENTRE}),
    (OWN, State.DUE): (Occasion.SELF_SERVICE_DUE, {CUSTOMER, CENTRE}),
    (STOCK, State.UPCOMING): (Occasion.STOCK_OPENED, {YARD}),
    (STOCK, State.OVERDUE): (Occasion.STOCK_OVERDUE, {YARD, MANAGER}),
    (FREEZE, State.UPCOMING): (Occasion.FREEZE_OPENED, {YARD}),
    (FREEZE, State.DUE): (Occasion.FREEZE_DUE, {YARD}),
    (FREEZE, State.OVERDUE): (Occasion.FREEZE_OVERDUE, {YARD, MANAGER}),
}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("state", list(State))
def test_the_table_of_the_rules(kind: Kind, state: State) -> None:
    told = occasions_of(change(kind, None, state))

    occasion, roles = TOLD.get((kind, state), (None, set()))
    assert {role for _, role in told} == roles
    assert len(told) == len(roles)
    assert {each for each, _ in told} <= {occasion}


def test_a_state_that_stays_is_not_told_again() -> None:
    assert occasions_of(change(VISIT, State.DUE, State.DUE)) == ()


def test_an_overdue_visit_of_a_retired_machine_lapses_without_a_word() -> None:
    assert occasions_of(change(VISIT, State.OVERDUE, State.LAPSED, Closing.RETIREMENT)) == ()
    assert occasions_of(change(VISIT, State.OVERDUE, State.LAPSED, Closing.WINDOW_ENDED)) != ()


def walk(kind: Kind, *states: State) -> list[Change]:
    befores: list[State | None] = [None, *states]
    return [change(kind, before, after) for before, after in zip(befores, states, strict=False)]


def test_an_order_that_opens_falls_due_and_is_overdue_at_once_is_told_once() -> None:
    told = told_of(walk(VISIT, State.UPCOMING, State.DUE, State.OVERDUE))

    assert sorted(told) == sorted((Occasion.VISIT_OVERDUE, role) for role in (CENTRE, CUSTOMER, MANAGER))


def test_of_an_order_that_lapsed_at_once_the_customer_hears_nothing() -> None:
    told = told_of(walk(VISIT, State.UPCOMING, State.DUE, State.OVERDUE, State.LAPSED))

    assert sorted(told) == sorted((Occasion.VISIT_LAPSED, role) for role in (CENTRE, MANAGER))


@pytest.mark.parametrize("end", [State.DONE, State.CANCELLED, State.SUPERSEDED])
def test_an_order_that_ended_in_the_same_transaction_is_not_told(end: State) -> None:
    assert told_of(walk(OWN, State.UPCOMING, State.DUE, end)) == ()


def test_no_change_tells_nobody() -> None:
    assert told_of([]) == ()
    assert strongest([]) == ()


def test_the_strongest_counts_whatever_the_order() -> None:
    told = [
        (Occasion.VISIT_OVERDUE, CENTRE),
        (Occasion.VISIT_DUE, CENTRE),
        (Occasion.VISIT_UPCOMING, CUSTOMER),
    ]

    assert strongest(told) == ((Occasion.VISIT_OVERDUE, CENTRE), (Occasion.VISIT_UPCOMING, CUSTOMER))
    assert leading(occasion for occasion, _ in told) is Occasion.VISIT_OVERDUE


def test_upcoming_and_weekly_letters_wait_for_the_morning() -> None:
    waiting = {occasion for occasion in Occasion if waits_for_morning(occasion)}

    assert waiting == {
        Occasion.VISIT_UPCOMING,
        Occasion.SELF_SERVICE_UPCOMING,
        Occasion.VISIT_STILL_OVERDUE,
    }


def test_everybody_has_an_audience() -> None:
    assert all(roles_of(occasion) for occasion in Occasion)
