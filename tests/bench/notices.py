"""Notices that are all due at once: letters rendered and handed to a local mail server, one for each customer."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.store.tables import metadata
from tests.bench.bench import Bench
from tests.bench.letters_out import LettersTook
from tests.bench.report import Report
from tests.keeping import MINUTE, World, at

_COPIED = ("machines", "meters", "work_orders", "work_order_events", "machine_events", "notices")


def measure(bench: Bench, report: Report) -> None:
    """A tenth of the letters, and then all."""
    tenth, whole = bench.notices // 10, bench.notices
    few, took = (_sent(bench.folder / f"notices-{count}", count) for count in (tenth, whole))
    head = ("", "s", "letters/s", "rendering", "mail server", "store", "resident MB early", "peak MB")
    report.table("Due notices handed to a local mail server", head, [_row(few), _row(took)])
    report.note(
        f"{took.letters:,} due notices rendered and handed to a local mail server",
        f"{took.letters / took.wall_s:,.0f} letters/s, {took.rendering_s / took.wall_s:.0%} of it rendering",
    )
    grown = took.peak_mb / few.peak_mb
    report.note("memory meanwhile", f"{took.peak_mb:.0f} MB, {grown:.2f} times that of a tenth of them", "about 1")


def _row(took: LettersTook) -> tuple[object, ...]:
    rest_s = took.wall_s - took.rendering_s - took.sending_s
    shares = [f"{part / took.wall_s:.0%}" for part in (took.rendering_s, took.sending_s, rest_s)]
    return (f"{took.letters:,}", took.wall_s, took.letters / took.wall_s, *shares, took.early_mb, took.peak_mb)


def _sent(folder: Path, count: int) -> LettersTook:
    folder.mkdir()
    file, now_ms = fill(folder, count)
    with _sink() as (port, taken):
        command = [sys.executable, "-m", "tests.bench.letters_out", str(file), str(port), str(now_ms)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    took = LettersTook(**json.loads(done.stdout.splitlines()[-1]))
    file.unlink()
    if taken != [count, count] or took.letters != count:
        message = f"{count} notices, {took.letters} letters sent, {taken} taken and recipients"
        raise AssertionError(message)
    return took


@contextmanager
def _sink() -> Iterator[tuple[int, list[int]]]:
    """A mail server; afterwards, how many letters it took and for how many."""
    taken: list[int] = []
    command = [sys.executable, "-m", "tests.bench.smtp_sink"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline()), taken
        process.stdin.close()
        taken += map(int, process.stdout.readline().split())


def fill(folder: Path, count: int) -> tuple[Path, int]:
    """A store in which so many customers are to be told that a visit is overdue, and the time at which they are."""
    world = World(folder / "notices.db", now_ms=at("2025-03-03 10:00"))
    world.registers()
    world.sells("PATTERN", customer="customer", customer_email="pattern@customer.example")
    world.goes_to("2025-03-13 00:00")
    world.goes_to("2025-03-27 00:00")
    world.keeper.store.close()
    with closing(sqlite3.connect(folder / "notices.db", isolation_level=None)) as raw:
        _copy(raw, count)
    return folder / "notices.db", at("2025-03-27 10:00") + MINUTE


def _copy(raw: sqlite3.Connection, count: int) -> None:
    """The machine and all that is known of it so many times; of the notices only one to each customer."""
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("BEGIN")
    raw.execute("DELETE FROM notices WHERE id <> (SELECT max(id) FROM notices WHERE role = 'customer')")
    raw.execute("CREATE TEMP TABLE copies (machine_id TEXT PRIMARY KEY) WITHOUT ROWID")
    raw.executemany("INSERT INTO copies VALUES (?)", ((f"M{number:07d}",) for number in range(count)))
    for table in _COPIED:
        columns = [c.name for c in metadata.tables[table].columns if c.name not in {"id", "machine_id"}]
        theirs = ", ".join(_OWN.get(column, f'p."{column}"') for column in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        raw.execute(  # names of ours
            f"INSERT INTO {table} (machine_id, {names}) SELECT c.machine_id, {theirs}"  # noqa: S608
            f" FROM copies c CROSS JOIN {table} p ON p.machine_id = 'PATTERN'"
        )
    raw.execute("DELETE FROM notices WHERE machine_id = 'PATTERN'")
    raw.execute("COMMIT")


_OWN = {
    "customer": "'customer of ' || c.machine_id",
    "customer_email": "lower(c.machine_id) || '@customer.example'",
    "recipient": "'customer of ' || c.machine_id",
}
