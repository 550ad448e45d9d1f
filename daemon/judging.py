"""Judges a batch of reports inside one transaction: meters in memory, rows gathered, orders assessed when due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from adapters.mqtt.decode import MOST_KEPT_BYTES, Report
from adapters.store import readings
from adapters.store.readings import Identity, MeterState
from daemon.assessing import assess_after_reading
from daemon.keeper import Keeper
from daemon.watching import Watch
from schedules.meter import Judgement, judge
from schedules.reading import IN_HISTORY, REFUSED_BY_METER, Reading, Source, Verdict
from schedules.refused_row import GOES_ON


class Bench:
    """One transaction's judging. `take` reports in order of arrival, then `finish`."""

    def __init__(self, connection: Connection, keeper: Keeper, now_ms: int, reports: Sequence[Report]) -> None:
        """Fetch the meters of all machines of the batch, and what may already be stored of it."""
        self._connection = connection
        self._keeper = keeper
        self._rules = keeper.meter_rules
        self._zone = keeper.zone
        self._now_ms = now_ms
        self._today = keeper.today(now_ms)
        self._meters = readings.load_meters(connection, {report.machine_id for report in reports if report.machine_id})
        self._stored = readings.stored_identities(connection, self._suspects(reports))
        self._rows: list[tuple[Any, ...]] = []
        self._pending: set[str] = set()
        self._moved: dict[str, MeterState] = {}
        self._repeats: list[Identity] = []
        self._watch = Watch(connection, keeper, now_ms)
        self.counts: Counter[Verdict] = Counter()

    def _suspects(self, reports: Sequence[Report]) -> list[Identity]:
        """Readings that may be stored: not newer than the newest of their machine, or of an unregistered one."""
        found: list[Identity] = []
        for report in reports:
            reading = report.reading
            if reading is None or reading.device_ms is None or report.machine_id is None:
                continue
            state = self._meters.get(report.machine_id)
            if state is None or (state.newest_device_ms is not None and reading.device_ms <= state.newest_device_ms):
                found.append((report.machine_id, reading.dial_ms, reading.device_ms))
        return found

    def take(self, report: Report) -> Verdict:
        """Judge one report and remember what is to be written."""
        verdict = self._take(report)
        self.counts[verdict] += 1
        return verdict

    def _take(self, report: Report) -> Verdict:
        reading = report.reading
        if reading is None or report.machine_id is None:
            return self._refused_by_value(report)
        state = self._meters.get(report.machine_id)
        if state is None:
            return self._of_unknown_machine(report.machine_id, reading, retained=report.delivery.retained)
        if reading.device_ms is not None and self._is_stored(state, reading, reading.device_ms):
            return Verdict.DUPLICATE
        return self._judged(state, reading, retained=report.delivery.retained)

    def _is_stored(self, state: MeterState, reading: Reading, device_ms: int) -> bool:
        """Whether this very reading is stored (rules 7, row 5); from now on it is."""
        if state.newest_device_ms is None or device_ms > state.newest_device_ms:
            state.newest_device_ms = device_ms
            self._moved[state.machine_id] = state
            self._stored.add((state.machine_id, reading.dial_ms, device_ms))
            return False
        identity = (state.machine_id, reading.dial_ms, device_ms)
        if identity in self._stored:
            return True
        self._stored.add(identity)
        return False

    def _judged(self, state: MeterState, reading: Reading, *, retained: bool) -> Verdict:
        if state.meter.changes and reading.device_ms is not None and reading.device_ms < state.meter.changes[-1][0]:
            readings.load_changes(self._connection, state)
        judged = judge(state.meter, reading, self._rules, self._zone, lambda time_ms: self._neighbours(state, time_ms))
        if judged.verdict is Verdict.DUPLICATE:
            return Verdict.DUPLICATE
        self._rows.append(row_of(state.machine_id, reading, judged, retained=retained))
        self._pending.add(state.machine_id)
        if judged.verdict in IN_HISTORY:
            self._believe(state, reading, judged, retained=retained)
        elif judged.verdict in REFUSED_BY_METER:
            self._watch.refused(state, judged, self._watch.day(reading.arrived_ms), self._flush_rows)
        return judged.verdict

    def _neighbours(self, state: MeterState, time_ms: int) -> tuple[int | None, int | None]:
        if state.machine_id in self._pending:
            self._flush_rows()
        return readings.neighbours(self._connection, state.machine_id, time_ms)

    def _believe(self, state: MeterState, reading: Reading, judged: Judgement, *, retained: bool) -> None:
        """A sign of life (unless retained); an accepted reading moves the meter and may wake the rules."""
        self._moved[state.machine_id] = state
        on = self._watch.day(reading.arrived_ms)
        if reading.source is Source.TELEMATICS and not retained:
            if state.waits_since != on:
                self._watch.heard(state, on, has_reported=state.heard_ms is not None)
            state.heard_ms = max(reading.arrived_ms, state.heard_ms or 0)
        if state.refused_row and judged.verdict in GOES_ON:
            self._watch.goes_on(state, on)
        if judged.verdict is Verdict.ACCEPTED:
            before_ms, before_dated_ms = state.meter.total_ms, state.dated_ms
            state.meter.total_ms, state.meter.time_ms = judged.total_ms, judged.time_ms
            state.dated_ms = min(judged.time_ms, reading.arrived_ms)
            if self._wakes(state):
                self._assess(state, before_ms, before_dated_ms)

    def _wakes(self, state: MeterState) -> bool:
        total_ms = state.meter.total_ms or 0
        return (state.wakes_at_ms is not None and total_ms >= state.wakes_at_ms) or (
            state.wakes_on is not None and state.wakes_on <= self._today
        )

    def _assess(self, state: MeterState, before_ms: int | None, before_dated_ms: int | None) -> None:
        self._flush()
        assessed = assess_after_reading(
            self._connection, self._keeper, state.machine_id, (before_ms, before_dated_ms), self._now_ms
        )
        state.wakes_at_ms, state.wakes_on = assessed.wakes_at_ms, assessed.wakes_on

    def _refused_by_value(self, report: Report) -> Verdict:
        refusal, delivery = report.refusal, report.delivery
        if refusal is None:
            message = "a report without a reading says why"
            raise AssertionError(message)
        digest = delivery.digest()
        if delivery.repeated and readings.is_raw_stored(self._connection, digest):
            return Verdict.DUPLICATE
        self._flush_rows()
        row = empty_row(report.machine_id, delivery.arrived_ms, refusal.verdict, refusal.reason)
        kept = {"topic": delivery.topic_bytes()[:MOST_KEPT_BYTES], "payload": delivery.payload[:MOST_KEPT_BYTES]}
        readings.add_raw(self._connection, row, {**kept, "size": len(delivery.payload), "digest": digest})
        return refusal.verdict

    def _of_unknown_machine(self, machine_id: str, reading: Reading, *, retained: bool) -> Verdict:
        if reading.device_ms is not None:
            identity = (machine_id, reading.dial_ms, reading.device_ms)
            if identity in self._stored:
                self._repeats.append(identity)
                return Verdict.UNKNOWN_MACHINE
            self._stored.add(identity)
        time_ms = reading.arrived_ms if reading.device_ms is None else reading.device_ms
        judged = Judgement(Verdict.UNKNOWN_MACHINE, time_ms, reading.dial_ms, reason="no such machine is registered")
        self._rows.append(row_of(machine_id, reading, judged, retained=retained))
        return Verdict.UNKNOWN_MACHINE

    def finish(self) -> None:
        """Write everything that is left."""
        self._flush()
        readings.count_repeats(self._connection, self._repeats)
        readings.count_verdict(self._connection, Verdict.DUPLICATE, self.counts[Verdict.DUPLICATE])

    def _flush(self) -> None:
        self._flush_rows()
        readings.keep_meters(self._connection, self._moved.values())
        self._moved.clear()
        self._watch.keep()

    def _flush_rows(self) -> None:
        readings.add(self._connection, self._rows)
        self._rows.clear()
        self._pending.clear()


def judge_all(connection: Connection, keeper: Keeper, reports: Iterable[Report], now_ms: int) -> Counter[Verdict]:
    """Judge reports in order and write what follows; how often each verdict was given."""
    listed = list(reports)
    bench = Bench(connection, keeper, now_ms, listed)
    for report in listed:
        bench.take(report)
    bench.finish()
    return bench.counts


def row_of(machine_id: str, reading: Reading, judged: Judgement, *, retained: bool = False) -> tuple[Any, ...]:
    """The row of a judged reading, in the order of `readings.COLUMNS`."""
    return (
        machine_id,
        reading.dial_ms,
        reading.device_ms,
        reading.arrived_ms,
        judged.time_ms,
        judged.total_ms,
        _TEXT[judged.verdict],
        _TEXT[reading.source],
        judged.clock,
        judged.reason,
        0,
        retained,
    )


def empty_row(machine_id: str | None, arrived_ms: int, verdict: Verdict, reason: str) -> tuple[Any, ...]:
    """The row of a delivery that is no reading."""
    by_itself = _TEXT[Source.TELEMATICS]
    return machine_id, None, None, arrived_ms, arrived_ms, None, _TEXT[verdict], by_itself, False, reason, 0, False


_TEXT: dict[Verdict | Source, str] = {name: str(name) for name in (*Verdict, *Source)}
