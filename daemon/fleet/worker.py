"""A machine at work: its true engine time, when it was handed over, and what its dial shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

from daemon.fleet.roster import Fault, Sold
from daemon.fleet.story import Year, at_hour
from daemon.fleet.use import Engine, engine_ms
from schedules.dates import ONE_DAY, local_date
from schedules.hours import MS_PER_HOUR

_HANDED_OVER_AT = 9.5
_REPLACED_AFTER_DAYS = 140
_LATEST_START_MS = 4 * MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Worker:
    """A sold machine with its engine; `replaced_ms` is when its meter was replaced by a new one at zero."""

    sold: Sold
    engine: Engine
    handed_over_ms: int
    replaced_ms: int | None = None

    def dial_at(self, at_ms: int) -> int:
        """What the dial shows at an instant, in ms of engine time."""
        total_ms = self.engine.total_at(at_ms)
        if self.replaced_ms is None or at_ms < self.replaced_ms:
            return total_ms
        return total_ms - self.engine.total_at(self.replaced_ms)


def worker_of(sold: Sold, year: Year, *, cold: bool) -> Worker:
    """The machine with an engine that has run as its job says."""
    today = local_date(year.now_ms, year.zone)
    runs = _Runs(sold, year.seed, cold=cold)
    if sold.job.hours_now is None:
        first = today - timedelta(days=sold.job.age_days)
        engine = Engine(sold.job.use, first, runs.between(first, today), _new_dial(sold), year.zone)
    else:
        first, engine = _with_hours_now(sold, runs, today, year, int(sold.job.hours_now * MS_PER_HOUR))
    worker = Worker(sold, engine, min(at_hour(first, _HANDED_OVER_AT, year.zone), year.now_ms))
    if sold.job.fault is not Fault.METER_REPLACED:
        return worker
    return replace(worker, replaced_ms=at_hour(first + timedelta(days=_REPLACED_AFTER_DAYS), 12, year.zone))


class _Runs:
    def __init__(self, sold: Sold, seed: int, *, cold: bool) -> None:
        self._sold, self._seed, self._cold = sold, seed, cold

    def on(self, day: date) -> int:
        return engine_ms(self._sold.job.use, self._sold.machine_id, self._seed, day, cold=self._cold)

    def between(self, first: date, last: date) -> list[int]:
        return [self.on(first + number * ONE_DAY) for number in range((last - first).days + 1)]


def _new_dial(sold: Sold) -> int:
    """A few hours from the works and the way to the user."""
    return 2 * MS_PER_HOUR + sum(sold.machine_id.encode()) * 1000 % _LATEST_START_MS


def _with_hours_now(sold: Sold, runs: _Runs, today: date, year: Year, target_ms: int) -> tuple[date, Engine]:
    """Go back day by day until the hours are used up; what is left was run before the hand-over."""
    first = today
    run_ms = Engine(sold.job.use, today, runs.between(today, today), 0, year.zone).total_at(year.now_ms)
    for back in count(1):
        day_ms = runs.on(today - back * ONE_DAY)
        if run_ms + day_ms + _LATEST_START_MS // 2 > target_ms:
            break
        first, run_ms = today - back * ONE_DAY, run_ms + day_ms
    return first, Engine(sold.job.use, first, runs.between(first, today), target_ms - run_ms, year.zone)
