"""A plan as the outside sees it: the keys of the plan file, with all defaults filled in."""

from __future__ import annotations

from typing import Any

from daemon.showing import hours
from schedules.dates import Span
from schedules.plan import MandatoryStep, Plan

STEP_FIELDS = ("step", "hours", "opens", "due", "lead", "tolerance", "warranties")
_LENGTHS = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000))


def plan_view(plan: Plan) -> dict[str, Any]:
    """The plan by the keys of its file."""
    return {
        "version": plan.version,
        "time_zone": plan.zone.key,
        "mandatory": [_step(step) for step in plan.mandatory],
        "warranty": {warranty.value: _span(span) for warranty, span in plan.warranty.items()},
        "self_service": {"every": hours(plan.self_service.every_ms), "lead": hours(plan.self_service.lead_ms)},
        "freeze": {"arrival_days": plan.arrival_days},
        "meter": _meter(plan),
        "silence": {"days": plan.silence_days},
        "forecast": _forecast(plan),
        "copy_1": {"remind_day": plan.copy_1.remind_day, "last_day": plan.copy_1.last_day},
    }


def _step(step: MandatoryStep) -> dict[str, Any]:
    return {
        "step": step.step,
        "hours": hours(step.hours_ms),
        "opens": _span(step.opens),
        "due": _span(step.due),
        "lead": hours(step.lead_ms),
        "tolerance": hours(step.tolerance_ms),
        "warranties": sorted(warranty.value for warranty in step.warranties),
    }


def _span(span: Span) -> str:
    count, unit = (span.months, "month") if span.months else (span.days, "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _length(length_ms: int) -> str:
    """A length of time in the largest unit that measures it exactly."""
    name, unit_ms = next((each for each in _LENGTHS if length_ms % each[1] == 0), _LENGTHS[-1])
    return f"{length_ms / unit_ms:g} {name}"


def _meter(plan: Plan) -> dict[str, Any]:
    meter = plan.meter
    return {
        "future": _length(meter.future_ms),
        "past": _length(meter.past_ms),
        "rate": float(meter.rate),
        "slack": hours(meter.slack_ms),
        "maximum": hours(meter.maximum_ms),
        "first_slack": hours(meter.first_slack_ms),
        "agree": meter.agree,
    }


def _forecast(plan: Plan) -> dict[str, Any]:
    rules = plan.forecast
    assumed = {category.value: hours(engine_ms) for category, engine_ms in rules.assumed_ms.items()}
    return {"window_days": rules.window_days, "min_days": rules.min_days, **assumed}
