"""A machine's life with the wrong facts replaced; refused where the result could not have been (rules 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any, NoReturn

from adapters.store.machines import MachineRecord
from daemon.corrected_placements import corrected_placements
from daemon.correction import Correction
from daemon.keeper import Keeper
from daemon.lifetimes import Life, Placement, Sale, key_text
from daemon.refused import RefusedError
from schedules.dates import on_day
from schedules.machine import Status
from schedules.retrace import Done

_OF_STOCK = ("stocked_on", "arrived_on", "inspected")
_OF_SALE = ("handed_over_on", "warranty", "last_step_done", "last_step_done_on")


def corrected(life: Life, keeper: Keeper, record: MachineRecord, command: Correction, now_ms: int) -> Life:
    """The life as it was in truth; RefusedError says why it cannot have been so."""
    life = _undone(life, record, command)
    _refuse_foreign_facts(life, command.facts)
    life = replace(
        life,
        machine_id=command.facts.get("machine_id", life.machine_id),
        placements=corrected_placements(life, command),
        inspected=bool(command.facts.get("inspected", life.inspected)),
        completions=tuple(_completions(life, command)),
        **{name: command.facts[name] for name in (*_OF_SALE, "retired_on") if name in command.facts},
    )
    _refuse_impossible_dates(life, keeper.today(now_ms))
    return replace(life, sale=_sale(life, keeper, command.facts, now_ms))


def _undone(life: Life, record: MachineRecord, command: Correction) -> Life:
    if command.undo_retirement:
        if life.retired_on is None:
            _refuse(f"{life.machine_id} is not retired")
        life = replace(life, retired_on=None)
    return _unsold(life, record, command) if command.undo_sale else life


def _unsold(life: Life, record: MachineRecord, command: Correction) -> Life:
    if life.status is not Status.IN_SERVICE:
        _refuse(f"{life.machine_id} is {life.status}: there is no sale to undo")
    placements = life.placements
    if not placements:
        if "stocked_on" not in command.facts:
            _refuse("the machine came to us sold: say since when it is in stock, with stocked_on", "stocked_on")
        placements = (Placement(command.facts["stocked_on"], record.facts.region, record.yard),)
    return replace(
        life,
        placements=placements,
        handed_over_on=None,
        warranty=None,
        sale=None,
        last_step_done=None,
        last_step_done_on=None,
    )


def _refuse_foreign_facts(life: Life, facts: Mapping[str, Any]) -> None:
    """Facts of a part of its life that the machine never had."""
    if life.handed_over_on is None:
        _refuse_any(facts, (*_OF_SALE, "handover_hours"), "the machine is not handed over")
    if not life.placements:
        _refuse_any(facts, _OF_STOCK, "the machine came to us sold")
    if life.retired_on is None:
        _refuse_any(facts, ("retired_on", "retire_reason"), "the machine is not retired")


def _refuse_any(facts: Mapping[str, Any], names: tuple[str, ...], why: str) -> None:
    named = [name for name in names if name in facts]
    if named:
        _refuse(f"{', '.join(named)}: {why}")


def _sale(life: Life, keeper: Keeper, facts: Mapping[str, Any], now_ms: int) -> Sale | None:
    """The hand-over at the same time of its true day, with its true hours."""
    sale = life.sale
    if sale is not None and "handed_over_on" in facts:
        sale = sale._replace(at_ms=min(on_day(sale.at_ms, facts["handed_over_on"], keeper.zone), now_ms))
    if sale is not None and "handover_hours" in facts:
        hours = facts["handover_hours"]
        sale = sale._replace(hours=None if hours is None else str(hours))
    return sale


def _completions(life: Life, command: Correction) -> Iterator[Done]:
    done = {each.key for each in life.completions}
    for key in (*command.undo_completions, *command.completed_on):
        if key not in done:
            _refuse(
                f"{key_text(key)} is not done by a form; a visit is reported with `work-orders complete`, and one "
                "from before the registration is corrected with last_step_done, or inspected"
            )
    for each in life.completions:
        if each.key not in command.undo_completions:
            on = command.completed_on.get(each.key, each.on)
            yield replace(each, on=on, entered_on=max(on, each.entered_on or on))


def _refuse_impossible_dates(life: Life, today: date) -> None:
    dates = [("stocked_on" if index == 0 else "transfer", each.on) for index, each in enumerate(life.placements)]
    dates += [(name, on) for name in ("handed_over_on", "retired_on") if (on := getattr(life, name)) is not None]
    for (earlier, first), (later, then) in pairwise(dates):
        if then < first:
            _refuse(f"{later}: {then} is before {earlier}, {first}")
    for name, on in (*dates, *((key_text(each.key), each.on) for each in life.completions)):
        if on > today:
            _refuse(f"{name}: {on} is in the future")


def _refuse(reason: str, *missing: str) -> NoReturn:
    raise RefusedError(reason, missing)
