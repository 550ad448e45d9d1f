"""Corrections: wrong facts of a machine are replaced, and what followed from them is computed anew (rules 5)."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from adapters.store import machines, orders, renaming
from adapters.store.machines import MachineRecord, Remark
from adapters.store.registering import registered
from daemon.anew import believed, compute_anew, tell_new_recipients
from daemon.assessing import bring_up, record_of
from daemon.corrected_life import corrected
from daemon.correction import Correction, Move
from daemon.findings import facts_changed, reconsider
from daemon.keeper import Keeper
from daemon.lifetimes import CORRECTION, Life, key_text
from daemon.measured_anew import Measurements
from daemon.refused import RefusedError
from schedules.finding import Cure

_NO_COLUMNS = frozenset({"machine_id", "handover_hours"})
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
    life = corrected(before.life, keeper, record, command, now_ms)
    before = replace(before, life=replace(before.life, machine_id=life.machine_id))
    _rename(connection, command.machine_id, life.machine_id)
    _write_facts(connection, life, command)
    _note(connection, before.life, life, command, today, remark)
    is_measured = Measurements(connection, keeper, life.machine_id, remark).put_right(before.life, life, command)
    for key in command.undo_completions:
        orders.take_back_form(connection, life.machine_id, key)
    if is_measured or life != before.life:
        after = believed(connection, keeper, record_of(connection, keeper, life.machine_id), life)
        compute_anew(connection, keeper, before, after, remark)
    _tell_whoever_is_new(connection, keeper, record, record_of(connection, keeper, life.machine_id), remark)
    if is_measured or command.undo_retirement:
        reconsider(connection, keeper, life.machine_id, now_ms, Cure.CORRECTED)
    facts_changed(connection, keeper, life.machine_id, now_ms, Cure.CORRECTED)


def _rename(connection: Connection, old: str, new: str) -> None:
    if old == new:
        return
    if registered(connection, [new]):
        message = (
            f"{new} is already registered: undo here what belongs to it (--undo-sale, --undo-completion) and report it "
            f"there; if {old} is {new} registered twice, end it with `machines retire {old} --on` its first day"
        )
        raise RefusedError(message)
    renaming.rename(connection, old, new)


def _tell_whoever_is_new(
    connection: Connection, keeper: Keeper, before: MachineRecord, now: MachineRecord, remark: Remark
) -> None:
    concerned = [(each.customer, each.service_centre, each.yard, each.facts.region) for each in (before, now)]
    if concerned[0] != concerned[1]:
        tell_new_recipients(connection, keeper, now, remark)


def _refuse_without_reason(command: Correction) -> None:
    lacking = tuple(name for name in ("by", "why") if not getattr(command, name).strip())
    if lacking:
        message = f"missing: {', '.join(lacking)}; a correction has a name and a reason"
        raise RefusedError(message, lacking)
    if command.is_empty():
        message = "there is nothing to correct: say which facts, completions or sale were wrong"
        raise RefusedError(message)


def _write_facts(connection: Connection, life: Life, command: Correction) -> None:
    values = dict.fromkeys(_OF_SALE) if command.undo_sale else {}
    values |= {name: value for name, value in command.facts.items() if name not in _NO_COLUMNS}
    if life.placements:
        values |= {"stocked_on": life.placements[0].on, "arrived_on": life.placements[life.arrival].on}
    if life.placements and not (life.sale and life.sale.elsewhere):
        values["region"] = life.placements[-1].region
    if life.placements and life.placements[-1].yard is not None:
        values["yard"] = life.placements[-1].yard
    if command.undo_retirement:
        values |= {"retired_on": None, "retire_reason": None}
    machines.change_facts(connection, life.machine_id, {**values, "status": life.status})


def _note(connection: Connection, before: Life, life: Life, command: Correction, today: date, remark: Remark) -> None:
    """Remember what was corrected, and where later corrections must begin."""
    details: dict[str, Any] = {"facts": {name: _plain(value) for name, value in command.facts.items()}}
    details["undone"] = [name for name in ("undo_sale", "undo_retirement") if getattr(command, name)]
    details["undo_completions"] = [key_text(key) for key in command.undo_completions]
    details["completed_on"] = {key_text(key): on.isoformat() for key, on in command.completed_on.items()}
    details["transfers"] = {on.isoformat(): _of_move(move) for on, move in command.transfers.items()}
    details["undo_transfers"] = [on.isoformat() for on in command.undo_transfers]
    details["missing_transfers"] = [_of_move(move) for move in command.missing_transfers]
    if command.machine_id != life.machine_id:
        details["was"] = command.machine_id
    details = {name: value for name, value in details.items() if value}
    if life.placements != before.placements:
        details["placements"] = [[each.on.isoformat(), each.region, each.yard] for each in life.placements]
    if life.sale is not None and life.sale != before.sale:
        details["sale"] = [life.sale.at_ms, life.sale.hours]
    machines.note_event(connection, life.machine_id, CORRECTION, today, details, remark)


def _of_move(move: Move) -> dict[str, object]:
    return {name: _plain(value) for name, value in asdict(move).items() if value is not None}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool) else str(value)
