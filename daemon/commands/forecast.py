"""`forecast`: what will probably be due."""

from __future__ import annotations

import click

from daemon import forecasting
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, show

_COLUMNS = Columns(
    forecasting.FORECAST_FIELDS,
    (
        "projected_due_on",
        "machine_id",
        "kind",
        "step",
        "state",
        "basis",
        "hours_a_day",
        "total_hours",
        "service_centre",
    ),
)


@click.command()
@click.option("--machine", metavar="MACHINE", help="All that lies ahead of this machine.")
@click.option("--service-centre", metavar="CODE", help="Only machines of this service centre.")
@click.option("--days", type=click.IntRange(0, 3660), default=30, show_default=True, help="How far to look ahead.")
@format_option
def forecast(machine: str | None, service_centre: str | None, days: int, form: str) -> None:
    """List what will probably be due, by date: the earlier of the calendar and the hours at the present use.

    An estimate: nothing becomes due by it. Use is measured over the last 30 days, else 90, else assumed.

    Example: hourkeeper forecast --service-centre JN --days 14
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper:
        if machine is None:
            rows = forecasting.within(keeper, service_centre, days, now_ms)
        else:
            with keeper.store.read() as connection:
                rows = forecasting.of_machine(connection, keeper, machine, now_ms)
    show(rows, _COLUMNS, form)
