"""`overdue`: what is overdue, worst first."""

from __future__ import annotations

import click

from adapters.store import duties
from adapters.store.listing import OrderFilter
from daemon import listing
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, one_of, show
from daemon.failures import REFUSED
from daemon.keeper import Keeper
from schedules.duty import DAILY_SWEEP
from schedules.work_order import Kind

COLUMNS = Columns(
    listing.ORDER_FIELDS,
    (
        "id",
        "machine_id",
        "kind",
        "step",
        "due_on",
        "late_days",
        "service_centre",
        "customer",
        "total_hours",
        "region",
        "model",
        "acknowledged_at",
    ),
)


@click.command()
@click.option("--service-centre", metavar="CODE", help="Only machines of this service centre.")
@click.option("--kind", type=one_of(Kind), help="Only orders of this kind.")
@click.option("--region", metavar="CODE", help="Only machines in this region.")
@click.option("--fail-if-any", is_flag=True, help="Exit code 1 if anything is listed.")
@format_option
def overdue(service_centre: str | None, kind: str | None, region: str | None, *, fail_if_any: bool, form: str) -> int:
    r"""What is overdue, worst first.

    Work orders past their last day, with those that are late by the most days first.

    \b
    Example, for a job that sounds an alarm:
        hourkeeper overdue --kind mandatory_visit --fail-if-any
    """
    now_ms = clock_ms()
    wanted = OrderFilter(kind=None if kind is None else Kind(kind), service_centre=service_centre, region=region)
    with reading(now_ms) as keeper:
        _warn_if_stale(keeper, now_ms)
        with keeper.store.read() as connection:
            count = show(listing.overdue(connection, keeper, wanted, now_ms), COLUMNS, form)
    return REFUSED if fail_if_any and count else 0


def _warn_if_stale(keeper: Keeper, now_ms: int) -> None:
    """What the calendar has done since the last sweep is not in the store yet."""
    with keeper.store.read() as connection:
        last = duties.last_period(connection, DAILY_SWEEP)
    if last is not None and last < keeper.today(now_ms).isoformat():
        click.echo(f"as of {last}, the last sweep; `hourkeeper sweep` brings it up to date", err=True)
