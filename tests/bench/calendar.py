"""The calendar's day and the overdue list, at several sizes of the fleet: the cost must follow what changes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from adapters.store.listing import OrderFilter
from daemon import listing
from daemon.keeper import Keeper
from daemon.sweep import sweep
from tests.bench.bench import Bench
from tests.bench.fleet import check_sample
from tests.bench.patterns import DAYS, open_bench_keeper
from tests.bench.report import Report

_DAY_MS = 86_400_000
_ASKED_TIMES = 5
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the clock, and of our own CPU."""

    wall_s: float
    cpu_s: float

    @classmethod
    def middle(cls, times: Sequence[Took]) -> Took:
        """The medians."""
        return cls(median(each.wall_s for each in times), median(each.cpu_s for each in times))


@dataclass(frozen=True, slots=True)
class Day:
    """What a day costs a fleet: a sweep that changes orders, one that finds nothing, the overdue list."""

    size: int
    made: Took
    changes: float
    swept: Took
    idle: Took
    listed: int
    asked: Took


def measure(bench: Bench, report: Report) -> None:
    """Every size in turn."""
    days = [_day(bench, size) for size in bench.sizes]
    for title, times in (
        (f"A day's sweep, about {days[0].changes:.0f} changes of orders: ms", [(day, day.swept) for day in days]),
        ("A sweep with nothing to do: ms", [(day, day.idle) for day in days]),
        (f"The overdue list, {days[0].listed} orders: ms", [(day, day.asked) for day in days]),
    ):
        rows = [(f"{day.size:,} machines", took.wall_s * 1e3, took.cpu_s * 1e3) for day, took in times]
        report.table(title, ("", "wall", "own CPU"), rows)
    made = ", ".join(f"{day.size:,} machines in {day.made.wall_s:.0f} s" for day in days)
    print(f"\n  (fleets made: {made})")
    _compare(report, days[0], days[-1])


def _compare(report: Report, least: Day, most: Day) -> None:
    sizes = f"{most.size:,} / {least.size:,}"
    for what, large, small in (
        (f"sweep of a day, {most.changes:.0f} changes", most.swept, least.swept),
        ("a sweep with nothing to do", most.idle, least.idle),
        (f"overdue list, {most.listed} orders", most.asked, least.asked),
    ):
        ratios = f"{large.wall_s / small.wall_s:.2f} (by CPU {large.cpu_s / small.cpu_s:.2f})"
        report.note(f"{what}, {most.size:,} machines", f"{large.wall_s * 1e3:,.0f} ms; {sizes}: {ratios}", "about 1")


def _day(bench: Bench, size: int) -> Day:
    made, fleet = _timed(lambda: bench.fleet(size))
    keeper, last_ms = open_bench_keeper(fleet.file), bench.now_ms + DAYS * _DAY_MS
    check_sample(fleet, keeper.today(bench.now_ms))
    sweep(keeper, bench.now_ms)
    before = _changes(fleet.file)
    swept = [_timed(partial(sweep, keeper, bench.now_ms + day * _DAY_MS))[0] for day in range(1, DAYS + 1)]
    changes = (_changes(fleet.file) - before) / DAYS
    idle = [_timed(lambda: sweep(keeper, last_ms))[0] for _ in range(_ASKED_TIMES)]
    asked = [_timed(lambda: _listed(keeper, last_ms)) for _ in range(_ASKED_TIMES)]
    keeper.store.close()
    times = Took.middle(swept), Took.middle(idle), Took.middle([took for took, _ in asked])
    return Day(size, made, changes, times[0], times[1], asked[0][1], times[2])


def _listed(keeper: Keeper, now_ms: int) -> int:
    with keeper.store.read() as connection:
        return sum(1 for _ in listing.overdue(connection, keeper, OrderFilter(), now_ms))


def _changes(file: Path) -> int:
    with closing(sqlite3.connect(file)) as raw:
        changes: int = raw.execute("SELECT max(id) FROM work_order_events").fetchone()[0]
    return changes


def _timed(act: Callable[[], _Found]) -> tuple[Took, _Found]:
    began, cpu = time.monotonic(), time.process_time()
    found = act()
    return Took(time.monotonic() - began, time.process_time() - cpu), found
