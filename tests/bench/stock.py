"""A fleet of which one machine in five is unsold: a month is opened, a region's winter begins, and nothing happens.

What a day costs must follow what changes on it: the days on which little changes are compared between two sizes.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from daemon import life
from schedules.dates import instant_ms
from schedules.machine import Category
from tests.bench.bench import Bench
from tests.bench.fleet import make_fleet, make_patterns
from tests.bench.patterns import Patterns, open_bench_keeper
from tests.bench.report import Report
from tests.bench.stock_day import DayTook

_NOW_MS = instant_ms(datetime.fromisoformat("2026-10-30T12:00:00+08:00"))
_LAST_DAY = "2026-11-09"
_REGIONS = ("23", "34", "46", "42", "23", "34", "46", "23", "34", "46")
"""Of ten unsold machines one stands where winter begins on the last day; the others' has begun, or not at all."""
_DAYS = {
    "2026-10-31": "the last day of a month: upkeep falls due",
    "2026-11-01": "the first of a month: it is opened",
    "2026-11-02": "a quiet day, 100 machines wake",
    _LAST_DAY: "a winter's day: one region's window opens",
}
_QUIET = "2026-11-02"


def measure(bench: Bench, report: Report) -> None:
    """The least and the most of the sizes."""
    patterns = _with_stock(bench.folder / "stock")
    least, most = bench.sizes[0], bench.sizes[-1]
    small, large = (_late_autumn(bench.folder / "stock", patterns, size) for size in (least, most))
    for size, days in ((least, small), (most, large)):
        rows = [
            (_DAYS[day], took.asked, took.rows, took.wall_s, took.rows / took.wall_s, took.peak_mb, took.said)
            for day, took in days.items()
        ]
        head = ("", "asked", "rows", "s", "rows/s", "peak MB", "lines of progress")
        report.table(f"{size:,} machines, {size // 5:,} of them in stock", head, rows)
    ratio = large[_QUIET].wall_s / small[_QUIET].wall_s
    by_cpu = large[_QUIET].cpu_s / small[_QUIET].cpu_s
    opening, winter = large["2026-11-01"], large[_LAST_DAY]
    report.note(f"a month opened for {opening.asked:,} of {most:,} machines", _found(opening), "bounded memory")
    report.note(f"a region's winter begins for {winter.asked:,} of {most:,}", _found(winter), "bounded memory")
    report.note(f"a quiet day, {most:,} / {least:,} machines", f"{ratio:.2f} (by CPU {by_cpu:.2f})", "about 1")


def _found(took: DayTook) -> str:
    return f"{took.wall_s:.0f} s, {took.rows / took.wall_s:,.0f} rows/s, {took.peak_mb:.0f} MB"


def _with_stock(folder: Path) -> Patterns:
    """Machines in service that change nothing until the last day, and one in five in stock."""
    folder.mkdir()
    patterns = make_patterns(folder, _NOW_MS)
    stock = [f"stock-{number}" for number in range(4 * len(_REGIONS))]
    with closing(sqlite3.connect(patterns.file)) as raw:
        later = "SELECT machine_id FROM meters WHERE wakes_on > ? OR wakes_on IS NULL"
        quiet = {row[0] for row in raw.execute(later, (_LAST_DAY,))} & set(patterns.quiet)
    keeper = open_bench_keeper(patterns.file)
    with keeper.store.write() as connection:
        for number, machine_id in enumerate(stock):
            command = life.StockIn(
                machine_id,
                Category.LOADER,
                _NOW_MS - 20 * 86_400_000,
                "LG855N",
                _REGIONS[number % len(_REGIONS)],
                f"yard {number % 7}",
                inspected=number % 4 != 0,
            )
            life.stock_in(connection, keeper, command, _NOW_MS)
    keeper.store.close()
    mixed = tuple(_one_in_five(sorted(quiet), stock))
    return Patterns(patterns.file, mixed, patterns.changing, patterns.late)


def _one_in_five(quiet: list[str], stock: list[str]) -> Iterator[str]:
    for number, machine_id in enumerate(stock * 5):
        yield from (quiet[(4 * number + place) % len(quiet)] for place in range(4))
        yield machine_id


def _late_autumn(folder: Path, patterns: Patterns, size: int) -> dict[str, DayTook]:
    fleet = make_fleet(patterns, folder / f"stock-{size}.db", size)
    with closing(sqlite3.connect(fleet.file)) as raw, raw:
        # They report: none is found silent in these days.
        raw.execute("UPDATE meters SET waits_since = ? WHERE waits_since IS NOT NULL", (_LAST_DAY,))
    _day(fleet.file, "2026-10-30")
    days = {day: _day(fleet.file, day) for day in _DAYS}
    fleet.file.unlink()
    return days


def _day(file: Path, day: str) -> DayTook:
    command = [sys.executable, "-m", "tests.bench.stock_day", str(file), day]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return DayTook(**json.loads(done.stdout.splitlines()[-1]))
