"""What happened to a work order, told like a service book: each event in a sentence with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from notifications.names import order_name, span_name
from notifications.plain import plain
from notifications.why import mandatory_step
from notifications.words import Words
from schedules.hours import text
from schedules.plan import MandatoryStep, Plan
from schedules.work_order import OPEN_STATES, Cause, Closing, Kind, State, WorkOrder

_NEEDS_NO_REASON = ""
VISIT_NO = "visit no. "
"""How the note of a completed visit begins."""


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One event as it was recorded; `why` in the store's words, `after` None when the order was withdrawn."""

    kind: Kind
    step: str
    before: State | None
    after: State | None
    why: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What the sentences speak of: the order as it stands now (None: withdrawn), its plan, and the machine's dates."""

    order: WorkOrder | None
    plan: Plan
    handed_over_on: date | None = None


def told(event: OrderEvent, subject: Subject, _: Words) -> str:
    """One event in a sentence: what happened, and why."""
    name, what = order_name(event.kind, event.step, _), _what(event, subject, _)
    reason, note = _reason(event, subject, _), _noted(event, _)
    if reason:
        return _("{order} {what}: {reason}{note}.").format(order=name, what=what, reason=reason, note=note)
    return _("{order} {what}{note}.").format(order=name, what=what, note=note)


def _noted(event: OrderEvent, _: Words) -> str:
    """What was written beside it, in brackets."""
    if not event.note:
        return ""
    number = event.note.removeprefix(VISIT_NO)
    text = event.note if number == event.note else _("visit no. {number}").format(number=number)
    return _(" ({note})").format(note=plain(text))


def _what(event: OrderEvent, subject: Subject, _: Words) -> str:
    if event.after is None:
        return _("withdrawn")
    if event.before == event.after:
        return _remark(event, _)
    if event.after in OPEN_STATES and event.before is not None and event.before not in OPEN_STATES:
        return _("open again")
    return {
        State.UPCOMING: _("opened"),
        State.DUE: _("due"),
        State.OVERDUE: _("overdue"),
        State.DONE: _("done"),
        State.SUPERSEDED: _superseded(event, subject, _),
        State.LAPSED: _("lapsed, missed"),
        State.CANCELLED: _("cancelled"),
    }[event.after]


def _remark(event: OrderEvent, _: Words) -> str:
    remarks = {
        "acknowledged": _("acknowledged"),
        "contacted": _("user contacted"),
        "scheduled": _("scheduled"),
        "copy_sent": _("copy 1 sent"),
        "winter": _("has other dates"),
        "correction": _("corrected"),
    }
    return remarks.get(event.why, event.why)


def _superseded(event: OrderEvent, subject: Subject, _: Words) -> str:
    later = None if subject.order is None else subject.order.superseded_by
    if later is None:
        return _("superseded")
    by = order_name(event.kind, later, _)
    if event.kind is Kind.SELF_SERVICE:
        return _("superseded by {later}").format(later=by)
    return _("superseded by {later}, missed").format(later=by)


def _reason(event: OrderEvent, subject: Subject, _: Words) -> str:
    if event.why == "correction" or event.after is None:
        return _("what it followed from was corrected")
    if event.before == event.after:
        return _("the winter dates of the region were changed") if event.why == "winter" else _NEEDS_NO_REASON
    if event.after is State.UPCOMING or event.before is None:
        return _opened(event, subject, _)
    if event.after is State.DUE:
        return _due(event, subject, _)
    if event.after is State.OVERDUE:
        return _overdue(event, subject, _)
    return _closed(event, _)


def _opened(event: OrderEvent, subject: Subject, _: Words) -> str:
    if event.after is State.DONE:
        return _("the inspection at arrival counts as this month's upkeep")
    if event.kind is Kind.STOCK_UPKEEP:
        return _("an unsold machine is maintained every month")
    if event.kind is Kind.FREEZE_PROTECTION:
        if event.before is not None:
            return _("the machine came back to the region")
        return _("the winter window of the region is open")
    if event.kind is Kind.SELF_SERVICE:
        return _("within {lead} h of {hours} h").format(lead=text(subject.plan.self_service.lead_ms), hours=event.step)
    step = mandatory_step(subject.plan, event.step)
    return _NEEDS_NO_REASON if step is None else _visit_opened(event, step, subject, _)


def _visit_opened(event: OrderEvent, step: MandatoryStep, subject: Subject, _: Words) -> str:
    limits = _("due at {hours} h").format(hours=text(step.hours_ms))
    if subject.handed_over_on is not None:
        limits = _("due at {hours} h or on {day}").format(
            hours=text(step.hours_ms), day=step.due.after(subject.handed_over_on)
        )
    if event.why == Cause.HOURS:
        return _("within {lead} h of {hours} h; {limits}").format(
            lead=text(step.lead_ms), hours=text(step.hours_ms), limits=limits
        )
    return _("{span} after the hand-over; {limits}").format(span=span_name(step.opens, _), limits=limits)


def _due(event: OrderEvent, subject: Subject, _: Words) -> str:
    if event.why == Cause.HOURS:
        return _("{hours} h reached").format(hours=_threshold(event, subject))
    if event.kind is Kind.STOCK_UPKEEP:
        return _("the month's last day")
    if event.kind is Kind.FREEZE_PROTECTION:
        return _("the day by which the machine must be protected")
    step = mandatory_step(subject.plan, event.step)
    return "" if step is None else _("{span} after the hand-over").format(span=span_name(step.due, _))


def _overdue(event: OrderEvent, subject: Subject, _: Words) -> str:
    step = mandatory_step(subject.plan, event.step)
    if event.why == Cause.HOURS and step is not None:
        return _("more than {tolerance} h beyond {hours} h").format(
            tolerance=text(step.tolerance_ms), hours=text(step.hours_ms)
        )
    return _("not done by the due date")


def _closed(event: OrderEvent, _: Words) -> str:
    if event.after is State.DONE:
        return _NEEDS_NO_REASON
    if event.why == Closing.HIGHER_STEP:
        is_own = event.kind is Kind.SELF_SERVICE
        return _("a later one fell due or was done") if is_own else _("one visit does the work of both")
    if event.why == Closing.WINDOW_ENDED:
        ended = event.kind is Kind.MANDATORY_VISIT
        return _("the warranty is over") if ended else _("the winter is over")
    closings = {
        Closing.HANDOVER.value: _("the machine was handed over to its user"),
        Closing.TRANSFER.value: _("the machine was moved to another region"),
        Closing.RETIREMENT.value: _("the machine was retired"),
        Closing.PERSON.value: _("somebody cancelled it"),
        "winter": _("the region has no winter window any more"),
    }
    return closings.get(event.why, _NEEDS_NO_REASON)


def _threshold(event: OrderEvent, subject: Subject) -> str:
    threshold = None if subject.order is None else subject.order.threshold_ms
    return event.step if threshold is None else text(threshold)
