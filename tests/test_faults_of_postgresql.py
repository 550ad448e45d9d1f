"""A PostgreSQL that goes away, stands still, or is cut off from one replica (faults 10 and 28): the broker keeps the
readings, and nothing is lost or doubled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from adapters.store.engine import Store
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.database import Database
from tests.support.fleet import Planned, fleet
from tests.support.postgres import Postgres, postgres
from tests.support.rig import Rig, rig_in
from tests.support.tcp_proxy import Mood, Proxy, proxy
from tests.support.waiting import until

_STORED = "SELECT count(*) FROM readings"
_SETTINGS = {"keepalive": 5, "batch": 50}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@contextmanager
def _behind(
    server: Postgres, folder: Path, readings_each: int, **mqtt: object
) -> Iterator[tuple[Rig, Proxy, Database]]:
    """A daemon whose way to the database leads through a proxy; and the database itself."""
    direct = server.new_database()
    with proxy() as between:
        between.target = f"{server.folder}/.s.PGSQL.5432"
        through = f"postgresql+psycopg://postgres@127.0.0.1:{between.port}/{make_url(direct).database}"
        with rig_in(folder, fleet(10, 10, readings_each), mqtt=_SETTINGS | mqtt, store=through) as rig:
            yield rig, between, Database(direct)


def _halfway(rig: Rig, store: Database) -> list[Planned]:
    """The daemon has stored some of the first half of the readings; the other half."""
    rig.daemon.start_ready()
    rig.publish(rig.fleet.readings[::2])
    until(lambda: store.count(_STORED) >= 100, "some are stored")
    return rig.fleet.readings[1::2]


def test_10_a_database_that_is_away_is_waited_for_and_the_broker_keeps_the_readings(
    server: Postgres, tmp_path: Path
) -> None:
    with _behind(server, tmp_path, 60) as (rig, between, store):
        second = _halfway(rig, store)
        between.be(Mood.REFUSES)
        between.cut()
        rig.publish(second)
        rig.daemon.wait_for("store_away")
        stored = store.count(_STORED)
        assert stored < len(rig.fleet.readings)
        assert rig.daemon.is_up()

        between.be(Mood.PASSES)
        rig.drain()
        assert not (breaches := rig.breaches()), str(breaches)


def test_10_a_database_that_stands_still_holds_up_everything_and_loses_nothing(
    server: Postgres, tmp_path: Path
) -> None:
    with _behind(server, tmp_path, 60) as (rig, between, store):
        second = _halfway(rig, store)
        between.be(Mood.STALLS)
        rig.publish(second)
        until(lambda: "client hourkeeper has exceeded timeout" in rig.broker.log.read_text().lower(), "it is missed")
        assert rig.daemon.is_up()

        between.be(Mood.PASSES)
        rig.drain()
        assert not (breaches := rig.breaches()), str(breaches)


@pytest.mark.parametrize("mood", [Mood.REFUSES, Mood.LOSES_ANSWERS])
def test_10_connections_that_are_cut_at_any_moment_lose_and_double_nothing(
    server: Postgres, tmp_path: Path, mood: Mood
) -> None:
    with _behind(server, tmp_path, 60) as (rig, between, _store):
        rig.daemon.start_ready()
        for begin in range(0, len(rig.fleet.readings), 60):
            rig.publish(rig.fleet.readings[begin : begin + 60])
            between.be(mood)
            between.cut()
            between.be(Mood.PASSES)
            between.cut()
        rig.drain()
        assert not (breaches := rig.breaches()), str(breaches)


def test_28_a_replica_that_is_cut_off_from_the_database_takes_nothing_and_the_other_goes_on(
    server: Postgres, tmp_path: Path
) -> None:
    with _behind(server, tmp_path, 60, group="fleet", slot="1", protocol="5") as (rig, between, store):
        settings = rig.settings | {"mqtt": rig.settings["mqtt"] | {"slot": "2"}, "store": {"url": store.url}}
        with ended_in_the_end(DaemonProcess(tmp_path / "slot-2", settings)) as other:
            half = len(rig.fleet.readings) // 2
            first, second = rig.fleet.readings[:half], rig.fleet.readings[half:]
            for each in (rig.daemon, other):
                each.start_ready()
            # Two replicas do not keep the order, and a machine's first hours must not be many (M4).
            for part in (first[:100], first[100:]):
                rig.publish(part)
                until(lambda: store.count(_STORED) >= len(set(rig.acknowledged)), "what was published is stored")
            between.be(Mood.REFUSES)
            between.cut()
            rig.publish(second)
            rig.daemon.wait_for("store_away")
            until(lambda: store.count(_STORED) > len(first), "the other takes its share")
            assert store.count(_STORED) < len(rig.fleet.readings)

            between.be(Mood.PASSES)
            until(lambda: rig.daemon.events("mqtt_subscribed")[1:], "the first one is back")
            rig.end_leases()
            until(rig.is_idle, "everything is stored and told")
            assert [each.end() for each in (rig.daemon, other)] == [0, 0]
            assert not (breaches := rig.breaches()), str(breaches)


def test_a_server_that_is_cut_off_is_given_up_in_time(server: Postgres) -> None:
    store = Store(server.new_database())
    with store.read() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        found = driver.info.get_parameters()
    assert found["tcp_user_timeout"] == "30000"
    assert found["keepalives_idle"] == "20"
    store.close()
    theirs = Store(server.new_database() + "&tcp_user_timeout=5000")
    with theirs.read() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.info.get_parameters()["tcp_user_timeout"] == "5000"
    theirs.close()
