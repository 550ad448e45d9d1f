"""`workload`: visits expected per service centre and week, and the materials they will need."""

from __future__ import annotations

import click

from daemon import workload as told
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, show
from daemon.commands.progress import progress
from notifications.words import LOCALES

_VISITS = Columns(told.WORKLOAD_FIELDS, told.WORKLOAD_FIELDS)
_MATERIALS = Columns(told.MATERIAL_FIELDS, told.MATERIAL_FIELDS)


@click.command()
@click.option(
    "--weeks", type=click.IntRange(1, 104), default=12, show_default=True, help="How many, this one included."
)
@click.option("--service-centre", metavar="CODE", help="Only this service centre.")
@click.option("--materials", is_flag=True, help="List the materials instead of the visits.")
@click.option("--locale", type=click.Choice(LOCALES), default=LOCALES[0], show_default=True, help="Names of materials.")
@format_option
def workload(weeks: int, service_centre: str | None, *, materials: bool, locale: str, form: str) -> None:
    """List the mandatory visits expected per service centre and week; weeks go by their Monday.

    Visits that are due or overdue are this week's backlog. One visit does all the steps of a machine that fall into a
    week. What is not due yet is an estimate: by the calendar, or by hours at the present or an assumed use.

    Example: hourkeeper workload --service-centre JN --materials --weeks 4
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, progress("machines") as shown:
        found = told.workload(keeper, service_centre, weeks, now_ms, shown)
    if materials:
        show(told.material_rows(found, keeper.items_of(keeper.rulebook.current), locale), _MATERIALS, form)
    else:
        show(told.visit_rows(found), _VISITS, form)
