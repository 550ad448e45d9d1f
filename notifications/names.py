"""How steps, states and places are called where people read."""

from __future__ import annotations

from notifications.plain import plain
from notifications.words import Words
from schedules.dates import Span
from schedules.machine import Category, Warranty
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


def span_name(span: Span, _: Words) -> str:
    """A stretch of the calendar in words."""
    return _("{count} months").format(count=span.months) if span.months else _("{count} days").format(count=span.days)


def region_in(code: str | None, name: str | None, locale: str) -> str:
    """A region by its code and its name; of a name in both languages (`黑龙江 Heilongjiang`) the reader's part."""
    chinese, _, english = plain(name or "").partition(" ")
    both = not chinese.isascii() and english.isascii() and english != ""
    mine = (chinese if locale.startswith("zh") else english) if both else plain(name or "")
    return " ".join(part for part in (plain(code or ""), mine) if part)
