"""The one question: level-triggered, and asked again only when it said so (design 2)."""

from __future__ import annotations

import pytest

from tests.schedules.making import ask, asked, day, ms, reads, sold


def test_the_first_question_asks_for_both_wake_ups() -> None:
    assessment = ask(sold("2025-03-03"), "2025-03-03")
    assert (assessment.changes, assessment.wakes_on, assessment.wakes_at_ms) == ((), day("2025-03-10"), ms(80))


@pytest.mark.parametrize(
    ("hours", "on", "wakes_at", "wakes_on"),
    [
        (80, "2025-03-04", ms(100), "2025-03-10"),
        (100, "2025-03-04", ms(110) + 1, "2025-03-10"),
        (110, "2025-03-09", ms(110) + 1, "2025-03-10"),
        (111, "2025-03-09", ms(550), "2025-05-03"),
    ],
)
def test_the_next_hours_and_the_next_day_that_change_anything(
    hours: int, on: str, wakes_at: int, wakes_on: str
) -> None:
    assessment = ask(reads(sold("2025-03-03"), hours, on), on)
    assert assessment.wakes_at_ms == wakes_at
    assert day(on) < (assessment.wakes_on or day(on)) <= day(wakes_on)


def test_after_everything_is_closed_only_the_own_cycle_wakes() -> None:
    assessment = ask(asked(sold("2025-03-03"), "2026-03-04"), "2026-03-04")
    assert (assessment.changes, assessment.wakes_on, assessment.wakes_at_ms) == ((), None, ms(550))


def test_nothing_changes_before_the_wake_ups() -> None:
    """A year day by day: every change falls on a day that was announced."""
    machine, wakes_on = sold("2025-03-03"), day("2025-03-03")
    for ordinal in range(day("2025-03-03").toordinal(), day("2026-06-01").toordinal()):
        today = day("2025-03-03").fromordinal(ordinal)
        assessment = ask(machine, today.isoformat())
        assert not assessment.changes or today >= wakes_on
        machine, wakes_on = assessment.machine, assessment.wakes_on or day("9999-12-31")
    assert len(machine.orders) == 5


def test_asking_twice_changes_nothing() -> None:
    machine = reads(sold("2025-03-03"), 1255, "2025-08-01")
    again = ask(machine, "2025-08-01")
    assert (again.changes, again.machine) == ((), machine)


def test_every_change_starts_where_the_last_one_ended() -> None:
    changes = ask(sold("2025-03-03"), "2026-03-04").changes
    assert [change.on for change in changes if change.after.step == "600"] == [
        day("2025-05-03"),
        day("2025-06-03"),
        day("2025-06-04"),
        day("2026-03-04"),
    ]
    orders: dict[object, object] = {}
    for change in changes:
        assert orders.get(change.after.key) == change.before
        orders[change.after.key] = change.after
