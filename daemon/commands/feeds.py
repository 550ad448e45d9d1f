"""`centres feed`: the secret address of a service centre's calendar."""

from __future__ import annotations

import click

from daemon.commands.acting import by_option, changing
from daemon.commands.given import config
from daemon.web import feed_addresses
from daemon.web.members import Acting
from daemon.web.rights import Person, Role


@click.command("feed")
@click.argument("service_centre", metavar="CENTRE")
@click.option("--new", "again", is_flag=True, help="Give it another address; the one it has ends at once.")
@click.option("--revoke", is_flag=True, help="End its address.")
@by_option
def feed(service_centre: str, by: str, *, again: bool, revoke: bool) -> None:
    """Give a service centre an address under which telephones and Outlook subscribe to its visits.

    Whoever knows the address reads the calendar: agreed visits, what is due without an agreed day, and what will
    probably be due. It is printed this once, as only a hash of it is kept.

    Example: hourkeeper centres feed JN
    """
    if again and revoke:
        raise click.UsageError("--new and --revoke exclude each other")
    with changing() as (keeper, now_ms):
        acting = Acting(keeper, Person(by, Role.MANAGER, identity="command line"), now_ms)
        if revoke:
            feed_addresses.end(acting, service_centre)
            click.echo(f"the calendar address of {service_centre} has ended")
        else:
            _show(feed_addresses.give(acting, service_centre, again=again))


def _show(secret: str) -> None:
    web = config().web
    click.echo("whoever knows this address reads the calendar; it is not shown again:", err=True)
    click.echo(f"{web.address}/calendars/{secret}.ics")
    if web.public_url is None:
        click.echo("(set web.public_url to the address under which telephones reach the daemon)", err=True)
