"""A world whose people report things late, wrongly, and take them back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from adapters.mqtt.decode import Delivery, Report
from adapters.store import machines
from adapters.store.tables import notices, readings, work_order_events
from daemon import life
from daemon.correcting import correct
from daemon.correction import Correction
from daemon.judging import judge_all
from daemon.voiding import void
from schedules.hours import MS_PER_HOUR
from schedules.machine import Category, Machine, Warranty
from schedules.reading import Reading, Source
from schedules.work_order import WorkOrder
from tests.keeping import World, at

BY, WHY = "Zhao", "the contract says so"


@dataclass
class Past(World):
    """A keeper and a clock, with commands as people give them later."""

    def sold_on(self, day: str, machine_id: str = "L1", hours: str | None = "0", **changes: Any) -> None:  # noqa: ANN401 - any field
        warranty = changes.pop("warranty", Warranty.ONE_YEAR)
        values = {"category": Category.ROLLER, "service_centre": "SC7", "customer": "张三", **changes}
        command = life.HandOver(machine_id, at(f"{day} 00:00"), warranty, hours, **values)
        with self.keeper.store.write() as connection:
            life.hand_over(connection, self.keeper, command, self.now_ms)

    def stocked_on(self, day: str, machine_id: str = "L1", **changes: Any) -> None:  # noqa: ANN401 - any field
        command = life.StockIn(machine_id, Category.LOADER, at(f"{day} 00:00"), **changes)
        with self.keeper.store.write() as connection:
            life.stock_in(connection, self.keeper, command, self.now_ms)

    def measured(self, when: str, hours: str, machine_id: str = "L1") -> int:
        """A reading that arrives at once; its number."""
        at_ms = at(when)
        reading = Reading(int(Decimal(hours) * MS_PER_HOUR), at_ms, at_ms, Source.TELEMATICS)
        with self.keeper.store.write() as connection:
            judge_all(connection, self.keeper, [Report(Delivery("", b"", at_ms), machine_id, reading)], self.now_ms)
            newest = select(readings.c.id).order_by(readings.c.id.desc()).limit(1)
            return int(connection.execute(newest).scalar_one())

    def corrected(self, machine_id: str = "L1", **changes: Any) -> None:  # noqa: ANN401 - any field
        with self.keeper.store.write() as connection:
            correct(connection, self.keeper, Correction(machine_id, BY, WHY, **changes), self.now_ms)

    def voided(self, number: int) -> None:
        with self.keeper.store.write() as connection:
            void(connection, self.keeper, number, "the box was broken", "Zhao", self.now_ms)

    def machine(self, machine_id: str = "L1") -> Machine:
        with self.keeper.store.read() as connection:
            record = machines.load_one(connection, self.keeper.zone, machine_id)
        assert record is not None
        return record.facts

    def told(self, machine_id: str = "L1") -> dict[str, str]:
        """Orders by step: the state and the dates that matter in it."""
        return {key.step: short(order) for key, order in sorted(self.machine(machine_id).orders.items(), key=str)}

    def events(self, step: str) -> list[tuple[str | None, str | None, str, str | None]]:
        columns = work_order_events.c
        statement = select(columns.from_state, columns.to_state, columns.why, columns.by)
        with self.keeper.store.read() as connection:
            rows = connection.execute(statement.where(columns.step == step).order_by(columns.id)).all()
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def verdicts(self) -> dict[int, str]:
        with self.keeper.store.read() as connection:
            return {row.id: row.verdict for row in connection.execute(select(readings).order_by(readings.c.id))}

    def occasions(self) -> list[tuple[str, str, str]]:
        with self.keeper.store.read() as connection:
            rows = connection.execute(select(notices).order_by(notices.c.step, notices.c.occasion, notices.c.role))
            return [(row.step, row.occasion, row.recipient) for row in rows]


def short(order: WorkOrder) -> str:
    if order.closed_on is not None:
        by = f" by {order.superseded_by}" if order.superseded_by else ""
        return f"{order.state}{by} {order.closed_on}"
    return f"{order.state} {order.opens_on} {order.due_on} {order.overdue_on}"
