"""`calls`: whom a service centre telephones today."""

from __future__ import annotations

import click

from daemon import calling
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, locale_option, show
from notifications.words import words_in

_COLUMNS = Columns(calling.CALL_FIELDS, ("machine_id", "model", "region", "customer", "customer_phone", "say"))


@click.command()
@click.option("--service-centre", metavar="CODE", help="Only machines of this service centre.")
@click.option("--days", type=click.IntRange(0, 365), default=7, show_default=True, help="How far to look ahead.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many calls.")
@locale_option
@format_option
def calls(service_centre: str | None, days: int, limit: int, locale: str, form: str) -> None:
    """List whom to telephone today, about which machine and what to say, the most urgent first.

    Visits agreed for today or the next working day are confirmed; for those that are overdue, due or coming up, and
    that no day is agreed for, one is asked for; machines that are not heard of are asked after. Users who get no e-mail
    come first. Who was spoken with today is not called again: `work-orders contact` notes it, `work-orders schedule`
    the day that was agreed.

    Example: hourkeeper calls --service-centre JN --locale zh-CN
    """
    now_ms = clock_ms()
    wanted = calling.Wanted(service_centre, days, limit)
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        show(calling.calls(connection, keeper, wanted, now_ms, words_in(locale)), _COLUMNS, form)
