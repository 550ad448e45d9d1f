"""A machine's whole story as people read it, in both languages, against texts that were read and found good."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store.schema import upgrade
from daemon import work
from daemon.meters import MeterChange, change_meter
from schedules.work_order import Kind, OrderKey
from tests.keeping import World, store_at

from .calling import Caller

APPROVED = Path(__file__).with_name("service_book")
_BUSY = (3, Decimal(20))
_CALM = (6, Decimal("7.5"))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """A store in which one machine has lived its life."""
    call = Caller(tmp_path_factory.mktemp("book"))
    store = store_at(call.url)
    upgrade(store)
    store.close()
    _live(call)
    return call


def _live(call: Caller) -> None:
    """Bought, stocked two months, moved north, sold, run in two shifts, given a new meter, worn out, scrapped."""
    world = World(call.url)
    world.now_ms = 0
    world.goes_to("2024-09-02 09:00")
    world.registers()
    world.stocks("L9", inspected=True)
    world.goes_to("2024-10-20 10:00")
    world.does("L9", "2024-10", Kind.STOCK_UPKEEP)
    world.goes_to("2024-11-12 10:00")
    world.moves("L9", region="23", yard="Y2")
    world.goes_to("2024-11-13 10:00")
    world.does("L9", "2024-25@23", Kind.FREEZE_PROTECTION)
    world.goes_to("2024-12-02 10:00")
    world.sells("L9", region="23")
    _runs(world, until="2026-03-01")
    world.goes_to("2026-03-02 09:00")
    world.retires("L9")
    world.keeper.store.close()


def _runs(world: World, until: str) -> None:
    """A reading every few evenings; what people do, they do on their days."""
    day, last = datetime.fromisoformat("2024-12-03"), datetime.fromisoformat(until)
    total, offset = Decimal(0), Decimal(0)
    acts = {"2024-12-09": "100", "2025-02-04": "1200", "2025-03-09": "1800"}
    while day < last:
        world.goes_to(f"{day:%Y-%m-%d} 20:00")
        days, hours_a_day = _BUSY if day < datetime.fromisoformat("2025-05-01") else _CALM
        total += days * hours_a_day
        world.reads("L9", str(total - offset))
        if f"{day:%Y-%m}" == "2025-01" and day.day < 4:
            _arrange(world)
        if f"{day:%Y-%m-%d}" in acts:
            world.does("L9", acts[f"{day:%Y-%m-%d}"])
        if f"{day:%Y-%m-%d}" == "2025-02-10":
            offset = _replace_meter(world, total)
        day += timedelta(days=days)


def _arrange(world: World) -> None:
    key = OrderKey(Kind.MANDATORY_VISIT, "600")
    with world.keeper.store.write() as connection:
        work.acknowledge(connection, world.keeper, "L9", key, "王", world.now_ms)
        work.contact(connection, world.keeper, "L9", key, "王", world.now_ms, "no answer")


def _replace_meter(world: World, total: Decimal) -> Decimal:
    with world.keeper.store.write() as connection:
        change_meter(connection, world.keeper, MeterChange("L9", world.now_ms, total, "0"), world.now_ms, "Wang")
    return total


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("command", "page"),
    [(("machines", "show", "L9"), "machine"), (("work-orders", "show", "L9/mandatory_visit/600"), "visit")],
    ids=["machine", "visit"],
)
def test_a_life_reads_like_a_service_book(book: Caller, locale: str, command: tuple[str, ...], page: str) -> None:
    said = book(*command, "--locale", locale)

    assert said.code == 0, said.err
    assert _read(said.out) == (APPROVED / f"{page}.{locale}.txt").read_text("utf-8")


def _read(text: str) -> str:
    """As it was approved, but for blanks at line ends."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
