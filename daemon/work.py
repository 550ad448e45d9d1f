"""What people report of a work order: contacted, scheduled, done, cancelled, copy 1 sent on (rules 1, 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from adapters.store import machines, orders
from adapters.store.machines import MachineRecord, Remark
from daemon.assessing import bring_up, record_of
from daemon.hours_by_hand import dial_by_hand, judge_by_hand
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.signing import keep_record_no, number_visit
from daemon.telling import tell
from schedules.completion import cancelled, completed, refusal
from schedules.dates import local_date
from schedules.evidence import Form, missing, trimmed
from schedules.visit_number import VisitNumber
from schedules.work_order import Kind, OrderKey, State, WorkOrder


@dataclass(frozen=True, slots=True)
class Completion:
    """A form handed in for an order: `done_at_ms` the instant of the visit, `hours` what the dial showed."""

    machine_id: str
    key: OrderKey
    done_at_ms: int | None
    hours: Decimal | float | str | None
    form: Form
    by: str | None = None


def complete(keeper: Keeper, command: Completion, now_ms: int) -> VisitNumber | None:
    """Complete an order; the number of a mandatory visit.

    RefusedError names what is missing, and then nothing is left but the draft (rules 6).
    """
    command = replace(command, form=trimmed(command.form))
    try:
        with keeper.store.write() as connection:
            return _complete(connection, keeper, command, now_ms)
    except RefusedError as refused:
        with keeper.store.write() as connection:
            _keep_form(connection, keeper, command, refused, now_ms)
        raise


def _complete(connection: Connection, keeper: Keeper, command: Completion, now_ms: int) -> VisitNumber | None:
    remark = Remark(now_ms, by=command.by or command.form.technician or command.form.signed_by)
    record = bring_up(
        connection, keeper, record_of(connection, keeper, command.machine_id), keeper.today(now_ms), remark
    )
    done_on = local_date(now_ms if command.done_at_ms is None else command.done_at_ms, keeper.zone)
    _refuse_without_evidence(keeper, record, command, done_on)
    if command.hours is not None and command.done_at_ms is not None:
        dial_ms = dial_by_hand(keeper, command.hours, "hours")
        judge_by_hand(connection, keeper, command.machine_id, dial_ms, command.done_at_ms, now_ms)
        record = record_of(connection, keeper, command.machine_id)
    reason = refusal(record.facts.orders.get(command.key), done_on, keeper.today(now_ms))
    if reason is not None:
        raise RefusedError(reason)
    keep_record_no(connection, record, command.key, command.form)
    number = number_visit(connection, record, command.key, done_on, now_ms)
    _close(connection, keeper, record, command, done_on, replace(remark, note=_number_note(number)))
    return number


def _number_note(number: VisitNumber | None) -> str | None:
    return None if number is None else f"visit no. {number}"


def _refuse_without_evidence(keeper: Keeper, record: MachineRecord, command: Completion, done_on: date) -> None:
    window = keeper.rulebook.winter.window(record.facts.region)
    in_winter = window is not None and window.covers(done_on)
    lacking = missing(command.key.kind, command.form, in_winter=in_winter)
    if lacking:
        message = f"missing: {', '.join(lacking)}"
        raise RefusedError(message, lacking)


def _close(
    connection: Connection,
    keeper: Keeper,
    record: MachineRecord,
    command: Completion,
    done_on: date,
    remark: Remark,
) -> None:
    done, *lower = changes = list(completed(record.facts, command.key, done_on))
    machines.apply_changes(connection, record.facts, [done], remark)
    remark = replace(remark, note=None)
    machines.apply_changes(connection, record.facts, lower, remark)
    tell(connection, keeper, record, changes, remark.recorded_ms)
    _keep_form(connection, keeper, command, None, remark.recorded_ms)
    bring_up(
        connection,
        keeper,
        record_of(connection, keeper, command.machine_id),
        keeper.today(remark.recorded_ms),
        remark,
    )


def _keep_form(
    connection: Connection, keeper: Keeper, command: Completion, refused: RefusedError | None, now_ms: int
) -> None:
    """Keep the form, or the draft of a refused one; of a machine nobody knows there is nothing to keep it with."""
    if machines.load_one(connection, keeper.zone, command.machine_id) is None:
        return
    content = {name: getattr(command.form, name) for name in Form.__dataclass_fields__}
    content |= {
        "done_at_ms": command.done_at_ms,
        "hours": None if command.hours is None else str(command.hours),
    }
    lacking = None if refused is None else list(refused.missing)
    orders.keep_form(connection, command.machine_id, command.key, content, lacking, now_ms)


def acknowledge(connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey, by: str, now_ms: int) -> None:
    """Somebody has taken notice: managers are not reminded any more (rules 8)."""
    _note(
        connection,
        keeper,
        machine_id,
        key,
        {"acknowledged_ms": now_ms, "acknowledged_by": by},
        Remark(now_ms, "acknowledged", by),
    )


def contact(
    connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey, by: str | None, now_ms: int
) -> None:
    """The centre has spoken with the user (rules 6)."""
    _note(
        connection,
        keeper,
        machine_id,
        key,
        {"contacted_ms": now_ms, "contacted_by": by},
        Remark(now_ms, "contacted", by),
    )


def schedule(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    on: date,
    now_ms: int,
    by: str | None = None,
) -> None:
    """A day is agreed with the user (rules 6)."""
    if on < keeper.today(now_ms):
        message = f"scheduled_for: {on} is past"
        raise RefusedError(message, ("scheduled_for",))
    _note(
        connection,
        keeper,
        machine_id,
        key,
        {"scheduled_for": on},
        Remark(now_ms, "scheduled", by, on.isoformat()),
    )


def _note(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    values: dict[str, Any],
    remark: Remark,
) -> None:
    order = _order(connection, keeper, machine_id, key)
    if not order.is_open:
        message = f"the order is {order.state} since {order.closed_on}"
        raise RefusedError(message)
    orders.note(connection, machine_id, order, values, keeper.today(remark.recorded_ms), remark)


def _order(connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey) -> WorkOrder:
    order = record_of(connection, keeper, machine_id).facts.orders.get(key)
    if order is None:
        message = f"{machine_id} has no work order {key.kind}/{key.step}"
        raise RefusedError(message)
    return order


def cancel(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    reason: str | None,
    by: str | None,
    now_ms: int,
) -> None:
    """A person ends an open order with a reason; that is final (rules 5)."""
    if reason is None or not reason.strip():
        message = "reason is missing"
        raise RefusedError(message, ("reason",))
    order = _order(connection, keeper, machine_id, key)
    if not order.is_open:
        message = f"the order is {order.state} since {order.closed_on}; only an open one is cancelled"
        raise RefusedError(message)
    remark = Remark(now_ms, by=by, note=reason)
    record = record_of(connection, keeper, machine_id)
    change = cancelled(order, keeper.today(now_ms))
    machines.apply_changes(connection, record.facts, [change], remark)
    facts = replace(record.facts, orders={**record.facts.orders, key: change.after})
    bring_up(connection, keeper, replace(record, facts=facts), keeper.today(now_ms), remark)


def copy_sent(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    on: date,
    now_ms: int,
    by: str | None = None,
) -> None:
    """Copy 1 of the form was sent to the maker (rules 6)."""
    order = _order(connection, keeper, machine_id, key)
    if order.kind is not Kind.MANDATORY_VISIT or order.state is not State.DONE:
        message = f"only a mandatory visit that is done has a form to send; this order is {order.state}"
        raise RefusedError(message)
    if on > keeper.today(now_ms) or (order.closed_on is not None and on < order.closed_on):
        message = f"on: {on} is not between the visit on {order.closed_on} and today"
        raise RefusedError(message)
    orders.note(
        connection,
        machine_id,
        order,
        {"copy_1_sent_on": on},
        on,
        Remark(now_ms, "copy_sent", by, on.isoformat()),
    )
