"""`influx status` and `influx rebuild`: the copy of the readings in InfluxDB."""

from __future__ import annotations

import click

from adapters.influx.server import InfluxFaultError, InfluxServer, RefusedPointError
from daemon import copy_standing
from daemon.clock import clock_ms
from daemon.commands.given import config, reading
from daemon.commands.output import facts, show_object, text_or_json_option, use_utf_8
from daemon.commands.progress import progress
from daemon.config import Config
from daemon.failures import REFUSED
from daemon.refused import RefusedError
from daemon.wiring import influx_of, open_keeper

_MOST_PARKED = 20


@click.command()
@click.option("--fail-if-late", is_flag=True, help="Exit code 1 if points are parked, late or failing.")
@text_or_json_option
def status(form: str, *, fail_if_late: bool) -> int:
    r"""How the copy stands: what waits, since when, what is parked and why, and what went wrong.

    A parked point is one that the server did not want, with its reason; the others went on without it. `hourkeeper
    influx rebuild --parked` tries them again.

    \b
    Example, for a job that sounds an alarm:
        hourkeeper influx status --fail-if-late
    """
    settings = config()
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        found = copy_standing.standing(connection, keeper, clock_ms(), _MOST_PARKED)
    found = {"url": settings.influx.url, "bucket": settings.influx.bucket, **found}
    if form == "json":
        show_object(found)
    else:
        use_utf_8()
        facts({name: value for name, value in found.items() if name != "parked_points"})
        for each in found["parked_points"]:
            click.echo(f"  parked: {each['machine_id']} {each['at']}: {each['reason']}")
    return REFUSED if fail_if_late and found["state"] in copy_standing.TROUBLE else 0


@click.command()
@click.option("--parked", is_flag=True, help="Only the points that the server did not want before.")
@click.option("--clear", is_flag=True, help="First delete what is there, also points of readings long forgotten here.")
def rebuild(*, parked: bool, clear: bool) -> None:
    """Copy all believed readings again.

    They are only noted here; the running daemon sends them, and a point that is there already is not doubled. Readings
    that retention has deleted from the store stay in InfluxDB, unless --clear deletes them for good.

    Example: hourkeeper influx rebuild
    """
    if parked and clear:
        raise click.UsageError("--parked and --clear exclude each other")
    server = _server(config())
    keeper = open_keeper(config(), clock_ms(), adopting=False)
    try:
        if parked:
            click.echo(f"{copy_standing.try_parked_again(keeper.store)} parked points are tried again")
            return
        if clear:
            _clear(server)
        with progress("readings noted") as shown:
            noted = copy_standing.note_everything(keeper.store, shown)
        click.echo(f"{noted} readings are noted; the daemon copies them, `hourkeeper influx status` says how far it is")
    finally:
        keeper.store.close()
        server.close()


def _server(settings: Config) -> InfluxServer:
    server = influx_of(settings)
    if server is None:
        raise RefusedError("no copy is kept: set influx.url, org, bucket and token_file")
    return server


def _clear(server: InfluxServer) -> None:
    try:
        server.erase_all()
    except (InfluxFaultError, RefusedPointError) as error:
        raise RefusedError(f"nothing was deleted and nothing noted: {error}") from None
