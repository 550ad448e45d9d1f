"""The calendar's work: once a day, at start-up, and whenever somebody asks (design 2). Safe to run at any time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import structlog
from sqlalchemy import Connection

from adapters.store import duties, machines, notices
from adapters.store.engine import STORE_FAULTS
from adapters.store.machines import MachineRecord, Remark, order_of
from daemon.assessing import bring_up_all
from daemon.findings import look_at_registers, look_at_silence
from daemon.keeper import Keeper
from daemon.telling import StillOverdue, remind_all, remind_of_copies
from schedules.dates import ONE_DAY
from schedules.duty import DAILY_SWEEP
from schedules.work_order import Kind, OrderKey, State

_BATCH = 500
PAUSE_S = 0.01
"""Between two batches: SQLite's other writers, intake above all, wait for a gap."""
log = structlog.get_logger("sweep")
Progress = Callable[[int, int], None]
"""Called with how many machines were asked, and how many there are to ask."""


def sweep(keeper: Keeper, now_ms: int, progress: Progress = lambda _done, _all: None, as_of: date | None = None) -> int:
    """Ask every machine whose calendar changes something by today, then those asked under another rulebook; remind.

    Each batch is a transaction of its own; on most days one is enough. `as_of` is a day before today to sweep for.
    Returns how many machines were asked.
    """
    day = _Day(keeper, as_of or keeper.today(now_ms), now_ms)
    finished = False
    while not finished:
        with keeper.store.write() as connection:
            finished = day.go_on(connection)
        progress(day.asked, max(day.asked, day.expected))
        if not finished:
            time.sleep(PAUSE_S)
    return day.asked


def is_done(keeper: Keeper, now_ms: int) -> bool:
    """Whether today's sweep was done, and no machine is left: one that woke since (the clock had been ahead), or one
    that was asked under another rulebook.
    """
    today = keeper.today(now_ms)
    with keeper.store.read() as connection:
        last = duties.last_period(connection, DAILY_SWEEP)
        if last is None or last < DAILY_SWEEP.period(today):
            return False
        left = duties.waking(connection, today, 1) or duties.asked_under_another(connection, keeper.rulebook.serial, 1)
    return not left


class _Day:
    """One day's sweep on its way: what was asked, and what there was to ask."""

    def __init__(self, keeper: Keeper, today: date, now_ms: int) -> None:
        self.asked = 0
        self.expected = 0
        self._keeper = keeper
        self._today = today
        self._now_ms = now_ms
        self._began = time.monotonic()

    def go_on(self, connection: Connection) -> bool:
        """Take the next batch; True if it was the last, and then the duty is done."""
        row = duties.take(connection, DAILY_SWEEP, self._period, self._now_ms)
        if not self.asked:
            self.expected = duties.count_waking(connection, self._today)
        done = Counter(
            asked=self._ask(connection),
            reminded=self._remind(connection),
            unheard=look_at_silence(connection, self._keeper, self._today, self._now_ms, _BATCH),
        )
        finished = max(done.values()) < _BATCH
        # In the transaction of the batch, so that they hold whatever interrupts the sweep.
        duties.note(connection, DAILY_SWEEP, self._period, Counter(row.details or {}) + done)
        if finished:
            look_at_registers(connection, self._keeper, self._today, self._now_ms)
            self._finish(connection)
        return finished

    @property
    def _period(self) -> str:
        return DAILY_SWEEP.period(self._today)

    def _finish(self, connection: Connection) -> None:
        took_ms = round((time.monotonic() - self._began) * 1000)
        duties.finish(connection, duties.Finish(DAILY_SWEEP, self._period, self._now_ms + took_ms, took_ms))

    def _ask(self, connection: Connection) -> int:
        batch = duties.waking(connection, self._today, _BATCH)
        batch += duties.asked_under_another(connection, self._keeper.rulebook.serial, _BATCH - len(batch))
        records = list(machines.load(connection, self._keeper.zone, batch).values())
        try:
            self._bring_up(connection, records)
        except STORE_FAULTS:
            raise
        except Exception:  # noqa: BLE001 - whichever machine it is, the others are asked
            for record in records:
                self._ask_alone(connection, record)
        self.asked += len(batch)
        return len(batch)

    def _bring_up(self, connection: Connection, records: Sequence[MachineRecord]) -> None:
        with connection.begin_nested():
            bring_up_all(connection, self._keeper, records, self._today, Remark(self._now_ms))

    def _ask_alone(self, connection: Connection, record: MachineRecord) -> None:
        """Assess one machine; one that cannot be is told of and put off to the next day, the others go on."""
        try:
            self._bring_up(connection, [record])
        except STORE_FAULTS:
            raise
        except Exception:
            log.exception("machine_not_assessed", machine=record.facts.machine_id, advice="report this as a fault")
            tomorrow, serial = self._today + ONE_DAY, self._keeper.rulebook.serial
            duties.put_off(connection, record.facts.machine_id, tomorrow, serial)

    def _remind(self, connection: Connection) -> int:
        """Tell again of what is still overdue, and of forms not sent on; for weeks we were down once, not once a week
        (rules 6 and 8).
        """
        rows = notices.to_remind(connection, self._today, _BATCH)
        known = machines.load(connection, self._keeper.zone, {row.machine_id for row in rows})
        late = [
            StillOverdue(known[row.machine_id], OrderKey(Kind(row.kind), row.step), row.acknowledged_ms is not None)
            for row in rows
            if row.state == State.OVERDUE
        ]
        done = [(known[row.machine_id], order_of(row)) for row in rows if row.state == State.DONE]
        remind_all(connection, self._keeper, late, self._now_ms)
        remind_of_copies(connection, self._keeper, done, self._now_ms)
        return len(rows)
