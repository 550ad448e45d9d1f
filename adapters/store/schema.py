"""The schema: created for scratch databases, migrated for those that stay.

A database carries the version of its tables in `alembic_version`; ours are the numbers that the files in
`migrations/versions` begin with. Alembic itself is imported only when something is to be changed.
"""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from adapters.store import outside_tables, people_tables  # noqa: F401 - their tables belong to the metadata
from adapters.store.engine import Store
from adapters.store.tables import metadata

MIGRATIONS = Path(__file__).with_name("migrations")
_VERSION_TABLE = "alembic_version"
_LOCK = 7_410_913
_LONGEST_WAIT = "5s"
_TRIES = 30
_PAUSE_S = 1.0
_IN_THE_WAY = frozenset({"40P01", "55P03"})
"""Of PostgreSQL: a deadlock, and a lock that was not to be had in time."""


class SchemaError(Exception):
    """The tables of the database are not those that this version needs; says what to do."""


class SchemaState(StrEnum):
    """What a database holds: nothing, our tables of this version, an older or a newer one, or tables of others."""

    FRESH = "fresh"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


REFUSALS = {
    SchemaState.OLDER: "the database has the tables of an older version; back it up and run `hourkeeper db upgrade`",
    SchemaState.NEWER: "the database has the tables of a newer version of hourkeeper; install that version,"
    " or restore the backup made before the upgrade",
    SchemaState.FOREIGN: "the database holds tables that are not hourkeeper's; name one of its own in store.url",
}


def create_scratch(store: Store) -> None:
    """Create all tables in an empty database that nobody will keep."""
    with store.write() as connection:
        metadata.create_all(connection)


def versions(scripts: Path = MIGRATIONS) -> list[str]:
    """The versions of the schema, oldest first."""
    return sorted(file.name.partition("_")[0] for file in (scripts / "versions").glob("[0-9]*.py"))


def state(store: Store, scripts: Path = MIGRATIONS) -> SchemaState:
    """What the database holds."""
    with store.read() as connection:
        return state_on(connection, scripts)


def state_on(connection: Connection, scripts: Path = MIGRATIONS) -> SchemaState:
    """The same, inside a transaction."""
    tables = set(inspect(connection).get_table_names())
    if _VERSION_TABLE not in tables:
        return SchemaState.FOREIGN if tables else SchemaState.FRESH
    found, known = version_on(connection), versions(scripts)
    if found == known[-1]:
        return SchemaState.CURRENT
    if found is None:
        return SchemaState.FOREIGN if tables != {_VERSION_TABLE} else SchemaState.FRESH
    return SchemaState.OLDER if found in known else SchemaState.NEWER


def version_on(connection: Connection) -> str | None:
    """The version a database with a version table has."""
    return connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant


def prepare(store: Store, *, upgrading: bool, scripts: Path = MIGRATIONS) -> None:
    """Make sure of the tables: create them in an empty database, upgrade older ones if `upgrading`.

    SchemaError if the database is older and not to be upgraded, newer, or somebody else's.
    """
    found = state(store, scripts)
    if found is SchemaState.FRESH or (found is SchemaState.OLDER and upgrading):
        upgrade(store, scripts)
    elif found is not SchemaState.CURRENT:
        raise SchemaError(REFUSALS[found])


def upgrade(store: Store, scripts: Path = MIGRATIONS) -> None:
    """Bring the tables up to this version in one transaction: all of it or nothing.

    Daemons of the version before may work meanwhile: where they and we are in each other's way, it is tried again.
    SchemaError if the tables are newer, or somebody else's.
    """
    for left in reversed(range(_TRIES)):
        try:
            _upgrade_at_once(store, scripts)
        except OperationalError as fault:
            if not left or getattr(fault.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _upgrade_at_once(store: Store, scripts: Path) -> None:
    with store.rebuild() as connection:
        _wait_for_others(connection)
        found = state_on(connection, scripts)
        if found in {SchemaState.NEWER, SchemaState.FOREIGN}:
            raise SchemaError(REFUSALS[found])
        if found is not SchemaState.CURRENT:
            _migrate(connection, scripts)


def _migrate(connection: Connection, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _wait_for_others(connection: Connection) -> None:
    """Replicas that start together: one upgrades, the others find it done. SQLite's writers wait by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        # Whoever waits for a whole table holds up all who come after: not for long.
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LONGEST_WAIT}'"))
