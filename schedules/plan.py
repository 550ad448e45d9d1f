"""The plan as data: what is due when, validated from a plain dictionary (design 5, plan file)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from schedules.copy_1 import Copy1Rules
from schedules.dates import Span, last_of_month
from schedules.machine import Category, Warranty
from schedules.plan_fields import Fields, PlanError

__all__ = [
    "ForecastRules",
    "MandatoryStep",
    "MeterRules",
    "Plan",
    "PlanError",
    "SelfServiceRules",
    "plan_from",
]

_IN_EVERY_MONTH = 28
_MONTH_ENDS = [last_of_month(date(2001, month, 1)) for month in range(1, 13)]
"""Where spans of days and of months differ most."""


@dataclass(frozen=True, slots=True)
class MandatoryStep:
    """One mandatory visit (M1): engine times in ms, calendar spans from the hand-over date."""

    step: str
    hours_ms: int
    opens: Span
    due: Span
    lead_ms: int
    tolerance_ms: int
    warranties: frozenset[Warranty]


@dataclass(frozen=True, slots=True)
class SelfServiceRules:
    """The user's own cycle (M6), in ms of engine time."""

    every_ms: int
    lead_ms: int


@dataclass(frozen=True, slots=True)
class MeterRules:
    """When a reading is believed (rules 7); engine times and clock tolerances in ms."""

    future_ms: int
    past_ms: int
    rate: Fraction
    slack_ms: int
    maximum_ms: int
    first_slack_ms: int
    agree: int


@dataclass(frozen=True, slots=True)
class ForecastRules:
    """How use is projected (rules 7): days of data, and engine ms a day assumed per category."""

    window_days: int
    min_days: int
    assumed_ms: Mapping[Category, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of the plan; immutable."""

    version: str
    zone: ZoneInfo
    mandatory: tuple[MandatoryStep, ...]
    warranty: Mapping[Warranty, Span]
    self_service: SelfServiceRules
    arrival_days: int
    meter: MeterRules
    silence_days: int
    forecast: ForecastRules
    copy_1: Copy1Rules

    def steps(self, warranty: Warranty) -> tuple[MandatoryStep, ...]:
        """The mandatory visits of a warranty, by hours."""
        return tuple(step for step in self.mandatory if warranty in step.warranties)

    def warranty_ends_on(self, handed_over_on: date, warranty: Warranty) -> date:
        """The warranty's last day (rules 1)."""
        return self.warranty[warranty].after(handed_over_on)


def plan_from(data: Mapping[str, Any], shipped: Mapping[str, Any]) -> Plan:
    """Build a plan; a key left out keeps the shipped value. PlanError names every bad key with its dotted path."""
    fields = Fields(data, shipped)
    version, zone = fields.text_or_number("version"), fields.zone("time_zone")
    entries = list(fields.entries("mandatory", "step"))
    mandatory = [_step(entry) for entry in entries]
    plan = Plan(
        version=version,
        zone=zone,
        mandatory=tuple(sorted(mandatory, key=lambda step: step.hours_ms)),
        warranty=_warranties(fields.table("warranty")),
        self_service=_self_service(fields.table("self_service")),
        arrival_days=fields.table("freeze").whole("arrival_days"),
        meter=_meter(fields.table("meter")),
        silence_days=fields.table("silence").whole("days", least=1),
        forecast=_forecast(fields.table("forecast")),
        copy_1=_copy_1(fields.table("copy_1")),
    )
    _check_twins(fields, "step", entries, [step.step for step in mandatory])
    _check_twins(fields, "hours", entries, [step.hours_ms for step in mandatory])
    fields.finish()
    return plan


def _step(entry: Fields) -> MandatoryStep:
    step = MandatoryStep(
        step=entry.name("step"),
        hours_ms=entry.engine_ms("hours", above_zero=True),
        opens=entry.span("opens"),
        due=entry.span("due"),
        lead_ms=entry.engine_ms("lead"),
        tolerance_ms=entry.engine_ms("tolerance"),
        warranties=frozenset(entry.choices("warranties", Warranty)),
    )
    _check_order(entry, step)
    return step


def _check_order(entry: Fields, step: MandatoryStep) -> None:
    if entry.are_good("opens", "due") and any(step.opens.after(day) > step.due.after(day) for day in _MONTH_ENDS):
        entry.problem("opens", "must not be later than due")
    if entry.are_good("lead", "hours") and step.lead_ms > step.hours_ms:
        entry.problem("lead", "must not be more than hours")


def _check_twins(fields: Fields, key: str, entries: Sequence[Fields], values: Sequence[object]) -> None:
    good = [value for entry, value in zip(entries, values, strict=True) if entry.are_good(key)]
    if len(set(good)) < len(good):
        fields.problem("mandatory", f"two entries have the same {key}")


def _warranties(table: Fields) -> dict[Warranty, Span]:
    return {warranty: table.span(warranty.value) for warranty in Warranty}


def _self_service(table: Fields) -> SelfServiceRules:
    every = table.engine_ms("every", above_zero=True)
    lead = table.engine_ms("lead")
    if table.are_good("every", "lead") and lead >= every:
        table.problem("lead", "must be less than every")
    return SelfServiceRules(every, lead)


def _meter(table: Fields) -> MeterRules:
    return MeterRules(
        future_ms=table.clock_ms("future", "minutes"),
        past_ms=table.clock_ms("past", "days"),
        rate=table.fraction("rate"),
        slack_ms=table.engine_ms("slack"),
        maximum_ms=table.engine_ms("maximum", above_zero=True),
        first_slack_ms=table.engine_ms("first_slack"),
        agree=table.whole("agree", least=2),
    )


def _forecast(table: Fields) -> ForecastRules:
    return ForecastRules(
        window_days=table.whole("window_days", least=1),
        min_days=table.whole("min_days", least=1),
        assumed_ms={category: table.engine_ms(category.value) for category in Category},
    )


def _copy_1(table: Fields) -> Copy1Rules:
    rules = Copy1Rules(table.whole("remind_day", least=1), table.whole("last_day", least=1))
    for name in ("remind_day", "last_day"):
        if table.are_good(name) and getattr(rules, name) > _IN_EVERY_MONTH:
            table.problem(name, f"must be a day that every month has, {_IN_EVERY_MONTH} at most")
    if table.are_good("remind_day", "last_day") and rules.remind_day > rules.last_day:
        table.problem("remind_day", "must not be later than last_day")
    return rules
