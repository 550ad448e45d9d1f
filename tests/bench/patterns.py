"""The machines that fleets are copied from: handed over over the past year, running, visited in time or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from adapters.files.rules import read_rules
from adapters.mqtt.decode import Delivery, Report
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.tables import meters, work_orders
from daemon import life
from daemon.judging import judge_all
from daemon.keeper import Keeper, Telling
from schedules.machine import Category, Warranty
from schedules.reading import Reading, Source
from schedules.work_order import State

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_YOUNGEST_DAYS, _OLDEST_DAYS = 13, 360
_READ_DAYS_AGO = 10
_DUE_AFTER_DAYS = {"100": 10, "600": 92, "1200": 184, "1800": 275}
CENTRE = "Service Centre 7"
DAYS = 3


@dataclass(frozen=True, slots=True)
class Patterns:
    """Ids of machines by what the calendar does to them: nothing for some days, or something on the first, second …
    of the next `DAYS`; `late` ones are overdue.
    """

    file: Path
    quiet: tuple[str, ...]
    changing: tuple[tuple[str, ...], ...]
    late: tuple[str, ...]

    @classmethod
    def lived(cls, file: Path, now_ms: int) -> Patterns:
        """Live through the use cases in a database that has its tables."""
        keeper = open_bench_keeper(file)
        for age in range(_YOUNGEST_DAYS, _OLDEST_DAYS):
            _live(keeper, f"visited-{age}", age, now_ms, visited=True)
        for age in range(30, 60):
            _live(keeper, f"late-{age}", age, now_ms, visited=False)
        found = _sorted_out(file, keeper, keeper.today(now_ms))
        keeper.store.close()
        return found


def open_bench_keeper(file: Path) -> Keeper:
    """A keeper on a SQLite file that has its tables."""
    return keeper_at(f"sqlite:///{file}")


def keeper_at(url: str) -> Keeper:
    """A keeper on a store that has its tables."""
    store = Store(url)
    with store.write() as connection:
        rulebook = adopt(connection, read_rules(), 0)
    return Keeper(store, rulebook, Telling(channel="log"))


def _live(keeper: Keeper, machine_id: str, age: int, now_ms: int, *, visited: bool) -> None:
    """Hand a machine over `age` days ago, and read its meter a while ago."""
    hours = 2 + (age - _READ_DAYS_AGO) * (1 + age % 7)
    done = _last_step(age, hours) if visited else None
    command = life.HandOver(
        machine_id,
        now_ms - age * _DAY_MS,
        Warranty.ONE_YEAR,
        Decimal(2),
        Category.LOADER,
        "LG855N",
        "37",
        customer=f"customer of {machine_id}",
        service_centre=CENTRE,
        last_step_done=done,
        last_step_done_on=None if done is None else keeper.today(now_ms) - timedelta(days=_READ_DAYS_AGO),
    )
    read_ms = now_ms - _READ_DAYS_AGO * _DAY_MS
    reading = Reading(hours * _HOUR_MS, read_ms, read_ms, Source.TELEMATICS)
    with keeper.store.write() as connection:
        life.hand_over(connection, keeper, command, now_ms)
        judge_all(connection, keeper, [Report(Delivery("", b"", read_ms), machine_id, reading)], now_ms)


def _last_step(age: int, hours: int) -> str | None:
    passed = [step for step, days in _DUE_AFTER_DAYS.items() if age >= days or hours >= int(step)]
    return passed[-1] if passed else None


def _sorted_out(file: Path, keeper: Keeper, today: date) -> Patterns:
    with keeper.store.read() as connection:
        rows = connection.execute(select(meters.c.machine_id, meters.c.wakes_on)).all()
        overdue = select(work_orders.c.machine_id).where(work_orders.c.state == State.OVERDUE)
        late = set(connection.execute(overdue).scalars())
    days = [today + timedelta(days=day) for day in range(1, DAYS + 1)]
    changing = [tuple(row.machine_id for row in rows if row.wakes_on == day) for day in days]
    later = {row.machine_id for row in rows if row.wakes_on is None or row.wakes_on > days[-1]}
    visited = [tuple(each for each in day if each not in late) for day in changing]
    return Patterns(file, tuple(sorted(later - late)), tuple(visited), tuple(sorted(later & late)))
