"""When a letter may go: quiet hours and days off delay what can wait, never what is overdue at escalation (rules 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from notifications.occasions import Occasion, Role, waits_for_morning
from notifications.working_days import WorkingDays
from schedules.dates import ONE_DAY, instant_ms, moment


class Wait(Enum):
    """What a letter waits for: the end of the quiet hours, a working day, the morning."""

    NOTHING = (False, False, False)
    QUIET_HOURS = (True, False, False)
    WORKING_DAY = (True, True, False)
    MORNING = (False, False, True)
    WORKING_MORNING = (True, True, True)

    def __init__(self, quiet: bool, working: bool, morning: bool) -> None:  # noqa: FBT001 - the columns of the table
        """The three columns."""
        self.for_quiet_hours = quiet
        self.for_working_day = working
        self.for_morning = morning


_WAITS: Mapping[Occasion, Wait] = {
    Occasion.VISIT_UPCOMING: Wait.WORKING_MORNING,
    # It is late after some hours of work: days are too long to wait.
    Occasion.VISIT_DUE: Wait.QUIET_HOURS,
    Occasion.VISIT_OVERDUE: Wait.NOTHING,
    Occasion.VISIT_STILL_OVERDUE: Wait.WORKING_MORNING,
    # Nothing can be done about it any more.
    Occasion.VISIT_LAPSED: Wait.WORKING_DAY,
    Occasion.VISIT_SCHEDULED: Wait.QUIET_HOURS,
    Occasion.VISIT_CALLED_OFF: Wait.QUIET_HOURS,
    Occasion.SELF_SERVICE_UPCOMING: Wait.WORKING_MORNING,
    # Users work when centres rest.
    Occasion.SELF_SERVICE_DUE: Wait.QUIET_HOURS,
    # On the 1st, and three of those are holidays in China.
    Occasion.STOCK_OPENED: Wait.QUIET_HOURS,
    Occasion.STOCK_OVERDUE: Wait.NOTHING,
    # Due two days after an arrival.
    Occasion.FREEZE_OPENED: Wait.QUIET_HOURS,
    Occasion.FREEZE_DUE: Wait.QUIET_HOURS,
    Occasion.FREEZE_OVERDUE: Wait.NOTHING,
    # Its day and its morning are its own.
    Occasion.WEEKLY_DIGEST: Wait.WORKING_DAY,
    # On the 1st (rules 8): after a week of holidays the fee would be forfeited.
    Occasion.COPY_1_NOT_SENT: Wait.MORNING,
    Occasion.SILENT_MACHINE: Wait.WORKING_MORNING,
    Occasion.METER_DECISION: Wait.WORKING_DAY,
}
_WAITS_AS: Mapping[tuple[Occasion, Role], Wait] = {
    # Users are told so on their own telephones.
    (Occasion.VISIT_OVERDUE, Role.CUSTOMER): Wait.QUIET_HOURS,
    # The escalation: once a day in the morning (rules 8), and on whatever day that is.
    (Occasion.VISIT_STILL_OVERDUE, Role.MANAGER): Wait.MORNING,
}


def wait_of(occasion: Occasion, role: Role) -> Wait:
    """What a letter on an occasion waits for; of what the table does not name, day-time or the morning will do."""
    otherwise = Wait.WORKING_MORNING if waits_for_morning(occasion) else Wait.QUIET_HOURS
    return _WAITS_AS.get((occasion, role)) or _WAITS.get(occasion, otherwise)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which nobody is disturbed: from `begins` until before `ends`, perhaps past midnight."""

    begins: time
    ends: time

    def __contains__(self, at: time) -> bool:
        """Whether a time of day is quiet."""
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends

    def end_after(self, at: datetime) -> datetime:
        """When the quiet hours in which `at` lies are over."""
        end = datetime.combine(at.date(), self.ends, at.tzinfo)
        return end if end > at else end + ONE_DAY


@dataclass(frozen=True, slots=True)
class Timing:
    """When letters go, in the recipient's zone: after a moment of waiting for others, or in the morning."""

    group_wait_ms: int = 60_000
    morning_at: time = time(8)
    quiet: Quiet | None = None
    working: WorkingDays = field(default_factory=WorkingDays)

    def not_before_ms(self, wait: Wait, now_ms: int, zone: ZoneInfo) -> int:
        """When something that is written now goes out at the earliest."""
        at = moment(now_ms).astimezone(zone)
        first = self._next_morning(at) if wait.for_morning else at + timedelta(milliseconds=self.group_wait_ms)
        return instant_ms(self._allowed(wait, first))

    def allowed_ms(self, wait: Wait, at_ms: int, zone: ZoneInfo) -> int:
        """The first instant from `at_ms` on at which something may go: that itself, or when what it waits for ends."""
        at = moment(at_ms).astimezone(zone)
        allowed = self._allowed(wait, at)
        return at_ms if allowed == at else instant_ms(allowed)

    def _next_morning(self, at: datetime) -> datetime:
        morning = datetime.combine(at.date(), self.morning_at, at.tzinfo)
        return morning if morning > at else morning + ONE_DAY

    def _allowed(self, wait: Wait, at: datetime) -> datetime:
        while True:
            if wait.for_working_day and at.date() not in self.working:
                at = datetime.combine(at.date() + ONE_DAY, self.morning_at, at.tzinfo)
            elif wait.for_quiet_hours and self.quiet is not None and at.time() in self.quiet:
                at = self.quiet.end_after(at)
            else:
                return at
