"""Findings: each opened once, on the day the rules name, and closed by itself when it is cured (rules 5 and 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from adapters.store.tables import findings, readings, service_centres
from daemon import life, meters
from daemon.voiding import void
from schedules.machine import Category, Warranty
from schedules.reading import REFUSED_BY_METER
from tests.keeping import World, at


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path / "hourkeeper.db")
    found.registers()
    found.now_ms = at("2025-03-03 08:00")
    yield found
    found.keeper.store.close()


def of(world: World, *kinds: str) -> list[tuple[Any, ...]]:
    """Findings of these kinds: kind, subject, opened, closed, cure."""
    columns = findings.c
    statement = select(columns.kind, columns.subject, columns.opened_on, columns.closed_on, columns.cure)
    with world.keeper.store.read() as connection:
        rows = connection.execute(statement.where(columns.kind.in_(kinds)).order_by(columns.id)).all()
    return [tuple(row) for row in rows]


def days(world: World, first: str, last: str) -> None:
    """The clock goes from day to day, and each is swept."""
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        world.goes_to(f"{day} 00:00")
        day += timedelta(days=1)


def used(world: World) -> None:
    """A machine that has reported by itself, last on 2025-03-10."""
    world.sells("M1")
    world.goes_to("2025-03-10 20:00")
    world.reads("M1", "30")


def test_a_machine_is_silent_on_the_seventh_day_and_once(world: World) -> None:
    used(world)
    days(world, "2025-03-11", "2025-03-16")
    assert of(world, "silent") == []
    days(world, "2025-03-17", "2025-04-30")
    assert of(world, "silent") == [("silent", "M1", date(2025, 3, 17), None, None)]


def test_the_loader_of_example_3_of_the_rules_is_found_silent(world: World) -> None:
    world.now_ms = at("2025-01-10 10:00")
    world.sells("M1")
    for when, hours in (("2025-01-16 18:00", "78"), ("2025-02-10 18:00", "400"), ("2025-02-20 18:00", "540")):
        world.goes_to(when)
        world.reads("M1", hours)
    days(world, "2025-02-21", "2025-02-26")
    assert [row for row in of(world, "silent") if row[3] is None] == []
    days(world, "2025-02-27", "2025-02-27")
    assert of(world, "silent")[-1] == ("silent", "M1", date(2025, 2, 27), None, None)


def test_a_sign_of_life_ends_a_silence_and_another_begins(world: World) -> None:
    used(world)
    days(world, "2025-03-11", "2025-03-20")
    world.goes_to("2025-03-20 09:00")
    world.reads("M1", "30")
    days(world, "2025-03-21", "2025-03-30")
    assert of(world, "silent") == [
        ("silent", "M1", date(2025, 3, 17), date(2025, 3, 20), "heard"),
        ("silent", "M1", date(2025, 3, 27), None, None),
    ]


def test_forty_days_without_a_sweep_find_what_daily_sweeps_would(world: World) -> None:
    used(world)
    world.now_ms = at("2025-04-19 10:00")
    world.reads("M1", "31")
    assert of(world, "silent") == [("silent", "M1", date(2025, 3, 17), date(2025, 4, 19), "heard")]


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize(("day", "silences"), [("2025-03-16", 0), ("2025-03-17", 1)])
def test_the_calendar_comes_before_the_readings_of_the_day(
    world: World, day: str, silences: int, *, swept: bool
) -> None:
    used(world)
    if swept:
        days(world, "2025-03-11", day)
    world.now_ms = at(f"{day} 10:00")
    world.reads("M1", "31")
    on = date.fromisoformat(day)
    assert of(world, "silent") == [("silent", "M1", on, on, "heard")] * silences


def test_a_silence_that_lasts_has_its_own_date_after_forty_days_down(world: World) -> None:
    used(world)
    world.goes_to("2025-04-19 10:00")
    assert of(world, "silent") == [("silent", "M1", date(2025, 3, 17), None, None)]


def test_a_refused_reading_is_no_sign_of_life(world: World) -> None:
    used(world)
    world.goes_to("2025-03-15 08:00")
    world.reads("M1", "9000")
    days(world, "2025-03-16", "2025-03-18")
    assert of(world, "silent") == [("silent", "M1", date(2025, 3, 17), None, None)]


def test_a_machine_that_never_reported_is_another_finding_and_heard_of_in_the_end(world: World) -> None:
    world.sells("M1")
    days(world, "2025-03-04", "2025-03-12")
    assert of(world, "silent", "never_reported") == [("never_reported", "M1", date(2025, 3, 10), None, None)]
    world.goes_to("2025-03-12 09:00")
    world.reads("M1", "1")
    assert of(world, "never_reported") == [("never_reported", "M1", date(2025, 3, 10), date(2025, 3, 12), "heard")]


def test_nothing_is_expected_of_stock_and_of_retired_machines(world: World) -> None:
    world.stocks("S1")
    used(world)
    days(world, "2025-03-11", "2025-03-18")
    world.retires("M1")
    days(world, "2025-03-19", "2025-05-01")
    assert of(world, "silent") == [("silent", "M1", date(2025, 3, 17), date(2025, 3, 18), "not_in_service")]
    assert {subject for _, subject, *_ in of(world, "silent", "never_reported")} == {"M1"}


def refused_in_a_row(world: World, *hours: str) -> list[int]:
    """Readings an hour apart that the meter refuses; their numbers."""
    for each in hours:
        world.now_ms += 3_600_000
        world.reads("M1", each)
    with world.keeper.store.read() as connection:
        wanted = readings.c.verdict.in_(sorted(REFUSED_BY_METER))
        return list(connection.execute(select(readings.c.id).where(wanted).order_by(readings.c.id)).scalars())


def test_three_refused_readings_that_agree_need_a_decision_once(world: World) -> None:
    used(world)
    refused_in_a_row(world, "5000", "5000.5")
    assert of(world, "meter_needs_decision") == []
    refused_in_a_row(world, "5001", "5001.5", "5002", "5003")
    assert of(world, "meter_needs_decision") == [("meter_needs_decision", "M1", date(2025, 3, 10), None, None)]


def test_refused_readings_that_contradict_each_other_ask_nobody(world: World) -> None:
    used(world)
    refused_in_a_row(world, "5000", "90000", "5", "60000", "9000")
    assert of(world, "meter_needs_decision") == []


def test_readings_in_between_that_are_believed_end_the_row(world: World) -> None:
    used(world)
    refused_in_a_row(world, "5000", "5000.5", "30.5", "5001", "5001.5")
    assert of(world, "meter_needs_decision") == []


def test_a_meter_that_goes_on_normally_needs_no_decision_any_more(world: World) -> None:
    used(world)
    refused_in_a_row(world, "5000", "5000.5", "5001", "31")
    assert of(world, "meter_needs_decision") == [
        ("meter_needs_decision", "M1", date(2025, 3, 10), date(2025, 3, 11), "goes_on")
    ]


def test_a_decision_closes_it(world: World) -> None:
    used(world)
    first, *_ = refused_in_a_row(world, "5000", "5000.5", "5001")
    with world.keeper.store.write() as connection:
        meters.accept(connection, world.keeper, first, "the dial shows it", "Wang", world.now_ms)
    ((*_, cure),) = of(world, "meter_needs_decision")
    assert cure == "accepted"


def test_voided_readings_and_a_meter_change_close_it_too(world: World) -> None:
    used(world)
    for number in refused_in_a_row(world, "5000", "5000.5", "5001"):
        with world.keeper.store.write() as connection:
            void(connection, world.keeper, number, "the terminal was on another machine", "Wang", world.now_ms)
    refused_in_a_row(world, "2", "2.5", "3")
    with world.keeper.store.write() as connection:
        change = meters.MeterChange("M1", at("2025-03-10 20:30"), "30", "0")
        meters.change_meter(connection, world.keeper, change, world.now_ms, "Wang")
    assert [cure for *_, cure in of(world, "meter_needs_decision")] == ["voided", "meter_change"]


def test_places_without_an_address_and_machines_without_a_centre(world: World) -> None:
    world.sells("M1", service_centre="NEW")
    world.sells("M2", service_centre=None)
    world.stocks("S1", yard="Y9", region="nowhere")
    kinds = ("centre_without_address", "machine_without_centre", "yard_without_address", "region_without_window")
    today = date(2025, 3, 3)
    assert sorted(of(world, *kinds)) == [
        ("centre_without_address", "NEW", today, None, None),
        ("machine_without_centre", "M2", today, None, None),
        ("region_without_window", "nowhere", today, None, None),
        ("yard_without_address", "Y9", today, None, None),
    ]
    world.moves("S1", yard="Y1", region="46")
    world.goes_to("2025-03-04 08:00")
    with world.keeper.store.write() as connection:
        connection.execute(service_centres.insert().values(service_centre="NEW", email="new@centre.example"))
    world.goes_to("2025-03-05 08:00")
    closed = {kind: (closed_on, cure) for kind, _, _, closed_on, cure in of(world, *kinds)}
    assert closed == {
        "centre_without_address": (date(2025, 3, 5), "completed"),
        "machine_without_centre": (None, None),
        "region_without_window": (today, "completed"),
        "yard_without_address": (today, "completed"),
    }


def test_an_address_that_is_lost_again_is_found_again(world: World) -> None:
    world.sells("M1")
    for email in ("", "desk@centre.example", " "):
        with world.keeper.store.write() as connection:
            connection.execute(update(service_centres).values(email=email))
        world.goes_to(f"{world.keeper.today(world.now_ms) + timedelta(days=1)} 08:00")
    found = [(opened_on, closed_on) for _, _, opened_on, closed_on, _ in of(world, "centre_without_address")]
    assert found == [(date(2025, 3, 4), date(2025, 3, 5)), (date(2025, 3, 6), None)]


def test_a_region_with_the_policy_none_is_known(world: World) -> None:
    world.stocks("S1", region="46")
    assert of(world, "region_without_window") == []


def test_readings_that_waited_for_the_registration_are_signs_of_life(world: World) -> None:
    world.reads("M1", "3")
    with world.keeper.store.write() as connection:
        command = life.HandOver("M1", world.now_ms, Warranty.ONE_YEAR, category=Category.LOADER)
        life.hand_over(connection, world.keeper, command, world.now_ms)
    days(world, "2025-03-04", "2025-03-12")
    assert of(world, "silent", "never_reported") == [("silent", "M1", date(2025, 3, 10), None, None)]
