"""Programs that are wrong on purpose are found out by what the product passes; `tests/faults.md` lists all twelve."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from adapters.influx.point import Point, line
from adapters.influx.server import InfluxServer, InfluxSettings
from adapters.store import copying, readings, schema
from adapters.store.copying import Pending
from adapters.store.engine import Store
from daemon.copying import Copier
from daemon.pulse import Pulse
from daemon.service_manager import ServiceManager
from schedules.duty import DAILY_SWEEP
from tests.support.fleet import fleet
from tests.support.ledger import readings_lost
from tests.support.postgres import Postgres, postgres
from tests.support.rig import rig_in
from tests.support.waiting import until
from tests.test_faults import loses_its_session


def readings_of_an_absence_lost(folder: Path, launcher: str) -> list[str]:
    """Machines report while the daemon is away."""
    with rig_in(folder, fleet(12, 3, 20), launcher=[launcher]) as rig:
        rig.subscribe_first()
        rig.publish(rig.fleet.readings)
        rig.daemon.start_ready()
        rig.drain()
        return readings_lost(rig.daemon.database, rig.acknowledged)


def test_a_session_that_begins_anew_loses_what_came_while_nobody_was_there(tmp_path: Path) -> None:
    assert not readings_of_an_absence_lost(tmp_path / "right", "daemon.main")
    assert readings_of_an_absence_lost(tmp_path / "wrong", "tests.variants.forgets_its_session")


def readings_after_a_lost_session_lost(folder: Path, launcher: str) -> list[str]:
    """The broker forgets us while a batch is being stored; then the daemon dies between two of its batches."""
    machines = fleet(7, 5, 80)
    before, in_flight, after = (machines.readings[begin:end] for begin, end in ((0, 100), (100, 200), (200, 400)))
    with rig_in(folder, machines, launcher=[launcher], mqtt={"batch": 20}) as rig:
        rig.daemon.start_ready()
        loses_its_session(rig, before, in_flight)
        rig.publish(after)
        until(lambda: not rig.daemon.is_up(), "it dies")
        rig.daemon.process = None
        rig.daemon.start_ready()
        rig.drain()
        return readings_lost(rig.daemon.database, after)


@pytest.mark.sqlite_file
def test_acknowledgements_of_an_older_connection_lose_what_has_their_numbers_now(tmp_path: Path) -> None:
    assert not readings_after_a_lost_session_lost(tmp_path / "right", "tests.variants.dies_after_acknowledging")
    assert readings_after_a_lost_session_lost(tmp_path / "wrong", "tests.variants.stale_acknowledgements")


class DeferredStore(Store):
    """Wrong: a transaction that may write begins as one that reads."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._writer = self.engine.execution_options(writer=False)


def writers_in_vain(store: Store) -> int:
    """How many of those that count one up, in turns, could not."""
    rounds, in_vain = 200, []
    with store.write() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count_up() -> None:
        for _ in range(rounds):
            try:
                with store.write() as connection:
                    n = connection.execute(text("SELECT n FROM counter")).scalar_one()
                    connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
            except OperationalError as error:
                in_vain.append(error)

    writers = [threading.Thread(target=count_up) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with store.read() as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == 2 * rounds - len(in_vain)
    store.close()
    return len(in_vain)


def test_a_writer_that_begins_as_a_reader_is_turned_away(tmp_path: Path) -> None:
    assert not writers_in_vain(Store(f"sqlite:///{tmp_path}/right.db"))
    assert writers_in_vain(DeferredStore(f"sqlite:///{tmp_path}/wrong.db"))


class Taking:
    """A server that takes every point."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def write(self, points: Sequence[Point]) -> None:
        self.taken += [point.machine_id for point in points]

    def erase(self, machine_id: str, time_ms: int, number: int) -> None:
        raise AssertionError((machine_id, time_ms, number))


class CopierByNumber(Copier):
    """Wrong: it remembers how far it has come, and looks at nothing before that."""

    _seen = 0

    def _send(self, waiting: Pending) -> None:
        rows = [row for row in waiting.written if row.row > self._seen]
        self._seen = max([self._seen, *(row.row for row in rows)])
        super()._send(Pending(waiting.erased, rows, waiting.gone))


def copied_of_two(server: Postgres, copier_class: type[Copier]) -> list[str]:
    """The machines of which points were written: the earlier transaction ends after the later one was copied."""
    store, taking = Store(server.new_database()), Taking()
    with closing(store):
        schema.prepare(store, upgrading=False)
        with store.write() as connection:
            copying.switch_on(connection)
        copier = copier_class(store, taking, lambda: 1)
        with store.write() as earlier:
            readings.add(earlier, [_row("EARLIER")])
            with store.write() as later:
                readings.add(later, [_row("LATER")])
            copier.turn()
            assert taking.taken == ["LATER"]
        copier.turn()
    return taking.taken


def _row(machine_id: str) -> tuple[object, ...]:
    return machine_id, 1, 1, 1, 1, 1, "accepted", "telematics", False, None, 0, False


def test_a_copier_that_goes_by_numbers_leaves_out_who_ends_later() -> None:
    with postgres() as server:
        assert copied_of_two(server, Copier) == ["LATER", "EARLIER"]
        assert copied_of_two(server, CopierByNumber) == ["LATER"]


class BatchingServer(InfluxServer):
    """Wrong: what is handed over counts as written; it goes later, and whether it went nobody asks."""

    def write(self, points: Sequence[Point]) -> None:
        from influxdb_client.client.write_api import WriteOptions

        options = WriteOptions(batch_size=1000, flush_interval=10, max_retries=0, max_close_wait=1000)
        with self._client.write_api(write_options=options) as batching:
            batching.write(self.settings.bucket, record=[line(point) for point in points])


def left_waiting(server: InfluxServer, store: Store) -> int:
    """How many of three readings still wait when a server that is away was asked to take them."""
    with closing(store), closing(server):
        schema.prepare(store, upgrading=False)
        with store.write() as connection:
            copying.switch_on(connection)
            readings.add(connection, [_row(f"M{number}") for number in range(3)])
        Copier(store, server, lambda: 1).turn()
        with store.read() as connection:
            return copying.count_waiting(connection)


def test_a_batching_writer_forgets_what_a_server_that_is_away_has_not_taken(tmp_path: Path, free_port: int) -> None:
    away = InfluxSettings(f"http://127.0.0.1:{free_port}", "maker", "hours", "token", timeout_s=1)
    assert left_waiting(InfluxServer(away), Store(f"sqlite:///{tmp_path}/right.db")) == 3
    assert left_waiting(BatchingServer(away), Store(f"sqlite:///{tmp_path}/wrong.db")) == 0


class ConnectedPulse(Pulse):
    """Wrong: who is connected is taken to be well."""

    def stalled(self) -> list[str]:
        return [] if self.is_connected() else ["intake"]


def called_alive(folder: Path, pulse: Pulse, looks: Callable[[], int]) -> bool:
    """Whether a service manager is still told that all is well, after it was asked for some times."""
    folder.mkdir()
    stop = threading.Event()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as end:
        end.bind(str(folder / "notify"))
        end.setblocking(False)
        told = ServiceManager({"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "20000"})
        telling = threading.Thread(target=told.keep_told, args=(pulse, stop))
        telling.start()
        until(lambda: looks() > 5, "somebody asks whether the loops move")
        stop.set()
        telling.join()
        try:
            return end.recv(100) == b"WATCHDOG=1"
        except BlockingIOError:
            return False


def pulse_of(pulse_class: type[Pulse], looked: list[None], *, hangs: bool) -> Pulse:
    """A connected daemon, whose one loop hangs or moves; it has stood still for longer than it may."""

    class Looking(pulse_class):  # type: ignore[misc, valid-type]
        def stalled(self) -> list[str]:
            looked.append(None)
            found: list[str] = super().stalled()
            return found

    now = [0.0]
    pulse: Pulse = Looking(lambda: now[0])
    pulse.is_connected = lambda: True
    pulse.watch("relay", (lambda: 0) if hangs else (lambda: len(looked)), 300)
    now[0] = 301
    return pulse


@pytest.mark.parametrize(("pulse_class", "is_found"), [(Pulse, True), (ConnectedPulse, False)])
def test_who_is_connected_is_not_therefore_alive(tmp_path: Path, pulse_class: type[Pulse], *, is_found: bool) -> None:
    looked: list[None] = []
    assert called_alive(tmp_path / "moves", pulse_of(pulse_class, looked, hangs=False), lambda: len(looked))
    looked.clear()
    hanging = called_alive(tmp_path / "hangs", pulse_of(pulse_class, looked, hangs=True), lambda: len(looked))
    assert hanging is not is_found


def days_of_cron(zone: ZoneInfo, first: date, last: date) -> list[date]:
    """The days on which APScheduler wakes somebody at midnight."""
    trigger = CronTrigger(hour=0, minute=0, timezone=zone)
    before = datetime(first.year, first.month, first.day, tzinfo=zone)
    days: list[date] = []
    while (fire := trigger.get_next_fire_time(before if days else None, before)).date() <= last:
        days.append(fire.date())
        before = fire + timedelta(minutes=1)
    return days


@pytest.mark.parametrize(("zone", "year"), [("Africa/Cairo", 2023), ("America/Sao_Paulo", 2017), ("Asia/Beirut", 2022)])
def test_a_schedule_at_midnight_leaves_out_days_that_have_none(zone: str, year: int) -> None:
    first, last = date(year, 1, 1), date(year, 12, 31)
    periods = {DAILY_SWEEP.period(first), *DAILY_SWEEP.passed(DAILY_SWEEP.period(first), last)}
    assert len(periods) == (last - first).days + 1
    assert periods - {DAILY_SWEEP.period(day) for day in days_of_cron(ZoneInfo(zone), first, last)}
