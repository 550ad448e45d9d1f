"""The copy to InfluxDB: what waits is sent in batches, outside any transaction, and forgotten when it was taken.

Nothing that the server does or fails to do delays a reading or loses one: what was not taken waits in the store.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
from sqlalchemy import Row

from adapters.influx.point import Point
from adapters.influx.server import InfluxFaultError, RefusedPointError
from adapters.store import copying, errands
from adapters.store.copying import Pending
from adapters.store.engine import STORE_FAULTS, Store

ERRAND = "influx"
_IDLE_S = 1.0
_FIRST_PAUSE_MS = 1000
_LONGEST_PAUSE_MS = 30_000
_LONGEST_ASKED_MS = 3_600_000
LATE_MS = 3_600_000
"""What has waited longer is worth an alarm."""
_ANSWERS_OF_A_BATCH = 60
log = structlog.stdlib.get_logger("influx")


class TakesPoints(Protocol):
    """A server as the copier needs it: RefusedPointError for what it does not want, InfluxFaultError if it is away."""

    def write(self, points: Sequence[Point]) -> None:
        """Write points."""

    def erase(self, machine_id: str, time_ms: int, number: int) -> None:
        """Delete one point."""


class Copier:
    """Sends what waits; `clock` gives ms, `batch` is the most points of one request, `timeout_s` that of an answer."""

    def __init__(
        self,
        store: Store,
        server: TakesPoints,
        clock: Callable[[], int],
        batch: int = 2000,
        timeout_s: float = 10.0,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._store = store
        self._server = server
        self._clock = clock
        self._batch = batch
        self._lease_ms = round(timeout_s * 1000) * _ANSWERS_OF_A_BATCH
        self._holder = str(uuid.uuid4())

    def turn(self) -> bool:
        """Send one batch, unless another process does or a pause is on; whether there may be more to send now."""
        with self._store.read() as connection:
            may_send = errands.may_take(connection, ERRAND, self._holder, self._clock())
            if not may_send or not copying.any_waits(connection):
                return False
        with self._store.write() as connection:
            errand = errands.take(connection, ERRAND, self._holder, self._clock(), self._lease_ms)
        if errand is None:
            return False
        with self._store.read() as connection:
            waiting = copying.pending(connection, self._batch)
        try:
            self._send(waiting)
        except InfluxFaultError as fault:
            self._postpone(errand, fault)
            return False
        self._succeed(errand)
        return True

    def end(self) -> None:
        """Another process need not wait for the end of our lease."""
        with self._store.write() as connection:
            errands.release(connection, ERRAND, self._holder)

    def _send(self, waiting: Pending) -> None:
        """Points that are no longer true first, so that what is true now stands last."""
        for row in waiting.erased:
            self._erase(row)
        self._write(waiting.written)
        self._forget([*waiting.gone, *(row.id for row in waiting.erased)])

    def _erase(self, row: Row[Any]) -> None:
        try:
            self._server.erase(row.of_machine, row.time_ms, row.reading_id)
        except RefusedPointError as refused:
            self._park(row.id, row.of_machine, str(refused))

    def _write(self, rows: Sequence[Row[Any]]) -> None:
        """Write all; where the server does not want one of them, the halves, until that one is found and parked."""
        if not rows:
            return
        try:
            self._server.write([_point(row) for row in rows])
        except RefusedPointError as refused:
            if len(rows) == 1:
                self._park(rows[0].row, rows[0].machine_id, str(refused))
                return
            middle = len(rows) // 2
            self._write(rows[:middle])
            self._write(rows[middle:])
        else:
            self._forget([row.row for row in rows])

    def _forget(self, numbers: Sequence[int]) -> None:
        if numbers:
            with self._store.write() as connection:
                copying.forget(connection, numbers)

    def _park(self, row: int, machine_id: str, reason: str) -> None:
        log.error("influx_point_parked", machine=machine_id, reason=reason, advice="see `hourkeeper influx status`")
        with self._store.write() as connection:
            copying.park(connection, row, reason)

    def _succeed(self, errand: Row[Any]) -> None:
        now_ms = self._clock()
        with self._store.write() as connection:
            errands.done(connection, ERRAND, self._holder, now_ms, now_ms)
        if errand.failures:
            log.info("influx_resumed", after_failures=errand.failures)

    def _postpone(self, errand: Row[Any], fault: InfluxFaultError) -> None:
        """Try again later, and say it: at the 1st, 2nd, 4th, 8th failure in a row, and so on."""
        now_ms, failures = self._clock(), errand.failures + 1
        with self._store.write() as connection:
            errands.failed(
                connection, ERRAND, self._holder, now_ms, now_ms + _pause_ms(failures, fault.wait_s), str(fault)
            )
            oldest_ms = copying.oldest_ms(connection)
            waiting = copying.count_waiting(connection)
        if failures & (failures - 1) == 0:
            say = log.warning if fault.advice is None else log.error
            say("influx_away", error=str(fault), advice=fault.advice or "readings wait in the store", waiting=waiting)
            if oldest_ms is not None and now_ms - oldest_ms > LATE_MS:
                log.error("influx_late", hours=(now_ms - oldest_ms) // LATE_MS, waiting=waiting)


def _pause_ms(failures: int, asked_s: float | None) -> int:
    """Twice as long after every failure, up to half a minute; the server may ask for up to an hour."""
    if asked_s is not None:
        return min(round(asked_s * 1000), _LONGEST_ASKED_MS)
    pause_ms = min(_FIRST_PAUSE_MS << min(failures - 1, 16), _LONGEST_PAUSE_MS)
    return round(pause_ms * random.uniform(0.5, 1.0))  # noqa: S311 - spreads replicas, guards nothing


def _point(row: Row[Any]) -> Point:
    return Point(row.id, row.machine_id, row.source, row.time_ms, row.total_ms, row.dial_ms)


def switch(store: Store, stop: threading.Event, *, on: bool) -> None:
    """Have readings noted from now on, or not any more; tried until the store lets it be, or `stop` is set."""
    while not stop.is_set():
        try:
            _switch(store, on=on)
        except STORE_FAULTS as fault:
            log.warning("influx_postponed", error=str(fault).splitlines()[0])
            stop.wait(_IDLE_S)
        else:
            return


def _switch(store: Store, *, on: bool) -> None:
    with store.read() as connection:
        if copying.is_on(connection) is on:
            return
    with store.write() as connection:
        if not on:
            copying.switch_off(connection)
            log.info("influx_off", meaning="influx.url is not set: readings are not noted for a copy any more")
        elif copying.switch_on(connection):
            log.info("influx_on", advice="`hourkeeper influx rebuild` copies the readings there are already")


def run_copier(copier: Copier, stop: threading.Event) -> None:
    """Send until `stop` is set, whatever goes wrong."""
    faults = 0
    while not stop.is_set():
        more = False
        try:
            more = copier.turn()
            faults = 0
        except STORE_FAULTS as fault:
            faults += 1
            log.warning("influx_postponed", error=str(fault).splitlines()[0])
        except Exception:
            faults += 1
            log.exception("influx_failed")
        stop.wait(0 if more else min(_IDLE_S * 2**faults, 60 * _IDLE_S))
    try:
        copier.end()
    except STORE_FAULTS as fault:
        log.warning("influx_postponed", error=str(fault).splitlines()[0])
