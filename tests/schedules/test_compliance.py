from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from schedules.compliance import Outcome, Tally, outcome_of
from schedules.work_order import Kind, State, WorkOrder

LATE_FROM = date(2026, 3, 11)
VISIT = WorkOrder(
    kind=Kind.MANDATORY_VISIT,
    step="100",
    state=State.UPCOMING,
    opens_on=date(2026, 3, 7),
    plan_version="1",
    due_on=date(2026, 3, 10),
    overdue_on=LATE_FROM,
)


@pytest.mark.parametrize(
    ("state", "closed_on", "outcome"),
    [
        (State.UPCOMING, None, Outcome.OPEN),
        (State.DUE, None, Outcome.OPEN),
        (State.OVERDUE, None, Outcome.OVERDUE),
        (State.DONE, date(2026, 3, 7), Outcome.DONE_ON_TIME),
        (State.DONE, date(2026, 3, 10), Outcome.DONE_ON_TIME),
        (State.DONE, LATE_FROM, Outcome.DONE_LATE),
        (State.SUPERSEDED, date(2026, 3, 8), Outcome.MISSED),
        (State.LAPSED, date(2026, 9, 1), Outcome.MISSED),
        (State.CANCELLED, date(2026, 3, 8), None),
    ],
)
def test_what_became_of_a_visit(state: State, closed_on: date | None, outcome: Outcome | None) -> None:
    assert outcome_of(replace(VISIT, state=state, closed_on=closed_on)) is outcome


@pytest.mark.parametrize("kind", [Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION])
def test_stock_machines_count_like_visits(kind: Kind) -> None:
    assert outcome_of(replace(VISIT, kind=kind, state=State.LAPSED, closed_on=LATE_FROM)) is Outcome.MISSED


def test_the_users_own_service_does_not_count() -> None:
    own = replace(VISIT, kind=Kind.SELF_SERVICE, due_on=None, overdue_on=None)
    assert outcome_of(replace(own, state=State.DONE, closed_on=LATE_FROM)) is None


def test_an_order_without_a_last_day_is_never_late() -> None:
    done = replace(VISIT, state=State.DONE, overdue_on=None, closed_on=date(2027, 1, 1))
    assert outcome_of(done) is Outcome.DONE_ON_TIME
    assert done.late_days(date(2027, 1, 1)) == 0


def test_done_on_time_is_done_without_late_days() -> None:
    for day in range(7, 32):
        done = replace(VISIT, state=State.DONE, closed_on=date(2026, 3, day))
        assert (outcome_of(done) is Outcome.DONE_ON_TIME) == (done.late_days(LATE_FROM) == 0)


def test_compliance_is_done_on_time_of_done_and_missed() -> None:
    tally = Tally()
    for outcome, count in ((Outcome.DONE_ON_TIME, 2), (Outcome.MISSED, 1), (Outcome.OVERDUE, 5), (Outcome.OPEN, 7)):
        tally.add(outcome, count)
    assert tally.compliance == 0.667
    tally.add(Outcome.DONE_LATE, 1)
    assert tally.compliance == 0.5


def test_nothing_counted_is_no_compliance() -> None:
    assert Tally(overdue=3, open=2).compliance is None
    assert Tally(missed=3).compliance == 0
