"""What a command does to a machine's work orders, shown before it is done (rules 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from adapters.store import machines
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from schedules.hours import text
from schedules.machine import Machine
from schedules.work_order import OrderKey, WorkOrder

Act = Callable[[Connection], object]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Consequences:
    """A machine before and after; either is None when it is not registered then."""

    before: Machine | None
    after: Machine | None

    def lines(self) -> list[str]:
        """The changes in words, one a line: its number, the meter, then every order that differs."""
        return [*self._of_number(), *self._of_meter(), *self._of_orders()]

    def _of_number(self) -> Iterator[str]:
        if self.before is not None and self.after is not None and self.before.machine_id != self.after.machine_id:
            yield f"machine number: {self.before.machine_id} -> {self.after.machine_id}"

    def _of_meter(self) -> Iterator[str]:
        before = None if self.before is None else self.before.total_ms
        after = None if self.after is None else self.after.total_ms
        if before != after:
            yield f"total hours: {_hours(before)} -> {_hours(after)}"

    def _of_orders(self) -> Iterator[str]:
        before, after = _orders(self.before), _orders(self.after)
        for key in sorted({*before, *after}, key=lambda key: (key.kind, _rank(key, before, after))):
            if before.get(key) != after.get(key):
                yield f"{key.kind}/{key.step}: {_shown(before.get(key))} -> {_shown(after.get(key), gone='withdrawn')}"


def _orders(machine: Machine | None) -> dict[OrderKey, WorkOrder]:
    return {} if machine is None else dict(machine.orders)


def _rank(key: OrderKey, *sides: dict[OrderKey, WorkOrder]) -> tuple[int, str]:
    return next(side[key].rank() for side in sides if key in side)


def _hours(total_ms: int | None) -> str:
    return "none" if total_ms is None else f"{text(total_ms)} h"


def _shown(order: WorkOrder | None, gone: str = "none") -> str:
    if order is None:
        return gone
    cause = f" by {order.cause}" if order.cause else ""
    dates = (("opens ", order.opens_on, ""), ("due ", order.due_on, cause), ("overdue from ", order.overdue_on, ""))
    listed = ", ".join(f"{name}{on}{more}" for name, on, more in dates if on is not None)
    by = f" by {order.superseded_by}" if order.superseded_by else ""
    closed = f" on {order.closed_on}" if order.closed_on else ""
    return f"{order.state}{by}{closed} ({listed})"


def do(
    keeper: Keeper, machine_id: str, act: Act, shown: Consequences | None = None, renamed: str | None = None
) -> Consequences:
    """Carry out a command on a machine in one transaction, and say what came of it; `renamed` is its number then.

    RefusedError, and nothing done, if that is not what was `shown` before.
    """
    with keeper.store.write() as connection:
        done = watched(connection, keeper, machine_id, act, renamed)
        if shown is not None and shown.lines() != done.lines():
            message = "meanwhile the machine has changed, and something else would come of it: look again"
            raise RefusedError(message)
        return done


def rehearse(keeper: Keeper, machine_id: str, act: Act, renamed: str | None = None) -> Consequences:
    """What a command would do: carried out in a transaction that is rolled back."""
    with keeper.store.write() as connection, connection.begin_nested() as rehearsal:
        would_be = watched(connection, keeper, machine_id, act, renamed)
        rehearsal.rollback()
    return would_be


def seen(keeper: Keeper, machine_id: str, act: Callable[[], _Result]) -> tuple[_Result, Consequences]:
    """What a command that has transactions of its own returns, and what came of it."""
    before = _as_it_stands(keeper, machine_id)
    result = act()
    return result, Consequences(before, _as_it_stands(keeper, machine_id))


def _as_it_stands(keeper: Keeper, machine_id: str) -> Machine | None:
    with keeper.store.read() as connection:
        record = machines.look_at(connection, keeper.zone, [machine_id]).get(machine_id)
    return None if record is None else record.facts


def watched(
    connection: Connection, keeper: Keeper, machine_id: str, act: Act, renamed: str | None = None
) -> Consequences:
    """Carry out a command in a transaction that others began, and say what came of it."""
    before = _machine(connection, keeper, machine_id)
    act(connection)
    return Consequences(before, _machine(connection, keeper, renamed or machine_id))


def _machine(connection: Connection, keeper: Keeper, machine_id: str) -> Machine | None:
    record = machines.load_one(connection, keeper.zone, machine_id)
    return None if record is None else record.facts
