"""A new plan for machines that are there: their orders keep the old one, a new step comes where it still can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schedules.machine import Machine
from schedules.rulebook import Rulebook
from tests.schedules.making import VISIT, asked, dates, order_of, plan_of, reads, shipped, sold, told

STEPS: list[dict[str, Any]] = [{"step": step} for step in ("100", "600", "1200", "1800", "2400")]
NEW_STEP = {
    "step": "300",
    "hours": 300,
    "opens": "30 days",
    "due": "40 days",
    "lead": 30,
    "tolerance": 30,
    "warranties": ["one_year"],
}


def followed_by(**data: Any) -> Rulebook:  # noqa: ANN401 - any key of a plan
    newer = plan_of({"version": "2", **data})
    return replace(shipped(), plans={**shipped().plans, "2": newer}, current="2")


WITH_300 = followed_by(mandatory=[*STEPS, NEW_STEP])


def test_an_order_keeps_the_plan_it_was_opened_under_and_the_next_follows_the_newest() -> None:
    sooner = followed_by(mandatory=[{"step": "100", "due": "8 days"}, {"step": "600", "due": "70 days"}])
    machine = asked(sold("2025-03-03"), "2025-03-10")
    later = asked(machine, "2025-05-13", sooner)
    assert dates(order_of(later, VISIT, "100")) == ("2025-03-10", "2025-03-13", "2025-03-14", "-")
    assert dates(order_of(later, VISIT, "600")) == ("2025-05-03", "2025-05-12", "2025-05-13", "-")
    assert [order_of(later, VISIT, step).plan_version for step in ("100", "600")] == ["1", "2"]


def test_an_open_order_of_a_step_that_the_new_plan_lacks_goes_on() -> None:
    machine = asked(sold("2025-03-03"), "2025-03-10")
    later = asked(machine, "2025-03-14", followed_by(mandatory=[{"step": "600"}]))
    assert told(later, VISIT) == {"100": "overdue"}


def test_a_new_step_comes_to_a_machine_before_its_opening() -> None:
    machine = asked(sold("2025-03-03"), "2025-03-20")
    later = asked(asked(machine, "2025-03-21", WITH_300), "2025-04-12", WITH_300)
    assert dates(order_of(later, VISIT, "300")) == ("2025-04-02", "2025-04-12", "2025-04-13", "-")


def test_a_new_step_comes_on_the_very_day_of_its_opening() -> None:
    machine = asked(asked(sold("2025-03-03"), "2025-03-20"), "2025-04-02", WITH_300)
    assert told(machine, VISIT)["300"] == "upcoming"


def test_a_new_step_spares_a_machine_past_its_opening_date() -> None:
    assert_spared(asked(sold("2025-03-03"), "2025-04-03"))


def test_a_new_step_spares_a_machine_past_its_opening_hours() -> None:
    assert_spared(reads(sold("2025-03-03"), 270, "2025-03-15"))


def assert_spared(machine: Machine) -> None:
    """For ever, also where hours or days pass the step under the new plan."""
    later = replace(asked(machine, "2025-04-04", WITH_300), total_ms=310 * 3_600_000)
    assert "300" not in told(asked(later, "2025-05-30", WITH_300), VISIT)


def test_a_new_step_comes_to_a_machine_just_below_its_opening_hours() -> None:
    machine = asked(reads(sold("2025-03-03"), "269.999", "2025-03-15"), "2025-03-16", WITH_300)
    later = replace(machine, total_ms=270 * 3_600_000, total_on=machine.total_on)
    assert told(asked(later, "2025-03-17", WITH_300), VISIT)["300"] == "upcoming"


def test_a_machine_registered_under_the_new_plan_has_all_its_steps() -> None:
    assert told(asked(sold("2025-03-03"), "2025-04-20", WITH_300), VISIT)["300"] == "overdue"
