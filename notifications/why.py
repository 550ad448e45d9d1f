"""Why a work order stands where it stands, in words (design 2: "why is this due?" has an answer)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from notifications.names import span_name, state_name
from notifications.plain import plain
from notifications.words import Words
from schedules.hours import text
from schedules.plan import MandatoryStep, Plan
from schedules.work_order import RULES, Cause, Closing, Kind, State, WorkOrder


def reasons(
    order: WorkOrder,
    plan: Plan,
    handed_over_on: date | None,
    due_total_ms: int | None,
    _: Words,
    *,
    approximate: bool = False,
) -> Iterator[str]:
    """Sentences: what the plan asks, what made it due, what ended it.

    `due_total_ms` is the machine's total when the order fell due, if that was recorded; `approximate`: its dates are
    rough defaults of the winter table.
    """
    yield _("{asked} (rule {rule}, plan {version}).").format(
        asked=_asked(order, plan, _), rule=RULES[order.kind], version=plan.version
    )
    if approximate:
        yield _("Its dates are approximate: defaults of the winter table that nobody has confirmed.")
    if order.cause is Cause.HOURS:
        yield _due_by_hours(order, due_total_ms, _)
    elif order.cause is Cause.CALENDAR:
        yield _due_by_calendar(order, handed_over_on, _)
    elif order.state is State.UPCOMING:
        yield _not_due(order, _)
    if order.state is State.OVERDUE:
        yield _("Overdue since {day}.").format(day=order.overdue_on)
    if not order.is_open:
        yield _ended(order, _)


def _asked(order: WorkOrder, plan: Plan, _: Words) -> str:
    if order.kind is Kind.STOCK_UPKEEP:
        return _("An unsold machine is maintained every month; this is {step}").format(step=order.step)
    if order.kind is Kind.FREEZE_PROTECTION:
        season, _at, region = order.step.partition("@")
        return _("An unsold machine is protected from frost every winter; this is {season} in region {region}").format(
            season=season, region=plain(region)
        )
    if order.kind is Kind.SELF_SERVICE:
        return _("The user maintains the machine every {every} h; this is at {step} h").format(
            every=text(plan.self_service.every_ms), step=order.step
        )
    step = mandatory_step(plan, order.step)
    return _("Mandatory visit {step}").format(step=order.step) if step is None else _visit(step, _)


def mandatory_step(plan: Plan, name: str) -> MandatoryStep | None:
    """A visit of the plan by its step, None if this plan has none of that name."""
    return next((step for step in plan.mandatory if step.step == name), None)


def _visit(step: MandatoryStep, _: Words) -> str:
    return _("Mandatory visit at {hours} h or {span} after the hand-over, whichever comes first").format(
        hours=text(step.hours_ms), span=span_name(step.due, _)
    )


def _due_by_hours(order: WorkOrder, due_total_ms: int | None, _: Words) -> str:
    if due_total_ms is None:
        return _("Due since {day} by hours.").format(day=order.due_on)
    return _("Due since {day} by hours: the machine had run {hours} h.").format(
        day=order.due_on, hours=text(due_total_ms)
    )


def _due_by_calendar(order: WorkOrder, handed_over_on: date | None, _: Words) -> str:
    if order.kind is Kind.MANDATORY_VISIT and handed_over_on is not None:
        return _("Due since {day} by the calendar, counted from the hand-over on {handed_over}.").format(
            day=order.due_on, handed_over=handed_over_on
        )
    return _("Due since {day} by the calendar.").format(day=order.due_on)


def _not_due(order: WorkOrder, _: Words) -> str:
    hours = None if order.threshold_ms is None else text(order.threshold_ms)
    if hours is None:
        sentence = _("Not due yet: open since {opened}, due on {day}.")
    elif order.due_on is None:
        sentence = _("Not due yet: open since {opened}, due at {hours} h.")
    else:
        sentence = _("Not due yet: open since {opened}, due at {hours} h or on {day}.")
    return sentence.format(opened=order.opens_on, hours=hours, day=order.due_on)


def _ended(order: WorkOrder, _: Words) -> str:
    state = state_name(order.state, _)
    why = _ending(order.closing, _)
    if order.superseded_by:
        return _("{state} by {step} on {day}: {why}.").format(
            state=state.capitalize(), step=order.superseded_by, day=order.closed_on, why=why
        )
    return _("{state} on {day}: {why}.").format(state=state.capitalize(), day=order.closed_on, why=why)


def _ending(closing: Closing | None, _: Words) -> str:
    endings = {
        Closing.WINDOW_ENDED: _("the time in which it could be done has ended"),
        Closing.HANDOVER: _("the machine was handed over to its user"),
        Closing.TRANSFER: _("the machine was moved to another region"),
        Closing.RETIREMENT: _("the machine was retired"),
        Closing.PERSON: _("somebody cancelled it"),
        Closing.HIGHER_STEP: _("a later step was done or fell due in its place"),
        Closing.COMPLETED: _("it was done"),
        None: _("it was closed"),
    }
    return endings[closing]
