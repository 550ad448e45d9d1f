"""Machines as the outside sees them (design 5): facts, meter, work orders and story, like a service book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing
from adapters.store.listing import FindingFilter, OrderFilter
from adapters.store.paging import Place
from daemon.finding_list import findings
from daemon.keeper import Keeper
from daemon.listing import Fields, order_event, orders, subject_of
from daemon.showing import hours, instant, iso
from notifications import machine_story
from notifications.words import Words
from schedules.dates import ONE_DAY
from schedules.machine import Warranty

MACHINE_FIELDS = (
    "machine_id",
    "category",
    "model",
    "status",
    "region",
    "yard",
    "stocked_on",
    "inspected",
    "handed_over_on",
    "warranty",
    "total_hours",
    "total_at",
    "heard_at",
    "service_centre",
    "customer",
    "customer_email",
    "customer_phone",
    "customer_locale",
    "last_step_done",
    "last_step_done_on",
    "retired_on",
    "retire_reason",
    "registered_at",
)
_MACHINE_DATES = ("stocked_on", "handed_over_on", "last_step_done_on", "retired_on")


def machines(
    connection: Connection,
    keeper: Keeper,
    conditions: Mapping[str, str],
    limit: int | None = None,
    place: Place | None = None,
) -> Iterator[Fields]:
    """Machines with their hours, by number; `conditions` are columns of theirs and the wanted values."""
    for batch in listing.all_machines(connection, conditions, limit, place):
        yield from (_machine(keeper, row) for row in batch)


def _machine(keeper: Keeper, row: Row[Any]) -> Fields:
    found = {
        **{name: getattr(row, name, None) for name in MACHINE_FIELDS},
        **{name: iso(getattr(row, name)) for name in _MACHINE_DATES},
        "total_hours": hours(row.total_ms),
        "total_at": instant(row.time_ms, keeper.zone),
        "heard_at": instant(row.heard_ms, keeper.zone),
        "registered_at": instant(row.registered_ms, keeper.zone),
    }
    return {name: found[name] for name in MACHINE_FIELDS}


def machine(connection: Connection, keeper: Keeper, machine_id: str, now_ms: int, words: Words) -> Fields | None:
    """A machine with `meter_changes`, `work_orders`, `findings` and `story`, like a service book; None if unknown."""
    row = listing.machine(connection, machine_id)
    if row is None:
        return None
    return {
        **_machine(keeper, row),
        "meter_changes": [_meter_change(keeper, each) for each in listing.meter_replacements(connection, machine_id)],
        "work_orders": list(orders(connection, keeper, OrderFilter(machine_id=machine_id), now_ms)),
        "findings": list(findings(connection, FindingFilter(machine_id=machine_id), words)),
        "story": _story(connection, keeper, row, now_ms, words),
    }


def _meter_change(keeper: Keeper, row: Row[Any]) -> Fields:
    return {
        "changed_at": instant(row.changed_ms, keeper.zone),
        "old_end": hours(row.old_end_ms),
        "new_start": hours(row.new_start_ms),
        "recorded_at": instant(row.recorded_ms, keeper.zone),
    }


STORY_FIELDS = ("on", "total_hours", "what", "by", "note", "recorded_at")


def _story(connection: Connection, keeper: Keeper, row: Row[Any], now_ms: int, words: Words) -> list[Fields]:
    """What happened to the machine and its orders, in order of the day by the rules."""
    of_machine = [_own_event(keeper, event, words) for event in listing.machine_story(connection, row.machine_id)]
    of_orders = _told_events(connection, keeper, row, words)
    events = [*of_machine, *_warranty_over(keeper, row, keeper.today(now_ms), words), *of_orders]
    return sorted(events, key=lambda event: str(event["on"]))


def _own_event(keeper: Keeper, row: Row[Any], words: Words) -> Fields:
    return {
        "on": iso(row.on),
        "what": machine_story.told(row.what, row.details, row.why, words),
        "total_hours": None,
        "by": row.by,
        "note": row.why,
        "recorded_at": instant(row.recorded_ms, keeper.zone),
    }


def _warranty_over(keeper: Keeper, row: Row[Any], today: date, words: Words) -> Iterator[Fields]:
    """The day after the warranty, on which the machine's own cycle begins (rules 2)."""
    if row.handed_over_on is None or row.warranty is None:
        return
    on = keeper.rulebook.plan.warranty_ends_on(row.handed_over_on, Warranty(row.warranty)) + ONE_DAY
    if on <= min(today, row.retired_on or today):
        what = machine_story.warranty_over(keeper.rulebook.plan, words)
        yield {**dict.fromkeys(STORY_FIELDS), "on": iso(on), "what": what}


def _told_events(connection: Connection, keeper: Keeper, machine: Row[Any], words: Words) -> Iterator[Fields]:
    batches = listing.orders(connection, OrderFilter(machine_id=machine.machine_id))
    found = {(row.kind, row.step): row for batch in batches for row in batch}
    for row in listing.order_events(connection, machine.machine_id):
        subject = subject_of(keeper, machine, found.get((row.kind, row.step)))
        event = order_event(keeper, row, subject, words)
        yield {**{name: event.get(name) for name in STORY_FIELDS}, "what": event["told"], "note": None}


CENTRE_FIELDS = ("service_centre", "name", "locale", "email", "phone", "region")
YARD_FIELDS = ("yard", *CENTRE_FIELDS[1:])


def centres(connection: Connection) -> Iterator[Fields]:
    """Service centres, by code."""
    for batch in listing.all_service_centres(connection):
        yield from (dict(row._mapping) for row in batch)  # noqa: SLF001 - SQLAlchemy's public name for it


def yards(connection: Connection) -> Iterator[Fields]:
    """Yards, by code."""
    for batch in listing.all_yards(connection):
        yield from (dict(row._mapping) for row in batch)  # noqa: SLF001 - SQLAlchemy's public name for it
