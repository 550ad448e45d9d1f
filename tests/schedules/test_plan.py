"""The plan file: what a key left out takes, and every wrong key by its dotted path (design 5)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from schedules.dates import Span
from schedules.machine import Category, Warranty
from schedules.plan import MandatoryStep, PlanError
from tests.schedules.making import day, ms, plan_of

BOTH = frozenset(Warranty)
ONE_YEAR = frozenset({Warranty.ONE_YEAR})
NEW_STEP: dict[str, Any] = {
    "step": "300",
    "hours": 300,
    "opens": "1 month",
    "due": "2 months",
    "lead": 30,
    "tolerance": 30,
    "warranties": ["one_year"],
}


def test_the_shipped_plan_is_the_table_of_the_rule_book() -> None:
    plan = plan_of()
    assert plan.mandatory == (
        MandatoryStep("100", ms(100), Span(days=7), Span(days=10), ms(20), ms(10), BOTH),
        MandatoryStep("600", ms(600), Span(months=2), Span(months=3), ms(50), ms(50), BOTH),
        MandatoryStep("1200", ms(1200), Span(months=5), Span(months=6), ms(50), ms(50), BOTH),
        MandatoryStep("1800", ms(1800), Span(months=8), Span(months=9), ms(50), ms(50), ONE_YEAR),
        MandatoryStep("2400", ms(2400), Span(months=11), Span(months=12), ms(50), ms(50), ONE_YEAR),
    )
    assert [step.step for step in plan.steps(Warranty.HALF_YEAR)] == ["100", "600", "1200"]
    assert (plan.self_service.every_ms, plan.self_service.lead_ms) == (ms(600), ms(50))
    assert (plan.arrival_days, plan.silence_days, plan.zone.key) == (2, 7, "Asia/Shanghai")


def test_the_shipped_plan_believes_readings_as_the_rules_say() -> None:
    meter, forecast = plan_of().meter, plan_of().forecast
    assert (meter.future_ms, meter.past_ms) == (10 * 60_000, 90 * 86_400_000)
    assert (meter.rate, meter.slack_ms, meter.maximum_ms) == (Fraction(105, 100), ms(1), ms(200_000))
    assert (meter.first_slack_ms, meter.agree) == (ms(500), 3)
    assert (forecast.window_days, forecast.min_days) == (30, 7)
    assert forecast.assumed_ms == {Category.LOADER: ms(8), Category.ROLLER: ms(5)}


@pytest.mark.parametrize(
    ("warranty", "expected"), [(Warranty.HALF_YEAR, "2026-02-28"), (Warranty.ONE_YEAR, "2026-08-31")]
)
def test_the_last_day_of_the_warranty(warranty: Warranty, expected: str) -> None:
    assert plan_of().warranty_ends_on(day("2025-08-31"), warranty) == day(expected)


def test_a_key_left_out_keeps_the_shipped_value() -> None:
    plan = plan_of({"version": 2, "meter": {"slack": 2}, "self_service": {"every": 500.5}})
    assert plan.version == "2"
    assert (plan.meter.slack_ms, plan.meter.agree) == (ms(2), 3)
    assert (plan.self_service.every_ms, plan.self_service.lead_ms) == (ms(500.5), ms(50))
    assert plan.mandatory == plan_of().mandatory


def test_a_listed_step_takes_what_it_leaves_out_from_the_shipped_one_of_its_name() -> None:
    (step,) = plan_of({"mandatory": [{"step": "600", "due": "100 days"}]}).mandatory
    assert step == MandatoryStep("600", ms(600), Span(months=2), Span(days=100), ms(50), ms(50), BOTH)


def test_steps_come_by_hours_however_they_are_listed() -> None:
    plan = plan_of({"mandatory": [{"step": "600"}, NEW_STEP, {"step": "100"}]})
    assert [step.step for step in plan.mandatory] == ["100", "300", "600"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [(15, 15 * 60_000), (0.5, 30_000), ("2 hours", 7_200_000), ("1 minute", 60_000), ("1 day", 86_400_000)],
)
def test_clock_tolerances_are_minutes_or_name_their_unit(written: object, expected: int) -> None:
    assert plan_of({"meter": {"future": written}}).meter.future_ms == expected


Bad = tuple[dict[str, Any], str]


def top(path: str, *values: object) -> list[Bad]:
    """Each value under a key of the file, or `table.key`."""
    table, _, key = path.partition(".")
    return [({table: {key: value} if key else value}, path) for value in values]


def step(key: str, *values: object, **others: object) -> list[Bad]:
    """Each value under a key of the second listed step."""
    return [
        ({"mandatory": [{"step": "100"}, {"step": "600", **others, key: value}]}, f"mandatory[1].{key}")
        for value in values
    ]


def without(key: str) -> Bad:
    return {"mandatory": [{name: value for name, value in NEW_STEP.items() if name != key}]}, f"mandatory[0].{key}"


TABLES = ("warranty", "self_service", "freeze", "meter", "silence", "forecast")
BAD_VALUES: list[Bad] = [
    *top("version", True, "", "  ", [], 1.5),
    *top("time_zone", "Mars/Base", "", 8, ["Asia/Shanghai"], "../etc/passwd"),
    *top("mandatory", [], {}, "600", 5),
    ({"mandatory": [{"step": "100"}, 5]}, "mandatory[1]"),
    *[
        ({"mandatory": [{**NEW_STEP, "step": name}]}, "mandatory[0].step")
        for name in list[object]((600, "", "a b", "x" * 33, ["600"], {}))
    ],
    *step("hours", 0, -1, "600", True, float("nan"), float("inf"), 1e9),
    *step("opens", 7, "7 weeks", "-1 days", "two months", "4 months"),
    *step("opens", "1 month", due="30 days"),
    *step("opens", "30 days", due="1 month"),
    *step("due", None, "3", "3 months ", []),
    *step("lead", -1, "50", 600.001),
    *step("tolerance", -0.1),
    *step("warranties", [], ["two_year"], "one_year", [1]),
    *step("overdue", 5),
    *[without(key) for key in NEW_STEP],
    ({"mandatory": [{"step": "100"}, {"step": "100", "hours": 150}]}, "mandatory"),
    ({"mandatory": [{"step": "100"}, {**NEW_STEP, "hours": 100}]}, "mandatory"),
    *[bad for table in TABLES for bad in top(table, 5)],
    *[bad for table in TABLES for bad in top(f"{table}.extra", 1)],
    *top("mandatroy", []),
    *top("warranty.half_year", "1 year"),
    *top("warranty.one_year", 12),
    *top("self_service.every", 0, -600, "600"),
    *top("self_service.lead", -1, 600, 700),
    *top("freeze.arrival_days", -1, 1.5, "2", True),
    *top("meter.future", -1, "10 weeks", True, []),
    *top("meter.past", -1, "ninety", None),
    *top("meter.rate", 0, -1, "1", True),
    *top("meter.slack", -1, "1", True),
    *top("meter.maximum", 0, -1, "1", True),
    *top("meter.first_slack", -1, "1", True),
    *top("meter.agree", 1, 2.5, "3"),
    *top("silence.days", 0, 7.5, "7"),
    *top("forecast.window_days", 0),
    *top("forecast.min_days", 0),
    *top("forecast.loader", -1),
    *top("forecast.roller", "5"),
]


@pytest.mark.parametrize(("data", "path"), BAD_VALUES)
def test_a_bad_key_is_named_by_its_dotted_path_and_alone(data: dict[str, Any], path: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan_of(data)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [path]


def test_all_problems_are_told_at_once() -> None:
    data: dict[str, Any] = {
        "version": "",
        "mandatory": [{"step": "100", "hours": -1}, {"step": "600", "due": "soon"}],
        "meter": {"rate": "fast", "agree": 0, "unit": "h"},
        "silence": 7,
        "extra": True,
    }
    with pytest.raises(PlanError) as caught:
        plan_of(data)
    assert {problem.split(":")[0] for problem in caught.value.problems} == {
        "version",
        "mandatory[0].hours",
        "mandatory[1].due",
        "meter.rate",
        "meter.agree",
        "meter.unit",
        "silence",
        "extra",
    }
    assert len(caught.value.problems) == 8
    assert str(caught.value).splitlines() == caught.value.problems


def test_a_problem_says_what_was_expected_and_what_was_there() -> None:
    with pytest.raises(PlanError) as caught:
        plan_of({"warranty": {"half_year": "6 moons"}, "meter": {"unit": "h"}})
    unknown, span = sorted(caught.value.problems)
    assert span == """warranty.half_year: expected a span such as "7 days" or "2 months", got '6 moons'"""
    assert unknown.startswith("meter.unit: unknown key; known here: agree, first_slack, future, ")
