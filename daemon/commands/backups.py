"""`backup` and `restore`."""

from __future__ import annotations

from pathlib import Path

import click

from adapters.store.backup import BackupError, back_up
from adapters.store.backup import restore as put_back
from adapters.store.schema import SchemaError
from daemon.commands.given import config
from daemon.commands.progress import progress
from daemon.wiring import store_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write all of the store, as it is at this moment, to FILE.

    The daemon may run meanwhile. FILE holds everything, photos, signatures, password hashes and secrets included: only
    its owner may read it. It is there when it is complete, and is restored into SQLite or PostgreSQL.

    Example: hourkeeper backup /var/backups/hourkeeper-2026-11-27.db
    """
    store = store_of(config())
    try:
        with progress("tables") as shown:
            back_up(store, file, shown)
    except (BackupError, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    finally:
        store.close()
    click.echo(f"wrote {file}, {file.stat().st_size:,} bytes")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Although the store has machines: what it holds is lost.")
def restore(file: Path, *, replace: bool) -> None:
    """Put what FILE holds, written by `hourkeeper backup`, into the store.

    Stop the daemon first, all replicas of it. The backup is checked before; then it is all restored, or nothing is
    changed. Readings that came after the backup and that the broker no longer has are lost; the next ones make up for
    them, as a meter's hours only grow.

    Example: hourkeeper restore /var/backups/hourkeeper-2026-11-27.db
    """
    store = store_of(config())
    try:
        with progress("tables") as shown:
            put_back(store, file, shown, replace=replace)
    except (BackupError, SchemaError, OSError) as problem:
        raise click.ClickException(str(problem)) from None
    finally:
        store.close()
    click.echo(f"restored {file}; start the daemon again")
