"""The calendar's work: once a day, at start-up, and whenever somebody asks (design 2). Safe to run at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection

from adapters.store import duties, machines, notices
from adapters.store.machines import Remark
from daemon.assessing import bring_up
from daemon.keeper import Keeper
from daemon.telling import remind
from schedules.work_order import Kind, OrderKey

DAILY = "daily_sweep"
_BATCH = 200
Progress = Callable[[int, int], None]
"""Called with how many machines were asked, and how many there are to ask."""


def sweep(
    keeper: Keeper, now_ms: int, progress: Progress = lambda _done, _all: None, as_of: date | None = None
) -> int:
    """Ask every machine whose calendar changes something by today, then those asked under an older plan; remind.

    Each batch is a transaction of its own. `as_of` is a day before today to sweep for. Returns how many were asked.
    """
    today = as_of or keeper.today(now_ms)
    with keeper.store.write() as connection:
        duties.begin(connection, DAILY, today.isoformat(), now_ms)
        expected = duties.count_waking(connection, today)
    asked = _ask_all(
        keeper, now_ms, today, lambda connection: duties.waking(connection, today, _BATCH), expected, progress
    )
    version = keeper.rulebook.current
    asked += _ask_all(
        keeper,
        now_ms,
        today,
        lambda connection: duties.asked_under_another(connection, version, _BATCH),
        0,
        progress,
    )
    _remind_all(keeper, today, now_ms)
    with keeper.store.write() as connection:
        duties.finish(connection, DAILY, today.isoformat(), now_ms)
    return asked


def is_done(keeper: Keeper, now_ms: int) -> bool:
    """Whether today's sweep was done."""
    with keeper.store.read() as connection:
        last = duties.last_period(connection, DAILY)
    return last is not None and last >= keeper.today(now_ms).isoformat()


def _ask_all(
    keeper: Keeper,
    now_ms: int,
    today: date,
    whom: Callable[[Connection], list[str]],
    expected: int,
    progress: Progress,
) -> int:
    asked = 0
    while True:
        with keeper.store.write() as connection:
            batch = whom(connection)
            for record in machines.load(connection, keeper.zone, batch).values():
                bring_up(connection, keeper, record, today, Remark(now_ms))
        if not batch:
            return asked
        asked += len(batch)
        progress(asked, max(asked, expected))


def _remind_all(keeper: Keeper, today: date, now_ms: int) -> None:
    """Tell again of what is still overdue; for weeks we were down once, not once a week (rules 8)."""
    after = 0
    while True:
        with keeper.store.write() as connection:
            rows = notices.to_remind(connection, today, after, _BATCH)
            known = machines.load(connection, keeper.zone, {row.machine_id for row in rows})
            for row in rows:
                key = OrderKey(Kind(row.kind), row.step)
                acknowledged = row.acknowledged_ms is not None
                remind(connection, keeper, known[row.machine_id], key, acknowledged=acknowledged, now_ms=now_ms)
        if not rows:
            return
        after = rows[-1].id
