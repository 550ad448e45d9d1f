"""The duties of the calendar, done when they are due (promise 5): the daemon's ticker only wakes this."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from adapters.store import duties
from adapters.store.engine import STORE_FAULTS
from daemon import retention, stock_opening, sweep
from daemon.keeper import Keeper
from daemon.rules_in_force import keep_up
from schedules.duty import DAILY_SWEEP, RETENTION, STOCK_OPENING, Duty

_SAID_EVERY_S = 5.0
log = structlog.get_logger("duties")

Act = Callable[[Keeper, int, sweep.Progress], int]
_IN_ORDER: tuple[tuple[Duty, Callable[[Keeper, int], bool], Act], ...] = (
    (DAILY_SWEEP, sweep.is_done, sweep.sweep),
    (STOCK_OPENING, stock_opening.is_done, stock_opening.record),
    (RETENTION, retention.is_done, retention.forget),
)


def do_what_is_due(
    keeper: Keeper, now_ms: int, stop: threading.Event | None = None, moved: Callable[[], None] = lambda: None
) -> None:
    """Follow the rules in force, then do each duty that is due. What keeps one from being done is told and noted, the
    others are done, and the next call tries again. `stop` ends a long duty between two of its transactions, after each
    of which `moved` is called.
    """
    for duty, is_done, act in _IN_ORDER:
        said = _Said(duty, stop or threading.Event(), moved)
        try:
            keep_up(keeper)
            if not is_done(keeper, now_ms):
                said.end(act(keeper, now_ms, said.go_on))
        except _StoppedError:
            log.info("duty_interrupted", duty=duty.name, advice="it goes on at the next start")
            return
        except STORE_FAULTS as fault:
            log.warning("duty_postponed", duty=duty.name, error=_line(fault))
            _note_failure(keeper, duty, now_ms, _line(fault))
        except Exception as error:
            log.exception("duty_failed", duty=duty.name)
            _note_failure(keeper, duty, now_ms, f"{type(error).__name__}: {_line(error)}")


def catch_up(keeper: Keeper, now_ms: int) -> None:
    """The same once, for somebody who waits for it: what keeps a duty from being done is raised."""
    for _, is_done, act in _IN_ORDER:
        if not is_done(keeper, now_ms):
            act(keeper, now_ms, lambda _done, _all: None)


class _StoppedError(Exception):
    """We are to end: what is left of the duty is done at the next start."""


def _note_failure(keeper: Keeper, duty: Duty, now_ms: int, error: str) -> None:
    try:
        with keeper.store.write() as connection:
            duties.fail(connection, duty, duty.period(keeper.today(now_ms)), now_ms, error)
    except STORE_FAULTS as fault:
        log.warning("failure_not_noted", duty=duty.name, error=_line(fault))


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


class _Said:
    """Tells the log how far a long duty has come, and when it was done."""

    def __init__(self, duty: Duty, stop: threading.Event, moved: Callable[[], None]) -> None:
        self._duty = duty
        self._moved = moved
        self._stop = stop
        self._began = self._last = time.monotonic()

    def go_on(self, done: int, there_are: int) -> None:
        self._moved()
        now = time.monotonic()
        if now - self._last >= _SAID_EVERY_S:
            self._last = now
            log.info("duty_goes_on", duty=self._duty.name, done=done, of=there_are, seconds=round(now - self._began))
        if self._stop.is_set():
            raise _StoppedError

    def end(self, done: int) -> None:
        seconds = round(time.monotonic() - self._began, 1)
        log.info("duty_done", duty=self._duty.name, done=done, seconds=seconds)
