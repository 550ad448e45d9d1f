"""The user's own cycle of 600 hours, during the warranty and after it (rules 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.machine import Machine, Warranty
from schedules.work_order import Cause
from tests.schedules.making import SELF, ask, asked, dates, day, ms, order_of, reads, sold, told

HALF, ONE = Warranty.HALF_YEAR, Warranty.ONE_YEAR


def after_warranty(hours: float | str | None) -> Machine:
    """Half-year warranty from 2025-03-03: its last day is 2025-09-03; so many hours were known by then."""
    machine = sold("2025-03-03", HALF)
    if hours is not None:
        machine = reads(machine, hours, "2025-09-01")
    return asked(asked(machine, "2025-09-03"), "2025-09-04")


@pytest.mark.parametrize(
    ("warranty", "hours", "expected"),
    [
        (HALF, "1749.999", {}),
        (HALF, 1750, {"1800": "upcoming"}),
        (HALF, "1799.999", {"1800": "upcoming"}),
        (HALF, 1800, {"1800": "due"}),
        (HALF, 2349, {"1800": "due"}),
        (HALF, 2350, {"1800": "due", "2400": "upcoming"}),
        (HALF, 2400, {"1800": "superseded", "2400": "due"}),
        (ONE, 2949, {}),
        (ONE, 2950, {"3000": "upcoming"}),
        (ONE, 3600, {"3000": "superseded", "3600": "due"}),
    ],
)
def test_during_the_warranty_beyond_the_last_mandatory_step(
    warranty: Warranty, hours: float | str, expected: dict[str, str]
) -> None:
    assert told(reads(sold("2025-03-03", warranty), hours, "2025-06-01"), SELF) == expected


def test_it_has_no_calendar_and_is_never_overdue() -> None:
    machine = reads(sold("2025-03-03", HALF), 1760, "2025-06-01")
    assert dates(order_of(machine, SELF, "1800")) == ("2025-06-01", "-", "-", "-")
    machine = asked(reads(machine, 1810, "2025-06-10"), "2026-06-10")
    order = order_of(machine, SELF, "1800")
    assert (order.state, order.cause, dates(order)) == ("due", Cause.HOURS, ("2025-06-01", "2025-06-10", "-", "-"))
    assert order.late_days(day("2026-06-10")) is None


def test_lower_ones_are_superseded_by_the_next_higher_on_its_date() -> None:
    machine = reads(sold("2025-03-03", HALF), 1810, "2025-06-01")
    machine = reads(machine, 3010, "2025-07-25")
    assert told(machine, SELF) == {"1800": "superseded", "2400": "superseded", "3000": "due"}
    assert [order_of(machine, SELF, step).superseded_by for step in ("1800", "2400", "3000")] == ["2400", "3000", None]
    assert [dates(order_of(machine, SELF, step))[3] for step in ("1800", "2400")] == ["2025-07-25", "2025-07-25"]


def test_an_upcoming_higher_one_supersedes_nothing() -> None:
    machine = reads(reads(sold("2025-03-03", HALF), 1810, "2025-06-01"), 2360, "2025-06-30")
    assert told(machine, SELF) == {"1800": "due", "2400": "upcoming"}


# ---- from the day after the warranty


@pytest.mark.parametrize(
    ("hours", "expected", "wakes_at"),
    [
        (None, {}, 550),
        (0, {}, 550),
        ("549.999", {}, 550),
        (550, {"600": "upcoming"}, 600),
        ("599.999", {"600": "upcoming"}, 600),
        (600, {}, 1150),  # above the total
        (474.5, {}, 550),
        (1149, {}, 1150),
        (1160, {"1200": "upcoming"}, 1200),
        (1750, {"1800": "upcoming"}, 1800),
    ],
)
def test_every_multiple_above_the_total_known_when_the_day_begins(
    hours: float | str | None, expected: dict[str, str], wakes_at: int
) -> None:
    machine = after_warranty(hours)
    assert told(machine, SELF) == expected
    assert ask(machine, "2025-09-04").wakes_at_ms == ms(wakes_at)


def test_one_whose_lead_is_reached_opens_that_day() -> None:
    assert dates(order_of(after_warranty(560), SELF, "600")) == ("2025-09-04", "-", "-", "-")


def test_its_own_cycle_goes_on_from_the_total_known_then() -> None:
    """Known 474.5 h; a reading of 1900 h weeks later: 600, 1200 and 1800 are each passed."""
    machine = reads(after_warranty(474.5), 1900, "2025-10-20")
    assert told(machine, SELF) == {"600": "superseded", "1200": "superseded", "1800": "due"}


def test_a_reading_of_before_that_arrives_after_does_not_move_the_beginning() -> None:
    machine = reads(after_warranty(474.5), 700, "2025-09-05", dated="2025-09-02")
    assert told(machine, SELF) == {"600": "due"}


def test_what_the_warranty_left_open_goes_on() -> None:
    machine = after_warranty(1810)
    assert told(machine, SELF) == {"1800": "due"}
    assert told(reads(machine, 2350, "2025-10-20"), SELF) == {"1800": "due", "2400": "upcoming"}


def test_asked_late_the_beginning_is_the_total_known_then() -> None:
    """No sweep for weeks: the total of the last reading is what was known when that day began."""
    machine = reads(sold("2025-03-03", HALF), 560, "2025-09-01")
    assert dates(order_of(asked(machine, "2025-10-30"), SELF, "600"))[0] == "2025-09-04"
    assert asked(machine, "2025-10-30").own_cycle_from_ms == ms(560)


def test_before_the_warranty_is_over_a_slow_machine_has_no_own_cycle() -> None:
    machine = reads(sold("2025-03-03", HALF), 700, "2025-09-03")
    assert told(machine, SELF) == {}


def test_a_machine_handed_over_long_ago_counts_from_what_it_has_run() -> None:
    machine = replace(sold("2023-03-03", ONE), total_ms=ms(5990), total_on=day("2025-03-01"))
    assert told(asked(machine, "2025-03-02"), SELF) == {"6000": "upcoming"}
