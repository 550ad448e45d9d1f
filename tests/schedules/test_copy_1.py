from __future__ import annotations

from datetime import date

import pytest

from schedules.copy_1 import Copy1, Copy1Rules

RULES = Copy1Rules(remind_day=1, last_day=5)


@pytest.mark.parametrize(
    ("done_on", "reminded_on", "sent_by"),
    [
        (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 5)),
        (date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 5)),
        (date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 5)),
        (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 5)),
        (date(2025, 12, 1), date(2026, 1, 1), date(2026, 1, 5)),
    ],
)
def test_copy_1_is_due_in_the_month_after_the_visit(done_on: date, reminded_on: date, sent_by: date) -> None:
    assert (RULES.remind_on(done_on), RULES.sent_by(done_on)) == (reminded_on, sent_by)


@pytest.mark.parametrize(
    ("sent_on", "today", "state"),
    [
        (None, date(2026, 2, 5), Copy1.MISSING),
        (None, date(2026, 2, 6), Copy1.FORFEITED),
        (date(2026, 2, 5), date(2026, 3, 1), Copy1.SENT),
        (date(2026, 2, 6), date(2026, 3, 1), Copy1.SENT_LATE),
    ],
)
def test_after_the_last_day_the_fee_is_forfeited(sent_on: date | None, today: date, state: Copy1) -> None:
    assert RULES.state(date(2026, 1, 31), sent_on, today) is state


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 3, 5), date(2026, 3, 6), date(2024, 12, 31)])
def test_the_border_divides_what_is_forfeited_from_what_is_not(today: date) -> None:
    border_on = RULES.forfeited_before(today)
    days = [date.fromordinal(today.toordinal() - back) for back in range(100)]

    forfeited = [day for day in days if RULES.state(day, None, today) is Copy1.FORFEITED]
    assert forfeited == [day for day in days if day < border_on]
