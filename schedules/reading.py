"""One report of an hour meter, and whether its value can be one at all (rules 7, rows 1 to 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schedules.hours import MS_PER_HOUR, milliseconds, text
from schedules.plan import MeterRules


class Verdict(StrEnum):
    """What became of a delivery (rules 7); `voided` is a person's decision."""

    ACCEPTED = "accepted"
    NOISE = "noise"
    LATE = "late"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"
    NOT_AVAILABLE = "not_available"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_MACHINE = "unknown_machine"
    ROLLBACK = "rollback"
    JUMP = "jump"
    INCONSISTENT = "inconsistent"
    VOIDED = "voided"


NEVER_A_READING = frozenset({Verdict.MALFORMED, Verdict.NOT_AVAILABLE, Verdict.OUT_OF_RANGE})
"""Refused by their value alone: kept raw, never judged against a meter."""
REFUSED_BY_METER = frozenset({Verdict.ROLLBACK, Verdict.JUMP, Verdict.INCONSISTENT})
"""Refused against a meter: another history could make them right."""
IN_HISTORY = frozenset({Verdict.ACCEPTED, Verdict.NOISE, Verdict.LATE})
"""Believed: neighbours of late readings, and signs of life."""


class Source(StrEnum):
    """Who brought a reading."""

    TELEMATICS = "telematics"
    IMPORTED = "imported"
    MANUAL = "manual"


class Unit(StrEnum):
    """Units in which boxes report engine time (domain E.2)."""

    HOURS = "h"
    MINUTES = "min"
    SECONDS = "s"
    MILLISECONDS = "ms"
    J1939 = "0.05h"
    CLOCK = "hms"


_UNIT_MS = {
    Unit.HOURS: Decimal(MS_PER_HOUR),
    Unit.MINUTES: Decimal(60_000),
    Unit.SECONDS: Decimal(1000),
    Unit.MILLISECONDS: Decimal(1),
    Unit.J1939: Decimal(180_000),
    Unit.CLOCK: Decimal(MS_PER_HOUR),
}
_NOT_AVAILABLE_NUMBERS = frozenset({Decimal(-1), Decimal(4294967295), Decimal("214748364.75")})
_BELOW_THEM = 214_748_364
_CLOCK_TEXT = re.compile(r"([0-9]{1,9}):([0-5][0-9]):([0-5][0-9])")


@dataclass(slots=True)
class Reading:
    """A value of a meter: dial in ms, device time as sent (ms since 1970, None if none was), arrival in ms.

    `unreadable_time`: a device time was sent that nobody can read. `repeated`: the message was marked duplicate
    or retained by the broker.
    """

    dial_ms: int
    device_ms: int | None
    arrived_ms: int
    source: Source = Source.TELEMATICS
    unreadable_time: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value is no reading."""

    verdict: Verdict
    reason: str


def dial_of(value: object, unit: Unit, rules: MeterRules) -> int | Refusal:
    """Engine time in ms of a JSON value (numbers as Decimal), or why it has none (rules 7, rows 1 to 3)."""
    if type(value) is Decimal:
        return _dial_of_number(value, _UNIT_MS[unit], rules)
    if value is None or value in ("", "NaN"):
        return Refusal(Verdict.NOT_AVAILABLE, f"hours not available: {value!r}")
    if unit is Unit.CLOCK and isinstance(value, str):
        return _dial_of_clock(value, rules)
    return Refusal(Verdict.MALFORMED, f"hours must be a number, got {_kind(value)}")


def _dial_of_number(value: Decimal, unit_ms: Decimal, rules: MeterRules) -> int | Refusal:
    if value.is_nan() or (not 0 <= value < _BELOW_THEM and value in _NOT_AVAILABLE_NUMBERS):
        return Refusal(Verdict.NOT_AVAILABLE, f"the meter sent its 'not available' value {value}")
    if value < 0 or value.is_infinite():
        return Refusal(Verdict.OUT_OF_RANGE, f"{value:.6} is no engine time")
    if value > rules.maximum_ms:  # before multiplying: an exponent of millions is cheap to send
        return _too_many(rules)
    dial_ms = milliseconds(value, unit_ms)
    return dial_ms if dial_ms <= rules.maximum_ms else _too_many(rules)


def _dial_of_clock(value: str, rules: MeterRules) -> int | Refusal:
    match = _CLOCK_TEXT.fullmatch(value)
    if match is None:
        return Refusal(Verdict.MALFORMED, "hours must read HHHHH:MM:SS")
    hours, minutes, seconds = (int(part) for part in match.groups())
    dial_ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
    return dial_ms if dial_ms <= rules.maximum_ms else _too_many(rules)


def _too_many(rules: MeterRules) -> Refusal:
    return Refusal(Verdict.OUT_OF_RANGE, f"more than {text(rules.maximum_ms)} h")


def _kind(value: object) -> str:
    names = {bool: "true or false", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
