"""Copy 1 of the form (rules 6): the centre is reminded once, on the 1st of the month after the visit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapters.store.listing import OrderFilter
from daemon import listing, work
from schedules.copy_1 import Copy1
from schedules.work_order import Kind, OrderKey

from .keeping import MINUTE, World

FIRST = OrderKey(Kind.MANDATORY_VISIT, "100")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """L1 sold at the beginning of the year, its first visit done on the last of January."""
    world = World(tmp_path / "hourkeeper.db")
    world.goes_to("2026-01-20 08:00")
    world.registers()
    world.sells("L1")
    world.goes_to("2026-01-31 08:00")
    world.does("L1", "100")
    world.gathers()
    return world


def reminders(world: World) -> list[str]:
    """What was told of copy 1 by the morning."""
    world.gathers(9 * 60 * MINUTE)
    found = [orders for (occasion, _), orders in world.letters().items() if occasion == "copy_1_not_sent"]
    return [order for orders in found for order in orders]


def unsent(world: World, state: Copy1) -> list[str]:
    with world.keeper.store.read() as connection:
        wanted = OrderFilter(unsent=listing.unsent(world.keeper, state, world.now_ms))
        return [row["step"] for row in listing.orders(connection, world.keeper, wanted, world.now_ms)]


def test_the_centre_is_reminded_once_on_the_first_of_the_month_after(world: World) -> None:
    assert reminders(world) == []
    world.goes_to("2026-02-01 00:10")
    assert reminders(world) == ["L1/100"]
    world.goes_to("2026-02-02 00:10")
    world.goes_to("2026-03-01 00:10")

    assert reminders(world) == ["L1/100"]


def test_a_copy_that_was_sent_is_not_reminded_of(world: World) -> None:
    with world.keeper.store.write() as connection:
        work.copy_sent(connection, world.keeper, "L1", FIRST, date(2026, 1, 31), world.now_ms)
    world.goes_to("2026-02-01 00:10")

    assert reminders(world) == []
    assert "copy 1 was sent" in world.dropped().values()


def test_after_a_downtime_it_is_told_late_and_after_the_fifth_not_at_all(tmp_path: Path, world: World) -> None:
    world.goes_to("2026-02-04 00:10")
    assert reminders(world) == ["L1/100"]

    other = World(tmp_path / "other.db")
    other.goes_to("2026-01-20 08:00")
    other.registers()
    other.sells("L1")
    other.goes_to("2026-01-31 08:00")
    other.does("L1", "100")
    other.goes_to("2026-02-06 00:10")
    assert reminders(other) == []


def test_what_is_not_sent_is_listed_and_forfeited_after_the_fifth(world: World) -> None:
    world.goes_to("2026-02-05 00:10")
    assert (unsent(world, Copy1.MISSING), unsent(world, Copy1.FORFEITED)) == (["100"], [])
    world.goes_to("2026-02-06 00:10")

    assert (unsent(world, Copy1.MISSING), unsent(world, Copy1.FORFEITED)) == ([], ["100"])


def test_a_copy_sent_too_late_is_kept_and_shown_as_late(world: World) -> None:
    world.goes_to("2026-02-10 00:10")
    with world.keeper.store.write() as connection:
        work.copy_sent(connection, world.keeper, "L1", FIRST, date(2026, 2, 9), world.now_ms)

    with world.keeper.store.read() as connection:
        (row,) = listing.orders(connection, world.keeper, OrderFilter(machine_id="L1", states=None), world.now_ms)
    assert (row["copy_1"], row["copy_1_sent_by"], row["copy_1_sent_on"]) == ("sent_late", "2026-02-05", "2026-02-09")


def test_what_was_done_before_we_knew_the_machine_is_nobodys_reminder(tmp_path: Path) -> None:
    world = World(tmp_path / "hourkeeper.db")
    world.goes_to("2026-01-20 08:00")
    world.registers()
    world.now_ms -= 40 * 86_400_000
    handed_over_ms = world.now_ms
    world.now_ms += 40 * 86_400_000
    from daemon import life
    from schedules.machine import Category, Warranty

    command = life.HandOver(
        "L1",
        handed_over_ms,
        Warranty.ONE_YEAR,
        "5",
        category=Category.LOADER,
        service_centre="SC7",
        last_step_done="100",
        last_step_done_on=date(2025, 12, 20),
    )
    with world.keeper.store.write() as connection:
        life.hand_over(connection, world.keeper, command, world.now_ms)
    world.goes_to("2026-02-01 00:10")

    assert reminders(world) == []
    assert unsent(world, Copy1.FORFEITED) == []
