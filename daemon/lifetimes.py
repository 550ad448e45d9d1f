"""A machine's whole life as it is believed: the facts from which its orders are computed anew (rules 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from adapters.store import orders
from adapters.store.machines import MachineRecord
from adapters.store.tables import machine_events
from adapters.store.tables import machines as machine_table
from daemon.keeper import Keeper
from schedules.dates import local_date
from schedules.machine import Machine, Status, Warranty
from schedules.retrace import Cancelled, Done
from schedules.stock import month_step
from schedules.work_order import Closing, Kind, OrderKey, State, WorkOrder

CORRECTION = "correction"
_HANDOVER = "handover"
Story = Sequence[Any]
"""Rows with `on`, `what` and `details`, oldest first."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a machine in stock came to, and when."""

    on: date
    region: str | None
    yard: str | None = None


class Sale(NamedTuple):
    """The instant of a hand-over (ms), the hours it gave, and whether it named a region of its own."""

    at_ms: int
    hours: str | None
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Life:
    """The facts that decide a machine's orders.

    `placements` are where it stood while in stock, oldest first; empty if it came to us sold. `completions` and
    `cancellations` are what people did, without what follows from `inspected` and `last_step_done`.
    """

    machine_id: str
    placements: tuple[Placement, ...] = ()
    inspected: bool = False
    handed_over_on: date | None = None
    warranty: Warranty | None = None
    sale: Sale | None = None
    retired_on: date | None = None
    last_step_done: str | None = None
    last_step_done_on: date | None = None
    completions: tuple[Done, ...] = ()
    cancellations: tuple[Cancelled, ...] = ()

    @property
    def status(self) -> Status:
        """Where the machine stands now."""
        if self.retired_on is not None:
            return Status.RETIRED
        return Status.STOCK if self.handed_over_on is None else Status.IN_SERVICE

    @property
    def arrival(self) -> int:
        """Which placement brought the machine to the region where it stood last."""
        moves = [index for index in range(1, len(self.placements)) if self.changes_region(index)]
        return moves[-1] if moves else 0

    def changes_region(self, index: int) -> bool:
        """Whether a placement brought the machine to another region."""
        return index == 0 or self.placements[index].region != self.placements[index - 1].region

    @property
    def begins_on(self) -> date:
        """The day on which the machine came to us."""
        on = self.placements[0].on if self.placements else self.handed_over_on
        if on is None:
            message = f"{self.machine_id} never came to us"
            raise AssertionError(message)
        return on

    def start(self) -> Machine:
        """The machine as it came to us."""
        if self.placements:
            on, region = self.placements[0].on, self.placements[0].region
            return Machine(self.machine_id, Status.STOCK, region, stocked_on=on, arrived_on=on)
        return Machine(self.machine_id, Status.IN_SERVICE, handed_over_on=self.handed_over_on, warranty=self.warranty)


def life_of(connection: Connection, keeper: Keeper, record: MachineRecord) -> Life:
    """A machine's life as it is believed now."""
    machine_id, facts = record.facts.machine_id, record.facts
    row = connection.execute(select(machine_table).where(machine_table.c.machine_id == machine_id)).one()
    story = _story(connection, machine_id)
    return Life(
        machine_id=machine_id,
        placements=_placements(story),
        inspected=bool(row.inspected),
        handed_over_on=facts.handed_over_on,
        warranty=facts.warranty,
        sale=_sale(story),
        retired_on=facts.retired_on,
        last_step_done=row.last_step_done,
        last_step_done_on=row.last_step_done_on,
        completions=tuple(_completions(connection, keeper, record, row)),
        cancellations=tuple(_cancellations(record)),
    )


def _story(connection: Connection, machine_id: str) -> Story:
    columns = machine_events.c
    statement = select(columns.on, columns.what, columns.details).where(columns.machine_id == machine_id)
    return connection.execute(statement.order_by(columns.id)).all()


def _placements(story: Story) -> tuple[Placement, ...]:
    """From stock-in and transfers; a correction has written down the placements as it left them."""
    placements: list[Placement] = []
    for event in story:
        region, yard = event.details.get("region"), event.details.get("yard")
        if event.what == CORRECTION and "placements" in event.details:
            placements = [Placement(date.fromisoformat(on), *where) for on, *where in event.details["placements"]]
        elif event.what == "stock_in":
            placements = [Placement(event.on, region, yard)]
        elif event.what == "transfer":
            last = placements[-1]
            placements.append(Placement(event.on, region or last.region, yard or last.yard))
    return tuple(placements)


def _sale(story: Story) -> Sale | None:
    """From the hand-over; a correction has written down its instant and hours as it left them."""
    sale = None
    for event in story:
        if event.what == _HANDOVER:
            sale = Sale(int(event.details["at_ms"]), event.details.get("hours"), "region" in event.details)
        elif event.what == CORRECTION and "undo_sale" in event.details.get("undone", ()):
            sale = None
        elif event.what == CORRECTION and sale is not None and "sale" in event.details:
            at_ms, hours = event.details["sale"]
            sale = Sale(at_ms, hours, sale.elsewhere)
    return sale


def _completions(connection: Connection, keeper: Keeper, record: MachineRecord, row: Row[Any]) -> Iterator[Done]:
    """Orders that are done by themselves, not because of another fact."""
    entered = orders.entered(connection, record.facts.machine_id, State.DONE)
    with_form = orders.with_form(connection, record.facts.machine_id)
    for order in record.facts.orders.values():
        if order.state is State.DONE and order.closed_on and (order.key in with_form or not _is_implied(order, row)):
            entered_ms = entered.get(order.key)
            entered_on = order.closed_on if entered_ms is None else local_date(entered_ms, keeper.zone)
            yield Done(order.closed_on, order.key, order, max(entered_on, order.closed_on))


def _is_implied(order: WorkOrder, row: Row[Any]) -> bool:
    """Whether an order is done because of an inspection on arrival, or because it was the last step done or before."""
    if order.kind is Kind.STOCK_UPKEEP:
        inspected_on = row.stocked_on if row.inspected else None
        return inspected_on is not None and (order.step, order.closed_on) == (month_step(inspected_on), inspected_on)
    return order.kind is Kind.MANDATORY_VISIT and order.closed_on == row.last_step_done_on


def _cancellations(record: MachineRecord) -> Iterator[Cancelled]:
    for order in record.facts.orders.values():
        if order.state is State.CANCELLED and order.closing is Closing.PERSON and order.closed_on is not None:
            yield Cancelled(order.closed_on, order)


def key_text(key: OrderKey) -> str:
    """KIND/STEP."""
    return f"{key.kind}/{key.step}"
