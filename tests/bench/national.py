"""A national fleet: machines of many centres, regions and yards, of which a third have an open order."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import make_url

from adapters.mqtt.decode import Delivery, Report
from adapters.store import schema
from adapters.store.engine import Store
from adapters.store.tables import metadata
from daemon import life
from daemon.judging import judge_all
from daemon.keeper import Keeper
from schedules.machine import Category, Warranty
from schedules.reading import Reading, Source
from tests.bench.fleet import OF_MACHINES, copy_table, make_patterns
from tests.bench.patterns import open_bench_keeper

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_CENTRES, _YARDS = 300, 60
_REGIONS = ("11", "21", "22", "23", "34", "36", "37", "41", "42", "46")
_SHARES = {"closed": 0.78, "open": 0.13, "overdue": 0.02, "refused": 0.01, "stock": 0.06}
_FOUND_OF = 50
"""One finding in so many is still open."""
_LETTER_OF = 5
"""So many notices go in one letter."""
_WAITING_OF, _DEAD_OF = 100, 1000
"""One letter in so many waits, or is dead."""


@dataclass(frozen=True, slots=True)
class National:
    """A database of `machines`, and places in it that can be asked for."""

    url: str
    machines: int
    open_orders: int
    centre: str = "SC007"
    region: str = _REGIONS[3]
    yard: str = "Y07"


def make_national(folder: Path, size: int, now_ms: int) -> National:
    """The database in SQLite; about a gigabyte and a half for a million machines."""
    folder.mkdir()
    patterns = make_patterns(folder, now_ms)
    keeper = open_bench_keeper(patterns.file)
    for number in range(4):
        _stands_in_yard(keeper, f"stock-{number}", now_ms)
        _is_not_believed(keeper, f"refused-{number}", now_ms)
    keeper.store.close()
    file = folder / "national.db"
    shutil.copy(patterns.file, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        for setting in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -500000"):
            raw.execute(f"PRAGMA {setting}")
        raw.execute("ATTACH ? AS patterns", (str(patterns.file),))
        raw.execute("BEGIN")
        _fill(raw, size, now_ms)
        raw.execute("COMMIT")
        found = raw.execute("SELECT count(*) FROM work_orders WHERE closed_on IS NULL").fetchone()[0]
    return National(f"sqlite:///{file}", size, found)


def _stands_in_yard(keeper: Keeper, machine_id: str, now_ms: int) -> None:
    command = life.StockIn(machine_id, Category.LOADER, now_ms - 80 * _DAY_MS, "LG855N", "23", "Y07", inspected=True)
    with keeper.store.write() as connection:
        life.stock_in(connection, keeper, command, now_ms)


def _is_not_believed(keeper: Keeper, machine_id: str, now_ms: int) -> None:
    """A machine whose newest reading is beyond belief."""
    command = life.HandOver(
        machine_id,
        now_ms - 12 * _DAY_MS,
        Warranty.ONE_YEAR,
        Decimal(2),
        Category.LOADER,
        "LG855N",
        "37",
        service_centre="SC007",
    )
    with keeper.store.write() as connection:
        life.hand_over(connection, keeper, command, now_ms)
        for ago, hours in ((3, 10), (2, 70_000), (1, 80_000)):
            at_ms = now_ms - ago * _DAY_MS
            reading = Reading(hours * _HOUR_MS, at_ms, at_ms, Source.TELEMATICS)
            judge_all(connection, keeper, [Report(Delivery("", b"", at_ms), machine_id, reading)], now_ms)


def _fill(raw: sqlite3.Connection, size: int, now_ms: int) -> None:
    raw.execute("CREATE TEMP TABLE copies (machine_id TEXT PRIMARY KEY, pattern TEXT) WITHOUT ROWID")
    raw.executemany("INSERT INTO copies VALUES (?, ?)", _copies(_sorts(raw), size))
    for table in OF_MACHINES:
        copy_table(raw, table.name)
    _find(raw, now_ms)
    _spread(raw)
    _tell(raw, now_ms)


def _sorts(raw: sqlite3.Connection) -> dict[str, list[str]]:
    """Patterns by what is open of them."""
    found: dict[str, list[str]] = {name: [] for name in _SHARES}
    states = """SELECT m.machine_id, group_concat(o.state) FROM patterns.machines m LEFT JOIN patterns.work_orders o
        ON o.machine_id = m.machine_id AND o.closed_on IS NULL GROUP BY m.machine_id"""
    for machine_id, open_states in raw.execute(states):
        named = next((name for name in ("stock", "refused") if machine_id.startswith(name)), None)
        state = "closed" if open_states is None else "overdue" if "overdue" in open_states else "open"
        found[named or state].append(machine_id)
    return found


def _copies(sorts: dict[str, list[str]], size: int) -> Iterator[tuple[str, str]]:
    random, names = Random(3), list(_SHARES)
    for number in range(size):
        (sort,) = random.choices(names, [_SHARES[name] for name in names])
        yield f"M{number:07d}", random.choice(sorts[sort])


def _find(raw: sqlite3.Connection, now_ms: int) -> None:
    """One machine in so many is silent."""
    raw.execute("DELETE FROM findings")
    raw.execute(
        """INSERT INTO findings (kind, subject, machine_id, opened_on, recorded_ms, details)
        SELECT 'silent', machine_id, machine_id, date('2026-01-01', '+' || (rowid % 300) || ' days'), ?,
        json_object('last_heard', '2025-12-01', 'days', 30)
        FROM machines WHERE status = 'in_service' AND rowid % ? = 0""",
        (now_ms, _FOUND_OF),
    )


def _spread(raw: sqlite3.Connection) -> None:
    """Centres, regions and yards get their machines, without an order of their own."""
    regions = " ".join(f"WHEN {number} THEN '{region}'" for number, region in enumerate(_REGIONS))
    mixed = "((rowid * 2654435761) >> 8)"
    raw.execute(
        f"""UPDATE machines SET region = CASE {mixed} % {len(_REGIONS)} {regions} END, customer = 'customer ' || rowid,
        service_centre = CASE status WHEN 'in_service' THEN printf('SC%03d', {mixed} % {_CENTRES}) END,
        yard = CASE status WHEN 'stock' THEN printf('Y%02d', {mixed} % {_YARDS}) END"""  # noqa: S608 - numbers of ours
    )
    raw.executemany(
        "INSERT INTO service_centres (service_centre, name) VALUES (?, ?)",
        [(f"SC{number:03d}", f"Service Centre {number}") for number in range(_CENTRES)],
    )
    raw.executemany("INSERT INTO yards (yard, name) VALUES (?, ?)", [(f"Y{n:02d}", f"Yard {n}") for n in range(_YARDS)])


def _tell(raw: sqlite3.Connection, now_ms: int) -> None:
    """Every order's centre, or yard, was told of it; the letters went out, but for a few that wait or are dead."""
    raw.execute("DELETE FROM notices")
    raw.execute("DELETE FROM letters")
    raw.execute(
        f"""INSERT INTO letters (letter_id, occasion, role, recipient, channel, state, created_ms, next_ms, attempts,
        address, locale, subject) SELECT DISTINCT printf('letter-%d', id / {_LETTER_OF}), 'due', 'service_centre',
        'centre', 'email', CASE WHEN id / {_LETTER_OF} % {_DEAD_OF} = 7 THEN 'dead'
        WHEN id / {_LETTER_OF} % {_WAITING_OF} = 3 THEN 'waiting' ELSE 'sent' END, {now_ms}, {now_ms}, 1, 'a@b.example',
        'en', 'a subject' FROM work_orders"""  # noqa: S608 - numbers of ours
    )
    raw.execute(
        f"""INSERT INTO notices (occasion, role, recipient, machine_id, kind, step, round, "on", recorded_ms,
        not_before_ms, letter_id) SELECT 'due', 'service_centre', coalesce(m.service_centre, m.yard), o.machine_id,
        o.kind, o.step, '', o.opens_on, {now_ms}, {now_ms}, printf('letter-%d', o.id / {_LETTER_OF})
        FROM work_orders o JOIN machines m USING (machine_id)"""  # noqa: S608 - numbers of ours
    )


def moved(national: National, url: str) -> National:
    """The same in PostgreSQL."""
    move(str(make_url(national.url).database), url)
    return replace(national, url=url)


def move(file: str, url: str) -> None:
    """Copy a SQLite file into an empty PostgreSQL database, row by row as it is."""
    store = Store(url)
    schema.prepare(store, upgrading=False)
    names = [table.name for table in metadata.sorted_tables]
    with closing(sqlite3.connect(file)) as raw, store.rebuild() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("SET session_replication_role = replica")  # rows come in no order of references
        for name in names:
            _copy_rows(raw, driver, name)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    store.close()


def _copy_rows(raw: sqlite3.Connection, driver: Any, name: str) -> None:  # noqa: ANN401 - psycopg's connection
    columns = metadata.tables[name].columns
    names = ", ".join(f'"{column.name}"' for column in columns)
    kinds = [bool if str(column.type) == "BOOLEAN" else None for column in columns]
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
        for row in raw.execute(f"SELECT {names} FROM {name}"):  # noqa: S608 - names of ours
            copy.write_row([_as(kind, value) for kind, value in zip(kinds, row, strict=True)])
    if "id" in columns:
        numbers = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 1) FROM {name}))"  # noqa: S608 - as above
        driver.execute(numbers)


def _as(kind: type[bool] | None, value: Any) -> Any:  # noqa: ANN401 - a value of a column
    """SQLite keeps what is true or false as a number."""
    return value if kind is None or value is None else kind(value)
