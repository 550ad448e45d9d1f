"""Why a work order stands where it stands, in words (design 2: "why is this due?" has an answer)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from schedules.hours import text
from schedules.plan import MandatoryStep, Plan
from schedules.work_order import RULES, Cause, Closing, Kind, State, WorkOrder

_ENDINGS = {
    Closing.WINDOW_ENDED: "the time in which it could be done has ended",
    Closing.HANDOVER: "the machine was handed over to its user",
    Closing.TRANSFER: "the machine was moved to another region",
    Closing.RETIREMENT: "the machine was retired",
    Closing.PERSON: "somebody cancelled it",
    Closing.HIGHER_STEP: "a later step was done or fell due in its place",
    Closing.COMPLETED: "it was done",
}


def reasons(
    order: WorkOrder, plan: Plan, handed_over_on: date | None, due_total_ms: int | None, *, approximate: bool = False
) -> Iterator[str]:
    """Sentences: what the plan asks, what made it due, what ended it.

    `due_total_ms` is the machine's total when the order fell due, if that was recorded; `approximate`: its dates are
    rough defaults of the winter table.
    """
    yield f"{_asked(order, plan)} (rule {RULES[order.kind]}, plan {plan.version})."
    if approximate:
        yield "Its dates are approximate: defaults of the winter table that nobody has confirmed."
    if order.cause is Cause.HOURS:
        at = "" if due_total_ms is None else f": the machine had run {text(due_total_ms)} h"
        yield f"Due since {order.due_on} by hours{at}."
    elif order.cause is Cause.CALENDAR:
        yield f"Due since {order.due_on} by the calendar{_counted(order, handed_over_on)}."
    elif order.state is State.UPCOMING:
        yield _not_due(order)
    if order.state is State.OVERDUE:
        yield f"Overdue since {order.overdue_on}."
    if not order.is_open:
        yield _ended(order)


def _asked(order: WorkOrder, plan: Plan) -> str:
    if order.kind is Kind.STOCK_UPKEEP:
        return f"An unsold machine is maintained every month; this is {order.step}"
    if order.kind is Kind.FREEZE_PROTECTION:
        season, _, region = order.step.partition("@")
        return f"An unsold machine is protected from frost every winter; this is {season} in region {region}"
    if order.kind is Kind.SELF_SERVICE:
        return f"The user maintains the machine every {text(plan.self_service.every_ms)} h; this is at {order.step} h"
    step = next((step for step in plan.mandatory if step.step == order.step), None)
    return f"Mandatory visit {order.step}" if step is None else _visit(step)


def _visit(step: MandatoryStep) -> str:
    span = f"{step.due.months} months" if step.due.months else f"{step.due.days} days"
    return f"Mandatory visit at {text(step.hours_ms)} h or {span} after the hand-over, whichever comes first"


def _counted(order: WorkOrder, handed_over_on: date | None) -> str:
    if order.kind is Kind.MANDATORY_VISIT and handed_over_on is not None:
        return f", counted from the hand-over on {handed_over_on}"
    return ""


def _not_due(order: WorkOrder) -> str:
    limits = [] if order.threshold_ms is None else [f"at {text(order.threshold_ms)} h"]
    limits += [] if order.due_on is None else [f"on {order.due_on}"]
    return f"Not due yet: open since {order.opens_on}, due {' or '.join(limits)}."


def _ended(order: WorkOrder) -> str:
    why = _ENDINGS[order.closing] if order.closing else "it was closed"
    by = f" by {order.superseded_by}" if order.superseded_by else ""
    return f"{order.state.value.capitalize()}{by} on {order.closed_on}: {why}."
