"""What of the fleet somebody sees: their own rows are asked for in the query itself, nothing is left out afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing, machines
from adapters.store.listing import OrderFilter
from daemon.web.problems import ProblemError, UnknownError
from daemon.web.rights import Action, Person, Role
from schedules.machine import Status
from schedules.work_order import Kind, OrderKey


def orders_of(person: Person, wanted: OrderFilter) -> OrderFilter:
    """The work orders that are wanted and theirs; ProblemError 403 if another centre's are asked for."""
    if person.role is Role.SERVICE_CENTRE:
        _same("service_centre", wanted.service_centre, person.service_centre)
        return replace(wanted, service_centre=person.service_centre)
    if person.role is Role.YARD:
        return replace(wanted, yard=person.yard, status=Status.STOCK)
    if person.role is Role.LINK:
        return replace(wanted, order_id=person.order_id)
    return wanted


def machines_of(person: Person, wanted: dict[str, str]) -> dict[str, str]:
    """The same of machines: columns and their values."""
    if person.role is Role.SERVICE_CENTRE:
        _same("service_centre", wanted.get("service_centre"), person.service_centre)
        return {**wanted, "service_centre": person.service_centre or ""}
    if person.role is Role.YARD:
        return {**wanted, "yard": person.yard or "", "status": Status.STOCK}
    _refuse_link(person)
    return wanted


def centre_of(person: Person, asked: str | None) -> str | None:
    """The service centre whose machines are asked for and theirs; None: all. ProblemError 403 for others."""
    if person.role is Role.SERVICE_CENTRE:
        _same("service_centre", asked, person.service_centre)
        return person.service_centre
    fleet_only(person)
    return asked


def fleet_only(person: Person) -> None:
    """ProblemError 403 for whoever sees only a part of the fleet."""
    if not person.sees_everything:
        raise ProblemError(403, "not allowed", f"this is not for the role {person.role.value}")


def _refuse_link(person: Person) -> None:
    if person.role is Role.LINK:
        raise ProblemError(403, "not allowed", "a link opens its own work order only")


def _same(name: str, asked: str | None, own: str | None) -> None:
    if asked is not None and asked != own:
        raise ProblemError(403, "not allowed", f"{name}: {asked} is not yours")


def own_order(
    connection: Connection, person: Person, order_id: int, action: Action | None = None
) -> tuple[str, OrderKey]:
    """The machine and key of a work order that is theirs; UnknownError otherwise, ProblemError 403 if they may not
    do this on it.
    """
    row = _order(connection, order_id)
    if row is not None and action is not None:
        machines.hold(connection, [row.machine_id])
        row = _order(connection, order_id)
    if row is None or not person.owns_order(order_id, row.service_centre, row.yard, row.status):
        raise UnknownError(f"work order {order_id}")
    key = OrderKey(Kind(row.kind), row.step)
    if action is not None and not person.may_on(key.kind, action):
        raise not_allowed(person, action)
    return row.machine_id, key


def _order(connection: Connection, order_id: int) -> Row[Any] | None:
    found = listing.orders(connection, OrderFilter(order_id=order_id))
    return next((row for batch in found for row in batch), None)


def own_machine(connection: Connection, person: Person, machine_id: str) -> Row[Any]:
    """A machine that is theirs; UnknownError otherwise."""
    row = listing.machine(connection, machine_id)
    if row is None or not person.owns(row.service_centre, row.yard, row.status):
        raise UnknownError(f"machine {machine_id}")
    return row


def must_own(connection: Connection, person: Person, machine_id: str, action: Action) -> None:
    """ProblemError 403 if they may not do this, UnknownError if the machine is not theirs."""
    must(person, action)
    machines.hold(connection, [machine_id])
    own_machine(connection, person, machine_id)


def must(person: Person, action: Action) -> None:
    """ProblemError 403 if this is not theirs to do."""
    if not person.may(action):
        raise not_allowed(person, action)


def not_allowed(person: Person, action: Action) -> ProblemError:
    """This is not theirs to do."""
    who = "a token that only reads" if person.read_only else f"the role {(person.told_as or person.role).value}"
    return ProblemError(403, "not allowed", f"{action.value} is not for {who}")
