"""A small world for tests: a keeper on a real SQLite file, lived in through the use cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from adapters.files.rules import read_rules
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store import machines
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.schema import SchemaState, create_scratch, state
from adapters.store.tables import letters, notices, service_centres, work_orders, yards
from daemon import life, work
from daemon.judging import judge_all
from daemon.keeper import Keeper, Telling
from daemon.outbox import outbox_of
from daemon.sweep import sweep
from schedules.dates import instant_ms
from schedules.evidence import Form
from schedules.machine import Category, Warranty
from schedules.work_order import Kind, OrderKey
from tests.support.kept_in import url_of

MINUTE = 60_000
CENTRE = {"service_centre": "SC7", "name": "济南服务中心", "email": "desk@centre.example", "phone": "0531-1234567"}
YARD = {"yard": "Y1", "name": "一号场", "email": "yard@dealer.example"}
CUSTOMER = {"customer": "张三", "customer_email": "zhang@customer.example", "customer_phone": "13812345678"}


def at(text: str) -> int:
    """An instant in ms of local time in the plan's zone: `2025-03-03 08:00`."""
    return instant_ms(datetime.fromisoformat(f"{text}+08:00"))


def store_at(place: Path | str, busy_ms: int = 5000) -> Store:
    """The store that the suite keeps under the name of a file, or the one behind a URL."""
    return Store(place if isinstance(place, str) else url_of(place), busy_ms)


def open_keeper(place: Path | str, telling: Telling | None = None, busy_ms: int = 5000) -> Keeper:
    """A keeper on a store that is there: a SQLite file, or a URL."""
    store = store_at(place, busy_ms)
    with store.write() as connection:
        rulebook = adopt(connection, read_rules(), 0)
    return Keeper(store, rulebook, telling or Telling(channel="email"))


@dataclass
class World:
    """A keeper and a clock that is set by hand."""

    file: Path | str
    telling: Telling = field(default_factory=lambda: Telling(channel="email"))
    now_ms: int = 0

    def __post_init__(self) -> None:
        scratch = store_at(self.file)
        if state(scratch) is SchemaState.FRESH:
            create_scratch(scratch)
        scratch.close()
        self.keeper = open_keeper(self.file, self.telling)
        self.outbox = outbox_of(self.keeper)

    def tell_by(self, telling: Telling) -> None:
        """Other settings, as after a restart."""
        self.keeper = Keeper(self.keeper.store, self.keeper.rulebook, telling)
        self.outbox = outbox_of(self.keeper)

    def clock(self) -> int:
        return self.now_ms

    def goes_to(self, text: str) -> None:
        """The clock moves on, and the calendar is swept when a day begins."""
        before, self.now_ms = self.now_ms, at(text)
        if self.keeper.today(before) != self.keeper.today(self.now_ms):
            sweep(self.keeper, self.now_ms)

    def registers(self) -> None:
        with self.keeper.store.write() as connection:
            connection.execute(insert(service_centres).values(**CENTRE))
            connection.execute(insert(yards).values(**YARD))

    def stocks(self, machine_id: str, **changes: Any) -> None:  # noqa: ANN401 - any field
        values = {"model": "LG855N", "region": "46", "yard": "Y1", "inspected": False, **changes}
        command = life.StockIn(machine_id, Category.LOADER, self.now_ms, **values)
        with self.keeper.store.write() as connection:
            life.stock_in(connection, self.keeper, command, self.now_ms)

    def moves(self, machine_id: str, **changes: Any) -> None:  # noqa: ANN401 - any field
        with self.keeper.store.write() as connection:
            life.transfer(connection, self.keeper, life.Transfer(machine_id, self.now_ms, **changes), self.now_ms)

    def sells(self, machine_id: str, **changes: Any) -> None:  # noqa: ANN401 - any field
        terms = {"warranty": Warranty.ONE_YEAR, "hours": "0", "category": Category.LOADER, "model": "LG855N"}
        values = {**terms, "region": "37", "service_centre": "SC7", **CUSTOMER, **changes}
        command = life.HandOver(machine_id, self.now_ms, **values)
        with self.keeper.store.write() as connection:
            life.hand_over(connection, self.keeper, command, self.now_ms)

    def retires(self, machine_id: str) -> None:
        with self.keeper.store.write() as connection:
            life.retire(connection, self.keeper, life.Retire(machine_id, self.now_ms, "scrapped"), self.now_ms)

    def reads(self, machine_id: str, hours: str) -> None:
        source = Source(SourceSpec())
        decoder = Decoder([source], self.keeper.meter_rules, self.keeper.zone)
        reports = decoder.reports(Delivery("", b"", self.now_ms), source, machine_id, {"hours": Decimal(hours)})
        with self.keeper.store.write() as connection:
            judge_all(connection, self.keeper, reports, self.now_ms)

    def does(self, machine_id: str, step: str, kind: Kind = Kind.MANDATORY_VISIT) -> None:
        form = Form(
            technician="李工",
            signed_by="张三",
            genuine_oils=True,
            items=("all",),
            nothing_removed=True,
            winter_items=True,
        )
        command = work.Completion(machine_id, OrderKey(kind, step), self.now_ms, None, form)
        work.complete(self.keeper, command, self.now_ms)

    def acknowledges(self, machine_id: str, step: str) -> None:
        with self.keeper.store.write() as connection:
            key = OrderKey(Kind.MANDATORY_VISIT, step)
            work.acknowledge(connection, self.keeper, machine_id, key, "Wang", self.now_ms)

    def corrects(self, machine_id: str, **values: Any) -> None:  # noqa: ANN401 - columns of machines
        with self.keeper.store.write() as connection:
            machines.change_facts(connection, machine_id, values)

    def gathers(self, after_ms: int = MINUTE) -> int:
        """Some time later, letters are made of what waits."""
        self.now_ms += after_ms
        return self.outbox.gather(self.now_ms)

    def letters(self) -> dict[tuple[str, str], list[str]]:
        """Letters that wait: (occasion, recipient) and their orders."""
        found: dict[tuple[str, str], list[str]] = {}
        joined = select(letters, notices).join(notices, notices.c.letter_id == letters.c.letter_id)
        with self.keeper.store.read() as connection:
            for row in connection.execute(joined.order_by(notices.c.machine_id, notices.c.id)):
                order = f"{row.machine_id}/{row.step}"
                orders = found.setdefault((row.occasion, row.recipient), [])
                orders.extend([order] if order not in orders else [])
        return found

    def dropped(self) -> dict[tuple[str, str], str]:
        """Why notices (occasion, recipient) are not told."""
        statement = select(notices).where(notices.c.dropped.isnot(None))
        with self.keeper.store.read() as connection:
            return {(row.occasion, row.recipient): row.dropped for row in connection.execute(statement)}

    def states(self) -> list[str]:
        """The states of all letters."""
        with self.keeper.store.read() as connection:
            return sorted(connection.execute(select(letters.c.state)).scalars())

    def orders(self) -> dict[str, str]:
        with self.keeper.store.read() as connection:
            return {f"{row.machine_id}/{row.step}": row.state for row in connection.execute(select(work_orders))}
