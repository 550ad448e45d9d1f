"""What the machines of the made-up fleet report, with all that goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from daemon.fleet.roster import Fault
from daemon.fleet.story import Year, at_hour, dial, line
from daemon.fleet.worker import Worker
from daemon.timeline import Line
from schedules.dates import ONE_DAY, local_date
from schedules.hours import MS_PER_HOUR

MS_PER_DAY = 24 * MS_PER_HOUR
_EVERY_MS = 4 * MS_PER_HOUR
_WAKES_AT = 7.5
_REPEATED, _SHAKES, _NONSENSE = 0.12, 0.05, 0.06
"""How likely it is that a report of such a machine is spoiled."""
_FAR_OFF = 400
"""The report of a shaky machine that shows far too little."""
_STRANGER = "WL56-K90077"
_Spoil = Callable[[Iterator[Line], Worker, Year, Random], Iterator[Line]]


def reports_of(worker: Worker, year: Year) -> Iterator[Line]:
    """All reports of a machine from its hand-over to now, in no particular order."""
    draw = Random(f"{year.seed}/{worker.sold.machine_id}/reports")  # noqa: S311 - nothing secret
    fault = worker.sold.job.fault
    earlier_days = 3 if fault is Fault.REPORTS_BEFORE_SALE else 0
    plain = _plain(worker, year, draw, worker.handed_over_ms - earlier_days * MS_PER_DAY)
    yield from _SPOILED.get(fault, _as_it_is)(plain, worker, year, draw)


def stranger(year: Year) -> Iterator[Line]:
    """Reports of a machine that nobody has registered."""
    for back in range(9, 0, -1):
        at_ms = year.now_ms - back * MS_PER_DAY
        yield line(
            at_ms, "reading", _STRANGER, hours=dial((4100 - 7 * back) * MS_PER_HOUR), device_time=year.iso(at_ms)
        )


def _plain(worker: Worker, year: Year, draw: Random, since_ms: int) -> Iterator[Line]:
    day, last = local_date(since_ms, year.zone), local_date(year.now_ms, year.zone)
    while day <= last:
        for taken_ms in _moments(worker, day, year, draw):
            arrived_ms = taken_ms + draw.randrange(900, 20_000)
            if since_ms < taken_ms and arrived_ms < year.now_ms:
                yield _reading(worker, year, arrived_ms, taken_ms)
        day += ONE_DAY


def _reading(worker: Worker, year: Year, arrived_ms: int, taken_ms: int) -> Line:
    hours = dial(worker.dial_at(taken_ms))
    return line(arrived_ms, "reading", worker.sold.machine_id, hours=hours, device_time=year.iso(taken_ms))


def _moments(worker: Worker, day: date, year: Year, draw: Random) -> Iterator[int]:
    """A sign of life each morning; while the engine runs one every four hours, and one at its stop."""
    if not worker.engine.ran_on(day):
        yield at_hour(day, _WAKES_AT, year.zone) + draw.randrange(600_000)
        return
    begin, end = worker.engine.shift_of(day)
    for taken_ms in range(begin, end, _EVERY_MS):
        yield taken_ms + draw.randrange(300_000)
    yield end + draw.randrange(60_000)


def _as_it_is(lines: Iterator[Line], _worker: Worker, _year: Year, _draw: Random) -> Iterator[Line]:
    return lines


def _silent_for(days: int) -> _Spoil:
    def silent(lines: Iterator[Line], _worker: Worker, year: Year, _draw: Random) -> Iterator[Line]:
        until_ms = year.now_ms - days * MS_PER_DAY
        return (each for each in lines if each.at_ms < until_ms)

    return silent


def _repeated(lines: Iterator[Line], _worker: Worker, year: Year, draw: Random) -> Iterator[Line]:
    for each in lines:
        yield each
        if draw.random() < _REPEATED:
            for _ in range(draw.randrange(1, 4)):
                yield replace(each, at_ms=min(each.at_ms + draw.randrange(1000, 40_000), year.now_ms))


def _offline(lines: Iterator[Line], worker: Worker, year: Year, _draw: Random) -> Iterator[Line]:
    """Two weeks in a valley without a network: the box sends what it kept, once oldest first, once newest first."""
    spells = [
        (worker.handed_over_ms + after * MS_PER_DAY, worker.handed_over_ms + (after + days) * MS_PER_DAY, newest)
        for after, days, newest in ((60, 6, False), (150, 5, True))
    ]
    kept: dict[int, list[Line]] = {}
    for each in lines:
        spell = next((begin for begin, end, _ in spells if begin <= each.at_ms < end), None)
        if spell is None:
            yield each
        else:
            kept.setdefault(spell, []).append(each)
    for begin, end, newest_first in spells:
        waiting = kept.get(begin, [])
        for number, each in enumerate(reversed(waiting) if newest_first else waiting):
            yield replace(each, at_ms=min(end + number * 400, year.now_ms))


def _wrong_clock(lines: Iterator[Line], worker: Worker, year: Year, _draw: Random) -> Iterator[Line]:
    """For twelve days the box believes it is 1970."""
    begin = worker.handed_over_ms + 90 * MS_PER_DAY
    for each in lines:
        if begin <= each.at_ms < begin + 12 * MS_PER_DAY:
            yield replace(each, fields={**each.fields, "device_time": year.iso(each.at_ms - begin)})
        else:
            yield each


def _no_clock(lines: Iterator[Line], worker: Worker, _year: Year, _draw: Random) -> Iterator[Line]:
    """An old box that sends the bare number."""
    for each in lines:
        yield _raw(worker, each.at_ms, str(each.fields["hours"]))


def _shaky(lines: Iterator[Line], _worker: Worker, _year: Year, draw: Random) -> Iterator[Line]:
    """The dial steps back by a few tenths now and then; once it shows far too little."""
    for number, each in enumerate(lines):
        back = 40 if number == _FAR_OFF else draw.randrange(1, 6) / 10 if draw.random() < _SHAKES else 0
        hours = max(each.fields["hours"] - Decimal(str(back)), Decimal(0))
        yield replace(each, fields={**each.fields, "hours": hours})


def _garbage(lines: Iterator[Line], worker: Worker, year: Year, draw: Random) -> Iterator[Line]:
    for each in lines:
        if draw.random() < _NONSENSE:
            yield _raw(worker, each.at_ms, _nonsense(each, draw))
        else:
            yield each
    slip_ms = year.now_ms - 31 * MS_PER_DAY
    minutes = dial(worker.dial_at(slip_ms) * 60)
    yield line(slip_ms, "reading", worker.sold.machine_id, hours=minutes, device_time=year.iso(slip_ms))


def _nonsense(each: Line, draw: Random) -> str:
    hours, at = str(each.fields["hours"]), each.fields["device_time"]
    cut = json.dumps({"hours": hours, "at": at})
    return draw.choice(
        (
            cut[: len(cut) // 2],
            json.dumps({"hours": "NaN", "at": at}),
            json.dumps({"hours": 4294967295, "at": at}),
            json.dumps({"hours": None, "at": at}),
            json.dumps({"hours": f"{hours} h", "at": at}),
            json.dumps({"hours": -17.5, "at": at}),
            "\ufffd\ufffd OK 200",
        )
    )


def _raw(worker: Worker, at_ms: int, payload: str) -> Line:
    return line(at_ms, "raw", topic=f"machines/{worker.sold.machine_id}/hours", payload=payload)


_SPOILED: dict[Fault, _Spoil] = {
    Fault.SILENT: _silent_for(26),
    Fault.OUT_OF_REACH: _silent_for(6),
    Fault.REPEATS: _repeated,
    Fault.OFFLINE: _offline,
    Fault.WRONG_CLOCK: _wrong_clock,
    Fault.NO_CLOCK: _no_clock,
    Fault.SHAKY: _shaky,
    Fault.GARBAGE: _garbage,
}
