"""A few machines of every sort that the calendar treats in its own way; what came of them, ids and times aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from adapters.store.tables import duties, metadata
from daemon.calendar import do_what_is_due
from daemon.keeper import Keeper, Manager, Telling
from schedules.machine import Warranty
from schedules.work_order import Kind
from tests.keeping import World, at, open_keeper
from tests.support.kept_in import copied_to

TELLING = Telling(channel="email", managers=(Manager("Zhao", "zhao@maker.example"),))
_NOT_OF_RULES = {"id", "remind_on"}
_NOT_OF_EVENTS = {"id", "recorded_ms"}
_NOT_TOLD = {"id", "on", "recorded_ms", "not_before_ms", "letter_id", "dropped"}
_NOT_OF_FINDINGS = {"id", "recorded_ms", "closed_ms"}

Rows = list[tuple[Any, ...]]


def lived(place: Path | str) -> World:
    """By 2025-11-01: stock in several winters, a warranty that ends on 11-20, machines that fall silent."""
    world = World(place, TELLING, at("2025-05-20 08:00"))
    world.registers()
    world.sells("HALF", warranty=Warranty.HALF_YEAR)
    world.stocks("NORTH", region="23")
    world.stocks("SOUTH", region="46")
    goes_to(world, "2025-09-20 09:00")
    for machine_id, region in (("MIDDLE", "37"), ("EAST", "31"), ("INLAND", "36")):
        world.stocks(machine_id, region=region, inspected=True)
    world.does("NORTH", "2025-09", kind=Kind.STOCK_UPKEEP)
    goes_to(world, "2025-10-24 09:00")
    world.sells("SILENT")
    world.sells("NEVER", service_centre=None)
    world.sells("LATE", hours="130")
    goes_to(world, "2025-10-30 18:00")
    world.reads("SILENT", "40")
    world.acknowledges("LATE", "100")
    goes_to(world, "2025-11-01 00:10")
    return world


def goes_to(world: World, text: str) -> None:
    """The clock moves on, and what is due is done."""
    world.now_ms = at(text)
    do_what_is_due(world.keeper, world.now_ms)


def copied(world: World, file: Path) -> Keeper:
    """Another keeper on a copy of a world's store; the world is closed."""
    world.keeper.store.close()
    return open_keeper(copied_to(Path(world.file), file), TELLING)


def told(keeper: Keeper) -> Rows:
    """Who was told what of which order."""
    return _rows(keeper, "notices", _NOT_TOLD)


def story(keeper: Keeper) -> dict[str, Rows]:
    """Orders, their events and findings, whatever their ids and whenever they were written down."""
    left_out = {"work_orders": _NOT_OF_RULES, "work_order_events": _NOT_OF_EVENTS, "findings": _NOT_OF_FINDINGS}
    return {name: _rows(keeper, name, without) for name, without in left_out.items()}


def _rows(keeper: Keeper, table: str, without: set[str]) -> Rows:
    columns = [column for column in metadata.tables[table].columns if column.name not in without]
    with keeper.store.read() as connection:
        return sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)


def done(keeper: Keeper, duty: str) -> list[str]:
    """The periods a duty was done for, in order."""
    mine = select(duties.c.period).where(duties.c.duty == duty, duties.c.finished_ms.isnot(None))
    with keeper.store.read() as connection:
        return list(connection.execute(mine.order_by(duties.c.period)).scalars())
