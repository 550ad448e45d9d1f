"""The schema: migrations make exactly the tables, all of them or none, and no database is taken for what it is not."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, text

from adapters.store import schema
from adapters.store.engine import Store
from adapters.store.schema import SchemaError, SchemaState
from adapters.store.soundness import problems
from adapters.store.tables import metadata, service_centres
from tests.support.later_version import add_later_version
from tests.support.postgres import postgres
from tests.support.waiting import until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/hourkeeper.db")
    yield store
    store.close()


def with_later(folder: Path, then: str = "pass") -> Path:
    """A copy of our migrations with one more."""
    scripts = folder / "migrations 100%"
    shutil.copytree(schema.MIGRATIONS, scripts)
    add_later_version(scripts, then)
    return scripts


def statements(store: Store) -> dict[str, list[str]]:
    """What made each table and index, word for word but for the order of a table's parts, and for quotes."""
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
    with store.read() as connection:
        return {name: parts(sql) for name, sql in connection.exec_driver_sql(query)}


def parts(sql: str) -> list[str]:
    """Columns that were added later stand on the line of the last one there was."""
    lines = re.sub(r",\s*(?![^()]*\))", ",\n", sql.replace('"', "")).splitlines()
    return sorted(part for line in lines if (part := re.sub(r"\s+", " ", line).strip(" ,")))


def tables_of(store: Store) -> set[str]:
    with store.read() as connection:
        return set(inspect(connection).get_table_names())


def test_the_migrations_make_the_tables_as_they_are_written(store: Store, tmp_path: Path) -> None:
    fresh = Store(f"sqlite:///{tmp_path}/fresh.db")
    schema.create_scratch(fresh)

    schema.upgrade(store)

    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert statements(store) == statements(fresh), "python -m tests.store.first_migration"
    assert len(statements(store)) > len(metadata.tables)
    fresh.close()


def test_a_database_goes_from_fresh_to_current_and_stays_there(store: Store) -> None:
    assert schema.state(store) is SchemaState.FRESH

    schema.upgrade(store)
    before = statements(store)
    schema.upgrade(store)

    assert schema.state(store) is SchemaState.CURRENT
    assert statements(store) == before


def test_an_older_database_is_upgraded_only_when_that_is_wanted(store: Store, tmp_path: Path) -> None:
    schema.upgrade(store)
    scripts = with_later(tmp_path)
    assert schema.state(store, scripts) is SchemaState.OLDER

    with pytest.raises(SchemaError, match="hourkeeper db upgrade"):
        schema.prepare(store, upgrading=False, scripts=scripts)
    assert "later" not in tables_of(store)

    schema.prepare(store, upgrading=True, scripts=scripts)
    assert schema.state(store, scripts) is SchemaState.CURRENT
    assert "later" in tables_of(store)


def test_a_newer_database_is_refused_whoever_asks(store: Store, tmp_path: Path) -> None:
    schema.upgrade(store, with_later(tmp_path))

    assert schema.state(store) is SchemaState.NEWER
    for act in (schema.upgrade, partial(schema.prepare, upgrading=True)):
        with pytest.raises(SchemaError, match="newer version"):
            act(store)
    assert "later" in tables_of(store)


def test_the_tables_of_somebody_else_are_left_alone(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(SchemaError, match="not hourkeeper's"):
        schema.prepare(store, upgrading=True)
    assert tables_of(store) == {"theirs"}


@pytest.mark.parametrize("was", [SchemaState.FRESH, SchemaState.OLDER])
def test_an_upgrade_that_fails_halfway_leaves_nothing_behind(store: Store, tmp_path: Path, was: SchemaState) -> None:
    if was is SchemaState.OLDER:
        schema.upgrade(store)
    before = tables_of(store)
    broken = with_later(tmp_path, "raise RuntimeError('the power is gone')")

    with pytest.raises(RuntimeError, match="power"):
        schema.upgrade(store, broken)

    assert tables_of(store) == before
    assert schema.state(store, broken) is was


def test_a_sound_database_has_no_problems(store: Store) -> None:
    schema.upgrade(store)

    assert problems(store) == []


def test_a_row_that_refers_to_nothing_is_found(store: Store, tmp_path: Path) -> None:
    schema.upgrade(store)
    with closing(sqlite3.connect(tmp_path / "hourkeeper.db")) as other, other:
        other.execute("INSERT INTO meters (machine_id, offset_ms) VALUES ('GONE', 0)")

    (problem,) = problems(store)
    assert "table meters, row 1: refers to a row of machines" in problem


def test_a_damaged_file_is_found(store: Store, tmp_path: Path) -> None:
    schema.upgrade(store)
    with store.write() as connection:
        rows = [{"service_centre": f"C{number}"} for number in range(2000)]
        connection.execute(insert(service_centres), rows)
    store.close()
    file = tmp_path / "hourkeeper.db"
    file.write_bytes(file.read_bytes().replace(b"C1500", b"C9999"))

    assert [problem for problem in problems(store) if "damaged" in problem]


_WIDER = (
    'op.add_column("readings", sa.Column("later", sa.Text())); op.add_column("meters", sa.Column("later", sa.Text()))'
)
_WAITS_FOR = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'meters'::regclass"


def test_an_upgrade_and_a_daemon_that_are_in_each_others_way_both_come_through(tmp_path: Path) -> None:
    """The daemon has a meter and wants to store a reading; the upgrade has the readings and wants the meters."""
    scripts = with_later(tmp_path, _WIDER)
    with postgres() as server, closing(Store(server.new_database())) as store:
        schema.upgrade(store)
        with store.write() as daemon:
            daemon.execute(text("SET LOCAL deadlock_timeout = '100s'"))  # it is the upgrade that gives way
            daemon.execute(text("LOCK TABLE meters IN ROW EXCLUSIVE MODE"))
            upgrade = threading.Thread(target=schema.upgrade, args=(store, scripts))
            upgrade.start()
            until(partial(_is_true, store, _WAITS_FOR), "the upgrade waits for the meters")
            daemon.execute(text("LOCK TABLE readings IN ROW EXCLUSIVE MODE"))
        upgrade.join()
        assert schema.state(store, scripts) is SchemaState.CURRENT


def _is_true(store: Store, question: str) -> bool:
    with store.read() as connection:
        return bool(connection.execute(text(question)).scalar_one())
