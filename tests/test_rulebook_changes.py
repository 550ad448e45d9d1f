"""Another winter file for machines that are there: all are asked again, and only those it concerns change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.files.rules import read_rules
from adapters.store.rulebooks import adopt
from adapters.store.tables import machines, work_order_events, work_orders
from daemon import correcting
from daemon.correction import Correction
from daemon.keeper import Keeper
from daemon.rules_in_force import keep_up
from daemon.sweep import is_done, sweep
from schedules.rulebook import Rulebook
from schedules.winter import WinterTable
from tests.keeping import World, at, open_keeper

HARBIN, JINAN = "23", "37"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "winter.db", now_ms=at("2025-06-03 08:00"))


def another(winter: WinterTable, region: str, **dates: Any) -> WinterTable:  # noqa: ANN401 - month and day
    """The same table with other dates for a region."""
    return replace(winter, windows={**winter.windows, region: replace(winter.windows[region], **dates)})


def adopts(keeper: Keeper, winter: WinterTable, now_ms: int) -> Rulebook:
    with keeper.store.write() as connection:
        return adopt(connection, replace(read_rules(), winter=winter), now_ms)


def asked_under(world: World) -> set[int | None]:
    with world.keeper.store.read() as connection:
        return set(connection.execute(select(machines.c.asked_rulebook)).scalars())


def opened_on(world: World) -> dict[str, date]:
    columns = work_orders.c
    statement = select(columns.machine_id, columns.opens_on).where(columns.kind == "freeze_protection")
    with world.keeper.store.read() as connection:
        return {row.machine_id: row.opens_on for row in connection.execute(statement)}


def test_a_changed_file_opens_orders_by_its_dates_where_it_changed_and_touches_nothing_else(world: World) -> None:
    for number in range(450):
        world.stocks(f"N{number}", region=HARBIN if number % 2 else JINAN)
    with world.keeper.store.read() as connection:
        before = connection.execute(select(work_order_events.c.id)).all()
    later = another(world.keeper.rulebook.winter, HARBIN, opens=(8, 1))
    world.keeper.rulebook = adopts(world.keeper, later, world.now_ms)

    assert not is_done(world.keeper, world.now_ms)
    assert sweep(world.keeper, world.now_ms) == 450
    assert is_done(world.keeper, world.now_ms)
    assert sweep(world.keeper, world.now_ms) == 0
    assert asked_under(world) == {2}
    with world.keeper.store.read() as connection:
        assert connection.execute(select(work_order_events.c.id)).all() == before

    world.goes_to("2025-08-01 08:00")
    assert opened_on(world) == {f"N{number}": date(2025, 8, 1) for number in range(1, 450, 2)}


def test_a_daemon_follows_what_another_process_has_put_in_force(world: World) -> None:
    world.stocks("N1", region=HARBIN)
    sweep(world.keeper, world.now_ms)
    other = open_keeper(world.file)
    newer = adopts(other, another(other.rulebook.winter, HARBIN, opens=(6, 1), due=(6, 20), end=(6, 30)), world.now_ms)
    other.store.close()

    keep_up(world.keeper)

    assert world.keeper.rulebook == newer
    assert not is_done(world.keeper, world.now_ms)
    sweep(world.keeper, world.now_ms)
    assert opened_on(world) == {"N1": date(2025, 6, 3)}


def test_a_correction_goes_by_the_windows_of_the_time(world: World) -> None:
    """A machine came in October, not in November: it was due by the file of 2025, not by the one of 2026."""
    world.now_ms = at("2025-11-20 08:00")
    world.stocks("N1", region=JINAN)
    world.goes_to("2026-03-20 08:00")
    later = another(world.keeper.rulebook.winter, JINAN, opens=(10, 1), due=(10, 20), end=(4, 30))
    world.keeper.rulebook = adopts(world.keeper, later, world.now_ms)
    sweep(world.keeper, world.now_ms)
    before = freeze_rows(world)

    command = Correction("N1", "Li", "the paper says so", facts={"stocked_on": date(2025, 10, 25)})
    with world.keeper.store.write() as connection:
        correcting.correct(connection, world.keeper, command, world.now_ms)

    lapsed_on = date(2026, 3, 14)
    assert before == [("2025-26@37", "lapsed", date(2025, 11, 20), date(2025, 11, 22), lapsed_on)]
    assert freeze_rows(world) == [("2025-26@37", "lapsed", date(2025, 10, 25), date(2025, 11, 7), lapsed_on)]
    assert asked_under(world) == {2}


def freeze_rows(world: World) -> list[tuple[object, ...]]:
    columns = work_orders.c
    shown = (columns.step, columns.state, columns.opens_on, columns.due_on, columns.closed_on)
    statement = select(*shown).where(columns.kind == "freeze_protection").order_by(columns.step)
    with world.keeper.store.read() as connection:
        return [tuple(row) for row in connection.execute(statement)]
