"""`db upgrade` and `db check`."""

from __future__ import annotations

import click

from adapters.store import schema, soundness
from adapters.store.engine import Store
from daemon.commands.given import config
from daemon.failures import REFUSED


@click.command()
def upgrade() -> None:
    """Create the tables, or bring them up to this version.

    It happens in one transaction: either all of it is done or nothing. A database that is up to date is left
    alone; one of a newer version is refused. Make a copy first if you may want to go back to the older version.

    Example: hourkeeper --config /etc/hourkeeper/hourkeeper.toml db upgrade
    """
    store = Store(config().store.url)
    try:
        before = schema.state(store)
        schema.upgrade(store)
    finally:
        store.close()
    done = {schema.SchemaState.FRESH: "created the tables", schema.SchemaState.CURRENT: "nothing to do"}
    click.echo(f"{done.get(before, 'upgraded the tables')}; the schema is version {schema.versions()[-1]}")


@click.command()
def check() -> None:
    """Check the schema's version and the soundness of the database.

    Reads the whole database, so it takes a while on a large one; the daemon may run meanwhile. Prints what is
    wrong, and then the exit code is 1.

    Example: hourkeeper db check
    """
    store = Store(config().store.url)
    try:
        problems = soundness.problems(store)
    finally:
        store.close()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(REFUSED)
    click.echo(f"sound; the schema is version {schema.versions()[-1]}")
