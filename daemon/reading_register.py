"""Readings from a file, judged as `imported` in order of their time (design 5, rules 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from adapters.files.register import READINGS
from adapters.mqtt.decode import Delivery, Report
from daemon.hours_by_hand import dial_by_hand
from daemon.imports import Also, Checked, Progress, Values, chunked, nothing_else, silent
from daemon.judging import judge_all
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from schedules.dates import instant_ms
from schedules.reading import Reading, Source, Verdict

_CHUNK = 1000
_Entry = tuple[int, str, int]
"""Time in ms, machine, dial in ms: what a line says, small enough to be kept of a whole file."""


def import_readings(
    keeper: Keeper, path: Path, now_ms: int, progress: Progress = silent, also: Also = nothing_else
) -> Counter[Verdict]:
    """Judge the readings of a file in one transaction; how often each verdict was given. TableError names bad lines."""
    checks = _Checks(keeper, now_ms)
    checked = Checked(path, READINGS, checks.of)
    entries = (checks.entry(values) for _, values in checked.lines())
    ordered = entries if checks.in_order else iter(sorted(entries, key=lambda entry: entry[0]))
    counts: Counter[Verdict] = Counter()
    with keeper.store.write() as connection:
        for chunk in chunked(ordered, _CHUNK):
            counts.update(judge_all(connection, keeper, [_report(*entry) for entry in chunk], now_ms))
            progress(counts.total(), checked.count)
        also(connection, counts)
    return counts


def _report(at_ms: int, machine_id: str, dial_ms: int) -> Report:
    return Report(Delivery("", b"", at_ms), machine_id, Reading(dial_ms, at_ms, at_ms, Source.IMPORTED))


class _Checks:
    """What is wrong with a reading beyond its single cells; and whether each machine's stand in order of time."""

    def __init__(self, keeper: Keeper, now_ms: int) -> None:
        self._keeper = keeper
        self._now_ms = now_ms
        self._last: dict[str, int] = {}
        self.in_order = True

    def of(self, lines: list[tuple[int, Values]]) -> Iterator[str]:
        for number, values in lines:
            try:
                at_ms, machine_id, _ = self.entry(values)
            except RefusedError as refused:
                yield f"line {number}: {refused.reason}"
                continue
            if at_ms > self._now_ms:
                yield f"line {number}: at: {values['at'].isoformat()} is in the future"
            self.in_order &= at_ms >= self._last.get(machine_id, at_ms)
            self._last[machine_id] = at_ms

    def entry(self, values: Values) -> _Entry:
        """What a line says; RefusedError if its hours cannot be."""
        at: datetime = values["at"]
        at_ms = instant_ms(at if at.tzinfo else at.replace(tzinfo=self._keeper.zone))
        return at_ms, values["machine_id"], dial_by_hand(self._keeper, values["hours"], "hours")
