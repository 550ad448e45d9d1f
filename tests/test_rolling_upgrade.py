"""Replicas are upgraded one after the other while machines report: the old ones go on with the new tables."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.fleet import Planned, as_it_arrives, fleet
from tests.support.later_version import add_later_version
from tests.support.postgres import postgres
from tests.support.rig import Rig, rig_in
from tests.support.waiting import until

_ROOT = Path(__file__).parents[1]
_PRODUCT = ("daemon", "adapters", "notifications", "schedules")
_STORED = "SELECT count(*) FROM readings"
_SLICE = 20
_BETWEEN_S = 0.2
_TO_BUSY_TABLES = (
    'for each in ("readings", "meters", "work_orders", "letters", "notices"):'
    ' op.add_column(each, sa.Column("later", sa.Text()))'
)


def next_version(folder: Path) -> list[str]:
    """The command of a version to come: this one, and a migration that adds a table, and a column to busy ones."""
    for name in _PRODUCT:
        shutil.copytree(_ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    add_later_version(folder / "adapters/store/migrations", _TO_BUSY_TABLES)
    begin = f"import sys; sys.path.insert(0, {str(folder)!r}); from daemon.main import main; main()"
    return [sys.executable, "-c", begin]


class Upgradable(DaemonProcess):
    """A replica that can be started as another version."""

    def becomes(self, command: Sequence[str]) -> None:
        """From its next start on."""
        self._command = list(command)


@contextmanager
def _two_replicas(rig: Rig, folder: Path) -> Iterator[list[Upgradable]]:
    with ExitStack() as stack:
        running = []
        for slot in ("1", "2"):
            settings = {**rig.settings, "mqtt": {**rig.settings["mqtt"], "slot": slot}}
            replica = Upgradable(folder / slot, settings)
            stack.enter_context(ended_in_the_end(replica))
            replica.start_ready()
            running.append(replica)
        yield running


@contextmanager
def _machines_report(rig: Rig, readings: Sequence[Planned]) -> Iterator[threading.Event]:
    """A few at a time, for as long as the upgrade takes; then the rest."""
    over = threading.Event()

    def report() -> None:
        for begin in range(0, len(readings), _SLICE):
            rig.publish(readings[begin : begin + _SLICE])
            over.wait(_BETWEEN_S)

    machines = threading.Thread(target=report)
    machines.start()
    try:
        yield over
    finally:
        over.set()
        machines.join()


def _goes_on(rig: Rig, running: Sequence[Upgradable]) -> None:
    """Something more is stored, and whoever is to run does."""
    stored = rig.daemon.count(_STORED)
    until(lambda: rig.daemon.count(_STORED) > stored, f"readings are taken; {[each.says() for each in running]}")


def test_replicas_are_upgraded_one_after_the_other_without_a_gap(tmp_path: Path) -> None:
    machines = fleet(30, 20, 900)
    arriving = as_it_arrives(machines.readings, 30)
    new, shared = next_version(tmp_path / "new"), {"protocol": "5", "group": "fleet", "slot": "1"}
    with (
        postgres() as server,
        rig_in(tmp_path, machines, mqtt=shared, store=server.new_database()) as rig,
        _two_replicas(rig, tmp_path) as running,
        _machines_report(rig, arriving) as over,
    ):
        _goes_on(rig, running)
        upgraded = subprocess.run(
            [*new, "--config", str(running[0].file), "db", "upgrade"], capture_output=True, text=True, check=False
        )
        assert upgraded.returncode == 0, upgraded.stderr
        assert rig.daemon.count("SELECT count(*) FROM later") == 0
        _goes_on(rig, running)

        for replica, other in (running, running[::-1]):
            assert replica.end() == 0, replica.says()
            assert other.is_up()
            _goes_on(rig, [other])
            replica.becomes(new)
            replica.start_ready()
        _goes_on(rig, running)
        assert len(rig.acknowledged) < len(arriving), "machines report to the end"
        for replica in running:
            failed = [event for event in replica.events(ever=True) if event.get("level") == "error"]
            assert failed == []
        over.set()
        until(lambda: len(rig.acknowledged) == len(arriving), "machines have said everything")
        rig.end_leases()
        until(rig.is_idle, f"all is taken, and told; {[each.says() for each in running]}")
        for replica in running:
            assert replica.end() == 0, replica.says()
        assert not (breaches := rig.breaches()), str(breaches)
