"""When a letter may go: the table of what waits for what, quiet hours past midnight, days off, zones."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from notifications.occasions import Occasion, Role, roles_of
from notifications.timing import Quiet, Timing, Wait, wait_of
from notifications.working_days import WorkingDays
from schedules.dates import instant_ms, moment

CHINA = ZoneInfo("Asia/Shanghai")
NIGHT = Quiet(time(20), time(7))
WEEKDAYS = WorkingDays(frozenset(range(5)))
CALM = Timing(quiet=NIGHT, working=WEEKDAYS)
FRIDAY_NIGHT = "2026-03-06 23:00"


def ms(text: str, zone: ZoneInfo = CHINA) -> int:
    return instant_ms(datetime.fromisoformat(text).replace(tzinfo=zone))


def goes(wait: Wait, written: str, timing: Timing = CALM, zone: ZoneInfo = CHINA) -> str:
    at = timing.not_before_ms(wait, ms(written, zone), zone)
    return moment(at).astimezone(zone).isoformat(" ", "minutes")[:16]


@pytest.mark.parametrize(
    ("wait", "written", "first"),
    [
        (Wait.NOTHING, FRIDAY_NIGHT, "2026-03-06 23:01"),
        (Wait.QUIET_HOURS, FRIDAY_NIGHT, "2026-03-07 07:00"),
        (Wait.WORKING_DAY, FRIDAY_NIGHT, "2026-03-09 08:00"),
        (Wait.MORNING, FRIDAY_NIGHT, "2026-03-07 08:00"),
        (Wait.WORKING_MORNING, FRIDAY_NIGHT, "2026-03-09 08:00"),
        (Wait.QUIET_HOURS, "2026-03-04 00:00", "2026-03-04 07:00"),
        (Wait.QUIET_HOURS, "2026-03-04 19:58", "2026-03-04 19:59"),
        (Wait.QUIET_HOURS, "2026-03-04 19:59", "2026-03-05 07:00"),
        (Wait.QUIET_HOURS, "2026-03-04 06:59", "2026-03-04 07:00"),
        (Wait.WORKING_DAY, "2026-03-04 12:00", "2026-03-04 12:01"),
        (Wait.WORKING_MORNING, "2026-03-04 00:00", "2026-03-04 08:00"),
        (Wait.WORKING_MORNING, "2026-03-04 08:00", "2026-03-05 08:00"),
    ],
)
def test_a_letter_goes_when_nothing_it_waits_for_stands_in_its_way(wait: Wait, written: str, first: str) -> None:
    assert goes(wait, written) == first


def test_quiet_hours_may_lie_within_a_day() -> None:
    siesta = Timing(quiet=Quiet(time(12), time(14)))

    assert goes(Wait.QUIET_HOURS, "2026-03-04 12:30", siesta) == "2026-03-04 14:00"
    assert goes(Wait.QUIET_HOURS, "2026-03-04 14:00", siesta) == "2026-03-04 14:01"
    assert goes(Wait.QUIET_HOURS, "2026-03-04 23:00", siesta) == "2026-03-04 23:01"


def test_without_settings_nothing_is_put_off() -> None:
    assert goes(Wait.WORKING_DAY, FRIDAY_NIGHT, Timing()) == "2026-03-06 23:01"
    assert goes(Wait.WORKING_MORNING, FRIDAY_NIGHT, Timing()) == "2026-03-07 08:00"


def test_the_night_is_the_recipients() -> None:
    urumqi = ZoneInfo("Asia/Urumqi")

    assert goes(Wait.QUIET_HOURS, "2026-03-04 19:00", zone=urumqi) == "2026-03-04 19:01"
    assert CALM.allowed_ms(Wait.QUIET_HOURS, ms("2026-03-04 21:00"), urumqi) == ms("2026-03-04 21:00")
    assert CALM.allowed_ms(Wait.QUIET_HOURS, ms("2026-03-04 22:00"), urumqi) == ms("2026-03-05 07:00", urumqi)


def test_a_night_in_which_the_clocks_change_ends_by_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert goes(Wait.QUIET_HOURS, "2026-03-28 23:00", zone=berlin) == "2026-03-29 07:00"


def test_the_operator_knows_days_off_and_days_at_work_better() -> None:
    working = WorkingDays(
        frozenset(range(5)),
        {date(2026, 3, 9): False, date(2026, 3, 14): True}.get,
        extra_holidays=frozenset({date(2026, 3, 10)}),
        extra_working_days=frozenset({date(2026, 3, 9), date(2026, 3, 15)}),
    )

    days = [date(2026, 3, day) for day in range(7, 17)]
    assert [day.day for day in days if day in working] == [9, 11, 12, 13, 14, 15, 16]


ESCALATED = {Occasion.VISIT_OVERDUE, Occasion.STOCK_OVERDUE, Occasion.FREEZE_OVERDUE, Occasion.VISIT_STILL_OVERDUE}


def test_what_is_overdue_at_escalation_is_never_put_off() -> None:
    for occasion, role in product(ESCALATED, Role):
        wait = wait_of(occasion, role)
        if role is Role.MANAGER:
            assert (wait.for_quiet_hours, wait.for_working_day) == (False, False), occasion
    assert wait_of(Occasion.VISIT_OVERDUE, Role.SERVICE_CENTRE) is Wait.NOTHING
    assert wait_of(Occasion.VISIT_OVERDUE, Role.CUSTOMER) is Wait.QUIET_HOURS


def test_what_goes_once_a_day_goes_in_the_morning_and_the_months_list_on_the_first() -> None:
    mornings = {occasion for occasion in Occasion if any(wait_of(occasion, role).for_morning for role in Role)}

    weekly_and_upcoming = {Occasion.VISIT_UPCOMING, Occasion.SELF_SERVICE_UPCOMING, Occasion.VISIT_STILL_OVERDUE}
    assert mornings == weekly_and_upcoming | {Occasion.COPY_1_NOT_SENT, Occasion.SILENT_MACHINE}
    assert not wait_of(Occasion.STOCK_OPENED, Role.YARD).for_working_day


def test_every_occasion_has_its_place_in_the_table() -> None:
    for occasion in Occasion:
        for role in roles_of(occasion):
            assert isinstance(wait_of(occasion, role), Wait)
