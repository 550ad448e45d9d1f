"""A backup is all of the store at one moment, taken while the daemon works, and comes back whole or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.store.engine import Store
from adapters.store.tables import metadata
from tests.commands.calling import Caller, Said, failed
from tests.commands.conftest import Fleet, call, fleet  # noqa: F401 - fixtures
from tests.support.database import Database
from tests.support.fleet import Planned
from tests.support.fleet import fleet as reporting
from tests.support.ledger import all_breaches, orders_wrong, readings_doubled, store_faults
from tests.support.postgres import postgres
from tests.support.rig import rig_in
from tests.support.waiting import until


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    store = Store(url)
    with store.read() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
    store.close()
    return found


def test_a_store_goes_through_a_backup_into_postgresql_and_back(fleet: Fleet, call: Caller, tmp_path: Path) -> None:  # noqa: F811
    done(fleet.call("backup", str(tmp_path / "one.db")))
    assert stat.S_IMODE((tmp_path / "one.db").stat().st_mode) == 0o600
    with postgres() as server:
        there = partial(Caller(tmp_path), HOURKEEPER_STORE__URL=server.new_database())
        done(there("restore", str(tmp_path / "one.db")))
        # The numbers go on where they were: a row that is written now has one of its own.
        done(there("machines", "stock-in", "S9", "--category", "loader", "--model", "LG833", "--yard", "Y1"))
        done(there("restore", "--replace", str(tmp_path / "one.db")))
        done(there("backup", str(tmp_path / "two.db")))
    done(call("restore", str(tmp_path / "two.db")))

    assert content(call.url) == content(fleet.call.url)
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []
    done(call("db", "check"))


def done(said: Said) -> None:
    assert said.code == 0, said.err


def test_what_is_no_whole_backup_of_ours_changes_nothing(fleet: Fleet, call: Caller, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "good.db"
    fleet.call("backup", str(file))
    failed(fleet.call("backup", str(file)), 1, "name another file")
    for name, spoil, said in (
        ("text.db", lambda it: it.write_text("no backup"), "not a backup of hourkeeper"),
        ("short.db", lambda it: it.write_bytes(file.read_bytes()[: file.stat().st_size // 2]), "damaged"),
        ("torn.db", _tear, "damaged"),
        ("newer.db", _make_newer, "newer version"),
        ("others.db", lambda it: _ask(it, "DROP TABLE alembic_version"), "not a backup of hourkeeper"),
    ):
        shutil.copy(file, tmp_path / name)
        spoil(tmp_path / name)
        failed(call("restore", str(tmp_path / name)), 1, name, said)
    failed(fleet.call("restore", str(file)), 1, "--replace")
    assert content(fleet.call.url)["machines"]
    assert not call("machines", "list", "--format", "json").json


def _tear(file: Path) -> None:
    """A page in the middle is lost."""
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 8192 * 4096)
        opened.write(b"\xff" * 4096)


def _make_newer(file: Path) -> None:
    _ask(file, "UPDATE alembic_version SET version_num = '9999'")


def _ask(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute(statement)


@pytest.mark.sqlite_file
def test_a_backup_under_load_is_of_one_moment_and_the_daemon_goes_on_from_it(tmp_path: Path) -> None:
    machines = reporting(32, 20, 60)
    half = len(machines.readings) // 2
    with rig_in(tmp_path, machines, mqtt={"batch": 20}) as rig:
        rig.daemon.start_ready()
        sending = threading.Thread(target=rig.publish, args=(machines.readings[:half],))
        sending.start()
        until(lambda: rig.daemon.count("SELECT count(*) FROM readings") > 0, "readings come in")
        back_up = partial(Caller(tmp_path), HOURKEEPER_STORE__URL=f"sqlite:///{rig.daemon.store}")
        done(back_up("backup", str(tmp_path / "backup.db")))
        sending.join()
        # What waits at the broker would come before what is sent again, and a machine's first hours be a jump (M4).
        until(rig.is_idle, "the first half is taken")
        rig.daemon.end()

        backup = Database(f"sqlite:///{tmp_path}/backup.db")
        held = _stored(backup, machines.readings)
        assert held
        assert orders_wrong(backup, machines.warranties, held) == []
        assert readings_doubled(backup) == store_faults(backup) == []

        done(back_up("restore", "--replace", str(tmp_path / "backup.db")))
        rig.daemon.start_ready()
        rig.publish(machines.readings)
        rig.drain()
        breaches = all_breaches(rig.daemon.database, machines.warranties, rig.acknowledged, None)
        assert not breaches, str(breaches)


def _stored(store: Database, readings: list[Planned]) -> list[Planned]:
    rows = set(store.asks("SELECT machine_id, dial_ms, device_ms FROM readings"))
    return [each for each in readings if each.identity in rows]
