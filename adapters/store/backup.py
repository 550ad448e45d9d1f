"""All of the store, as it is at one moment, in one file, and the way back into either database.

The file is a SQLite database with our tables, whatever database the store is in, so that a store may also move from one
to the other. Photos and signatures are rows of it like everything else.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import DatabaseError

from adapters.store import outside_tables, schema, soundness
from adapters.store.engine import Store
from adapters.store.schema import REFUSALS, SchemaState
from adapters.store.tables import machines, metadata, readings

Progress = Callable[[int, int], None]
"""Called with how many tables are copied, and how many there are."""

_OURS_ALONE = 0o600
_ROWS_AT_ONCE = 1000
_HEAD = b"SQLite format 3\0"
# A trigger on readings fills this one: it comes last, and replaces what the trigger has written.
_LAST = outside_tables.influx_pending
_TABLES = [*(table for table in metadata.sorted_tables if table is not _LAST), _LAST]


class BackupError(Exception):
    """A backup cannot be written, or is not restored; says what to do. Nothing was changed."""


def back_up(store: Store, file: Path, progress: Progress) -> None:
    """Write everything to a new file that only its owner may read; the daemon may go on meanwhile.

    The file is there when it is complete, and not before. BackupError if it exists, or the store is not as this
    version needs it; OSError if it cannot be written.
    """
    if file.exists():
        raise BackupError(f"{file} exists already; name another file")
    found = schema.state(store)
    if found is not SchemaState.CURRENT:
        raise BackupError(REFUSALS.get(found, "the database is empty; there is nothing to back up"))
    with _beside(file) as partial:
        if store.engine.dialect.name == "sqlite":
            _vacuum(store, partial)
        else:
            _copy_out(store, partial, progress)
        _sync(partial)
        partial.rename(file)
    _sync(file.parent)


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """An empty file beside it, which is gone afterwards."""
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OURS_ALONE))
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _vacuum(store: Store, partial: Path) -> None:
    """SQLite copies itself, from one snapshot; writers go on."""
    with closing(sqlite3.connect(str(store.url.database), isolation_level=None)) as raw:
        raw.execute("VACUUM INTO ?", (str(partial),))


def _copy_out(store: Store, partial: Path, progress: Progress) -> None:
    copy = Store(f"sqlite:///{partial}")
    try:
        schema.upgrade(copy)
        with store.snapshot() as source, copy.rebuild() as target:
            _replace(source, target, progress)
    finally:
        copy.close()


def restore(store: Store, file: Path, progress: Progress, *, replace: bool) -> None:
    """Put what a backup holds into the store, in one transaction; the daemon must not run.

    BackupError if it is no sound backup of this version or an older one, or if the store has machines or readings and
    is not to be replaced.
    """
    with _opened(file) as backup:
        schema.prepare(store, upgrading=True)
        with backup.read() as source, store.rebuild() as target:
            if not replace and _is_used(target):
                raise BackupError(
                    "the store has machines or readings already; --replace puts the backup in their place"
                )
            _replace(source, target, progress)


@contextmanager
def _opened(file: Path) -> Iterator[Store]:
    """A copy of the backup, with this version's tables: the file itself is not written to."""
    with file.open("rb") as opened:
        if opened.read(len(_HEAD)) != _HEAD:
            raise BackupError(f"{file} is not a backup of hourkeeper")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".restoring-") as folder:
        backup = Store(f"sqlite:///{shutil.copy(file, folder)}")
        try:
            if problems := _problems(backup):
                raise BackupError("\n".join([f"{file} cannot be restored", *problems]))
            yield backup
        finally:
            backup.close()


def _problems(backup: Store) -> list[str]:
    """Why it cannot be restored, a line each; an older one is brought up to this version."""
    try:
        found = schema.state(backup)
        if found is SchemaState.OLDER:
            schema.upgrade(backup)
        if found in _NOT_OURS:
            return [_NOT_OURS[found]]
        return soundness.problems(backup)
    except DatabaseError as error:
        return [f"damaged: {error.orig}; take an older backup"]


_NOT_OURS = {
    SchemaState.NEWER: "it is of a newer version of hourkeeper; install that version",
    SchemaState.FOREIGN: "it is not a backup of hourkeeper",
    SchemaState.FRESH: "it is empty",
}


def _is_used(connection: Connection) -> bool:
    return any(connection.execute(select(table).limit(1)).first() for table in (machines, readings))


def _replace(source: Connection, target: Connection, progress: Progress) -> None:
    for table in reversed(_TABLES):
        target.execute(delete(table))
    for number, table in enumerate(_TABLES, start=1):
        if table is _LAST:
            target.execute(delete(table))
        _copy(source, target, table)
        progress(number, len(_TABLES))


def _copy(source: Connection, target: Connection, table: Table) -> None:
    rows = source.execute(select(table).execution_options(yield_per=_ROWS_AT_ONCE))
    for part in rows.mappings().partitions():
        target.execute(insert(table), [dict(row) for row in part])
    if target.dialect.name == "postgresql":
        _go_on_counting(target, table)


def _go_on_counting(target: Connection, table: Table) -> None:
    """PostgreSQL's next number does not follow numbers that are given."""
    counted = table.autoincrement_column
    if counted is not None:
        most = target.execute(select(func.max(counted))).scalar()
        sequence = f"pg_get_serial_sequence('{table.name}', '{counted.name}')"
        target.execute(text(f"SELECT setval({sequence}, :most) WHERE {sequence} IS NOT NULL"), {"most": most or 1})
