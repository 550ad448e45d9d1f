"""Databases of any size: a few hundred machines lived in through the use cases, then copied set by set.

Every machine of a fleet is the copy of a pattern, so that all its rows are what the use cases have written.
"""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random

from adapters.store import machines, readings, schema
from adapters.store.engine import Store
from adapters.store.tables import metadata
from schedules.assess import assess
from tests.bench.patterns import Patterns, open_bench_keeper

OF_MACHINES = [table for table in metadata.sorted_tables if "machine_id" in table.columns]


@dataclass(frozen=True, slots=True)
class Fleet:
    """A database of `size` machines: `changing` of them wake on each of the next days, `late` have an overdue order."""

    file: Path
    size: int
    changing: int
    late: int


def make_patterns(folder: Path, now_ms: int) -> Patterns:
    """The database of patterns, made by the use cases."""
    file = folder / "patterns.db"
    store = Store(f"sqlite:///{file}")
    schema.prepare(store, upgrading=False)
    store.close()
    return Patterns.lived(file, now_ms)


def make_fleet(patterns: Patterns, file: Path, size: int, changing: int = 100, late: int = 500) -> Fleet:
    """Copy the patterns until there are `size` machines."""
    shutil.copy(patterns.file, file)
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA cache_size = -500000")
    raw.execute("ATTACH ? AS patterns", (str(patterns.file),))
    raw.execute("BEGIN")
    _assign(raw, patterns, size, changing, late)
    for table in OF_MACHINES:
        copy_table(raw, table.name)
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    return Fleet(file, size, changing, late)


def _assign(raw: sqlite3.Connection, patterns: Patterns, size: int, changing: int, late: int) -> None:
    """Which machine is a copy of which pattern; the special ones are spread over the fleet."""
    raw.execute("CREATE TEMP TABLE copies (machine_id TEXT PRIMARY KEY, pattern TEXT) WITHOUT ROWID")
    special = iter(Random(1).sample(range(size), changing * len(patterns.changing) + late))
    kinds = dict.fromkeys(islice(special, late), patterns.late)
    for day in patterns.changing:
        kinds |= dict.fromkeys(islice(special, changing), day)
    rows = ((f"M{n:07d}", (few := kinds.get(n, patterns.quiet))[n % len(few)]) for n in range(size))
    raw.executemany("INSERT INTO copies VALUES (?, ?)", rows)


def copy_table(raw: sqlite3.Connection, table: str) -> None:
    """Every machine of `copies` gets the rows that its pattern has in a table."""
    columns = [column.name for column in metadata.tables[table].columns if column.name not in {"id", "machine_id"}]
    names = ", ".join(f'"{column}"' for column in columns)
    theirs = ", ".join(f'p."{column}"' for column in columns)
    raw.execute(f"DELETE FROM main.{table}")  # noqa: S608 - a name of ours
    copied = f"SELECT c.machine_id, {theirs} FROM copies c CROSS JOIN patterns.{table} p"  # noqa: S608 - as above
    raw.execute(
        f"INSERT INTO main.{table} (machine_id, {names}) {copied} ON p.machine_id = c.pattern ORDER BY c.machine_id"
    )


def check_sample(fleet: Fleet, today: date, sample: int = 200) -> None:
    """Ask the rules about some machines: nothing changes today, and the wake-ups are those that are stored."""
    keeper = open_bench_keeper(fleet.file)
    ids = [f"M{n:07d}" for n in Random(2).sample(range(fleet.size), min(sample, fleet.size))]
    with keeper.store.read() as connection:
        found = machines.load(connection, keeper.zone, ids)
        stored = readings.load_meters(connection, ids)
    keeper.store.close()
    for machine_id in ids:
        asked, meter = assess(found[machine_id].facts, today, keeper.rulebook), stored[machine_id]
        if asked.changes or (asked.wakes_at_ms, asked.wakes_on) != (meter.wakes_at_ms, meter.wakes_on):
            message = f"{machine_id} is not as the rules would have it: {asked.changes}"
            raise AssertionError(message)
