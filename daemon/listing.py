"""What is asked of the store, as the outside sees it (design 5): rows as plain fields, in batches from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing
from adapters.store.forecast import projections
from adapters.store.listing import OrderFilter
from adapters.store.machines import order_of
from daemon.keeper import Keeper
from daemon.showing import hours, instant, iso
from daemon.why import reasons
from schedules.forecast import Projection
from schedules.reading import Verdict
from schedules.work_order import RULES, OrderKey, State

Fields = dict[str, Any]
ORDER_FIELDS = (
    "id",
    "machine_id",
    "model",
    "category",
    "kind",
    "step",
    "state",
    "cause",
    "opens_on",
    "due_on",
    "overdue_on",
    "closed_on",
    "late_days",
    "superseded_by",
    "threshold_hours",
    "total_hours",
    "projected_due_on",
    "service_centre",
    "region",
    "yard",
    "customer",
    "acknowledged_at",
    "contacted_at",
    "scheduled_for",
    "copy_1_sent_on",
    "plan_version",
    "rule",
)
"""A work order in JSON, and the columns of it in CSV."""
_AS_STORED = ("id", "machine_id", "model", "category", "step", "superseded_by", "plan_version")
_PLACES = ("service_centre", "region", "yard", "customer")
_DATES = ("opens_on", "due_on", "overdue_on", "closed_on", "scheduled_for", "copy_1_sent_on")


def overdue(connection: Connection, keeper: Keeper, wanted: OrderFilter, now_ms: int) -> Iterator[Fields]:
    """What is overdue, worst first."""
    for batch in listing.overdue(connection, wanted):
        yield from _order_batch(connection, keeper, batch, now_ms)


def orders(
    connection: Connection, keeper: Keeper, wanted: OrderFilter, now_ms: int, limit: int | None = None
) -> Iterator[Fields]:
    """Work orders, by machine."""
    for batch in listing.orders(connection, wanted, limit):
        yield from _order_batch(connection, keeper, batch, now_ms)


def order(connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey, now_ms: int) -> Fields | None:
    """One work order with its `events`, and in `why` the reasons in words; None if there is none."""
    row = listing.order(connection, machine_id, key)
    if row is None:
        return None
    events = listing.order_events(connection, machine_id, key)
    return {
        **next(_order_batch(connection, keeper, [row], now_ms)),
        "why": list(_reasons(keeper, row, events)),
        "events": [_order_event(keeper, event) for event in events],
    }


def _reasons(keeper: Keeper, row: Row[Any], events: Sequence[Row[Any]]) -> Iterator[str]:
    due = next((event.total_ms for event in events if event.to_state == State.DUE), None)
    return reasons(order_of(row), keeper.rulebook.plans[row.plan_version], row.handed_over_on, due)


def _order_batch(connection: Connection, keeper: Keeper, rows: Sequence[Row[Any]], now_ms: int) -> Iterator[Fields]:
    rules = keeper.rulebook.plan.forecast
    expected = projections(connection, rules, {row.machine_id for row in rows}, now_ms)
    for row in rows:
        yield _order(keeper, row, expected.get(row.machine_id), now_ms)


def _order(keeper: Keeper, row: Row[Any], projection: Projection | None, now_ms: int) -> Fields:
    known, today = order_of(row), keeper.today(now_ms)
    projected = None if projection is None else projection.of_order(known, today).on
    found = {
        **{name: getattr(row, name) for name in (*_AS_STORED, *_PLACES)},
        **{name: iso(getattr(row, name)) for name in _DATES},
        "kind": known.kind.value,
        "state": known.state.value,
        "cause": known.cause.value if known.cause else None,
        "late_days": known.late_days(today),
        "threshold_hours": hours(row.threshold_ms),
        "total_hours": hours(row.total_ms),
        "projected_due_on": iso(projected),
        "acknowledged_at": instant(row.acknowledged_ms, keeper.zone),
        "contacted_at": instant(row.contacted_ms, keeper.zone),
        "rule": RULES[known.kind],
    }
    return {name: found[name] for name in ORDER_FIELDS}


EVENT_FIELDS = ("on", "recorded_at", "from", "to", "why", "by", "note", "total_hours")


def _order_event(keeper: Keeper, row: Row[Any]) -> Fields:
    """One event of a work order; `total_hours` is what the machine had run then."""
    return {
        "on": iso(row.on),
        "recorded_at": instant(row.recorded_ms, keeper.zone),
        "from": row.from_state,
        "to": row.to_state,
        "why": row.why,
        "by": row.by,
        "note": row.note,
        "total_hours": hours(row.total_ms),
    }


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
    event = _order_event(keeper, row)
    happened = row.why if row.from_state == row.to_state else f"{row.to_state or 'withdrawn'} ({row.why})"
    return {**{name: event.get(name) for name in STORY_FIELDS}, "what": f"{row.kind} {row.step}: {happened}"}


READING_FIELDS = (
    "id",
    "machine_id",
    "hours",
    "total_hours",
    "device_time",
    "arrived_at",
    "counts_at",
    "verdict",
    "reason",
    "source",
    "clock",
    "repeats",
    "topic",
    "payload",
)


def readings(
    connection: Connection, keeper: Keeper, machine_id: str | None, verdicts: frozenset[Verdict] | None, limit: int
) -> Iterator[Fields]:
    """Readings, the newest first."""
    for batch in listing.all_readings(connection, machine_id, verdicts, limit):
        yield from (_reading(keeper, row) for row in batch)


def _reading(keeper: Keeper, row: Row[Any]) -> Fields:
    return {
        "id": row.id,
        "machine_id": row.machine_id,
        "hours": hours(row.dial_ms),
        "total_hours": hours(row.total_ms),
        "device_time": instant(row.device_ms, keeper.zone),
        "arrived_at": instant(row.arrived_ms, keeper.zone),
        "counts_at": instant(row.time_ms, keeper.zone),
        "verdict": row.verdict,
        "reason": row.reason,
        "source": row.source,
        "clock": row.clock,
        "repeats": row.repeats,
        "topic": _text(row.topic),
        "payload": _text(row.payload),
    }


def _text(kept: bytes | None) -> str | None:
    return None if kept is None else kept.decode("utf-8", "backslashreplace")


NOTICE_FIELDS = (
    "id",
    "on",
    "occasion",
    "role",
    "recipient",
    "machine_id",
    "kind",
    "step",
    "state",
    "not_before",
    "channel",
    "address",
    "subject",
    "attempts",
    "sent_at",
    "error",
    "letter_id",
)


def notices(connection: Connection, keeper: Keeper, state: str | None, limit: int) -> Iterator[Fields]:
    """Notices with what became of them, the newest first."""
    for batch in listing.all_notices(connection, state, limit):
        yield from (notice_fields(keeper, row) for row in batch)


def notice_fields(keeper: Keeper, row: Row[Any]) -> Fields:
    """A notice as the outside sees it (a row of the store's `all_notices`)."""
    as_stored = ("id", "occasion", "role", "recipient", "machine_id", "kind", "step", "letter_id")
    of_letter = ("channel", "address", "subject", "attempts")
    found = {
        **{name: getattr(row, name) for name in as_stored},
        **{name: getattr(row, f"letter_{name}") for name in of_letter},
        "on": iso(row.on),
        "state": "dropped" if row.dropped else row.letter_state or "waiting",
        "not_before": instant(row.not_before_ms, keeper.zone),
        "sent_at": instant(row.letter_sent_ms, keeper.zone),
        "error": row.dropped or row.letter_error,
    }
    return {name: found[name] for name in NOTICE_FIELDS}


DUTY_FIELDS = ("duty", "period", "started_at", "finished_at")


def duties(connection: Connection, keeper: Keeper, limit: int) -> Iterator[Fields]:
    """Duties that were begun, the newest first."""
    for batch in listing.all_duties(connection, limit):
        for row in batch:
            yield {
                "duty": row.duty,
                "period": row.period,
                "started_at": instant(row.started_ms, keeper.zone),
                "finished_at": instant(row.finished_ms, keeper.zone),
            }


CENTRE_FIELDS = ("service_centre", "name", "locale", "email", "phone", "region")
YARD_FIELDS = ("yard", *CENTRE_FIELDS[1:])


def centres(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Service centres, by code."""
    for batch in listing.all_service_centres(connection):
        yield from (dict(row._mapping) for row in batch)  # noqa: SLF001 - SQLAlchemy's public name for it


def yards(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Yards, by code."""
    for batch in listing.all_yards(connection):
        yield from (dict(row._mapping) for row in batch)  # noqa: SLF001 - SQLAlchemy's public name for it
