"""Corrections: wrong facts of a machine are replaced, and what followed from them is computed anew (rules 5)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from adapters.store import machines, orders
from adapters.store.machines import MachineRecord, Remark
from daemon.anew import believed, compute_anew, tell_new_recipients
from daemon.assessing import bring_up, record_of
from daemon.corrected_life import corrected
from daemon.correction import Correction
from daemon.findings import facts_changed, reconsider
from daemon.keeper import Keeper
from daemon.lifetimes import CORRECTION, Life, key_text
from daemon.refused import RefusedError
from schedules.finding import Cure
from schedules.machine import Status

_RECIPIENTS = frozenset({"customer", "service_centre", "yard", "region"})
_OF_SALE = (
    "handed_over_on",
    "warranty",
    "customer",
    "customer_email",
    "customer_phone",
    "customer_locale",
    "service_centre",
    "last_step_done",
    "last_step_done_on",
)


def correct(connection: Connection, keeper: Keeper, command: Correction, now_ms: int) -> None:
    """Replace facts and compute anew what followed; RefusedError if they cannot be so."""
    _refuse_without_reason(command)
    remark, today = Remark(now_ms, by=command.by, note=command.why), keeper.today(now_ms)
    record = bring_up(connection, keeper, record_of(connection, keeper, command.machine_id), today, remark)
    before = believed(connection, keeper, record)
    life = corrected(before.life, record, command, today)
    _write_facts(connection, record, command, life)
    _note(connection, before.life, life, command, today, remark)
    for key in command.undo_completions:
        orders.take_back_form(connection, command.machine_id, key)
    record = record_of(connection, keeper, command.machine_id)
    if life != before.life:
        compute_anew(connection, keeper, before, believed(connection, keeper, record, life), remark)
    if _RECIPIENTS & command.facts.keys():
        tell_new_recipients(connection, keeper, record_of(connection, keeper, command.machine_id), remark)
    if command.undo_retirement:
        reconsider(connection, keeper, command.machine_id, now_ms, Cure.CORRECTED)
    facts_changed(connection, keeper, command.machine_id, now_ms, Cure.CORRECTED)


def _refuse_without_reason(command: Correction) -> None:
    lacking = tuple(name for name in ("by", "why") if not getattr(command, name).strip())
    if lacking:
        message = f"missing: {', '.join(lacking)}; a correction has a name and a reason"
        raise RefusedError(message, lacking)
    if command.is_empty():
        message = "there is nothing to correct: say which facts, completions or sale were wrong"
        raise RefusedError(message)


def _write_facts(connection: Connection, record: MachineRecord, command: Correction, life: Life) -> None:
    values = dict.fromkeys(_OF_SALE) if command.undo_sale else {}
    values |= dict(command.facts)
    if life.placements:
        values |= {"stocked_on": life.placements[0].on, "arrived_on": life.placements[-1].on}
    if life.status is Status.STOCK:
        values["region"] = life.placements[-1].region
    if command.undo_retirement:
        values |= {"retired_on": None, "retire_reason": None}
    machines.change_facts(connection, record.facts.machine_id, {**values, "status": life.status})


def _note(connection: Connection, before: Life, life: Life, command: Correction, today: date, remark: Remark) -> None:
    details: dict[str, Any] = {"facts": {name: _plain(value) for name, value in command.facts.items()}}
    details["undone"] = [name for name in ("undo_sale", "undo_retirement") if getattr(command, name)]
    details["undo_completions"] = [key_text(key) for key in command.undo_completions]
    details["completed_on"] = {key_text(key): on.isoformat() for key, on in command.completed_on.items()}
    details = {name: value for name, value in details.items() if value}
    if life.placements != before.placements:
        details["placements"] = [[placement.on.isoformat(), placement.region] for placement in life.placements]
    machines.note_event(connection, life.machine_id, CORRECTION, today, details, remark)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool) else str(value)
