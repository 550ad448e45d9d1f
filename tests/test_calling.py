"""The call list of a service centre in the course of a day: what is noted takes a call off it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event

from daemon import work
from daemon.calling import Fields, Wanted, calls
from daemon.keeper import Telling
from notifications.timing import Timing
from notifications.words import words_in
from notifications.working_days import WorkingDays
from schedules.work_order import Kind, OrderKey
from tests.keeping import World, at

FIRST = OrderKey(Kind.MANDATORY_VISIT, "100")
WEEKDAYS = Timing(working=WorkingDays(frozenset(range(5))))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "calls.db", Telling(timing=WEEKDAYS))
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


def listed(world: World, service_centre: str | None = "SC7", limit: int = 50) -> list[Fields]:
    wanted = Wanted(service_centre, 7, limit)
    with world.keeper.store.read() as connection:
        return list(calls(connection, world.keeper, wanted, world.now_ms, words_in("en")))


def who(world: World) -> list[tuple[str, str]]:
    return [(row["why"], row["machine_id"]) for row in listed(world)]


def agrees(world: World, machine_id: str, on: date) -> None:
    with world.keeper.store.write() as connection:
        work.schedule(connection, world.keeper, machine_id, FIRST, on, world.now_ms)


def test_a_call_leaves_the_list_when_it_was_made_and_comes_back_to_confirm_the_day(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-13 09:00")
    assert who(world) == [("due", "L1")]

    with world.keeper.store.write() as connection:
        work.contact(connection, world.keeper, "L1", FIRST, "Wang", world.now_ms)
    assert who(world) == []

    world.goes_to("2025-03-14 09:00")  # a Friday; nothing was agreed
    assert who(world) == [("overdue", "L1")]
    agrees(world, "L1", date(2025, 3, 17))
    assert who(world) == [("confirm", "L1")]  # Monday is the next working day
    world.goes_to("2025-03-17 09:00")
    world.does("L1", "100")
    assert [why for why, _ in who(world)] == ["unheard"]  # it has never reported


def test_users_without_an_address_come_first_and_a_silent_machine_last(world: World) -> None:
    world.sells("L1")
    world.sells("L2", customer_email=None, customer="李四", customer_phone="139")
    world.sells("L3", last_step_done="100", last_step_done_on=date(2025, 3, 3))
    world.goes_to("2025-03-13 09:00")

    rows = listed(world)

    assert [(row["why"], row["machine_id"], row["by_mail"]) for row in rows] == [
        ("due", "L2", False),
        ("due", "L1", True),
        ("unheard", "L3", True),
    ]
    assert (rows[0]["customer"], rows[0]["customer_phone"]) == ("李四", "139")
    assert rows[0]["say"] == (
        "Visit 100 is due since 2025-03-13: agree a day. "
        "Silent, found on 2025-03-10: ask what the hour meter shows, and where the machine works."
    )


def test_sold_on_moved_and_retired_machines_are_nobodys_call(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.goes_to("2025-03-13 09:00")
    world.corrects("L1", service_centre="SC8")
    world.retires("L2")

    assert listed(world) == []
    assert [row["machine_id"] for row in listed(world, "SC8")] == ["L1"]


def test_a_large_fleet_is_read_in_batches_and_the_list_is_bounded(world: World) -> None:
    for number in range(60):
        world.sells(f"L{number:03}")
    world.goes_to("2025-03-13 09:00")
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(world.keeper.store.engine, "before_cursor_execute", count)
    rows = listed(world, None, limit=10)

    assert [row["machine_id"] for row in rows] == [f"L{number:03}" for number in range(10)]
    assert len([each for each in statements if each.startswith("SELECT")]) < 10
