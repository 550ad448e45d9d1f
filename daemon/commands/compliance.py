"""`compliance`: how well the work was done in its time."""

from __future__ import annotations

from datetime import date

import click

from adapters.store.compliance import By, Period
from adapters.store.listing import OrderFilter
from daemon import compliance as told
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.moments import DAY, MONTH
from daemon.commands.output import Columns, format_option, one_of, show
from schedules.compliance import COUNTED_KINDS
from schedules.dates import add_months, last_of_month
from schedules.work_order import Kind

_MONTHS_BEFORE = 11
_FORMULA = "compliance = done on time / (done + missed); open and overdue orders are not in it"


@click.command()
@click.option("--from", "begins_on", type=DAY, help="First due date that counts. Default: the year up to this month.")
@click.option("--to", "ends_on", type=DAY, help="Last due date that counts. Default: today.")
@click.option("--month", type=MONTH, help="What was due in one month, instead of --from and --to.")
@click.option("--by", type=one_of(By), multiple=True, help="Told apart by this; may be given several times.")
@click.option("--kind", type=click.Choice(sorted(COUNTED_KINDS)), help="Only orders of this kind.")
@click.option("--service-centre", metavar="CODE", help="Only machines of this service centre.")
@click.option("--region", metavar="CODE", help="Only machines in this region.")
@format_option
def compliance(
    begins_on: date | None,
    ends_on: date | None,
    month: date | None,
    by: tuple[str, ...],
    kind: str | None,
    service_centre: str | None,
    region: str | None,
    form: str,
) -> None:
    r"""How well the work was done in its time: done on time / (done + missed).

    Of mandatory visits, stock upkeep and freeze protection by their due date. Done on time: not later than the last
    day that is not late. Missed: lapsed, or another step was done in its place. Cancelled orders do not count, nor what
    closed before a machine was registered. A machine counts for its present centre, region and model.

    \b
    Example:
        hourkeeper compliance --month 2026-10 --by service_centre --by step
    """
    if month is not None and (begins_on or ends_on):
        raise click.UsageError("--month stands instead of --from and --to")
    wanted = OrderFilter(kind=None if kind is None else Kind(kind), service_centre=service_centre, region=region)
    apart = tuple(By(each) for each in dict.fromkeys(by))
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        period = _period(begins_on, ends_on, month, keeper.today(now_ms))
        rows, total = told.compliance(connection, period, apart, wanted)
    show(rows or [total], _columns(apart), form)
    if form == "table":
        _explain(period, total if rows else None)


def _period(begins_on: date | None, ends_on: date | None, month: date | None, today: date) -> Period:
    if month is not None:
        return Period(month, last_of_month(month))
    ends_on = ends_on or today
    period = Period(begins_on or add_months(ends_on.replace(day=1), -_MONTHS_BEFORE), ends_on)
    if period.begins_on > period.ends_on:
        raise click.UsageError(f"--from {period.begins_on} is after --to {period.ends_on}")
    return period


def _columns(apart: tuple[By, ...]) -> Columns:
    return Columns(told.COMPLIANCE_FIELDS, (*(each.value for each in apart), *told.TALLY_FIELDS))


def _explain(period: Period, total: told.Fields | None) -> None:
    if total is not None:
        together = ", ".join(f"{name.replace('_', ' ')} {total[name]}" for name in told.TALLY_FIELDS)
        click.echo(f"all: {together}")
    click.echo(f"due from {period.begins_on} to {period.ends_on}; {_FORMULA}")
