"""`findings`: what is wrong with the fleet's data."""

from __future__ import annotations

import click

from adapters.store.listing import FindingFilter
from daemon import finding_list
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, locale_option, one_of, show
from notifications.words import words_in
from schedules.finding import FindingKind

_COLUMNS = Columns(finding_list.FINDING_FIELDS, ("opened_on", "kind", "what", "service_centre", "closed_on", "advice"))


@click.command()
@click.option("--kind", type=one_of(FindingKind), help="Only findings of this kind.")
@click.option("--machine", metavar="MACHINE", help="Only findings about this machine.")
@click.option("--service-centre", metavar="CODE", help="Only findings about this centre and its machines.")
@click.option("--all", "cured", is_flag=True, help="Also those that are cured.")
@locale_option
@format_option
def findings(
    kind: str | None, machine: str | None, service_centre: str | None, *, cured: bool, locale: str, form: str
) -> None:
    """List what is wrong with the fleet's data, and what to do about it, the oldest first.

    Silent machines, machines that never reported, meters that need a decision, machines without a service centre,
    centres and yards without an address, regions without a winter window. A finding closes by itself when it is cured.

    Example: hourkeeper findings --kind silent --service-centre JN
    """
    wanted = FindingFilter(None if kind is None else FindingKind(kind), machine, service_centre, cured)
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(finding_list.findings(connection, wanted, words_in(locale)), _COLUMNS, form)
