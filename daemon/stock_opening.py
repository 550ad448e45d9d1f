"""The month's upkeep of unsold machines, opened for all of them: noted once the sweep has done it (rules 3, K1)."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from adapters.store import duties, stock_counts
from daemon import sweep
from daemon.keeper import Keeper
from schedules.duty import DAILY_SWEEP, STOCK_OPENING


def is_done(keeper: Keeper, now_ms: int) -> bool:
    """Whether the month was opened, or cannot be noted yet because the sweep has not asked every machine in it."""
    with keeper.store.read() as connection:
        swept, opened = (duties.last_period(connection, duty) for duty in (DAILY_SWEEP, STOCK_OPENING))
    month = STOCK_OPENING.period(keeper.today(now_ms))
    return swept is None or swept < month or (opened is not None and opened >= month)


def record(keeper: Keeper, now_ms: int, _progress: sweep.Progress = lambda _done, _all: None) -> int:
    """Note that the month was opened, and each month that was missed before it; how many orders this month has.

    The orders come from the sweep alone; they are counted first, without holding up any writer.
    """
    began, month = time.monotonic(), STOCK_OPENING.period(keeper.today(now_ms))
    counts = _counted(keeper, keeper.today(now_ms), month)
    with keeper.store.write() as connection:
        duties.take(connection, STOCK_OPENING, month, now_ms)
        took_ms = round((time.monotonic() - began) * 1000)
        duties.finish(connection, duties.Finish(STOCK_OPENING, month, now_ms + took_ms, took_ms))
        for period, details in counts.items():
            duties.note(connection, STOCK_OPENING, period, details)
    orders: int = counts[month]["orders"]
    return orders


def _counted(keeper: Keeper, today: date, month: str) -> dict[str, dict[str, Any]]:
    """By month since the last one that was opened: its orders; and this month's machines in stock."""
    with keeper.store.read() as connection:
        last = duties.last_period(connection, STOCK_OPENING)
        months = {*STOCK_OPENING.passed(last, today), month}
        counts = {each: {"orders": stock_counts.orders(connection, each)} for each in months}
        counts[month] = {"machines": stock_counts.machines_in_stock(connection), **counts[month]}
    return counts
