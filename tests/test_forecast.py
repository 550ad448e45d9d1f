"""When a step will probably be due (rules 7, last point): measured over 30 days, else 90, else assumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store import machines
from adapters.store.forecast import projections
from daemon.judging import judge_all
from schedules.forecast import Ahead, Basis, Expected, Projection, Use, ahead
from schedules.hours import MS_PER_HOUR
from schedules.machine import Category
from schedules.work_order import Kind, State, WorkOrder
from tests.keeping import World, at

TODAY = date(2025, 6, 1)


def hours(value: float) -> int:
    return round(value * MS_PER_HOUR)


def using(hours_a_day: float, total: float = 0.0, window: int | None = 30) -> Projection:
    return Projection(hours(total), Use(Fraction(hours(hours_a_day)), window))


# --- the projected date ---


@pytest.mark.parametrize(
    ("projection", "threshold", "calendar", "expected"),
    [
        (using(8, 500), 600, None, Expected(date(2025, 6, 14), Basis.MEASURED)),  # 12.5 days
        (using(8, 504), 600, None, Expected(date(2025, 6, 13), Basis.MEASURED)),  # exactly 12 days
        (using(8, 503.999), 600, None, Expected(date(2025, 6, 14), Basis.MEASURED)),
        (using(8, 500, window=None), 600, None, Expected(date(2025, 6, 14), Basis.ASSUMED)),
        (using(8, 500), 600, date(2025, 6, 15), Expected(date(2025, 6, 14), Basis.MEASURED)),
        (using(8, 500), 600, date(2025, 6, 14), Expected(date(2025, 6, 14), Basis.CALENDAR)),
        (using(8, 500), 600, date(2025, 6, 13), Expected(date(2025, 6, 13), Basis.CALENDAR)),
        (using(8, 500), None, date(2025, 6, 30), Expected(date(2025, 6, 30), Basis.CALENDAR)),
        (using(8, 600), 600, None, Expected(TODAY, Basis.MEASURED)),
        (using(8, 700), 600, date(2025, 7, 1), Expected(TODAY, Basis.MEASURED)),
        (using(0, 500), 600, date(2025, 7, 1), Expected(date(2025, 7, 1), Basis.CALENDAR)),
        (using(0, 500), 600, None, Expected(None, None)),
        (using(0, 600), 600, None, Expected(TODAY, Basis.MEASURED)),
        (using(0.000001, 0), 200_000, None, Expected(None, None)),  # beyond any calendar
        (using(8, 500), None, None, Expected(None, None)),
    ],
)
def test_the_earlier_of_calendar_and_hours(
    projection: Projection, threshold: int | None, calendar: date | None, expected: Expected
) -> None:
    assert projection.due(None if threshold is None else hours(threshold), calendar, TODAY) == expected


ORDER = WorkOrder(
    kind=Kind.MANDATORY_VISIT,
    step="600",
    state=State.UPCOMING,
    opens_on=date(2025, 5, 30),
    plan_version="1",
    due_on=date(2025, 7, 1),
    overdue_on=date(2025, 7, 2),
    threshold_ms=hours(600),
)


def test_an_order_not_due_yet_is_projected() -> None:
    assert using(8, 560).of_order(ORDER, TODAY) == Expected(date(2025, 6, 6), Basis.MEASURED)


@pytest.mark.parametrize("state", [State.DUE, State.OVERDUE])
def test_what_is_due_is_not_estimated(state: State) -> None:
    due = replace(ORDER, state=state, due_on=date(2025, 5, 31))

    assert using(8, 560).of_order(due, TODAY) == Expected(date(2025, 5, 31), None)


@pytest.mark.parametrize("state", [State.DONE, State.LAPSED, State.SUPERSEDED, State.CANCELLED])
def test_nothing_is_expected_of_what_is_closed(state: State) -> None:
    assert using(8, 560).of_order(replace(ORDER, state=state, closed_on=TODAY), TODAY) == Expected(None, None)


# --- use, from readings ---


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "forecast.db")
    made.now_ms = at("2025-03-01 08:00")
    return made


def projection(world: World, machine_id: str = "L1") -> Projection:
    with world.keeper.store.read() as connection:
        rules = world.keeper.rulebook.plan.forecast
        return projections(connection, rules, [machine_id], world.now_ms)[machine_id]


def rate(world: World, machine_id: str = "L1") -> tuple[float, int | None]:
    use = projection(world, machine_id).use
    return float(use.ms_a_day / MS_PER_HOUR), use.window_days


def read(world: World, *readings: tuple[str, str], machine_id: str = "L1") -> None:
    for when, value in readings:
        world.now_ms = at(when)
        world.reads(machine_id, value)


def test_the_average_of_the_last_thirty_days(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-03-10 08:00", "90"), ("2025-04-01 08:00", "100"), ("2025-04-21 08:00", "300"))
    world.now_ms = at("2025-04-25 08:00")

    assert rate(world) == (10.0, 30)


def test_a_reading_on_the_first_instant_of_the_window_counts(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-04-01 08:00", "100"), ("2025-04-21 08:00", "300"))
    world.now_ms = at("2025-05-01 08:00")
    assert rate(world) == (10.0, 30)

    world.now_ms += 1
    assert rate(world) == (300 / 51, 90)  # since the hand-over on 03-01


def test_seven_days_of_data_are_enough(world: World) -> None:
    world.sells("L1")
    world.now_ms = at("2025-03-08 08:00")
    world.reads("L1", "70")
    assert rate(world) == (10.0, 30)


def test_less_than_seven_days_of_data_are_not(world: World) -> None:
    world.sells("L1")
    world.now_ms = at("2025-03-08 08:00") - 1
    world.reads("L1", "70")
    assert rate(world) == (8.0, None)


def test_ninety_days_where_thirty_hold_too_little(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-04-01 08:00", "31"), ("2025-04-05 08:00", "35"))
    world.now_ms = at("2025-05-02 08:00")

    assert rate(world) == (1.0, 90)


def test_a_machine_silent_for_longer_is_assumed_to_run_as_its_category_does(world: World) -> None:
    world.sells("L1")
    world.sells("R1", category=Category.ROLLER)
    for machine in ("L1", "R1"):
        read(world, ("2025-03-20 08:00", "19"), machine_id=machine)
    world.now_ms = at("2025-06-20 08:00")

    assert rate(world, "L1") == (8.0, None)
    assert rate(world, "R1") == (5.0, None)
    assert projection(world).total_ms == hours(19)


def test_a_machine_without_any_reading(world: World) -> None:
    world.stocks("S1")

    assert projection(world, "S1") == Projection(0, Use(Fraction(hours(8)), None))


def test_a_parked_machine_is_measured_too(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-03-20 08:00", "0"))

    assert rate(world) == (0.0, 30)


def test_refused_readings_and_noise_say_nothing(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-03-21 08:00", "200"), ("2025-03-22 08:00", "5000"), ("2025-03-23 08:00", "199.5"))

    assert rate(world) == (10.0, 30)


def test_a_refused_reading_begins_no_measurement(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-03-11 08:00", "90"), ("2025-03-22 08:00", "9000"), ("2025-03-23 08:00", "100"))
    read(world, ("2025-04-12 08:00", "300"))
    world.now_ms = at("2025-04-20 08:00")

    assert rate(world) == (10.0, 30)


def test_seven_days_at_the_beginning_of_the_window_are_enough(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-03-08 08:00", "70"))
    world.now_ms = at("2025-03-31 08:00")

    assert rate(world) == (10.0, 30)


def test_a_replaced_meter_does_not_turn_use_back(world: World) -> None:
    from daemon import meters

    world.sells("L1")
    read(world, ("2025-03-11 08:00", "100"))
    with world.keeper.store.write() as connection:
        change = meters.MeterChange("L1", world.now_ms, "100", "0")
        meters.change_meter(connection, world.keeper, change, world.now_ms)
    read(world, ("2025-03-21 08:00", "100"))

    assert rate(world) == (10.0, 30)


def test_readings_with_and_without_a_device_time_count_alike(world: World) -> None:
    world.sells("L1")
    world.sells("L2")
    world.now_ms = at("2025-04-20 08:00")
    source = Source(SourceSpec())
    decoder = Decoder([source], world.keeper.meter_rules, world.keeper.zone)
    for machine, when, value in (
        ("L1", "2025-04-01", 100),
        ("L1", None, 290),
        ("L2", "2025-04-11", 100),
        ("L2", "2025-04-19", 180),
    ):
        sent = {} if when is None else {"at": f"{when}T08:00:00+08:00"}
        reports = decoder.reports(Delivery("", b"", world.now_ms), source, machine, {"hours": Decimal(value), **sent})
        with world.keeper.store.write() as connection:
            judge_all(connection, world.keeper, reports, world.now_ms)

    assert rate(world, "L1") == (10.0, 30)
    assert rate(world, "L2") == (10.0, 30)


def test_unknown_machines_are_left_out(world: World) -> None:
    with world.keeper.store.read() as connection:
        assert projections(connection, world.keeper.rulebook.plan.forecast, ["X"], world.now_ms) == {}


def test_a_page_of_machines_takes_as_many_statements_as_one(world: World) -> None:
    for number in range(30):
        world.sells(f"L{number}")
        world.sells(f"Q{number}")
    world.now_ms = at("2025-03-11 08:00")
    for number in range(30):
        world.reads(f"L{number}", "100")
    names = [f"{letter}{number}" for letter in "LQ" for number in range(30)]
    statements: list[str] = []
    event.listen(world.keeper.store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    with world.keeper.store.read() as connection:
        found = projections(connection, world.keeper.rulebook.plan.forecast, names, world.now_ms)

    assert {found[name].use.window_days for name in names[:30]} == {30}
    assert {found[name].use.window_days for name in names[30:]} == {None}
    assert len(statements) <= 1 + 1 + 2 * 2  # begin, where they stand, two indexes in two windows


@pytest.mark.sqlite_file
def test_readings_are_looked_up_never_read_through(world: World) -> None:
    world.sells("L1")
    read(world, ("2025-03-11 08:00", "100"))
    asked: list[tuple[str, Any]] = []
    event.listen(world.keeper.store.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    projection(world)
    about_readings = [(statement, given) for statement, given in asked if "readings" in statement]

    with world.keeper.store.read() as connection:
        for statement, given in about_readings:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            plan = [row.detail for row in rows]
            assert [step for step in plan if step.startswith("SEARCH other") and "_ms>?" in step], plan
            assert not [step for step in plan if step.startswith(("SCAN readings", "SCAN other"))], plan
    assert about_readings


# --- what lies ahead ---


def test_the_steps_ahead_with_and_without_an_order(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-08 08:00")
    world.reads("L1", "84")
    with world.keeper.store.read() as connection:
        record = machines.load_one(connection, world.keeper.zone, "L1")
    assert record is not None

    found = ahead(record.facts, projection(world), date(2025, 3, 8), world.keeper.rulebook)

    assert found[:3] == (
        Ahead(Kind.MANDATORY_VISIT, "100", hours(100), State.UPCOMING, Expected(date(2025, 3, 10), Basis.MEASURED)),
        Ahead(Kind.MANDATORY_VISIT, "600", hours(600), None, Expected(date(2025, 4, 20), Basis.MEASURED)),
        Ahead(Kind.MANDATORY_VISIT, "1200", hours(1200), None, Expected(date(2025, 6, 9), Basis.MEASURED)),
    )
    assert [step.step for step in found] == ["100", "600", "1200", "1800", "2400", "3000"]


def test_what_is_due_is_not_ahead(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-12 08:00")
    with world.keeper.store.read() as connection:
        record = machines.load_one(connection, world.keeper.zone, "L1")
    assert record is not None

    found = ahead(record.facts, using(0), date(2025, 3, 12), world.keeper.rulebook)

    assert [(step.step, step.expected.on) for step in found] == [
        ("600", date(2025, 6, 1)),
        ("1200", date(2025, 9, 1)),
        ("1800", date(2025, 12, 1)),
        ("2400", date(2026, 3, 1)),
        ("3000", None),
    ]
