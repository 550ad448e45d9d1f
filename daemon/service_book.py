"""Machines as the outside sees them (design 5): facts, meter, work orders and story, like a service book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing
from adapters.store.listing import OrderFilter
from daemon.keeper import Keeper
from daemon.listing import Fields, order_event, orders
from daemon.showing import hours, instant, iso

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
    connection: Connection, keeper: Keeper, conditions: dict[str, str], limit: int | None = None
) -> Iterator[Fields]:
    """Machines with their hours, by number; `conditions` are columns of theirs and the wanted values."""
    for batch in listing.all_machines(connection, conditions, limit):
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


def machine(connection: Connection, keeper: Keeper, machine_id: str, now_ms: int) -> Fields | None:
    """A machine with its `meter_changes`, `work_orders` and `story`, like a service book; None if it is not known."""
    row = listing.machine(connection, machine_id)
    if row is None:
        return None
    return {
        **_machine(keeper, row),
        "meter_changes": [_meter_change(keeper, each) for each in listing.meter_replacements(connection, machine_id)],
        "work_orders": list(orders(connection, keeper, OrderFilter(machine_id=machine_id), now_ms)),
        "story": _story(connection, keeper, machine_id),
    }


def _meter_change(keeper: Keeper, row: Row[Any]) -> Fields:
    return {
        "changed_at": instant(row.changed_ms, keeper.zone),
        "old_end": hours(row.old_end_ms),
        "new_start": hours(row.new_start_ms),
        "recorded_at": instant(row.recorded_ms, keeper.zone),
    }


STORY_FIELDS = ("on", "what", "total_hours", "by", "note", "recorded_at")


def _story(connection: Connection, keeper: Keeper, machine_id: str) -> list[Fields]:
    """What happened to the machine and its orders, in order of the day by the rules."""
    of_machine = [_own_event(keeper, row) for row in listing.machine_story(connection, machine_id)]
    of_orders = [_told_event(keeper, row) for row in listing.order_events(connection, machine_id)]
    return sorted([*of_machine, *of_orders], key=lambda event: str(event["on"]))


def _own_event(keeper: Keeper, row: Row[Any]) -> Fields:
    details = ", ".join(f"{name} {value}" for name, value in row.details.items() if name != "at_ms")
    return {
        "on": iso(row.on),
        "what": f"{row.what}: {details}" if details else row.what,
        "total_hours": None,
        "by": row.by,
        "note": row.why,
        "recorded_at": instant(row.recorded_ms, keeper.zone),
    }


def _told_event(keeper: Keeper, row: Row[Any]) -> Fields:
    event = order_event(keeper, row)
    happened = row.why if row.from_state == row.to_state else f"{row.to_state or 'withdrawn'} ({row.why})"
    return {**{name: event.get(name) for name in STORY_FIELDS}, "what": f"{row.kind} {row.step}: {happened}"}


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
