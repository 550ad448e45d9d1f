"""Readings that people bring: hand-overs, forms and meter changes, judged as `manual` readings (rules 6 and 7)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from adapters.mqtt.decode import Delivery, Report
from daemon.judging import judge_all
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from schedules.reading import Reading, Refusal, Source, Unit, Verdict, dial_of


def dial_by_hand(keeper: Keeper, hours: Decimal | float | str, field: str) -> int:
    """Engine time in ms of hours that a person gave; RefusedError names the field if they are none."""
    try:
        dial = dial_of(Decimal(str(hours)), Unit.HOURS, keeper.meter_rules)
    except InvalidOperation:
        message = f"{field}: {hours!r} is no number of hours"
        raise RefusedError(message) from None
    if isinstance(dial, Refusal):
        message = f"{field}: {dial.reason}"
        raise RefusedError(message)
    return dial


def judge_by_hand(
    connection: Connection, keeper: Keeper, machine_id: str, dial_ms: int, at_ms: int, now_ms: int
) -> Verdict:
    """Judge a reading taken by a person at an instant; the verdict."""
    reading = Reading(dial_ms, at_ms, at_ms, Source.MANUAL)
    report = Report(Delivery("", b"", at_ms), machine_id, reading)
    return next(iter(judge_all(connection, keeper, [report], now_ms)))
