"""The on-site service record: what was found beside the planned work; its number is typed from paper (rules 6)."""

from __future__ import annotations

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from notifications.paper import parts
from notifications.paper.facts import PaperFacts
from notifications.paper.pen import Pen, Writing
from schedules.work_order import Kind

_PARTS_ROWS = 5
_COLUMNS = ("number", "part", "count", "tag", "remark")
_IN_STOCK = (Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION)


def service_record(pen: Pen, facts: PaperFacts) -> list[Flowable]:
    """The record for one order; the same sheet for machines in stock and for those of users."""
    words, done = pen.words, facts.done
    number = words("labels.number") + words.colon() + ((done and done.service_record_no) or "　　　　　　　")
    in_stock = facts.order.kind in _IN_STOCK
    whose = parts.yard_rows(pen, facts)[:2] if in_stock else parts.user_rows(pen, facts)
    listed = [
        parts.title(pen, words("titles.service_record"), words.title(parts.order_view(facts)), right=[number]),
        pen.pairs([*parts.machine_rows(pen, facts), *whose, *_times(pen, facts)]),
        _known_or_lines(pen, "fault", done.findings if done else None),
        _known_or_lines(pen, "cause", None),
        _known_or_lines(pen, "action", None),
        pen.list(
            words("sections.parts"), ("number", "part", "count", "tag", "remark"), _rows(pen), (8, 82, 18, 36, 36)
        ),
        pen.ticks(("restored", False), ("waits", False)),
        pen.ticks(("satisfied", False), ("fairly", False), ("unsatisfied", False)),
        parts.signatures(
            pen,
            ("technician", done.technician if done else None),
            ("keeper" if in_stock else "user", done.signed_by if done else None),
            ("centre", None),
        ),
    ]
    return parts.stacked(pen, listed)


def _times(pen: Pen, facts: PaperFacts) -> list[list[parts.Pair]]:
    return [
        *parts.evidence_rows(pen, facts.done, "done_on", "technician")[:1],
        [("reported_at", ""), ("arrived_at", "")],
        [("restored_at", ""), ("place", "")],
    ]


def _known_or_lines(pen: Pen, key: str, known: str | None) -> Flowable:
    if known:
        return pen.long_text(f"labels.{key}", known)
    return Writing(pen, pen.words(f"labels.{key}"), least=17 * mm * pen.scale, most=40 * mm)


def _rows(pen: Pen) -> list[list[object]]:
    return [[pen.text(number, size=0.85, align="centre"), "", "", "", ""] for number in range(1, _PARTS_ROWS + 1)]
