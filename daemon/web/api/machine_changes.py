"""The life of machines: stock-in, transfer, hand-over, retirement, meter changes and corrections (rules 5 and 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from daemon import life, meters
from daemon.commands.moments import Moment, day_of
from daemon.consequences import Consequences
from daemon.correcting import correct as make_correction
from daemon.correction import Correction, Move, fact
from daemon.order_id import key_named
from daemon.web.api.fields import Body, Machine, plausible
from daemon.web.api.machine_bodies import (
    Corrected,
    HandOver,
    MeterChange,
    MoveBody,
    Registered,
    Retire,
    StockIn,
    Transfer,
)
from daemon.web.changes import Act, Change, carry_out, shown_first
from daemon.web.entrance import Changer
from daemon.web.problems import ProblemError
from daemon.web.rights import Action, Person, Role
from daemon.web.scope import must, must_own
from daemon.web.site import Site, site_of

router = APIRouter(prefix="/machines", tags=["machines"])
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Somebody asks for a change of a machine."""

    site: Site
    person: Person
    action: Action
    machine_id: str
    body: Body

    is_new: bool = False
    """The machine need not be there yet."""
    renamed: str | None = None

    def done(self, act: Act) -> Fields:
        """Do it, and say what came of it."""
        return carry_out(self.site, self._change(), act, lambda _connection, found: self._said(found))

    def shown(self, act: Act) -> Fields:
        """Say what would come of it."""
        return self._said(shown_first(self.site, self._change(), act), rehearsed=True)

    def _change(self) -> Change:
        given = self.body.model_dump(mode="json", exclude_defaults=True)
        subject = f"machine {self.machine_id}"
        return Change(self.person, self.action, self.machine_id, subject, given, self._owned, self.renamed)

    def _owned(self, connection: Connection) -> None:
        must(self.person, self.action)
        if not self.is_new:
            must_own(connection, self.person, self.machine_id, self.action)

    def _said(self, found: Consequences, *, rehearsed: bool = False) -> Fields:
        return {"machine_id": self.renamed or self.machine_id, "dry_run": rehearsed, "consequences": found.lines()}

    def begins_ms(self, at: Moment | None) -> int:
        """An instant in ms, of a day its first; now if none is given."""
        return self.site.clock() if at is None else at.begins_ms(self.site.keeper.zone)


@router.post("", summary="Register a machine", status_code=201)
def register(request: Request, person: Changer, body: StockIn | Registered) -> Fields:
    """In stock, or, with `warranty`, already handed over."""
    if isinstance(body, Registered):
        return _hand_over(request, person, body.machine_id, body)
    must(person, Action.STOCK_IN)
    if person.role is Role.YARD and body.yard != person.yard:
        raise ProblemError(403, "not allowed", f"yard: a machine comes into your own yard, {person.yard}")
    asked = _Asked(site_of(request), person, Action.STOCK_IN, body.machine_id, body, is_new=True)
    site, at_ms = asked.site, asked.begins_ms(body.at)
    command = life.StockIn(
        body.machine_id, body.category, at_ms, body.model, body.region, body.yard, inspected=body.inspected
    )
    return asked.done(lambda connection: life.stock_in(connection, site.keeper, command, site.clock(), person.name))


@router.post("/{machine_id}/handover", summary="Hand a machine to its user")
def handover(request: Request, person: Changer, machine_id: Machine, body: HandOver) -> Fields:
    """Stock orders end, visits begin."""
    return _hand_over(request, person, machine_id, body)


_OF_SALE = frozenset(HandOver.model_fields) - {"handed_over_on", "hours", "warranty"}


def _hand_over(request: Request, person: Person, machine_id: str, body: HandOver) -> Fields:
    must(person, Action.HANDOVER)
    asked = _Asked(site_of(request), person, Action.HANDOVER, machine_id, body, is_new=True)
    site, at_ms = asked.site, asked.begins_ms(body.handed_over_on)
    given = {name: getattr(body, name) or None for name in _OF_SALE}
    command = life.HandOver(machine_id, at_ms, body.warranty, body.hours, **given)
    return asked.done(lambda connection: life.hand_over(connection, site.keeper, command, site.clock(), person.name))


@router.post("/{machine_id}/transfer", summary="Move a machine in stock")
def transfer(request: Request, person: Changer, machine_id: Machine, body: Transfer) -> Fields:
    """Another region starts its own winter."""
    asked = _Asked(site_of(request), person, Action.TRANSFER, machine_id, body)
    if not body.region and not body.yard:
        raise ProblemError(422, "something is missing", "say where it moved: region, yard, or both", missing=["yard"])
    site, command = asked.site, life.Transfer(machine_id, asked.begins_ms(body.on), body.region, body.yard)
    return asked.done(lambda connection: life.transfer(connection, site.keeper, command, site.clock(), person.name))


@router.post("/{machine_id}/retire", summary="End a machine's life")
def retire(request: Request, person: Changer, machine_id: Machine, body: Retire) -> Fields:
    """All that is open ends with it."""
    asked = _Asked(site_of(request), person, Action.RETIRE, machine_id, body)
    site, command = asked.site, life.Retire(machine_id, asked.begins_ms(body.on), body.reason)
    return asked.done(lambda connection: life.retire(connection, site.keeper, command, site.clock(), person.name))


@router.post("/{machine_id}/meter-changes", summary="Record a replaced hour meter")
def change_meter(request: Request, person: Changer, machine_id: Machine, body: MeterChange) -> Fields:
    """Readings refused since then are judged again; with `dry_run` only shown."""
    asked = _Asked(site_of(request), person, Action.METER_CHANGE, machine_id, body)
    site, at_ms = asked.site, body.changed_at.begins_ms(asked.site.keeper.zone)
    command = meters.MeterChange(machine_id, at_ms, body.old_end, body.new_start)
    act: Act = lambda connection: meters.change_meter(  # noqa: E731 - shown or done
        connection, site.keeper, command, site.clock(), person.name
    )
    return asked.shown(act) if body.dry_run else asked.done(act)


@router.post("/{machine_id}/corrections", summary="Replace wrong facts")
def correct(request: Request, person: Changer, machine_id: Machine, body: Corrected) -> Fields:
    """What followed from them is computed anew; with `dry_run` only shown."""
    asked = _Asked(site_of(request), person, Action.CORRECT, machine_id, body, renamed=body.machine_id)
    site, command = asked.site, _correction(machine_id, person.name, body)
    act: Act = lambda connection: make_correction(connection, site.keeper, command, site.clock())  # noqa: E731 - as above
    return asked.shown(act) if body.dry_run else asked.done(act)


def _correction(machine_id: str, by: str, body: Corrected) -> Correction:
    try:
        facts = {name: _fact(name, value or "") for name, value in body.facts.items()}
        transfers = {plausible(day_of(on)): _move(move) for on, move in body.transfers.items()}
    except ValueError as error:
        raise ProblemError(422, "not valid", str(error)) from None
    if body.machine_id is not None:
        facts["machine_id"] = body.machine_id
    return Correction(
        machine_id,
        by,
        body.why,
        facts=facts,
        undo_sale=body.undo_sale,
        undo_retirement=body.undo_retirement,
        undo_completions=tuple(key_named(name) for name in body.undo_completions),
        completed_on={key_named(name): on for name, on in body.completed_on.items()},
        transfers=transfers,
        undo_transfers=tuple(body.undo_transfers),
        missing_transfers=tuple(_move(move) for move in body.missing_transfers),
    )


def _fact(name: str, value: str) -> object:
    found = fact(name, value)
    return plausible(found) if isinstance(found, date) else found


def _move(move: MoveBody) -> Move:
    return Move(move.on, move.region, move.yard)
