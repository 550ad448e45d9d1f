"""From deliveries to committed rows: one transaction for a batch, and a bad one never takes the others down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import structlog
from sqlalchemy.exc import DBAPIError

from adapters.mqtt.client import StoreAwayError
from adapters.mqtt.decode import Decoder, Delivery, Report
from adapters.store.engine import STORE_FAULTS
from daemon.judging import judge_all
from daemon.keeper import Keeper
from notifications.plain import plain
from schedules.reading import Refusal, Verdict

_PAUSE_S = 0.2
_MOST_SAID = 300
log = structlog.get_logger("intake")


class Intake:
    """Decodes, judges and stores; `clock` gives ms, `patience_s` is how long a store that fails is tried again."""

    def __init__(self, keeper: Keeper, decoder: Decoder, clock: Callable[[], int], patience_s: float) -> None:
        """`patience_s` is less than half the keepalive, so that the broker does not give us up meanwhile."""
        self._keeper = keeper
        self._decoder = decoder
        self._clock = clock
        self._patience_s = patience_s
        self.stored = 0

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Commit a batch; StoreAwayError if the store has not taken it in time."""
        reports = [report for delivery in deliveries for report in self._decoded(delivery)]
        self._store(reports, time.monotonic() + self._patience_s)
        self.stored += len(deliveries)

    def _decoded(self, delivery: Delivery) -> Sequence[Report]:
        """The reports of a delivery; one that our own code cannot digest is kept with the reason, and stops nothing."""
        try:
            return self._decoder.decode(delivery)
        except Exception as error:
            log.exception("delivery_not_read")
            return [_quarantined(delivery, f"could not be read: {_first_line(error)}")]

    def _store(self, reports: Sequence[Report], give_up_at: float) -> None:
        for attempt in count(1):
            try:
                self._commit(reports)
            except STORE_FAULTS as fault:
                _give_up_or_pause(fault, attempt, give_up_at)
                # Perhaps it was carried out, and only the answer did not reach us.
                reports = [_repeated(report) for report in reports]
            except Exception as error:  # noqa: BLE001 - whatever one delivery causes must not keep the others out
                self._store_in_parts(reports, error, give_up_at)
                return
            else:
                return

    def _commit(self, reports: Sequence[Report]) -> None:
        with self._keeper.store.write() as connection:
            judge_all(connection, self._keeper, reports, self._clock())

    def _store_in_parts(self, reports: Sequence[Report], error: Exception, give_up_at: float) -> None:
        if len(reports) == 1:
            log.error("reading_quarantined", machine=reports[0].machine_id, exc_info=error)
            self._quarantine(reports[0], error)
            return
        middle = len(reports) // 2
        self._store(reports[:middle], give_up_at)
        self._store(reports[middle:], give_up_at)

    def _quarantine(self, report: Report, error: Exception) -> None:
        """Keep as raw what the database refuses as a reading."""
        self._commit([_quarantined(report.delivery, f"could not be stored: {_first_line(error)}")])


def _repeated(report: Report) -> Report:
    reading = None if report.reading is None else replace(report.reading, repeated=True)
    return replace(report, delivery=replace(report.delivery, repeated=True), reading=reading)


def _quarantined(delivery: Delivery, reason: str) -> Report:
    return Report(delivery, None, None, Refusal(Verdict.MALFORMED, reason))


def _first_line(error: Exception) -> str:
    """What the database or our own code says, without the statement; printable, as it is stored."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return plain(f"{type(cause).__name__}: {cause}", _MOST_SAID)


def _give_up_or_pause(fault: Exception, attempt: int, give_up_at: float) -> None:
    error = str(fault).splitlines()[0]
    if time.monotonic() >= give_up_at:
        log.error("store_away", error=error, advice="the broker keeps the readings until it is back")
        raise StoreAwayError from fault
    if attempt == 1:
        log.warning("store_busy", error=error)
    time.sleep(_PAUSE_S)
