"""`machines import`, `centres import`, `yards import` and `readings import`: all of a file or nothing (design 5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from adapters.files.table import TableError
from daemon.commands.acting import by_option, changing
from daemon.commands.given import UnusableError
from daemon.commands.progress import progress

_MOST_SAID = 50
_file = click.argument("file", metavar="F", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))


@contextmanager
def _naming_bad_lines(file: Path) -> Iterator[None]:
    try:
        yield
    except TableError as error:
        said, more = error.problems[:_MOST_SAID], len(error.problems[_MOST_SAID:]) + error.more
        lines = [f"{file} was not imported, nothing was done:", *(f"  {problem}" for problem in said)]
        raise UnusableError("\n".join([*lines, f"  and {more} more"] if more else lines)) from None


@click.command("machines")
@_file
@by_option
def import_machines(file: Path, by: str) -> None:
    """Register the machines of F (CSV in UTF-8 or GB 18030, or XLSX), all of them or none.

    The header row names the columns, in any order: machine_id, category (loader, roller) and status (stock,
    in_service, retired) must be there; model, region, yard, stocked_on, inspected, handed_over_on, handover_hours,
    warranty (half_year, one_year), customer, customer_email, customer_phone, customer_locale, service_centre,
    last_step_done and last_step_done_on may be. Dates are written YYYY-MM-DD. Every bad line is named.

    Example: hourkeeper machines import fleet.csv
    """
    from daemon.machine_register import import_machines as register

    with changing() as (keeper, now_ms), _naming_bad_lines(file), progress("machines") as shown:
        counts = register(keeper, file, now_ms, by, shown)
    listed = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    click.echo(f"{counts.total()} machines registered{f': {listed}' if listed else ''}")


@click.command("centres")
@_file
def import_centres(file: Path) -> None:
    """Add or update the service centres of F: service_centre, name, locale, email, phone, region.

    Example: hourkeeper centres import centres.csv
    """
    from daemon.imports import import_centres as take

    with changing() as (keeper, now_ms), _naming_bad_lines(file):
        count = take(keeper, file, now_ms)
    click.echo(f"{count} service centres added or updated")


@click.command("yards")
@_file
def import_yards(file: Path) -> None:
    """Add or update the yards of F: yard, name, locale, email, phone, region.

    Example: hourkeeper yards import yards.csv
    """
    from daemon.imports import import_yards as take

    with changing() as (keeper, now_ms), _naming_bad_lines(file):
        count = take(keeper, file, now_ms)
    click.echo(f"{count} yards added or updated")


@click.command("readings")
@_file
def import_readings(file: Path) -> None:
    """Judge the readings of F in order of time: machine_id, hours, at.

    An `at` without offset is in the plan's time zone. Prints how often each verdict was given.

    Example: hourkeeper readings import last-year.csv
    """
    from daemon.reading_register import import_readings as take

    with changing() as (keeper, now_ms), _naming_bad_lines(file), progress("readings") as shown:
        counts = take(keeper, file, now_ms, shown)
    click.echo(f"{counts.total()} readings judged")
    for verdict, count in sorted(counts.items()):
        click.echo(f"  {verdict}: {count}")
