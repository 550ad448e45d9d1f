"""The user's own cycle (rules 2, M6): during the warranty beyond the last mandatory step, then every so many hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from schedules.dates import ONE_DAY
from schedules.hours import text
from schedules.machine import Machine, Status
from schedules.plan import Plan
from schedules.rulebook import Rulebook
from schedules.window import Window
from schedules.work_order import Change, Closing, Kind, OrderKey, State, WorkOrder


def first_own_day(machine: Machine, plan: Plan) -> date | None:
    """The day after the warranty, when the machine's own cycle begins; None before hand-over."""
    if machine.status is not Status.IN_SERVICE or machine.handed_over_on is None or machine.warranty is None:
        return None
    return plan.warranty_ends_on(machine.handed_over_on, machine.warranty) + ONE_DAY


def windows(machine: Machine, rulebook: Rulebook) -> Iterator[Window]:
    """Steps with open orders, steps the hours have reached, and the next one."""
    begins_on = first_own_day(machine, rulebook.plan)
    if begins_on is None:
        return
    for order in machine.orders.values():
        if order.kind is Kind.SELF_SERVICE and order.is_open:
            yield _window(rulebook.plans[order.plan_version], order.threshold_ms or 0, None)
    plan = rulebook.plan
    for threshold_ms in _thresholds(machine, plan):
        if OrderKey(Kind.SELF_SERVICE, text(threshold_ms)) not in machine.orders:
            yield _window(plan, threshold_ms, _opening(machine, plan, threshold_ms, begins_on))


def _thresholds(machine: Machine, plan: Plan) -> Iterator[int]:
    """Candidate engine times in order, ending with the first whose lead is not reached."""
    every = plan.self_service.every_ms
    start = _start(machine, plan)
    reached = (machine.total_ms or 0) + plan.self_service.lead_ms
    threshold = start + every
    while threshold <= reached:
        yield threshold
        threshold += every
    yield threshold


def _start(machine: Machine, plan: Plan) -> int:
    if machine.own_cycle_from_ms is None:
        steps = plan.steps(machine.warranty) if machine.warranty else ()
        return steps[-1].hours_ms if steps else 0
    every = plan.self_service.every_ms
    return machine.own_cycle_from_ms // every * every


def _opening(machine: Machine, plan: Plan, threshold_ms: int, begins_on: date) -> date | None:
    """One whose lead is already reached when the own cycle begins opens that day (rules 2)."""
    known = machine.own_cycle_from_ms
    return begins_on if known is not None and threshold_ms - plan.self_service.lead_ms <= known else None


def _window(plan: Plan, threshold_ms: int, opens_on: date | None) -> Window:
    return Window(
        kind=Kind.SELF_SERVICE,
        step=text(threshold_ms),
        plan_version=plan.version,
        opens_on=opens_on,
        opens_at=threshold_ms - plan.self_service.lead_ms,
        due_at=threshold_ms,
    )


def superseded(orders: Mapping[OrderKey, WorkOrder]) -> Iterator[Change]:
    """Lower open orders end when a higher one falls due: by the next higher, on its date (rules 2)."""
    own = sorted((order for order in orders.values() if order.kind is Kind.SELF_SERVICE), key=WorkOrder.rank)
    higher: WorkOrder | None = None
    for order in reversed(own):
        if higher is not None and higher.due_on is not None and order.is_open:
            on = max(higher.due_on, order.opens_on)
            closed = replace(
                order,
                state=State.SUPERSEDED,
                closed_on=on,
                superseded_by=higher.step,
                closing=Closing.HIGHER_STEP,
            )
            yield Change(order, closed, on, Closing.HIGHER_STEP)
        if order.due_on is not None:
            higher = order
