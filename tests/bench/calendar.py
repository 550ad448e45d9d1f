"""The calendar's day and the overdue list, at several sizes of the fleet: the cost must follow what changes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from adapters.store.listing import OrderFilter
from daemon import listing
from daemon.keeper import Keeper
from daemon.sweep import sweep
from tests.bench.bench import Bench
from tests.bench.fleet import check_sample
from tests.bench.patterns import open_bench_keeper
from tests.bench.report import Report

_DAY_MS = 86_400_000
_ASKED_TIMES = 5
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Day:
    """What a day costs a fleet, in s: a sweep that finds nothing, one that changes orders, the overdue list."""

    size: int
    made_s: float
    idle_s: float
    sweep_s: float
    changes: int
    list_s: float
    listed: int


def measure(bench: Bench, report: Report) -> None:
    """Every size in turn."""
    days = [_day(bench, size) for size in bench.sizes]
    rows = [
        (f"{day.size:,} machines", day.changes, day.sweep_s * 1e3, day.idle_s * 1e3, day.listed, day.list_s * 1e3)
        for day in days
    ]
    head = ("", "changed orders", "sweep ms", "sweep again ms", "overdue orders", "overdue list ms")
    report.table("A day's sweep and the overdue list", head, rows)
    made = ", ".join(f"{day.size:,} in {day.made_s:.0f} s" for day in days)
    print(f"  fleets made: {made}")
    _compare(report, days[0], days[-1])


def _compare(report: Report, least: Day, most: Day) -> None:
    sizes = f"{most.size:,} / {least.size:,} machines"
    for what, large_s, small_s in (
        (f"sweep of a day with {most.changes} changes", most.sweep_s, least.sweep_s),
        ("a sweep with nothing to do", most.idle_s, least.idle_s),
        (f"overdue list of {most.listed} orders", most.list_s, least.list_s),
    ):
        found = f"{large_s * 1e3:,.0f} ms; {sizes}: {large_s / small_s:.2f}"
        report.note(f"{what}, {most.size:,} machines", found, "about 1")


def _day(bench: Bench, size: int) -> Day:
    made_s, fleet = _timed(lambda: bench.fleet(size))
    keeper, now_ms = open_bench_keeper(fleet.file), bench.now_ms
    check_sample(fleet, keeper.today(now_ms))
    sweep(keeper, now_ms)
    before = _changes(fleet.file)
    sweep_s, _ = _timed(lambda: sweep(keeper, now_ms + _DAY_MS))
    after = _changes(fleet.file)
    idle_s = median(_timed(lambda: sweep(keeper, now_ms + _DAY_MS))[0] for _ in range(_ASKED_TIMES))
    asked = [_timed(lambda: _listed(keeper, now_ms + _DAY_MS)) for _ in range(_ASKED_TIMES)]
    keeper.store.close()
    return Day(size, made_s, idle_s, sweep_s, after - before, median(s for s, _ in asked), asked[0][1])


def _listed(keeper: Keeper, now_ms: int) -> int:
    with keeper.store.read() as connection:
        return sum(1 for _ in listing.overdue(connection, keeper, OrderFilter(), now_ms))


def _changes(file: Path) -> int:
    with closing(sqlite3.connect(file)) as raw:
        changes: int = raw.execute("SELECT max(id) FROM work_order_events").fetchone()[0]
    return changes


def _timed(act: Callable[[], _Found]) -> tuple[float, _Found]:
    began = time.monotonic()
    found = act()
    return time.monotonic() - began, found
