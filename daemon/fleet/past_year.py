"""The whole made-up year as one timeline, in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.fleet.places import CENTRES
from daemon.fleet.reports import MS_PER_DAY, reports_of, stranger
from daemon.fleet.roster import sold_fleet, unsold_fleet
from daemon.fleet.stock import stock_before_sale, unsold_story
from daemon.fleet.story import Year, dial, line
from daemon.fleet.visits import visits_of
from daemon.fleet.worker import Worker, worker_of
from daemon.timeline import Line
from schedules.rulebook import Rulebook

_ENTERED_AFTER_MS = 9 * MS_PER_DAY


@dataclass(frozen=True, slots=True)
class Fleet:
    """The machines at work, and all that happened until now."""

    year: Year
    workers: tuple[Worker, ...]
    lines: list[Line]


def made_up(seed: int, now_ms: int, rulebook: Rulebook) -> Fleet:
    """The fleet of a seed with its year up to an instant (ms since 1970)."""
    year = Year(seed, now_ms, rulebook.plan.zone)
    customers = {centre.code: centre.customers for centre in CENTRES.values()}
    workers = tuple(worker_of(sold, year, cold=CENTRES[sold.job.centre].cold) for sold in sold_fleet(seed, customers))
    told = [each for worker in workers for each in _worked(worker, rulebook, year)]
    for unsold in unsold_fleet(seed):
        told += unsold_story(unsold, rulebook.winter, year)
    told += stranger(year)
    return Fleet(year, workers, sorted(told, key=lambda each: each.at_ms))


def _worked(worker: Worker, rulebook: Rulebook, year: Year) -> Iterator[Line]:
    """The hand-over first: at the same instant it comes before what follows from it."""
    yield from stock_before_sale(worker.sold, worker.handed_over_ms, rulebook.winter, year)
    yield _hand_over(worker)
    yield from reports_of(worker, year)
    yield from _meter_change(worker, year)
    yield from visits_of(worker, rulebook.plan, year)


def _hand_over(worker: Worker) -> Line:
    sold = worker.sold
    return line(
        worker.handed_over_ms,
        "handover",
        sold.machine_id,
        category=sold.job.category.value,
        model=sold.model,
        region=CENTRES[sold.job.centre].region,
        hours=dial(worker.dial_at(worker.handed_over_ms)),
        warranty=sold.job.warranty.value,
        customer=sold.customer,
        customer_phone=sold.phone,
        service_centre=sold.job.centre,
        by="销售部",
    )


def _meter_change(worker: Worker, year: Year) -> Iterator[Line]:
    """A new meter, of which the office hears a week later."""
    changed_ms = worker.replaced_ms
    if changed_ms is not None and changed_ms + _ENTERED_AFTER_MS < year.now_ms:
        yield line(
            changed_ms + _ENTERED_AFTER_MS,
            "meter_change",
            worker.sold.machine_id,
            changed_at=year.iso(changed_ms),
            old_end=dial(worker.engine.total_at(changed_ms)),
            new_start=dial(0),
            by=CENTRES[worker.sold.job.centre].technicians[0],
        )
