"""Retention deletes what proves nothing: everything that follows from a machine's past is the same without it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import func, insert, select

from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import AtFormat, Source, SourceSpec
from adapters.store.tables import raw_deliveries, readings
from daemon import retention
from daemon.calendar import do_what_is_due
from daemon.correcting import correct
from daemon.correction import Correction
from daemon.judging import judge_all
from daemon.keeper import Keeper, Kept
from daemon.voiding import void
from schedules.duty import RETENTION
from tests.keeping import World, at
from tests.mixed_fleet import copied, done, story

_DAYS = 60
YEARS_LATER = at("2032-01-01 09:00")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A spring of a machine that reports three times a day, with a jump that is refused and a payload that is no JSON;
    every other day without its own time.
    """
    found = World(tmp_path_factory.mktemp("retention") / "lived.db", now_ms=at("2025-03-03 08:00"))
    found.registers()
    found.sells("L1")
    for number in range(1, _DAYS + 1):
        for hour in (6, 12, 20):
            found.now_ms = at(f"{date(2025, 3, 3) + timedelta(days=number)} {hour:02}:00")
            said = {"hours": number * 10 + hour / 4 - 5, "at": found.now_ms}
            delivers(found, said if number % 2 else {"hours": said["hours"]})
    delivers(found, {"hours": 99999})
    delivers(found, "no JSON")
    found.now_ms += 86_400_000
    delivers(found, {"hours": _DAYS * 10 + 10})
    found.keeper.store.close()
    return found


@pytest.fixture
def keeper(lived: World, tmp_path: Path) -> Iterator[Keeper]:
    found = copied(lived, tmp_path / "hourkeeper.db")
    yield found
    found.store.close()


def delivers(world: World, said: object) -> None:
    """A second later each, so that two of them never come at once."""
    decoder = Decoder(
        [Source(SourceSpec(at_format=AtFormat.MILLISECONDS))], world.keeper.meter_rules, world.keeper.zone
    )
    payload = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    world.now_ms += 1000
    with world.keeper.store.write() as connection:
        reports = decoder.decode(Delivery("machines/L1/hours", payload, world.now_ms))
        judge_all(connection, world.keeper, reports, world.now_ms)


def count(keeper: Keeper, table: Any) -> int:  # noqa: ANN401 - any table
    with keeper.store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def verdicts(keeper: Keeper) -> list[str]:
    with keeper.store.read() as connection:
        return list(connection.execute(select(readings.c.verdict).order_by(readings.c.id)).scalars())


def test_one_reading_a_day_is_kept_and_what_was_entered_by_hand(keeper: Keeper) -> None:
    assert verdicts(keeper) == ["accepted"] * (1 + 3 * _DAYS) + ["jump", "malformed", "accepted"]
    assert retention.forget(keeper, YEARS_LATER) == 2 * _DAYS + 2 + 1

    assert count(keeper, raw_deliveries) == 0
    assert verdicts(keeper) == ["accepted"] * (1 + _DAYS + 1)
    with keeper.store.read() as connection:
        kept = connection.execute(select(readings.c.total_ms).order_by(readings.c.id)).scalars().all()
    assert [total // 3_600_000 for total in kept] == [0, *range(10, 10 * _DAYS + 1, 10), 10 * _DAYS + 10]


def test_a_correction_comes_to_the_same_without_them(keeper: Keeper, lived: World, tmp_path: Path) -> None:
    whole = copied(lived, tmp_path / "whole.db")
    retention.forget(keeper, YEARS_LATER)
    for each in (whole, keeper):
        command = Correction("L1", "Zhao", "so the contract says", {"handed_over_on": date(2025, 3, 20)})
        with each.store.write() as connection:
            correct(connection, each, command, YEARS_LATER)

    assert story(keeper)["work_orders"] == story(whole)["work_orders"]
    assert "hours" in {row[4] for row in story(keeper)["work_orders"]}
    whole.store.close()


@pytest.mark.parametrize(
    ("kept", "all_readings", "payloads"),
    [(Kept(0, 0), True, 1), (Kept(0, 366), True, 0), (Kept(3000, 0), True, 1), (Kept(1826, 3000), False, 0)],
)
def test_the_settings_say_what_is_kept(keeper: Keeper, kept: Kept, payloads: int, *, all_readings: bool) -> None:
    keeper.retention = kept
    before = count(keeper, readings)
    retention.forget(keeper, YEARS_LATER)

    assert count(keeper, raw_deliveries) == payloads
    assert (count(keeper, readings) == before) == all_readings


def test_what_was_decided_or_waits_for_a_decision_is_kept(keeper: Keeper, lived: World) -> None:
    world = replace(lived)
    world.keeper, world.now_ms = keeper, at("2025-07-01 08:00")
    for hours in (90001, 90002):
        delivers(world, {"hours": hours})
    noon = select(readings.c.id).where(readings.c.time_ms.between(at("2025-04-01 12:00"), at("2025-04-01 12:01")))
    with keeper.store.write() as connection:
        number = connection.execute(noon).scalar_one()
        void(connection, keeper, number, "another machine", "Zhao", world.now_ms)
    retention.forget(keeper, YEARS_LATER)

    assert verdicts(keeper).count("jump") == 2
    with keeper.store.read() as connection:
        assert connection.execute(noon).scalar_one() == number


def test_a_long_retention_is_done_in_batches_and_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    world = World(tmp_path / "hourkeeper.db", now_ms=YEARS_LATER)
    row = {"arrived_ms": 1_600_000_000_000, "time_ms": 1_600_000_000_000, "verdict": "unknown_machine"}
    rows = [
        {**row, "machine_id": "U1", "source": "telematics", "clock": False, "repeats": 0, "dial_ms": n, "device_ms": n}
        for n in range(2500)
    ]
    with world.keeper.store.write() as connection:
        connection.execute(insert(readings), rows)
    stop, said = threading.Event(), list[int]()

    class StopAfterTheFirst(threading.Event):
        def is_set(self) -> bool:
            said.append(count(world.keeper, readings))
            return said[-1] < 2500

    with structlog.testing.capture_logs() as logs:
        do_what_is_due(world.keeper, YEARS_LATER, StopAfterTheFirst())
    assert [entry["event"] for entry in logs][-1] == "duty_interrupted"
    assert count(world.keeper, readings) == 1500
    assert done(world.keeper, RETENTION.name) == []

    do_what_is_due(world.keeper, YEARS_LATER, stop)
    assert count(world.keeper, readings) == 0
    assert done(world.keeper, RETENTION.name) == ["2032-01-01"]
    world.keeper.store.close()
