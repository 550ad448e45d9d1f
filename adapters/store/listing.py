"""What lists and pages ask of the store; rows come as they are read, so a fleet needs no memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    SelectBase,
    TextClause,
    func,
    literal_column,
    or_,
    select,
)

from adapters.store.dialect import among_found, unhurried
from adapters.store.paging import Keys, Place
from adapters.store.tables import (
    duties,
    findings,
    letters,
    machine_events,
    machines,
    meter_changes,
    meters,
    notices,
    raw_deliveries,
    readings,
    service_centres,
    status_is,
    visit_numbers,
    work_order_events,
    work_orders,
    yards,
)
from adapters.store.visits import NUMBER, OF_ORDER
from schedules.finding import FindingKind
from schedules.machine import Status
from schedules.reading import Verdict
from schedules.work_order import OPEN_STATES, Kind, OrderKey, State

_AT_ONCE = 500
_FACTS = ("model", "category", "status", "service_centre", "region", "yard", "customer", "handed_over_on")
REFUSED = frozenset(Verdict) - {Verdict.ACCEPTED, Verdict.NOISE, Verdict.LATE, Verdict.DUPLICATE, Verdict.VOIDED}
"""Verdicts of readings that were not believed, and that a person may decide on."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """Visits whose form's copy 1 was not sent: done on or after a day, or, `forfeited`, before it."""

    border_on: date
    forfeited: bool


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which work orders are wanted; what is None or empty does not matter."""

    states: frozenset[State] | None = None
    kind: Kind | None = None
    machine_id: str | None = None
    service_centre: str | None = None
    region: str | None = None
    service_centres: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    unsent: Unsent | None = None
    yard: str | None = None
    status: Status | None = None
    due_from: date | None = None
    due_before: date | None = None
    order_id: int | None = None


ORDER_SORTS: Mapping[str, Keys] = {
    "machine": (work_orders.c.machine_id, work_orders.c.kind, work_orders.c.id),
    "overdue": (work_orders.c.overdue_on, work_orders.c.id),
    "due": (work_orders.c.due_on, work_orders.c.id),
    "id": (work_orders.c.id,),
}
"""In which order work orders are listed; those by a date leave out what has none."""


def orders(
    connection: Connection, wanted: OrderFilter, limit: int | None = None, place: Place | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """Work orders with their machine's facts, in batches; from a place on, or by machine from the first."""
    place = place or Place(ORDER_SORTS["machine"])
    return _batches(connection, place.on(_orders().where(*conditions_of(wanted))).limit(limit))


def overdue(connection: Connection, wanted: OrderFilter, limit: int | None = None) -> Iterator[Sequence[Row[Any]]]:
    """Overdue work orders with their machine's facts, the longest overdue first, in batches."""
    late = replace(wanted, states=frozenset({State.OVERDUE}))
    return orders(connection, late, limit, Place(ORDER_SORTS["overdue"]))


def order(connection: Connection, machine_id: str, key: OrderKey) -> Row[Any] | None:
    """One work order with its machine's facts."""
    columns = work_orders.c
    mine = (columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step)
    return connection.execute(_orders().where(*mine)).first()


def _orders() -> Select[Any]:
    joined = (
        work_orders.join(machines, machines.c.machine_id == work_orders.c.machine_id)
        .join(meters, meters.c.machine_id == work_orders.c.machine_id)
        .outerjoin(visit_numbers, OF_ORDER)
    )
    facts = (machines.c[name] for name in _FACTS)
    return select(work_orders, *facts, meters.c.total_ms, *NUMBER).select_from(joined)


def conditions_of(wanted: OrderFilter) -> Iterator[ColumnElement[bool]]:
    """Work orders, joined with their machines, as they are wanted."""
    for name, column in _EQUAL.items():
        value = getattr(wanted, name)
        if value is not None:
            yield column == value
    for name, column in _AMONG.items():
        values = getattr(wanted, name)
        if values:
            yield column.in_(sorted(values))
    if wanted.states is not None:
        yield from _in_states(wanted.states, few=any(getattr(wanted, name) is not None for name in _OF_FEW))
    if wanted.kind is not None:
        yield from _of_kind(wanted.kind, alone=wanted.states is None)
    if wanted.due_from is not None:
        yield work_orders.c.due_on >= wanted.due_from
    if wanted.due_before is not None:
        yield work_orders.c.due_on < wanted.due_before
    if wanted.unsent is not None:
        yield from _unsent(wanted.unsent)


def _in_states(states: frozenset[State], *, few: bool) -> Iterator[ColumnElement[bool]]:
    """In the words of the indexes of orders that are not done; `few`: of some machines, which are found first."""
    order = work_orders.c
    if states <= OPEN_STATES:
        yield order.closed_on.is_(None)
    if State.DONE not in states:
        yield order.state != literal_column(f"'{State.DONE.value}'")
    if states != OPEN_STATES:
        yield (unhurried(order.state) if few or len(states) > 1 else order.state).in_(sorted(states))


def _of_kind(kind: Kind, *, alone: bool) -> Iterator[ColumnElement[bool]]:
    """In the words of the index of orders that are no visits of the plan, if nothing else tells orders apart."""
    order = work_orders.c
    by_index = alone and kind is not Kind.MANDATORY_VISIT
    if by_index:
        yield order.kind != literal_column(f"'{Kind.MANDATORY_VISIT.value}'")
    yield (order.kind if by_index else unhurried(order.kind)) == kind


_OF_FEW = ("machine_id", "service_centre", "yard", "order_id")
"""What is asked of one of these is asked of few machines."""
_EQUAL: Mapping[str, ColumnElement[Any]] = {
    "machine_id": work_orders.c.machine_id,
    "order_id": work_orders.c.id,
    "service_centre": machines.c.service_centre,
    "region": unhurried(machines.c.region),
    "yard": machines.c.yard,
    "status": unhurried(machines.c.status),
}
_AMONG: Mapping[str, Column[Any]] = {"service_centres": machines.c.service_centre, "regions": machines.c.region}


def _unsent(wanted: Unsent) -> Iterator[ColumnElement[bool]]:
    order = work_orders.c
    yield order.kind == Kind.MANDATORY_VISIT
    yield order.state == State.DONE
    yield order.copy_1_sent_on.is_(None)
    yield order.before_registration.is_(False)
    yield order.closed_on < wanted.border_on if wanted.forfeited else order.closed_on >= wanted.border_on


def states_of(name: str) -> frozenset[State]:
    """The states that a word stands for: one of them, or `open`."""
    return OPEN_STATES if name == "open" else frozenset({State(name)})


def order_events(connection: Connection, machine_id: str, key: OrderKey | None = None) -> list[Row[Any]]:
    """What happened to a machine's orders, or to one of them, as it was recorded."""
    columns = work_order_events.c
    statement = select(work_order_events).where(columns.machine_id == machine_id)
    if key is not None:
        statement = statement.where(columns.kind == key.kind, columns.step == key.step)
    return list(connection.execute(statement.order_by(columns.id)).all())


def machine_story(connection: Connection, machine_id: str) -> list[Row[Any]]:
    """What happened to a machine itself, as it was recorded."""
    columns = machine_events.c
    statement = select(machine_events).where(columns.machine_id == machine_id)
    return list(connection.execute(statement.order_by(columns.id)).all())


def meter_replacements(connection: Connection, machine_id: str) -> list[Row[Any]]:
    """The replacements of a machine's meter, oldest first."""
    columns = meter_changes.c
    statement = select(meter_changes).where(columns.machine_id == machine_id)
    return list(connection.execute(statement.order_by(columns.changed_ms)).all())


_METER = ("total_ms", "time_ms", "offset_ms", "heard_ms")


MACHINE_KEYS: Keys = (machines.c.machine_id,)


def all_machines(
    connection: Connection, conditions: Mapping[str, str], limit: int | None = None, place: Place | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """Machines with their meters, by number, in batches; `conditions` are columns and their values."""
    statement = _machines().where(*(_machine_is(name, value) for name, value in conditions.items()))
    return _batches(connection, (place or Place(MACHINE_KEYS)).on(statement).limit(limit))


def _machine_is(name: str, value: str) -> ColumnElement[bool] | TextClause:
    return status_is(Status(value)) if name == "status" else machines.c[name] == value


def machine(connection: Connection, machine_id: str) -> Row[Any] | None:
    """One machine with its meter."""
    return connection.execute(_machines().where(machines.c.machine_id == machine_id)).first()


def _machines() -> Select[Any]:
    joined = machines.join(meters, meters.c.machine_id == machines.c.machine_id)
    return select(machines, *(meters.c[name] for name in _METER)).select_from(joined)


READING_KEYS: Keys = (readings.c.id,)


def all_readings(
    connection: Connection,
    machine_id: str | None,
    verdicts: frozenset[Verdict] | None,
    limit: int | None,
    place: Place | None = None,
) -> Iterator[Sequence[Row[Any]]]:
    """Readings with what was delivered where it was kept, the newest first, in batches."""
    joined = readings.outerjoin(raw_deliveries, raw_deliveries.c.reading_id == readings.c.id)
    statement = select(readings, raw_deliveries.c.topic, raw_deliveries.c.payload).select_from(joined)
    if machine_id is not None:
        statement = statement.where(readings.c.machine_id == machine_id)
    if verdicts is not None:
        statement = statement.where(readings.c.verdict.in_(sorted(verdicts)))
        if verdicts <= REFUSED:  # then there is a reason, and a small index of those that have one
            statement = statement.where(readings.c.reason.isnot(None))
    return _batches(connection, (place or Place(READING_KEYS, descending=True)).on(statement).limit(limit))


NOTICE_KEYS: Keys = (notices.c.id,)


def all_notices(
    connection: Connection, state: str | None, limit: int | None, place: Place | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """Notices, each with the delivery that is furthest from its end, the newest first, in batches."""
    place = place or Place(NOTICE_KEYS, descending=True)
    if state is None:
        return _batches(connection, place.on(_notices(_WORST)).limit(limit))
    if state == "sent":  # as most are: the newest of them are found by going through all
        sent = _notices(_WORST).where(notices.c.dropped.is_(None), unhurried(letters.c.state) == state)
        return _batches(connection, place.on(sent).limit(limit))
    # The others are few. Which of them are wanted is found out before anything else is looked up of them.
    numbers = place.on(select(notices.c.id).where(notices.c.id.in_(_few(connection, state)))).limit(limit)
    return _batches(connection, place.on(_notices(_WORST).where(notices.c.id.in_(numbers.scalar_subquery()))))


def notice(connection: Connection, number: int) -> Row[Any] | None:
    """One notice with the delivery that is furthest from its end."""
    return connection.execute(_notices(_WORST).where(notices.c.id == number)).first()


def notices_of_letter(connection: Connection, letter_id: str) -> list[Row[Any]]:
    """What a letter or a copy tells, also what was dropped from it."""
    return list(
        connection.execute(_notices(_WENT_IN).where(letters.c.letter_id == letter_id).order_by(notices.c.id)).all()
    )


def deliveries(connection: Connection, letter_id: str) -> list[Row[Any]]:
    """A letter and its copies, in which the notices of this letter went out."""
    columns = letters.c
    mine = or_(columns.letter_id == letter_id, columns.original_id == letter_id)
    first = columns.original_id.is_(None).desc()
    return list(connection.execute(select(letters).where(mine).order_by(first, columns.channel)).all())


_other = letters.alias("delivery")
_WENT_IN = or_(letters.c.letter_id == notices.c.letter_id, letters.c.original_id == notices.c.letter_id)


def _of_state(state: str) -> ScalarSelect[str]:
    went_in = or_(_other.c.letter_id == notices.c.letter_id, _other.c.original_id == notices.c.letter_id)
    return (
        select(func.min(_other.c.letter_id))
        .where(went_in, unhurried(_other.c.state) == state)
        .correlate(notices)
        .scalar_subquery()
    )


# A notice is as bad as the worst of its deliveries: one that is dead is to be seen even if all others went out.
_WORST = letters.c.letter_id == func.coalesce(_of_state("dead"), _of_state("waiting"), notices.c.letter_id)


LETTER_FIELDS = (
    "letter_id",
    "channel",
    "state",
    "address",
    "locale",
    "subject",
    "attempts",
    "sent_ms",
    "error",
    "answer",
)
"""The columns of a letter that come with its notices, each as `letter_...`."""


def _notices(went_in: ColumnElement[bool]) -> Select[Any]:
    joined = notices.outerjoin(letters, went_in)
    return select(notices, *(letters.c[name].label(f"letter_{name}") for name in LETTER_FIELDS)).select_from(joined)


def _few(connection: Connection, state: str) -> SelectBase:
    """The notices that are dead, waiting or dropped: by themselves, or as the worst of their deliveries is."""
    own, itself = notices.alias("own"), _BY_ITSELF.get(state)
    worse = _IN_ORDER_OF_BADNESS[: _IN_ORDER_OF_BADNESS.index(state)]
    told_by = _told_by(state)
    for other in worse:
        told_by = told_by.where(_FIRST.not_in(_told_by(other)))
    in_letters = select(own.c.id).where(among_found(connection, own.c.letter_id, told_by), own.c.dropped.is_(None))
    return in_letters if itself is None else in_letters.union_all(select(notices.c.id).where(itself))


_IN_ORDER_OF_BADNESS = ("dead", "waiting", "dropped")
_BY_ITSELF: Mapping[str, ColumnElement[bool]] = {
    "dropped": notices.c.dropped.isnot(None),
    "waiting": notices.c.dropped.is_(None) & notices.c.letter_id.is_(None),
}
"""What a notice is that has no letter to go by."""


_FIRST = func.coalesce(_other.c.original_id, _other.c.letter_id)


def _told_by(state: str) -> Select[Any]:
    """The letters of which some delivery is in a state; only those dropped themselves, not a copy of theirs."""
    itself = [_other.c.original_id.is_(None)] if state == "dropped" else []
    return select(_FIRST).where(_other.c.state == state, *itself)


def all_service_centres(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    """Service centres by code."""
    return _batches(connection, select(service_centres).order_by(service_centres.c.service_centre))


def all_yards(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    """Yards by code."""
    return _batches(connection, select(yards).order_by(yards.c.yard))


def all_duties(connection: Connection, limit: int) -> Iterator[Sequence[Row[Any]]]:
    """Duties, the newest period first."""
    return _batches(connection, select(duties).order_by(duties.c.period.desc(), duties.c.duty).limit(limit))


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are wanted; what is None does not matter. `cured`: also those that are over."""

    kind: FindingKind | None = None
    machine_id: str | None = None
    service_centre: str | None = None
    cured: bool = False


FINDING_KEYS: Keys = (findings.c.opened_on, findings.c.id)


def all_findings(
    connection: Connection, wanted: FindingFilter, limit: int | None = None, place: Place | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """Findings with the centre of the machine they are about, the oldest first."""
    joined = findings.outerjoin(machines, machines.c.machine_id == findings.c.machine_id)
    statement = select(findings, machines.c.service_centre).select_from(joined).where(*_of_findings(wanted))
    return _batches(connection, (place or Place(FINDING_KEYS)).on(statement).limit(limit))


def _of_findings(wanted: FindingFilter) -> Iterator[ColumnElement[bool]]:
    columns = findings.c
    if not wanted.cured:
        yield columns.closed_on.is_(None)
    if wanted.kind is not None:
        yield columns.kind == wanted.kind
    if wanted.machine_id is not None:
        yield columns.machine_id == wanted.machine_id
    if wanted.service_centre is not None:
        yield columns.id.in_(_of_centre(wanted.service_centre))


def _of_centre(service_centre: str) -> SelectBase:
    """What was found of a centre's machines, and of the centre itself."""
    other = findings.alias("of_centre").c
    of_machines = select(other.id).where(
        other.machine_id == machines.c.machine_id, machines.c.service_centre == service_centre
    )
    itself = select(other.id).where(other.kind == FindingKind.CENTRE_WITHOUT_ADDRESS, other.subject == service_centre)
    return of_machines.correlate(None).union_all(itself.correlate(None))


def _batches(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    with connection.execute(statement.execution_options(yield_per=_AT_ONCE)) as result:
        yield from result.partitions()
