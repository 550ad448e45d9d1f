"""Parts that several forms have: title, what is known of the order, findings, signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reportlab.lib.colors import black
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Table

from notifications.paper.facts import DoneFacts, PaperFacts
from notifications.paper.pen import FRAME, RULE, Pen, Writing
from notifications.view import is_estimate, texts_of
from schedules.work_order import Kind

Pair = tuple[str, object]
_SIGNING_ROWS = 2.8
_ROOM = "　" * 6
_NOTHING_SAID = DoneFacts()


def title(pen: Pen, heading: str, below: str, left: str = "", right: Sequence[str] = ()) -> Table:
    """The name of a form; at its left, and framed at its right, what tells this one from others."""
    middle = [pen.text(heading, size=1.75, align="centre"), pen.text(below, align="centre")]
    if not left and not right:
        return pen.table([[middle]], [1], [])
    framed = [pen.text(line, size=size, align="centre") for line, size in zip(right, (1.3, 0.95), strict=False)]
    look = [("BOX", (2, 0), (2, 0), 1.2, black)] if right else []
    return pen.table([[pen.text(left, size=0.9), middle, framed]], [48, 84, 48], look)


def order_view(facts: PaperFacts) -> dict[str, Any]:
    """The order as the letters' templates see it."""
    season, _, _ = facts.order.step.partition("@")
    return {**texts_of(facts.order), "season": season, "late_days": facts.order.late_days or 0}


def day(value: date | None) -> str:
    """A date, or nothing."""
    return "" if value is None else value.isoformat()


def written_day(pen: Pen, value: date | None) -> str:
    """A date, or room to write one."""
    return day(value) or pen.words("blank_date")


def machine_rows(pen: Pen, facts: PaperFacts) -> list[list[Pair]]:
    """Which machine it is."""
    words, order = pen.words, facts.order
    model = " ".join(part for part in (order.model, words.category(order.category)) if part)
    return [[("model", model), ("machine", order.machine_id)]]


def user_rows(pen: Pen, facts: PaperFacts) -> list[list[Pair]]:
    """Whose machine it is, who looks after it, and since when."""
    order = facts.order
    centre = order.service_centre_name or order.service_centre or ""
    return [
        [("customer", order.customer or ""), ("phone", order.customer_phone or "")],
        [("service_centre", centre), ("phone", order.service_centre_phone or "")],
        [("handed_over_on", day(facts.handed_over_on)), ("warranty", _warranty(pen, facts))],
    ]


def _warranty(pen: Pen, facts: PaperFacts) -> str:
    if facts.warranty is None:
        return ""
    length = pen.words(f"notes.{facts.warranty.value}")
    return pen.words("notes.warranty", length=length, until=day(facts.warranty_until))


def yard_rows(pen: Pen, facts: PaperFacts) -> list[list[Pair]]:
    """Where an unsold machine stands, and since when."""
    order = facts.order
    region = " ".join(part for part in (order.region, facts.region_name) if part)
    return [
        [("yard", facts.yard_name or order.yard or ""), ("phone", facts.yard_phone or "")],
        [("region", region), ("stocked_on", day(facts.stocked_on))],
        [("total_hours", hours(pen, facts)), ("deadline", due(pen, facts))],
    ]


def work_rows(pen: Pen, facts: PaperFacts) -> list[list[Pair]]:
    """What is to be done, when, and why."""
    view = order_view(facts)
    return [
        [("total_hours", hours(pen, facts)), ("due_on", due(pen, facts))],
        [("state", pen.words.state(view)), ("scheduled_for", day(facts.scheduled_for))],
        [("why", pen.words.why(view))],
    ]


def hours(pen: Pen, facts: PaperFacts) -> str:
    """The total of the machine, with the date of the reading."""
    total = order_view(facts)["total_hours"]
    if not total:
        return ""
    key = "notes.hours" if facts.read_on is None else "notes.hours_on"
    return pen.words(key, hours=total, day=day(facts.read_on))


def due(pen: Pen, facts: PaperFacts) -> str:
    """When the order is due, or expected to be."""
    order = facts.order
    if is_estimate(order):
        latest = "" if order.due_on is None else pen.words("notes.at_latest", day=day(order.due_on))
        return pen.words("notes.estimate", day=day(order.projected_due_on)) + latest
    if order.due_on is not None and order.is_approximate and order.kind is Kind.FREEZE_PROTECTION:
        return pen.words("notes.approximate", day=day(order.due_on))
    return day(order.due_on)


def evidence_rows(pen: Pen, done: DoneFacts | None, on: str, by: str) -> list[list[Pair]]:
    """What proves that the work was done, or room to write it; `on` and `by` name its day and who did it."""
    said = done or _NOTHING_SAID
    hours = pen.words("notes.hours", hours=said.hours or _ROOM)
    return [
        [(on, written_day(pen, said.done_on)), ("meter", hours)],
        [(by, said.technician or ""), ("record_no", said.service_record_no or "")],
    ]


def findings(pen: Pen, known: str | None) -> Flowable:
    """What was found, or lines to write it on."""
    if known:
        return pen.long_text("labels.findings", known)
    return Writing(pen, pen.words("labels.findings"), least=13 * mm * pen.scale, most=55 * mm)


def signatures(pen: Pen, *boxes: tuple[str, str | None]) -> Table:
    """A box for each signature, with the name that is known, and its date below."""
    names = [[pen.label(f"signatures.{key}"), pen.text(name or "")] for key, name in boxes]
    date_line = pen.words("signatures.date") + pen.words.colon() + pen.words("blank_date")
    dates = [pen.text(date_line, size=0.92)] * len(boxes)
    look = [FRAME, ("VALIGN", (0, 0), (-1, 0), "TOP"), ("LINEAFTER", (0, 0), (-2, -1), 0.5, RULE)]
    heights = [pen.row * _SIGNING_ROWS, pen.row]
    return pen.table([names, dates], [1] * len(boxes), look, minRowHeights=heights)


def stacked(pen: Pen, parts: Sequence[Flowable]) -> list[Flowable]:
    """Parts with some room between them."""
    return [each for part in parts for each in (part, pen.gap())][:-1]
