"""What happens to machines in stock: they arrive, are looked at every month, made proof against frost, and moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from daemon.fleet.places import CENTRES, YARDS, Yard
from daemon.fleet.roster import Sold, Unsold
from daemon.fleet.story import Year, at_hour, line
from daemon.timeline import Line
from schedules.dates import ONE_DAY, add_months, last_of_month, local_date
from schedules.machine import Category
from schedules.winter import WinterTable
from schedules.work_order import Kind

_MORNING = 8.5


@dataclass(frozen=True, slots=True)
class _Stay:
    """Days of a machine in a yard, both included."""

    machine_id: str
    yard: Yard
    first: date
    last: date


def unsold_story(unsold: Unsold, winter: WinterTable, year: Year) -> Iterator[Line]:
    """A machine that is in stock to this day."""
    stay, today = unsold.stay, local_date(year.now_ms, year.zone)
    first = today - timedelta(stay.age_days)
    draw = Random(f"{year.seed}/{unsold.machine_id}/stock")  # noqa: S311 - nothing secret
    yield _stock_in(unsold.machine_id, unsold.model, stay.category, YARDS[stay.yard], first, year)
    moved_on = today - timedelta(stay.moved_days) if stay.moved_to else None
    here = _Stay(unsold.machine_id, YARDS[stay.yard], first, (moved_on or today) - ONE_DAY)
    newest = add_months(today.replace(day=1), -stay.months_left_out)
    yield from _upkeep(here, winter, draw, year, newest if stay.months_left_out else None)
    if stay.frost_proof:
        yield from _frost_proof(here, winter, draw, year)
    if moved_on is not None and stay.moved_to is not None:
        there = YARDS[stay.moved_to]
        yield line(
            at_hour(moved_on, 15, year.zone), "transfer", unsold.machine_id, region=there.region, yard=there.code
        )


def stock_before_sale(sold: Sold, handed_over_ms: int, winter: WinterTable, year: Year) -> Iterator[Line]:
    """The weeks that a machine now at work stood in the yard nearest to its centre."""
    if not sold.job.days_in_stock:
        return
    region = CENTRES[sold.job.centre].region
    yard = next((yard for yard in YARDS.values() if yard.region == region), YARDS["jinan-yard"])
    sold_on = local_date(handed_over_ms, year.zone)
    first = sold_on - timedelta(sold.job.days_in_stock)
    draw = Random(f"{year.seed}/{sold.machine_id}/stock")  # noqa: S311 - nothing secret
    yield _stock_in(sold.machine_id, sold.model, sold.job.category, yard, first, year)
    here = _Stay(sold.machine_id, yard, first, sold_on - ONE_DAY)
    yield from _upkeep(here, winter, draw, year, None)
    yield from _frost_proof(here, winter, draw, year)


def _stock_in(machine_id: str, model: str, category: Category, yard: Yard, first: date, year: Year) -> Line:
    return line(
        at_hour(first, _MORNING, year.zone),
        "stock_in",
        machine_id,
        category=category.value,
        model=model,
        region=yard.region,
        yard=yard.code,
        inspected=True,
    )


def _upkeep(stay: _Stay, winter: WinterTable, draw: Random, year: Year, left_out_from: date | None) -> Iterator[Line]:
    """One sheet a month after that of the arrival, until nobody looks any more."""
    month = add_months(stay.first.replace(day=1), 1)
    window = winter.window(stay.yard.region)
    while month <= stay.last and (left_out_from is None or month < left_out_from):
        day = month + timedelta(draw.randrange(7, last_of_month(month).day))
        if day <= stay.last:
            yield line(
                at_hour(day, draw.uniform(8, 16), year.zone),
                "complete",
                stay.machine_id,
                kind=Kind.STOCK_UPKEEP.value,
                step=f"{month:%Y-%m}",
                technician=stay.yard.keeper,
                nothing_removed=True,
                winter_items=True if window is not None and window.covers(day) else None,
            )
        month = add_months(month, 1)


def _frost_proof(stay: _Stay, winter: WinterTable, draw: Random, year: Year) -> Iterator[Line]:
    window = winter.window(stay.yard.region)
    for season in window.seasons(stay.first, stay.last) if window is not None else ():
        opens_on = max(season.opens_on, stay.first)
        due_on = max(season.due_on, stay.first + 2 * ONE_DAY)
        day = opens_on + timedelta(draw.randrange((due_on - opens_on).days + 1))
        if day <= min(stay.last, season.ends_on):
            yield line(
                at_hour(day, 16.5, year.zone),
                "complete",
                stay.machine_id,
                kind=Kind.FREEZE_PROTECTION.value,
                step=f"{season.name}@{stay.yard.region}",
                technician=stay.yard.keeper,
                signed_by=stay.yard.keeper,
            )
