"""Hours are exact from the text of a payload to the threshold they meet (rules 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schedules.assess import assess
from schedules.hours import milliseconds
from schedules.machine import Machine, Status, Warranty
from schedules.work_order import Kind, OrderKey, State
from tests.properties.core import rulebook
from tests.properties.often import often

DECIMALS = st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,30})?", fullmatch=True)


@often(1000)
@given(DECIMALS)
def test_hours_become_whole_milliseconds_without_rounding(written: str) -> None:
    assert milliseconds(Decimal(written)) == Fraction(written) * 3_600_000 // 1


@often(500)
@given(
    st.sampled_from((80, 100, 110, 550, 600, 650, 1150, 1200, 1250)),
    st.integers(min_value=-3_000_000, max_value=3_000_000),
    st.sampled_from(Warranty),
)
def test_thresholds_are_met_exactly(limit: int, off_ns: int, warranty: Warranty) -> None:
    """On the day of the hand-over, when the calendar is silent."""
    written = f"{limit + Decimal(off_ns) / 3_600_000_000_000:.18f}"
    believed = Fraction(Fraction(written) * 3_600_000 // 1, 3_600_000)
    today = date(2025, 3, 3)
    machine = Machine("M1", Status.IN_SERVICE, handed_over_on=today, warranty=warranty)
    machine = replace(machine, total_ms=milliseconds(Decimal(written)), total_on=today)
    orders = assess(machine, today, rulebook()).machine.orders
    for step, lead, tolerance in ((100, 20, 10), (600, 50, 50), (1200, 50, 50)):
        order = orders.get(OrderKey(Kind.MANDATORY_VISIT, str(step)))
        expected = (
            State.OVERDUE
            if believed > step + tolerance
            else State.DUE
            if believed >= step
            else State.UPCOMING
            if believed >= step - lead
            else None
        )
        assert (order and order.state) == expected
