"""A national fleet's day on PostgreSQL at full speed: every machine reports every ten minutes, two replicas take it.

PostgreSQL keeps its promises (fsync), with the memory that its operator would give it. So many turns of the day as are
asked for (144 are a whole one), then the sweep of the day after; a line for every turn says how far it has come.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from daemon.calendar import do_what_is_due
from daemon.clock import clock_ms
from tests.bench.bench import Bench
from tests.bench.national import move
from tests.bench.patterns import keeper_at
from tests.bench.processes import cpu_s
from tests.bench.publisher import Pipeline
from tests.bench.report import Report
from tests.bench.sessions import LARGE_WINDOW, broker_settings
from tests.bench.stream import readings
from tests.support.broker import Broker, broker_in
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.database import Database
from tests.support.fleet import portions
from tests.support.postgres import postgres
from tests.support.publisher import Message

_SETTINGS = ("shared_buffers=2GB", "max_wal_size=16GB", "checkpoint_timeout=15min", "wal_compression=lz4")
_AT_ONCE = 20_000
_MOST_UNDER_WAY = 200_000
_LOOK_S = 0.2
_MB = 1 << 20
_DAY_MS = 86_400_000
_ROWS = "SELECT count(*) FROM readings"


@dataclass(frozen=True, slots=True)
class Seen:
    """How it stands: s since the beginning, readings stored, CPU s of the replicas and the database, and its size."""

    at_s: float
    stored: int
    replicas_s: float
    database_s: float
    database_mb: float


def measure(bench: Bench, report: Report) -> None:
    """Every size of fleet."""
    for size in bench.sizes:
        _measure(bench, report, size)


def _measure(bench: Bench, report: Report, size: int) -> None:
    fleet, messages = bench.fleet(size), size * bench.turns
    folder = bench.folder / f"day-{size}"
    with (
        postgres(durable=True, settings=_SETTINGS) as server,
        broker_in(folder / "broker", settings=broker_settings(LARGE_WINDOW)) as broker,
    ):
        url = server.new_database()
        move(str(fleet.file), url)
        # A fleet that reports: nobody has been silent for as long as the patterns' machines.
        Database(url).does("UPDATE meters SET waits_since = current_date WHERE waits_since IS NOT NULL")
        before = Database(url).count(_ROWS)
        with _replicas(folder, broker, url) as replicas:
            taken = _Taken(Database(url), server.pid, replicas)
            sending = readings(fleet.file, messages, bench.now_ms, size)
            seen = _watched(taken, size, bench.turns, Thread(target=_send, args=(broker, sending, taken)))
            for replica in replicas:
                replica.end()
        assert Database(url).count(_ROWS) == before + messages
        _print(report, size, seen, _sweep_s(url))


class _Taken:
    """What the replicas have stored, seen from the database."""

    def __init__(self, database: Database, server_pid: int, replicas: Sequence[DaemonProcess]) -> None:
        self._database = database
        self._before = self._numbers()
        self._pid = server_pid
        self._replicas = replicas
        self._began_s = time.monotonic()

    def _numbers(self) -> int:
        return self._database.count("SELECT last_value FROM readings_id_seq")

    def stored(self) -> int:
        """How many of ours have a number by now."""
        return self._numbers() - self._before

    def seen(self) -> Seen:
        """How it stands, as long as all replicas run."""
        assert all(replica.is_up() for replica in self._replicas), [replica.says() for replica in self._replicas]
        replicas_s = sum(cpu_s(replica.process.pid) for replica in self._replicas if replica.process)
        size = self._database.count("SELECT pg_database_size(current_database())") / _MB
        return Seen(time.monotonic() - self._began_s, self.stored(), replicas_s, cpu_s(self._pid), size)


@contextmanager
def _replicas(folder: Path, broker: Broker, url: str) -> Iterator[list[DaemonProcess]]:
    """Two that run, as an operator would start them."""
    with ExitStack() as stack:
        running = []
        for slot in ("1", "2"):
            mqtt = {"host": "127.0.0.1", "port": broker.port, "group": "fleet", "slot": slot}
            settings = {"store": {"url": url}, "mqtt": mqtt, "web": {"listen": "127.0.0.1:0"}}
            running.append(stack.enter_context(ended_in_the_end(DaemonProcess(folder / slot, settings))))
            running[-1].start_ready()
        yield running


def _send(broker: Broker, messages: Iterable[Message], taken: _Taken) -> None:
    """As fast as it is taken: the broker holds only so much."""
    with closing(Pipeline(broker.port)) as pipeline:
        for number, part in enumerate(portions(messages, _AT_ONCE), start=1):
            pipeline.publish(part)
            while number * _AT_ONCE - taken.stored() > _MOST_UNDER_WAY:
                time.sleep(_LOOK_S)


def _watched(taken: _Taken, size: int, turns: int, sending: Thread) -> list[Seen]:
    """How it stood at the beginning and at the end of every turn."""
    seen = [taken.seen()]
    sending.start()
    for turn in range(1, turns + 1):
        while (found := taken.seen()).stored < turn * size:
            time.sleep(_LOOK_S)
        seen.append(found)
        rate, replicas_us, database_us = _cost(*seen[-2:])
        done = f"turn {turn} of {turns}: {found.stored:,} readings in {found.at_s:,.0f} s"
        cost = f"{rate:,.0f}/s, {replicas_us:.0f} + {database_us:.0f} us a reading, {found.database_mb:,.0f} MB"
        print(f"{size:,} machines, {done}; {cost}", flush=True)
    sending.join()
    return seen


def _cost(before: Seen, after: Seen) -> tuple[float, float, float]:
    """Readings per second, and CPU us of readers and database a reading, between two moments."""
    count = after.stored - before.stored
    replicas_us = (after.replicas_s - before.replicas_s) / count * 1e6
    return count / (after.at_s - before.at_s), replicas_us, (after.database_s - before.database_s) / count * 1e6


def _sweep_s(url: str) -> float:
    """How long the duties of the day after take."""
    keeper = keeper_at(url)
    with closing(keeper.store):
        began_s = time.monotonic()
        do_what_is_due(keeper, clock_ms() + _DAY_MS)
        return time.monotonic() - began_s


def _print(report: Report, size: int, seen: Sequence[Seen], sweep_s: float) -> None:
    rate, replicas_us, database_us = _cost(seen[0], seen[-1])
    last_rate = _cost(*seen[-2:])[0]
    grown = (seen[-1].database_mb - seen[0].database_mb) * _MB / seen[-1].stored
    turns = f"{len(seen) - 1} times ten minutes of a day, {size:,} machines, two replicas"
    report.note(f"{turns}: readings/s", f"{rate:,.0f}")
    report.note("… in the last ten minutes of it", f"{last_rate:,.0f}")
    report.note("… CPU of replicas and database for a reading", f"{replicas_us:.0f} + {database_us:.0f} us")
    report.note("… room for a reading, indexes included", f"{grown:.0f} bytes")
    report.note("… times as fast as the fleet reports", f"{rate * 600 / size:.1f}")
    report.note("… the sweep of the day after", f"{sweep_s:.1f} s")
