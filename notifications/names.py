"""How steps, states and places are called where people read."""

from __future__ import annotations

from notifications.plain import plain
from notifications.words import Words
from schedules.dates import Span
from schedules.finding import FindingKind
from schedules.machine import Category, Warranty
from schedules.reading import Verdict
from schedules.work_order import Kind, State


def order_name(kind: Kind, step: str, _: Words) -> str:
    """A work order's name: what is to be done, at which step."""
    season, _at, region = step.partition("@")
    names = {
        Kind.MANDATORY_VISIT: _("Visit {step}"),
        Kind.SELF_SERVICE: _("Self-service {step}"),
        Kind.STOCK_UPKEEP: _("Stock upkeep {step}"),
        Kind.FREEZE_PROTECTION: _("Freeze protection {season}, region {region}"),
    }
    return names[kind].format(step=plain(step), season=plain(season), region=plain(region))


def state_name(state: State, _: Words) -> str:
    """A state in words."""
    names = {
        State.UPCOMING: _("upcoming"),
        State.DUE: _("due"),
        State.OVERDUE: _("overdue"),
        State.DONE: _("done"),
        State.SUPERSEDED: _("superseded"),
        State.LAPSED: _("lapsed"),
        State.CANCELLED: _("cancelled"),
    }
    return names[state]


def category_name(category: str, _: Words) -> str:
    """A machine's category in words."""
    return {Category.LOADER.value: _("wheel loader"), Category.ROLLER.value: _("road roller")}[category]


def warranty_name(warranty: str, _: Words) -> str:
    """A warranty in words."""
    return {Warranty.HALF_YEAR.value: _("half a year"), Warranty.ONE_YEAR.value: _("one year")}[warranty]


def verdict_name(verdict: Verdict, _: Words) -> str:
    """What was thought of a reading, in words."""
    names = {
        Verdict.ACCEPTED: _("accepted"),
        Verdict.NOISE: _("as before (noise)"),
        Verdict.LATE: _("late, fits in"),
        Verdict.DUPLICATE: _("came twice"),
        Verdict.VOIDED: _("declared void"),
        Verdict.MALFORMED: _("not readable"),
        Verdict.NOT_AVAILABLE: _("no value"),
        Verdict.OUT_OF_RANGE: _("out of range"),
        Verdict.UNKNOWN_MACHINE: _("unknown machine"),
        Verdict.ROLLBACK: _("goes back"),
        Verdict.JUMP: _("jumps"),
        Verdict.INCONSISTENT: _("does not fit in"),
    }
    return names.get(verdict, verdict.value)


def finding_name(kind: FindingKind, _: Words) -> str:
    """What sort of thing is wrong, in words."""
    names = {
        FindingKind.SILENT: _("silent machine"),
        FindingKind.NEVER_REPORTED: _("machine that never reported"),
        FindingKind.METER_NEEDS_DECISION: _("meter needs a decision"),
        FindingKind.MACHINE_WITHOUT_CENTRE: _("machine without a service centre"),
        FindingKind.CENTRE_WITHOUT_ADDRESS: _("service centre without an address"),
        FindingKind.YARD_WITHOUT_ADDRESS: _("yard without an address"),
        FindingKind.REGION_WITHOUT_WINDOW: _("region without a winter window"),
    }
    return names[kind]


def span_name(span: Span, _: Words) -> str:
    """A stretch of the calendar in words."""
    return _("{count} months").format(count=span.months) if span.months else _("{count} days").format(count=span.days)


def region_in(code: str | None, name: str | None, locale: str) -> str:
    """A region by its code and its name; of a name in both languages (`黑龙江 Heilongjiang`) the reader's part."""
    chinese, _, english = plain(name or "").partition(" ")
    both = not chinese.isascii() and english.isascii() and english != ""
    mine = (chinese if locale.startswith("zh") else english) if both else plain(name or "")
    return " ".join(part for part in (plain(code or ""), mine) if part)
