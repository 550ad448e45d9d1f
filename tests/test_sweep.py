"""A sweep goes on past a machine that cannot be assessed, and comes back to it the next day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from adapters.store import machines
from adapters.store.tables import meters
from daemon.life import HandOver, hand_over
from daemon.sweep import is_done, sweep
from schedules.dates import instant_ms, moment
from schedules.machine import Category, Warranty
from tests.keeping import World
from tests.support.refusing import refuse, take_again

_DAYS = 12


def test_one_machine_that_cannot_be_assessed_does_not_stop_the_others(tmp_path: Path) -> None:
    world = World(tmp_path / "sweep.db", now_ms=1_790_000_000_000)
    keeper, sold_ms = world.keeper, world.now_ms
    with keeper.store.write() as connection:
        for machine_id in ("A", "B", "C"):
            sale = HandOver(machine_id, sold_ms, Warranty.ONE_YEAR, hours=0, category=Category.LOADER)
            hand_over(connection, keeper, sale, sold_ms)
        refuse(connection, "work_orders", "new.machine_id = 'B'", "no orders for B")
    later_ms = instant_ms(moment(sold_ms) + timedelta(days=_DAYS))
    assert sweep(keeper, later_ms) == 3
    assert is_done(keeper, later_ms)
    with keeper.store.read() as connection:
        known = machines.load(connection, keeper.zone, ["A", "B", "C"])
        wakes_on = connection.execute(select(meters.c.wakes_on).where(meters.c.machine_id == "B")).scalar_one()
    assert [len(known[machine_id].facts.orders) for machine_id in ("A", "B", "C")] == [1, 0, 1]
    assert wakes_on == keeper.today(later_ms) + timedelta(days=1)
    with keeper.store.write() as connection:
        take_again(connection, "work_orders")
    sweep(keeper, instant_ms(moment(later_ms) + timedelta(days=1)))
    with keeper.store.read() as connection:
        assert len(machines.load(connection, keeper.zone, ["B"])["B"].facts.orders) == 1
