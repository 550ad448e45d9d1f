"""A machine comes and goes: stock-in, transfer, hand-over, retirement (rules 5)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from adapters.mqtt.source import MACHINE_ID
from adapters.store import assessments, machines, orders, readings
from adapters.store.machines import MachineRecord, Remark
from daemon.assessing import bring_up, record_of
from daemon.findings import facts_changed, reconsider
from daemon.history import past_of
from daemon.hours_by_hand import dial_by_hand, judge_by_hand
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.rejudging import rejudge
from daemon.telling import tell
from schedules.dates import local_date
from schedules.finding import Cure
from schedules.machine import Category, Status, Warranty
from schedules.reading import Verdict
from schedules.retrace import retrace
from schedules.stock import inspected_at_arrival
from schedules.work_order import Change, Closing


@dataclass(frozen=True, slots=True)
class StockIn:
    """A machine comes into a yard, unsold."""

    machine_id: str
    category: Category
    at_ms: int
    model: str | None = None
    region: str | None = None
    yard: str | None = None
    inspected: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """A stock machine moves to another yard."""

    machine_id: str
    at_ms: int
    region: str | None = None
    yard: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """A machine goes to its user; category and model matter only if it was not in stock.

    `at_ms` is the instant whose local date is D, `last_step_done` the highest mandatory step known to be done.
    """

    machine_id: str
    at_ms: int
    warranty: Warranty
    hours: Decimal | float | str | None = None
    category: Category | None = None
    model: str | None = None
    region: str | None = None
    customer: str | None = None
    customer_email: str | None = None
    customer_phone: str | None = None
    customer_locale: str | None = None
    service_centre: str | None = None
    last_step_done: str | None = None
    last_step_done_on: date | None = None


@dataclass(frozen=True, slots=True)
class Retire:
    """A machine is scrapped or leaves for good."""

    machine_id: str
    at_ms: int
    reason: str | None = None


def stock_in(connection: Connection, keeper: Keeper, command: StockIn, now_ms: int, by: str | None = None) -> None:
    """Register an unsold machine; an incoming inspection counts as that month's upkeep (rules 3)."""
    on = _not_in_future(keeper, command.at_ms, now_ms)
    _refuse_if_known(connection, keeper, command.machine_id)
    values: dict[str, Any] = {
        "category": command.category,
        "model": command.model,
        "region": command.region,
        "yard": command.yard,
        "stocked_on": on,
        "arrived_on": on,
        "inspected": command.inspected,
    }
    _register(connection, command.machine_id, Status.STOCK, values, now_ms)
    remark = Remark(now_ms, by=by)
    machines.note_event(connection, command.machine_id, "stock_in", on, details_of(command), remark)
    _judge_waiting(connection, keeper, command.machine_id, now_ms)
    record = record_of(connection, keeper, command.machine_id)
    if command.inspected:
        done = inspected_at_arrival(on, keeper.rulebook.current)
        assessments.apply_changes(connection, record.facts, [Change(None, done, on, Closing.COMPLETED)], remark)
        record = record_of(connection, keeper, command.machine_id)
    bring_up(connection, keeper, record, keeper.today(now_ms), remark)
    orders.mark_all_past(connection, command.machine_id, keeper.today(now_ms))
    facts_changed(connection, keeper, command.machine_id, now_ms)


def transfer(connection: Connection, keeper: Keeper, command: Transfer, now_ms: int, by: str | None = None) -> None:
    """Move a stock machine; another region starts its own winter (rules 4)."""
    on = _not_in_future(keeper, command.at_ms, now_ms)
    record = record_of(connection, keeper, command.machine_id)
    if record.facts.status is not Status.STOCK:
        message = f"only a machine in stock is transferred; {command.machine_id} is {record.facts.status}"
        raise RefusedError(message)
    _refuse_before(on, record.facts.arrived_on, "it came to its present region")
    remark = Remark(now_ms, by=by)
    record = bring_up(connection, keeper, record, on, remark)
    values: dict[str, Any] = {"yard": command.yard or record.yard}
    if command.region is not None and command.region != record.facts.region:
        values |= {"region": command.region, "arrived_on": on}
    machines.change_facts(connection, command.machine_id, values)
    machines.note_event(connection, command.machine_id, "transfer", on, details_of(command), remark)
    bring_up(connection, keeper, record_of(connection, keeper, command.machine_id), keeper.today(now_ms), remark)
    facts_changed(connection, keeper, command.machine_id, now_ms)


def hand_over(
    connection: Connection, keeper: Keeper, command: HandOver, now_ms: int, by: str | None = None
) -> Verdict | None:
    """Hand a machine to its user: stock orders end, visits begin at D; the verdict on the hours given (rules 5)."""
    on = _not_in_future(keeper, command.at_ms, now_ms)
    dial_ms = None if command.hours is None else dial_by_hand(keeper, command.hours, "hours")
    known = machines.load_one(connection, keeper.zone, command.machine_id)
    remark = Remark(now_ms, by=by)
    if known is None:
        _register_sold(connection, command, on, now_ms)
        _judge_waiting(connection, keeper, command.machine_id, now_ms)
    else:
        _sell_from_stock(connection, keeper, known, command, on, remark)
    machines.note_event(connection, command.machine_id, "handover", on, details_of(command), remark)
    machines.sleep(connection, command.machine_id)
    verdict = None
    if dial_ms is not None:
        verdict = judge_by_hand(connection, keeper, command.machine_id, dial_ms, command.at_ms, now_ms)
    _retrace(connection, keeper, command.machine_id, remark, is_new=known is None)
    facts_changed(connection, keeper, command.machine_id, now_ms)
    return verdict


def retire(connection: Connection, keeper: Keeper, command: Retire, now_ms: int, by: str | None = None) -> None:
    """End a machine's life; all that is open ends with it."""
    on = _not_in_future(keeper, command.at_ms, now_ms)
    record = record_of(connection, keeper, command.machine_id)
    if record.facts.status is Status.RETIRED:
        message = f"{command.machine_id} is already retired, since {record.facts.retired_on}"
        raise RefusedError(message)
    _refuse_before(on, record.facts.handed_over_on or record.facts.stocked_on, "it came to us")
    remark = Remark(now_ms, by=by, note=command.reason)
    bring_up(connection, keeper, record, on, remark)
    values = {"status": Status.RETIRED, "retired_on": on, "retire_reason": command.reason}
    machines.change_facts(connection, command.machine_id, values)
    machines.note_event(connection, command.machine_id, "retire", on, details_of(command), remark)
    bring_up(connection, keeper, record_of(connection, keeper, command.machine_id), keeper.today(now_ms), remark)
    facts_changed(connection, keeper, command.machine_id, now_ms)


def details_of(command: StockIn | Transfer | HandOver | Retire) -> dict[str, Any]:
    """What the machine's story remembers of a command."""
    return {name: str(value) for name, value in asdict(command).items() if value is not None and name != "machine_id"}


def _not_in_future(keeper: Keeper, at_ms: int, now_ms: int) -> date:
    on = local_date(at_ms, keeper.zone)
    if on > keeper.today(now_ms):
        message = f"{on} is in the future"
        raise RefusedError(message)
    return on


def _refuse_before(on: date, earliest: date | None, what: str) -> None:
    if earliest is not None and on < earliest:
        message = f"{on} is before {earliest}, when {what}; a wrong date is corrected with `machines correct`"
        raise RefusedError(message)


def _refuse_if_known(connection: Connection, keeper: Keeper, machine_id: str) -> None:
    known = machines.load_one(connection, keeper.zone, machine_id)
    if known is not None:
        message = (
            f"{machine_id} is already registered ({known.facts.status}); a mistake is corrected with `machines correct`"
        )
        raise RefusedError(message)


def _register(connection: Connection, machine_id: str, status: Status, values: dict[str, Any], now_ms: int) -> None:
    if MACHINE_ID.fullmatch(machine_id) is None:
        message = f"{machine_id!r} is no machine number: 1 to 64 characters A-Z a-z 0-9 . _ -"
        raise RefusedError(message)
    machines.register(connection, {"machine_id": machine_id, "status": status, "registered_ms": now_ms, **values})


def _register_sold(connection: Connection, command: HandOver, on: date, now_ms: int) -> None:
    if command.category is None:
        message = "category is missing: the machine was not in stock"
        raise RefusedError(message, ("category",))
    values = {"category": command.category, "model": command.model, **_sale(command, on)}
    _register(connection, command.machine_id, Status.IN_SERVICE, values, now_ms)


def _sell_from_stock(
    connection: Connection, keeper: Keeper, record: MachineRecord, command: HandOver, on: date, remark: Remark
) -> None:
    if record.facts.status is not Status.STOCK:
        message = (
            f"{command.machine_id} is {record.facts.status}; a second hand-over is a correction (`machines correct`)"
        )
        raise RefusedError(message)
    _refuse_before(on, record.facts.stocked_on, "it came into stock")
    bring_up(connection, keeper, record, on, remark)
    machines.change_facts(connection, command.machine_id, {"status": Status.IN_SERVICE, **_sale(command, on)})


def _sale(command: HandOver, on: date) -> dict[str, Any]:
    fields = ("warranty", "customer", "customer_email", "customer_phone", "customer_locale", "service_centre")
    values = {name: getattr(command, name) for name in fields}
    if command.region is not None:
        values["region"] = command.region
    done = {"last_step_done": command.last_step_done, "last_step_done_on": command.last_step_done_on}
    return {"handed_over_on": on, **values, **done}


def _judge_waiting(connection: Connection, keeper: Keeper, machine_id: str, now_ms: int) -> None:
    """Readings that waited for the machine to be registered, in order."""
    rows = readings.of_machine(connection, machine_id, [Verdict.UNKNOWN_MACHINE])
    if rows:
        state = readings.load_meters(connection, [machine_id])[machine_id]
        for _ in rejudge(connection, keeper, state, rows, "registered", now_ms):
            pass
        readings.keep_meters(connection, [state])
        reconsider(connection, keeper, machine_id, now_ms, Cure.COMPLETED)


def _retrace(connection: Connection, keeper: Keeper, machine_id: str, remark: Remark, *, is_new: bool) -> None:
    """The orders since the hand-over, as if we had been there (rules 5)."""
    record, today = record_of(connection, keeper, machine_id), keeper.today(remark.recorded_ms)
    start = replace(record.facts, total_ms=None, total_on=None)
    assessment = retrace(start, past_of(connection, keeper, record), today, keeper.rulebook)
    assessments.keep(connection, record.facts, assessment, remark, past_before=today if is_new else None)
    tell(connection, keeper, replace(record, facts=assessment.machine), assessment.changes, remark.recorded_ms)
