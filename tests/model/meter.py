"""The hour meter: what a reading is, and its verdict by the table of rules 7, in the table's order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from . import plan

NO_HOURS = ("malformed", "not_available", "out_of_range")
REFUSED = (
    "malformed",
    "not_available",
    "out_of_range",
    "unknown_machine",
    "rollback",
    "jump",
    "inconsistent",
)
NEIGHBOURS = ("accepted", "noise", "late")


class Absent:
    """Marks a value that was not sent at all (null was sent, and is something else)."""


ABSENT = Absent()


@dataclass
class Reading:
    hours: object  # as sent
    device_time: datetime | None  # as sent
    arrival: datetime
    manual: bool = False
    fixed_total: int | None = None  # the total at a meter change
    dial: int | None = None
    total: int | None = None
    time: datetime | None = None
    clock: bool = False
    verdict: str = ""

    def __post_init__(self) -> None:
        if self.manual and self.device_time is not None:
            self.arrival = self.device_time


@dataclass
class Meter:
    last_total: int | None = None
    last_time: datetime | None = None
    offsets: list[tuple[datetime, int]] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)  # stored, in the order in which they came

    def offset_at(self, time: datetime) -> int:
        """The offset in force at this time: that of the latest change not after it."""
        offset = 0
        for since, value in sorted(self.offsets):
            if since <= time:
                offset = value
        return offset

    def offset_before(self, time: datetime) -> int:
        offset = 0
        for since, value in sorted(self.offsets):
            if since < time:
                offset = value
        return offset


def as_decimal(number: float | Decimal) -> Decimal:
    """The decimal text of a number. A float has forgotten its text; its shortest one stands for it."""
    if isinstance(number, float):
        return Decimal(repr(number))
    return Decimal(number)


def to_milliseconds(hours: Decimal) -> int:
    return int(Fraction(hours) * plan.HOUR)


def shown(milliseconds: int | None) -> float | None:
    """Hours with at most 3 decimals; finer digits are cut off."""
    if milliseconds is None:
        return None
    return float(Decimal(milliseconds * 1000 // plan.HOUR) / 1000)


def judge_value(hours: object) -> tuple[str, int | None]:  # noqa: PLR0911 (the same)
    """Tests 1 to 3: the value alone. Answers a verdict, or "" and the dial in milliseconds."""
    if isinstance(hours, (Absent, bool, list, dict)):
        return "malformed", None
    if isinstance(hours, str):
        return ("not_available" if hours in ("", "NaN") else "malformed"), None
    if hours is None:
        return "not_available", None
    assert isinstance(hours, (int, float, Decimal))
    number = as_decimal(hours)
    if number.is_nan():
        return "not_available", None
    if number in (Decimal(-1), Decimal(4294967295), Decimal("214748364.75")):
        return "not_available", None
    if number.is_infinite() or number < 0 or number > plan.MAXIMUM_HOURS:
        return "out_of_range", None
    return "", to_milliseconds(number)


def same_is_stored(meter: Meter, reading: Reading) -> Reading | None:
    """Test 5, for readings that carry a device time."""
    if reading.device_time is None:
        return None
    for other in meter.readings:
        if other is reading:
            return None  # what came later does not count
        if other.device_time is not None and other.dial == reading.dial and other.device_time == reading.device_time:
            return other
    return None


# The table is one list of tests in a fixed order, and so is this function.
def judge(meter: Meter, reading: Reading, handed_over_on: date | None) -> str:  # noqa: PLR0911, PLR0912
    """Tests 1 to 14. Fills in the reading's dial, time, total and flag; answers its verdict."""
    verdict, reading.dial = judge_value(reading.hours)  # 1, 2, 3
    if verdict:
        return verdict
    assert reading.dial is not None
    # 4 (machine not registered) is the caller's: there is no meter then.
    if same_is_stored(meter, reading) is not None:  # 5
        return "duplicate"
    arrival = reading.arrival
    time = reading.device_time
    if time is None:  # 6
        time = arrival
    reading.clock = False
    oldest = (meter.last_time if meter.last_time is not None else arrival) - plan.PAST
    if time > arrival + plan.FUTURE or time < oldest:  # 7
        reading.clock = True
        time = arrival
    reading.time = time
    total = reading.dial + meter.offset_at(time)
    if reading.fixed_total is not None:
        total = reading.fixed_total
    reading.total = total

    if meter.last_total is None or meter.last_time is None:  # 8
        if not reading.manual:
            limit = plan.FIRST_SLACK_HOURS
            if handed_over_on is not None:
                days = max(0, (plan.local_date(time) - handed_over_on).days)
                limit += plan.FIRST_HOURS_A_DAY * days
            if total > limit * plan.HOUR:
                return "jump"
        return "accepted"
    if time >= meter.last_time:
        if total < meter.last_total - plan.SLACK:  # 9
            return "rollback"
        if total < meter.last_total:  # 10
            return "noise"
        elapsed = Fraction((time - meter.last_time) // timedelta(microseconds=1), 1000)  # milliseconds
        allowed = elapsed * plan.RATE_PERCENT / 100 + plan.SLACK
        if total - meter.last_total > allowed:  # 11
            return "jump"
        return "accepted"  # 12
    if fits_between_neighbours(meter, reading, time, total):  # 13
        return "late"
    return "inconsistent"  # 14


def fits_between_neighbours(meter: Meter, reading: Reading, time: datetime, total: int) -> bool:
    before: Reading | None = None
    after: Reading | None = None
    for other in meter.readings:
        if other is reading or other.verdict not in NEIGHBOURS or other.time is None:
            continue
        if other.time <= time:
            if before is None or before.time is None or other.time >= before.time:
                before = other
        elif after is None or after.time is None or other.time < after.time:
            after = other
    if before is not None and before.total is not None and total < before.total - plan.SLACK:
        return False
    return after is None or after.total is None or total <= after.total + plan.SLACK
