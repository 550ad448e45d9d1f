"""`... -m tests.bench [intake latency memory calendar stock notices startup lists replicas day] [--turns N] ...`."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import calendar, day, intake, latency, lists, memory, notices, replicas, startup, stock
from tests.bench.bench import Bench
from tests.bench.report import Report

MEASURES: dict[str, Callable[[Bench, Report], None]] = {
    "intake": intake.measure,
    "latency": latency.measure,
    "memory": memory.measure,
    "calendar": calendar.measure,
    "stock": stock.measure,
    "notices": notices.measure,
    "startup": startup.measure,
    "lists": lists.measure,
    "replicas": replicas.measure,
    "day": day.measure,
}


def main() -> None:
    """Measure what is asked for, all by default."""
    given, report = _parser().parse_args(), Report()
    sizes = tuple(int(size) for size in given.machines.split(","))
    with tempfile.TemporaryDirectory(prefix="hourkeeper-bench-", ignore_cleanup_errors=True) as folder:
        now_ms = time.time_ns() // 1_000_000
        bench = Bench(
            Path(folder), now_ms, given.messages, given.rounds, given.flood, sizes, given.notices, given.turns
        )
        for name in given.measures or MEASURES:
            MEASURES[name](bench, report)
    report.end(_where())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES], metavar="|".join(MEASURES))
    parser.add_argument("--messages", type=int, default=100_000, help="backlog to drain (default: 100000)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default: 3)")
    parser.add_argument("--flood", type=int, default=1_000_000, help="messages of the flood (default: 1000000)")
    parser.add_argument("--notices", type=int, default=100_000, help="letters to send (default: 100000)")
    parser.add_argument("--turns", type=int, default=6, help="ten minutes of the day, each (default: 6; a day: 144)")
    parser.add_argument("--machines", default="10000,100000,1000000", help="fleets (default: 10000,100000,1000000)")
    return parser


def _where() -> str:
    broker = subprocess.run(["mosquitto", "-h"], check=False, capture_output=True, text=True).stdout.split("\n")[0]
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, {broker}"
    )


if __name__ == "__main__":
    main()
