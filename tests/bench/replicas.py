"""Intake on PostgreSQL, which keeps its promises (fsync): one replica, two of them, and what a reading costs in fleets
of several sizes, beside what mosquitto_sub and paho alone do with the same backlog.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import median

from tests.bench.bench import Bench
from tests.bench.consumers.stopwatch import Drained
from tests.bench.intake import drain, drain_by_mosquitto_sub
from tests.bench.national import move
from tests.bench.processes import cpu_s
from tests.bench.publisher import publish
from tests.bench.report import Report
from tests.bench.sessions import LARGE_WINDOW, TOPICS, V5, broker_settings, make_session
from tests.bench.stream import readings
from tests.support.broker import Broker, broker_in
from tests.support.database import Database
from tests.support.postgres import Postgres, postgres

_SUB, _PAHO, _ONE, _TWO = "mosquitto_sub", "bare paho", "one replica", "two replicas"
_GROUP = f"$share/fleet/{TOPICS}"
_REPORTING = 10_000
"""So many machines report, however many there are: a machine's first reading after a while costs more than others."""
_STORED = "SELECT count(*) FROM readings"
_REPLICAS = {_ONE: 1, _TWO: 2}


@dataclass(frozen=True, slots=True)
class Taken:
    """What it took until all had the backlog: per second, and CPU us a reading of readers, broker and database."""

    per_second: float
    reader_us: float
    broker_us: float
    database_us: float
    peak_mb: float


def measure(bench: Bench, report: Report) -> None:
    """Every size of fleet, several rounds, every round the other way about."""
    with postgres(durable=True) as server:
        for size in bench.sizes:
            _measure(bench, report, server, size)


def _measure(bench: Bench, report: Report, server: Postgres, size: int) -> None:
    original = server.new_database()
    move(str(bench.fleet(size).file), original)
    found: dict[str, list[Taken]] = {name: [] for name in (_SUB, _PAHO, *_REPLICAS)}
    for number in range(bench.rounds):
        with broker_in(bench.folder / "broker", settings=broker_settings(LARGE_WINDOW)) as broker:
            _load(bench, broker, size)
            names = list(found)[:: 1 if number % 2 == 0 else -1]
            for name in names:
                found[name].append(_take(bench, broker, server, original, name))
    _print(report, bench, size, found)


def _load(bench: Bench, broker: Broker, size: int) -> None:
    for client in (_SUB, _PAHO, *_clients(_ONE)):
        make_session(broker.port, client, V5)
    for client in _clients(_TWO):
        make_session(broker.port, client, V5, _GROUP)
    publish(broker.port, readings(bench.fleet(size).file, bench.messages, bench.now_ms, _REPORTING))


def _clients(name: str) -> list[str]:
    return [f"{name}-{number}" for number in range(_REPLICAS[name])]


def _take(bench: Bench, broker: Broker, server: Postgres, original: str, name: str) -> Taken:
    """One of them takes its backlog."""
    if name == _SUB:
        return _timed(bench, broker, server, [partial(drain_by_mosquitto_sub, broker.port, name, bench.messages)])
    if name == _PAHO:
        return _timed(bench, broker, server, [partial(drain, "bare_paho", _asked(broker, name, bench.messages))])
    store, share = server.copy_of(original), bench.messages // _REPLICAS[name]
    replicas = [
        partial(drain, "hourkeeper_intake", [*_asked(broker, client, share), store]) for client in _clients(name)
    ]
    taken = _timed(bench, broker, server, replicas)
    stored = Database(store).count(_STORED) - Database(original).count(_STORED)
    if stored != bench.messages:
        message = f"{name}: {stored} rows of {bench.messages} messages"
        raise AssertionError(message)
    server.drop(store)
    return taken


def _asked(broker: Broker, client: str, messages: int) -> list[str]:
    return [str(broker.port), client, V5, str(LARGE_WINDOW), str(messages)]


def _timed(bench: Bench, broker: Broker, server: Postgres, drains: Sequence[Callable[[], Drained]]) -> Taken:
    pids = (broker.pid, server.pid)
    before = [cpu_s(pid) for pid in pids]
    with ThreadPoolExecutor(len(drains)) as pool:
        found = [each.result() for each in [pool.submit(each) for each in drains]]
    broker_us, database_us = ((cpu_s(pid) - was) / bench.messages * 1e6 for pid, was in zip(pids, before, strict=True))
    readers_us = sum(each.cpu_s for each in found) / bench.messages * 1e6
    slowest_s = max(each.seconds for each in found)
    peak_mb = max(each.peak_mb or 0 for each in found)
    return Taken(bench.messages / slowest_s, readers_us, broker_us, database_us, peak_mb)


def _print(report: Report, bench: Bench, size: int, found: dict[str, list[Taken]]) -> None:
    rows = [
        (
            name,
            *(
                median(getattr(each, what) for each in runs)
                for what in ("per_second", "reader_us", "broker_us", "database_us", "peak_mb")
            ),
            *(_ratio(found, name, other) for other in (_SUB, _PAHO, _ONE)),
        )
        for name, runs in found.items()
    ]
    head = ("", "messages/s", "reader us", "broker us", "PG us", "peak MB", "/ sub", "/ paho", "/ one")
    title = f"Intake on PostgreSQL: {bench.messages:,} readings of {size:,} machines, MQTT 5, {bench.rounds} rounds"
    report.table(title, head, rows)
    one = found[_ONE]
    cost = median(each.reader_us + each.database_us for each in one)
    report.note(f"PostgreSQL, {size:,} machines: readings/s", f"{median(each.per_second for each in one):,.0f}")
    report.note("… / bare paho, / mosquitto_sub", f"{_ratio(found, _ONE, _PAHO):.2f}, {_ratio(found, _ONE, _SUB):.2f}")
    report.note("… two replicas / one", f"{_ratio(found, _TWO, _ONE):.2f}")
    report.note("… CPU of reader and database for one reading", f"{cost:,.0f} us")


def _ratio(found: dict[str, list[Taken]], mine: str, theirs: str) -> float:
    return median(a.per_second / b.per_second for a, b in zip(found[mine], found[theirs], strict=True))
