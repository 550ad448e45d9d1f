"""`python -m tests.bench.stock_day FILE DATE`: one day in a process of its own; prints what it took as JSON."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import structlog

from daemon.calendar import do_what_is_due
from schedules.dates import start_of_day_ms
from tests.bench.patterns import open_bench_keeper
from tests.support.process_status import status_mb

_WRITTEN = ("work_orders", "work_order_events", "notices", "findings")


@dataclass(frozen=True, slots=True)
class DayTook:
    """What a day took: seconds of the clock and of our own CPU, peak memory; what was asked, written and said of it."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    asked: int
    rows: int
    said: int


def main() -> None:
    """Do the duties of a day, just after its midnight."""
    file, day = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
    keeper = open_bench_keeper(file)
    before = _written(file)
    with structlog.testing.capture_logs() as logs:
        began, cpu = time.monotonic(), time.process_time()
        do_what_is_due(keeper, start_of_day_ms(day, keeper.zone) + 60_000)
        wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    keeper.store.close()
    peak_mb = status_mb("self", "VmHWM")
    asked = sum(entry["done"] for entry in logs if entry["event"] == "duty_done" and entry["duty"] == "daily_sweep")
    said = sum(entry["event"] == "duty_goes_on" for entry in logs)
    print(json.dumps(asdict(DayTook(wall_s, cpu_s, peak_mb, asked, _written(file) - before, said))))


def _written(file: Path) -> int:
    with closing(sqlite3.connect(file)) as raw:
        return sum(raw.execute(f"SELECT coalesce(max(id), 0) FROM {name}").fetchone()[0] for name in _WRITTEN)  # noqa: S608 - names of ours


if __name__ == "__main__":
    main()
