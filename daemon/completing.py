"""Completing an order by the form that proves the work (rules 6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from adapters.store import assessments, machines, orders
from adapters.store.machines import MachineRecord, Remark
from daemon.assessing import bring_up, record_of
from daemon.hours_by_hand import dial_by_hand, judge_by_hand
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.signing import keep_record_no, number_visit
from daemon.telling import tell
from notifications.order_story import VISIT_NO
from schedules.completion import completed, refusal
from schedules.dates import local_date
from schedules.evidence import Form, missing, trimmed
from schedules.visit_number import VisitNumber
from schedules.work_order import MISSED_STATES, OrderKey, WorkOrder


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
    with kept_if_refused(keeper, command, now_ms), keeper.store.write() as connection:
        return complete_in(connection, keeper, command, now_ms)


@contextmanager
def kept_if_refused(keeper: Keeper, command: Completion, now_ms: int) -> Iterator[None]:
    """Keep a form as a draft if it is refused in here."""
    try:
        yield
    except RefusedError as refused:
        command = replace(command, form=trimmed(command.form))
        with keeper.store.write() as connection:
            _keep_draft(connection, keeper, command, refused, now_ms)
        raise


def complete_in(connection: Connection, keeper: Keeper, command: Completion, now_ms: int) -> VisitNumber | None:
    """Complete an order in a transaction that others began; as `complete`, but drafts are theirs to keep."""
    command = replace(command, form=trimmed(command.form))
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
    return None if number is None else f"{VISIT_NO}{number}"


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
    assessments.apply_changes(connection, record.facts, [done], remark)
    remark = replace(remark, note=None)
    assessments.apply_changes(connection, record.facts, lower, remark)
    tell(connection, keeper, record, changes, remark.recorded_ms)
    orders.keep_form(connection, command.machine_id, command.key, _content(command), None, remark.recorded_ms)
    bring_up(
        connection,
        keeper,
        record_of(connection, keeper, command.machine_id),
        keeper.today(remark.recorded_ms),
        remark,
    )


def _keep_draft(
    connection: Connection, keeper: Keeper, command: Completion, refused: RefusedError, now_ms: int
) -> None:
    """Keep a form that was refused, if its order is there and can still be completed."""
    record = machines.load_one(connection, keeper.zone, command.machine_id)
    order = None if record is None else record.facts.orders.get(command.key)
    if order is not None and _is_completable(order):
        content = {**_content(command), "by": command.by, "reason": refused.reason}
        lacking = list(refused.missing)
        orders.keep_form(connection, command.machine_id, command.key, content, lacking, now_ms)


def _is_completable(order: WorkOrder) -> bool:
    """Whether it may still become done: open, or missed and perhaps entered late."""
    return order.is_open or order.state in MISSED_STATES


def _content(command: Completion) -> dict[str, object]:
    """What the form says, as it is kept."""
    form = {name: getattr(command.form, name) for name in Form.__dataclass_fields__}
    hours = None if command.hours is None else str(command.hours)
    return {**form, "done_at_ms": command.done_at_ms, "hours": hours}
