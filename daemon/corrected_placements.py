"""Where a machine in stock truly stood: stock-in and transfers with their mistakes taken out (rules 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NoReturn

from daemon.correction import Correction, Move
from daemon.lifetimes import Life, Placement
from daemon.refused import RefusedError


def corrected_placements(life: Life, command: Correction) -> tuple[Placement, ...]:
    """The placements as they were in truth; RefusedError if there is no such transfer."""
    placements = list(life.placements)
    if not placements and (command.transfers or command.undo_transfers or command.missing_transfers):
        _refuse("the machine came to us sold: it was never transferred")
    for on, move in command.transfers.items():
        _move(placements, _transfer_on(placements, on), move)
    for on in command.undo_transfers:
        del placements[_transfer_on(placements, on)]
    for move in command.missing_transfers:
        _insert(placements, move)
    return tuple(_with_facts(replace(life, placements=tuple(placements)), command.facts))


def _transfer_on(placements: Sequence[Placement], on: date) -> int:
    """The last transfer that was recorded for a day."""
    of_day = [index for index, each in enumerate(placements) if index and each.on == on]
    if not of_day:
        days = ", ".join(str(each.on) for each in placements[1:])
        known = f"its transfers were on {days}" if days else "it was never transferred"
        _refuse(f"there was no transfer on {on}: {known}; where it came into stock is corrected by --set")
    return of_day[-1]


def _move(placements: list[Placement], index: int, move: Move) -> None:
    """A transfer as it was; moves within the wrong region were moves within the right one."""
    before = placements[index]
    placements[index] = replace(before, on=move.on or before.on, yard=move.yard or before.yard)
    if move.region is not None:
        _say_region(placements, index, move.region)


def _say_region(placements: list[Placement], index: int, region: str | None) -> None:
    wrong = placements[index].region
    while index < len(placements) and placements[index].region == wrong:
        placements[index] = replace(placements[index], region=region)
        index += 1


def _insert(placements: list[Placement], move: Move) -> None:
    on = move.on
    if on is None:
        _refuse("a transfer that was never recorded has a day: on=DATE")
    if on < placements[0].on:
        _refuse(f"transfer: {on} is before stocked_on, {placements[0].on}")
    index = sum(each.on <= on for each in placements)
    before = placements[index - 1]
    placements.insert(index, Placement(on, move.region or before.region, move.yard or before.yard))


def _with_facts(life: Life, facts: Mapping[str, Any]) -> list[Placement]:
    """A wrong region is that of the last placement, unless the machine went on to another one when it was sold."""
    placements = list(life.placements)
    if not placements:
        return placements
    if "arrived_on" in facts:
        placements[life.arrival] = replace(placements[life.arrival], on=facts["arrived_on"])
    if "stocked_on" in facts:
        placements[0] = replace(placements[0], on=facts["stocked_on"])
    if "region" in facts and not (life.sale and life.sale.elsewhere):
        _say_region(placements, life.arrival, facts["region"])
    if "yard" in facts:
        placements[-1] = replace(placements[-1], yard=facts["yard"])
    return placements


def _refuse(reason: str) -> NoReturn:
    raise RefusedError(reason)
