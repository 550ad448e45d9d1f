"""Retention: what proves nothing any more is deleted when it is as old as the operator has said."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from adapters.store import duties, retention
from daemon.keeper import Keeper
from daemon.sweep import PAUSE_S, Progress
from schedules.dates import ONE_DAY, local_date, start_of_day_ms
from schedules.duty import RETENTION

_BATCH = 1000
_DAY_MS = ONE_DAY // timedelta(milliseconds=1)
UP_TO = "looked_up_to"
"""Among what came of it: the number of the reading up to which all were looked at."""


def is_done(keeper: Keeper, now_ms: int) -> bool:
    """Whether today's retention was done."""
    with keeper.store.read() as connection:
        last = duties.last_period(connection, RETENTION)
    return last is not None and last >= RETENTION.period(keeper.today(now_ms))


def forget(keeper: Keeper, now_ms: int, progress: Progress = lambda _done, _all: None) -> int:
    """Delete what is older than the settings want to keep, a transaction for every batch; how many rows went."""
    began, deleted, finished = time.monotonic(), 0, False
    while not finished:
        with keeper.store.write() as connection:
            row = duties.take(connection, RETENTION, RETENTION.period(keeper.today(now_ms)), now_ms)
            gone, finished = _forget_some(connection, keeper, row.details or {}, now_ms)
            if finished:
                took_ms = round((time.monotonic() - began) * 1000)
                duties.finish(connection, duties.Finish(RETENTION, row.period, now_ms + took_ms, took_ms))
        deleted += gone
        progress(deleted, deleted)
        time.sleep(0 if finished else PAUSE_S)
    return deleted


def _forget_some(connection: Connection, keeper: Keeper, so_far: Mapping[str, Any], now_ms: int) -> tuple[int, bool]:
    """A batch of each sort: how many rows went, and whether nothing is left that is old enough."""
    above = so_far.get(UP_TO) or _looked_up_to(connection)
    kept = keeper.retention
    payloads = retention.Looked()
    if kept.payloads_days:
        payloads = retention.forget_payloads(connection, now_ms - kept.payloads_days * _DAY_MS, _BATCH)
    looked = retention.Looked(above)
    if kept.readings_days:
        before_ms = min(now_ms - kept.readings_days * _DAY_MS, now_ms - _needed_ms(keeper))
        looked = retention.forget_readings(connection, above, before_ms, lambda at_ms: _day_end(keeper, at_ms), _BATCH)
    came = {
        "payloads": so_far.get("payloads", 0) + payloads.deleted,
        "readings": so_far.get("readings", 0) + looked.deleted,
        UP_TO: looked.up_to,
    }
    duties.note(connection, RETENTION, RETENTION.period(keeper.today(now_ms)), came)
    return payloads.deleted + looked.deleted, not (payloads.more or looked.more)


def _looked_up_to(connection: Connection) -> int:
    last = duties.last_done(connection, RETENTION)
    return 0 if last is None else (last.details or {}).get(UP_TO, 0)


def _needed_ms(keeper: Keeper) -> int:
    """Whatever the settings say, the meter and the forecast look back so far (rules 7)."""
    rules = keeper.rulebook.plan
    return 2 * max(rules.meter.past_ms, rules.forecast.window_days * _DAY_MS, 90 * _DAY_MS)


def _day_end(keeper: Keeper, at_ms: int) -> int:
    return start_of_day_ms(local_date(at_ms, keeper.zone) + ONE_DAY, keeper.zone)
