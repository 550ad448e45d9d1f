"""A world whose readings are copied, and the server they go to: the fake, and a real one where somebody names it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.influx.point import time_ns
from adapters.influx.server import InfluxServer, InfluxSettings
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store import copying
from adapters.store.outside_tables import errands
from adapters.store.tables import readings
from daemon.copying import Copier
from daemon.judging import judge_all
from schedules.hours import MS_PER_HOUR
from schedules.reading import IN_HISTORY
from tests.keeping import World, at
from tests.support.influx import Between, Points, RealInflux, Upstream, between, fake_influx

_REAL = ("TEST_INFLUX_URL", "TEST_INFLUX_ORG", "TEST_INFLUX_BUCKET", "TEST_INFLUX_TOKEN")
_SERVERS = ("fake", "real") if os.environ.get(_REAL[0]) else ("fake",)
"""The real one is not collected where nobody names it."""


@pytest.fixture(params=_SERVERS)
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    if request.param == "real":
        url, org, bucket, token = (os.environ[name] for name in _REAL)
        yield RealInflux(InfluxSettings(url, org, bucket, token))
        return
    with fake_influx() as fake:
        yield fake


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Between]:
    with between(upstream) as made:
        yield made


@dataclass
class Fleet:
    """Machines L1 and L2 of a number of their own, so that a server may be used many times."""

    world: World
    run: str

    def machine(self, number: int = 1) -> str:
        return f"{self.run}-L{number}"

    def says(self, hours: str, when: str | None = None, machine: int = 1) -> None:
        """A machine reports, perhaps with its own time."""
        source = Source(SourceSpec())
        decoder = Decoder([source], self.world.keeper.meter_rules, self.world.keeper.zone)
        payload = f'{{"hours": {hours}, "at": "{when}+08:00"}}' if when else hours
        delivery = Delivery(f"machines/{self.machine(machine)}/hours", payload.encode(), self.world.now_ms)
        with self.world.keeper.store.write() as connection:
            judge_all(connection, self.world.keeper, decoder.decode(delivery), self.world.now_ms)

    def passes(self, seconds: float) -> None:
        self.world.now_ms += round(timedelta(seconds=seconds) / timedelta(milliseconds=1))

    def believed(self) -> Points:
        """The points that the readings of the store are."""
        statement = select(readings).where(readings.c.verdict.in_(sorted(IN_HISTORY)))
        with self.world.keeper.store.read() as connection:
            return {
                (row.machine_id, time_ns(row.time_ms, row.id)): (
                    row.source,
                    row.total_ms / MS_PER_HOUR,
                    row.dial_ms / MS_PER_HOUR,
                )
                for row in connection.execute(statement)
            }

    def waiting(self) -> int:
        with self.world.keeper.store.read() as connection:
            return copying.count_waiting(connection)

    def failures(self) -> int:
        with self.world.keeper.store.read() as connection:
            return connection.execute(select(errands.c.failures)).scalar() or 0

    @contextmanager
    def copier(self, settings: InfluxSettings, batch: int = 2000) -> Iterator[Copier]:
        server = InfluxServer(settings)
        try:
            yield Copier(self.world.keeper.store, server, self.world.clock, batch, settings.timeout_s)
        finally:
            server.close()

    def copies(self, settings: InfluxSettings, batch: int = 2000) -> None:
        """Everything that waits is sent, as far as the server takes it."""
        with self.copier(settings, batch) as copier:
            while copier.turn():
                pass
            copier.end()


def fleet_at(place: Path | str) -> Fleet:
    """Two machines, sold an hour ago, whose readings are copied from a store that is a file or behind a URL."""
    world = World(place)
    world.registers()
    world.now_ms = at("2025-03-03 08:00")
    with world.keeper.store.write() as connection:
        assert copying.switch_on(connection)
    made = Fleet(world, f"T{uuid.uuid4().hex[:12]}")
    for number in (1, 2):
        world.sells(made.machine(number))
    made.passes(3600)
    return made


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return fleet_at(tmp_path / "copy.db")
