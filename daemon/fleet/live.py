"""What the machines at work report from now on, in real time."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daemon.fleet.roster import Fault
from daemon.fleet.story import Year, exact
from daemon.fleet.use import Use
from daemon.fleet.worker import Worker

_EVERY_S = 20.0
_CLOSELY_WATCHED_S = 2.0
_QUIET = frozenset({Fault.SILENT, Fault.OUT_OF_REACH})


@dataclass(frozen=True, slots=True)
class Report:
    """One message of a machine, `after_s` seconds from the start."""

    after_s: float
    worker: Worker


def reports(workers: Sequence[Worker]) -> Iterator[Report]:
    """Who reports when, without end: machines near a step every two seconds, the others every twenty."""
    running = [worker for worker in workers if worker.sold.job.fault not in _QUIET]
    due = [(number * _EVERY_S / len(running) % _every_s(worker), number) for number, worker in enumerate(running)]
    heapq.heapify(due)
    while due:
        after_s, number = due[0]
        heapq.heapreplace(due, (after_s + _every_s(running[number]), number))
        yield Report(after_s, running[number])


def _every_s(worker: Worker) -> float:
    return _EVERY_S if worker.sold.job.hours_now is None else _CLOSELY_WATCHED_S


def payload(worker: Worker, year: Year, since_ms: int, now_ms: int) -> str:
    """What a machine that began to run at `since_ms` with its dial of the year's end sends at an instant."""
    runs = worker.sold.job.use is not Use.IDLE
    hours = exact(worker.dial_at(year.now_ms) + (now_ms - since_ms if runs else 0))
    if worker.sold.job.fault is Fault.NO_CLOCK:
        return f"{hours}"
    return json.dumps({"hours": float(hours), "at": year.iso(now_ms)})


def out_of_reach(workers: Sequence[Worker]) -> Worker:
    """The machine that has had no network for some days: a reading of it is there to be tried."""
    return next(worker for worker in workers if worker.sold.job.fault is Fault.OUT_OF_REACH)
