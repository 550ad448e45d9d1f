"""Kills the daemon in the middle of a large sweep, again and again, and compares with a sweep that nothing disturbed.

`python -m tests.kill_sweep --kills 30 --machines 30000`: the installed command on copies of one store that was left for
forty days. Two daemons that keep one store at the same time must come to the same. Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from daemon.calendar import catch_up
from daemon.clock import clock_ms
from daemon.machine_register import import_machines
from daemon.wiring import open_keeper
from schedules.duty import DUTIES
from tests.mixed_fleet import done, story, told
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.waiting import until

_AWAY = timedelta(days=40)
_REGIONS = ("23", "37", "46", "31", "nowhere")
_ASKED = "SELECT coalesce(sum(json_extract(details, '$.asked')), 0) FROM duties WHERE duty = 'daily_sweep'"
_FINISHED = "SELECT count(*) FROM duties WHERE duty = 'daily_sweep' AND period = ? AND finished_ms IS NOT NULL"
_SOON_S = 0.05
Row = dict[str, object]


@dataclass(frozen=True)
class Ended:
    """What is in a store after a sweep: orders, events and findings, who was told what, and what was kept of duties."""

    story: dict[str, list[tuple[Any, ...]]]
    told: Counter[tuple[Any, ...]]
    periods: dict[str, list[str]]
    asked: int

    def differs_from(self, other: Ended) -> list[str]:
        """What is not the same, and what was told twice."""
        found = [f"{name}: {len(rows)} rows differ" for name, rows in self.story.items() if rows != other.story[name]]
        found += ["notices differ"] if self.told != other.told else []
        found += [f"{count - 1} times again: {notice}" for notice, count in self.told.items() if count > 1]
        found += ["duties differ"] if (self.periods, self.asked) != (other.periods, other.asked) else []
        return found


class Left:
    """A store as a daemon left it forty days ago; the command does not wait for the broker, and there is none."""

    def __init__(self, folder: Path, machines: int, seed: int) -> None:
        self._folder = folder
        self._copies = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._plan = folder / "plan.toml"
        self._plan.write_text(f'version = "noon"\ntime_zone = "{_where_it_is_noon()}"\n')
        self._daemon = self._at(folder / "left")
        then_ms = clock_ms() - int(_AWAY / timedelta(milliseconds=1))
        keeper = open_keeper(self._daemon.config(), then_ms)
        import_machines(keeper, _register(folder / "machines.csv", machines, seed), then_ms)
        catch_up(keeper, then_ms)
        self.today = keeper.today(clock_ms()).isoformat()
        keeper.store.close()

    def again(self) -> DaemonProcess:
        """A daemon on another copy."""
        self._copies += 1
        daemon = self._at(self._folder / f"copy-{self._copies}")
        shutil.copy(self._daemon.store, daemon.store)
        return daemon

    def beside(self, daemon: DaemonProcess) -> DaemonProcess:
        """A second daemon on the same store."""
        return self._at(daemon.folder / "beside", {"store": {"url": f"sqlite:///{daemon.store}"}})

    def is_swept(self, daemon: DaemonProcess) -> bool:
        """Whether today's sweep is done."""
        return bool(daemon.count(_FINISHED, self.today))

    def _at(self, folder: Path, further: dict[str, Any] | None = None) -> DaemonProcess:
        settings = {
            "mqtt": {"host": "127.0.0.1", "port": 1},
            "plan": {"file": str(self._plan)},
            "notifications": {"group_wait_s": 3600, "managers": [{"name": "Zhao", "email": "zhao@maker.example"}]},
        }
        return DaemonProcess(folder, {**settings, **(further or {})})


def _where_it_is_noon() -> str:
    """A time zone in which no midnight is near: all runs are to be of one day."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def _register(file: Path, machines: int, seed: int) -> Path:
    """Machines of which most change something in forty days: half in use for some months, half unsold."""
    draw, today = random.Random(seed), (datetime.now(UTC) - _AWAY).date()
    rows = [_machine(draw, number, today - timedelta(days=draw.randrange(2, 120))) for number in range(machines)]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return file


def _machine(draw: random.Random, number: int, since: date) -> Row:
    is_stock, centre = number % 2 == 0, f"SC{draw.randrange(9)}"
    return {
        "machine_id": f"M{number:06}",
        "status": "stock" if is_stock else "in_service",
        "category": draw.choice(("loader", "roller")),
        "region": draw.choice(_REGIONS),
        "yard": f"Y{draw.randrange(5)}" if is_stock else "",
        "stocked_on": since if is_stock else "",
        "handed_over_on": "" if is_stock else since,
        "handover_hours": "" if is_stock else draw.choice((0, 2, 130, 700)),
        "warranty": "" if is_stock else draw.choice(("half_year", "one_year")),
        "customer": "" if is_stock else "张三",
        "service_centre": "" if is_stock else centre,
    }


def ended(daemon: DaemonProcess) -> Ended:
    """What is in the store of a daemon."""
    with daemon.keeper() as keeper:
        periods = {duty.name: done(keeper, duty.name) for duty in DUTIES}
        return Ended(story(keeper), Counter(told(keeper)), periods, daemon.count(_ASKED))


def undisturbed(left: Left) -> Ended:
    """One daemon, from its start to its ordinary end."""
    with ended_in_the_end(left.again()) as daemon:
        _runs_out(daemon)
        return ended(daemon)


def killed(left: Left, kills: int, draw: random.Random) -> tuple[Ended, int]:
    """A daemon killed whenever it has got on; what came of it in the end, and how often it was in mid-sweep."""
    in_the_middle = 0
    with ended_in_the_end(left.again()) as daemon:
        for _ in range(kills):
            _gets_on(daemon)
            # The moment of the kill is the fault itself; nothing waits for it.
            time.sleep(draw.uniform(0, _SOON_S))
            daemon.end(signal.SIGKILL)
            if left.is_swept(daemon):
                break
            in_the_middle += 1
        _runs_out(daemon)
        return ended(daemon), in_the_middle


def two_at_once(left: Left) -> tuple[Ended, list[int]]:
    """Two daemons on one store; what came of it, and how many machines each has asked."""
    with ExitStack() as stack:
        first = stack.enter_context(ended_in_the_end(left.again()))
        second = stack.enter_context(ended_in_the_end(left.beside(first)))
        for daemon in (first, second):
            daemon.start()
        for daemon in (first, second):
            daemon.wait_for("ready")
        asked = [sum(_asked(daemon)) for daemon in (first, second)]
        for daemon in (first, second):
            assert daemon.end() == 0, daemon.says()
        return ended(first), asked


def _asked(daemon: DaemonProcess) -> Iterator[int]:
    return (event["done"] for event in daemon.events("duty_done") if event["duty"] == "daily_sweep")


def _gets_on(daemon: DaemonProcess) -> None:
    """Start it, and wait until it has asked more machines than were asked before."""
    before = daemon.count(_ASKED)
    daemon.start()
    until(lambda: daemon.count(_ASKED) > before or daemon.events("ready"), f"it gets on; {daemon.says()}")


def _runs_out(daemon: DaemonProcess) -> None:
    daemon.start()
    daemon.wait_for("ready")
    assert daemon.end() == 0, daemon.says()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill_sweep", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--machines", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        left = Left(Path(folder), given.machines, given.seed)
        straight = undisturbed(left)
        rows = {name: len(table) for name, table in straight.story.items()}
        print(f"{given.machines} machines, {straight.asked} asked; {rows}, {straight.told.total()} notices", flush=True)
        again, in_the_middle = killed(left, given.kills, random.Random(given.seed))
        differing = again.differs_from(straight)
        print(f"{in_the_middle} kills in the middle of the sweep: {differing or 'the same'}", flush=True)
        together, asked = two_at_once(left)
        differing_too = together.differs_from(straight)
        print(f"two daemons at once asked {asked[0]} and {asked[1]} machines: {differing_too or 'the same'}")
    return 1 if differing or differing_too or not in_the_middle else 0


if __name__ == "__main__":
    sys.exit(main())
