"""Mandatory visits (rules 1, M1): hours or calendar since hand-over, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from schedules.dates import ONE_DAY
from schedules.machine import Machine, Status, Warranty
from schedules.plan import MandatoryStep, Plan
from schedules.rulebook import Rulebook
from schedules.window import Window
from schedules.work_order import Kind


def windows(machine: Machine, rulebook: Rulebook) -> Iterator[Window]:
    """The steps with open orders by the plan they were opened under, those without an order by the newest."""
    ordered = {order.step: order for order in machine.orders.values() if order.kind is Kind.MANDATORY_VISIT}
    still_open = [order for order in ordered.values() if order.is_open]
    for version in dict.fromkeys(order.plan_version for order in still_open):
        by_step = {window.step: window for window in _all(machine, rulebook.plans[version])}
        mine = (order.step for order in still_open if order.plan_version == version)
        yield from (by_step[step] for step in mine if step in by_step)
    for window in _all(machine, rulebook.plan):
        if window.step not in ordered and window.step not in machine.exempt_steps:
            yield window


def _all(machine: Machine, plan: Plan) -> Iterator[Window]:
    """All steps of a plan for this machine; none before the hand-over or after its life."""
    if machine.status is not Status.IN_SERVICE or machine.handed_over_on is None or machine.warranty is None:
        return
    lapses_on = plan.warranty_ends_on(machine.handed_over_on, machine.warranty) + ONE_DAY
    for step in plan.steps(machine.warranty):
        yield window_of(step, plan.version, machine.handed_over_on, lapses_on)


def window_of(step: MandatoryStep, version: str, handed_over_on: date, lapses_on: date) -> Window:
    """One step in absolute dates and engine times."""
    due_on = step.due.after(handed_over_on)
    return Window(
        kind=Kind.MANDATORY_VISIT,
        step=step.step,
        plan_version=version,
        opens_on=step.opens.after(handed_over_on),
        due_on=due_on,
        overdue_on=due_on + ONE_DAY,
        lapses_on=lapses_on,
        opens_at=step.hours_ms - step.lead_ms,
        due_at=step.hours_ms,
        overdue_above=step.hours_ms + step.tolerance_ms,
    )


def under_newest_plan(machine: Machine, today: date, rulebook: Rulebook) -> Machine:
    """The machine as the newest plan sees it: steps added since it was last asked about are exempt for it when it
    is already past their opening (design 2).
    """
    before = rulebook.plans.get(machine.asked_version or "")
    added: frozenset[str] = frozenset()
    if before is not None and machine.warranty is not None and before.version != rulebook.current:
        added = _added_and_past(machine, machine.warranty, before, rulebook.plan, today)
    return replace(
        machine,
        asked_version=rulebook.current,
        asked_rulebook=rulebook.serial,
        exempt_steps=machine.exempt_steps | added,
    )


def _added_and_past(machine: Machine, warranty: Warranty, before: Plan, newest: Plan, today: date) -> frozenset[str]:
    known = {step.step for step in before.steps(warranty)}
    added = (window for window in _all(machine, newest) if window.step not in known)
    return frozenset(window.step for window in added if _is_past(window, machine, today))


def _is_past(window: Window, machine: Machine, today: date) -> bool:
    by_date = window.opens_on is not None and window.opens_on < today
    return by_date or (window.opens_at is not None and (machine.total_ms or 0) >= window.opens_at)
