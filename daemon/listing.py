"""Work orders as the outside sees them (design 5): rows as plain fields, in batches from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing
from adapters.store.forecast import projections
from adapters.store.listing import OrderFilter, Unsent
from adapters.store.machines import order_of
from adapters.store.paging import Place
from adapters.store.visits import number_in
from daemon.drafts import draft_view
from daemon.keeper import Keeper
from daemon.showing import hours, instant, iso
from notifications.order_story import OrderEvent, Subject, told
from notifications.why import reasons
from notifications.words import Words
from schedules.copy_1 import Copy1
from schedules.forecast import Projection
from schedules.work_order import RULES, Kind, OrderKey, State, WorkOrder

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
FORM_FIELDS = ("visit_no", "visit_no_void", "copy_1", "copy_1_sent_by")
"""What is known of the form of a visit; shown after those."""
_AS_STORED = ("id", "machine_id", "model", "category", "step", "superseded_by", "plan_version")
_PLACES = ("service_centre", "region", "yard", "customer")
_DATES = ("opens_on", "due_on", "overdue_on", "closed_on", "scheduled_for", "copy_1_sent_on")


def overdue(connection: Connection, keeper: Keeper, wanted: OrderFilter, now_ms: int) -> Iterator[Fields]:
    """What is overdue, worst first."""
    for batch in listing.overdue(connection, wanted):
        yield from _order_batch(connection, keeper, batch, now_ms)


def orders(
    connection: Connection,
    keeper: Keeper,
    wanted: OrderFilter,
    now_ms: int,
    limit: int | None = None,
    place: Place | None = None,
) -> Iterator[Fields]:
    """Work orders, by machine, or from a place on."""
    for batch in listing.orders(connection, wanted, limit, place):
        yield from _order_batch(connection, keeper, batch, now_ms)


def unsent(keeper: Keeper, state: Copy1, now_ms: int) -> Unsent:
    """Which visits' forms are meant: those whose copy 1 can still be sent in time, or those forfeited."""
    border_on = keeper.rulebook.plan.copy_1.forfeited_before(keeper.today(now_ms))
    return Unsent(border_on, forfeited=state is Copy1.FORFEITED)


def order(
    connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey, now_ms: int, words: Words
) -> Fields | None:
    """One work order with its `draft` and `events`, and in `why` the reasons in words; None if there is none."""
    row = listing.order(connection, machine_id, key)
    if row is None:
        return None
    events = listing.order_events(connection, machine_id, key)
    return {
        **next(_order_batch(connection, keeper, [row], now_ms)),
        "why": list(_reasons(keeper, row, events, now_ms, words)),
        "draft": draft_view(connection, keeper, machine_id, key),
        "events": [order_event(keeper, event, subject_of(keeper, row, row), words) for event in events],
    }


def _reasons(keeper: Keeper, row: Row[Any], events: Sequence[Row[Any]], now_ms: int, words: Words) -> Iterator[str]:
    due = next((event.total_ms for event in events if event.to_state == State.DUE), None)
    rough = keeper.rulebook.winter.is_approximate(row.step, keeper.today(now_ms))
    plan = keeper.rulebook.plans[row.plan_version]
    return reasons(order_of(row), plan, row.handed_over_on, due, words, approximate=rough)


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
        **_visit_no(row),
        **_copy_1(keeper, known, row, today),
    }
    return {name: found[name] for name in (*ORDER_FIELDS, *FORM_FIELDS)}


def _visit_no(row: Row[Any]) -> Fields:
    """The visit's number; void while its completion is taken back."""
    number = number_in(row)
    if number is None:
        return {"visit_no": None, "visit_no_void": None}
    return {"visit_no": str(number), "visit_no_void": row.state != State.DONE}


def _copy_1(keeper: Keeper, order: WorkOrder, row: Row[Any], today: date) -> Fields:
    """How copy 1 of a visit's form stands, and by when it is sent; null if the machine was not ours yet."""
    signed = order.kind is Kind.MANDATORY_VISIT and order.state is State.DONE and not row.before_registration
    if not signed or order.closed_on is None:
        return {"copy_1": None, "copy_1_sent_by": None}
    rules = keeper.rulebook.plans[row.plan_version].copy_1
    state = rules.state(order.closed_on, row.copy_1_sent_on, today)
    return {"copy_1": state.value, "copy_1_sent_by": iso(rules.sent_by(order.closed_on))}


EVENT_FIELDS = ("on", "recorded_at", "from", "to", "why", "told", "by", "note", "total_hours")


def order_event(keeper: Keeper, row: Row[Any], subject: Subject, words: Words) -> Fields:
    """One event of a work order; `told` says it in words, `total_hours` is what the machine had run then."""
    before, after = (None if state is None else State(state) for state in (row.from_state, row.to_state))
    event = OrderEvent(Kind(row.kind), row.step, before, after, row.why, row.note)
    return {
        "on": iso(row.on),
        "recorded_at": instant(row.recorded_ms, keeper.zone),
        "from": row.from_state,
        "to": row.to_state,
        "why": row.why,
        "told": told(event, subject, words),
        "by": row.by,
        "note": row.note,
        "total_hours": hours(row.total_ms),
    }


def subject_of(keeper: Keeper, machine: Row[Any], order: Row[Any] | None) -> Subject:
    """What the events of a machine's order are told of; `order` None: it was withdrawn."""
    plan = keeper.rulebook.plan if order is None else keeper.rulebook.plans[order.plan_version]
    return Subject(None if order is None else order_of(order), plan, machine.handed_over_on)
