"""Replicas that keep one PostgreSQL at the same time: they come to what one alone comes to, whoever is first."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select

from adapters.mqtt.client import StoreAwayError
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store.tables import notices, readings, work_orders
from daemon.calendar import do_what_is_due
from daemon.intake import Intake
from daemon.keeper import Keeper
from tests.keeping import World, at, open_keeper
from tests.mixed_fleet import story, told
from tests.support.postgres import Postgres, postgres

_MACHINES = 30
_READINGS = 12
_REPLICAS = 4
_BATCH = 25
_NOW = at("2025-04-20 09:00")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def fleet_in(url: Path | str) -> None:
    world = World(url, now_ms=at("2025-03-03 10:00"))
    world.registers()
    for number in range(_MACHINES):
        world.sells(f"M{number}", customer=f"customer {number}")
    world.keeper.store.close()


def deliveries() -> list[Delivery]:
    """Of every machine, and of some that nobody knows; those of a machine are in order."""
    found = []
    for day in range(1, _READINGS + 1):
        for number in range(_MACHINES + 5):
            machine = f"M{number}" if number < _MACHINES else f"UNKNOWN{number}"
            payload = f'{{"hours": {day * (9 + number % 11)}, "at": "2025-04-{day:02}T20:00:00+08:00"}}'
            found.append(Delivery(f"machines/{machine}/hours", payload.encode(), _NOW))
    return found


def take(keeper: Keeper, sent: Sequence[Delivery]) -> None:
    """As a broker would have it: what was not acknowledged comes again."""
    decoder = Decoder([Source(SourceSpec())], keeper.meter_rules, keeper.zone)
    intake = Intake(keeper, decoder, lambda: _NOW, 60.0)
    for begin in range(0, len(sent), _BATCH):
        batch = sent[begin : begin + _BATCH]
        for _ in range(20):
            try:
                intake.take(batch)
            except StoreAwayError:
                continue
            break


def at_once(works: Sequence[Callable[[], None]]) -> None:
    """Each in a thread of its own; what one raises is raised."""
    faults: list[BaseException] = []
    begin = threading.Barrier(len(works))

    def do(work: Callable[[], None]) -> None:
        begin.wait()
        try:
            work()
        except BaseException as fault:  # noqa: BLE001 - whatever it is, the test must know
            faults.append(fault)

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def counts(keeper: Keeper) -> dict[str, int]:
    with keeper.store.read() as connection:
        return {
            f"{table.name} {column}": connection.execute(select(func.count()).where(column.isnot(None))).scalar_one()
            for table, column in ((readings, readings.c.id), (work_orders, work_orders.c.id), (notices, notices.c.id))
        }


def test_replicas_that_get_the_same_readings_store_each_once(server: Postgres, tmp_path: Path) -> None:
    """Each gets all, in batches whose machines come in another order: rows are locked in one order by all."""
    fleet_in(tmp_path / "alone.db")
    url = server.new_database()
    fleet_in(url)
    sent = deliveries()
    alone = open_keeper(tmp_path / "alone.db")
    with closing(alone.store):
        take(alone, sent)
        do_what_is_due(alone, _NOW)
        expected = (counts(alone), told(alone), _states(alone))

    replicas = [open_keeper(url) for _ in range(_REPLICAS)]
    with structlog.testing.capture_logs() as logs:
        at_once([partial(take, *mine) for mine in zip(replicas, _orders(sent), strict=True)])
        at_once([partial(do_what_is_due, keeper, _NOW) for keeper in replicas])

    assert [entry for entry in logs if "deadlock" in str(entry)] == []
    assert (counts(replicas[0]), told(replicas[0]), _states(replicas[0])) == expected
    for keeper in replicas:
        keeper.store.close()


def _states(keeper: Keeper) -> list[tuple[object, ...]]:
    return [row[:4] for row in story(keeper)["work_orders"]]


def _orders(sent: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """The same for every replica, within a day in another order."""
    size = _MACHINES + 5
    for seed in range(_REPLICAS):
        draw, mine = random.Random(seed), []
        for begin in range(0, len(sent), size):
            day = list(sent[begin : begin + size])
            draw.shuffle(day)
            mine += day
        yield mine
