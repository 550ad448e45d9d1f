"""`db upgrade` and `db check`."""

from __future__ import annotations

import click

from adapters.store import schema, soundness
from daemon.commands.given import config
from daemon.failures import REFUSED
from daemon.wiring import store_of


@click.command()
def upgrade() -> None:
    """Create the tables, or bring them up to this version.

    It happens in one transaction: either all of it is done or nothing. A database that is up to date is left
    alone; one of a newer version is refused. Make a copy first if you may want to go back to the older version.

    Example: hourkeeper --config /etc/hourkeeper/hourkeeper.toml db upgrade
    """
    store = store_of(config())
    try:
        before = schema.state(store)
        schema.upgrade(store)
    finally:
        store.close()
    done = {schema.SchemaState.FRESH: "created the tables", schema.SchemaState.CURRENT: "nothing to do"}
    click.echo(f"{done.get(before, 'upgraded the tables')}; the schema is version {schema.versions()[-1]}")


@click.command()
def check() -> int:
    """Check the schema's version and the soundness of the database.

    Reads the whole database, so it takes a while on a large one; the daemon may run meanwhile. Prints what is
    wrong, and then the exit code is 1.

    Example: hourkeeper db check
    """
    store = store_of(config())
    try:
        problems = soundness.problems(store)
    finally:
        store.close()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        return REFUSED
    click.echo(f"sound; the schema is version {schema.versions()[-1]}")
    return 0
