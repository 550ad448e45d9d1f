"""Kills replicas that keep one PostgreSQL and share a subscription, and counts what was lost or doubled.

`python -m tests.kill_replicas --kills 1000 --replicas 4 --seed S [LAUNCHER]`: a real Mosquitto and PostgreSQL, a
publisher that keeps a ledger, a mail server, and replicas of which one after the other is killed with SIGKILL, or held
up in the middle of its work and let go on later. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.kill_loop import LAUNCHER, STORED, Outcome, outcome_of
from tests.support.daemon_process import ended_in_the_end
from tests.support.fleet import Planned, as_it_arrives, fleet
from tests.support.forked_daemon import ForkedDaemon, zygote_of
from tests.support.postgres import postgres
from tests.support.rig import Rig, rig_in
from tests.support.waiting import LIMIT_S, until

_READINGS_PER_KILL = 150
_BATCH = 25
_MACHINES = 40
_SLICES = 6
_SLICE_S = 0.02
_AFTER_CONNECTING = 0.9
_AFTER_STORING = 0.8
_LONGER_S = 0.2
_PAUSED = 0.2
_PAUSE_S = 0.5
_IDLE_LIMIT_S = 90
_SENT = "SELECT count(*) FROM letters WHERE state <> 'waiting'"


@dataclass(frozen=True, slots=True)
class Told:
    """What a loop did with replicas."""

    outcome: Outcome
    replicas: int
    pauses: int

    def __str__(self) -> str:
        return f"{self.replicas} replicas, {self.pauses} pauses: {self.outcome}"


def kill_replicas(folder: Path, kills: int, replicas: int, seed: int, launcher: str = LAUNCHER) -> Told:
    """Run a loop; `launcher` is the module whose `main` is the daemon."""
    began, draw = time.monotonic(), random.Random(seed)
    machines = fleet(seed, _MACHINES, max(kills * _READINGS_PER_KILL // _MACHINES, 50))
    arriving = as_it_arrives(machines.readings, seed)
    shared = {"batch": _BATCH, "protocol": "5", "group": "fleet", "slot": "1"}
    with (
        postgres() as server,
        rig_in(folder, machines, daemon_class=ForkedDaemon, mqtt=shared, store=server.new_database()) as rig,
        _replicas(rig, folder, replicas, launcher) as running,
    ):
        worked = pauses = 0
        share = len(arriving) // kills + 1
        for number in range(kills):
            part = arriving[number * share : (number + 1) * share]
            which = draw.randrange(replicas)
            pauses += _one_kill(rig, running, which, draw, part)
            worked += bool(running[which].events("mqtt_connected"))
            running[which].start()
        between = rig.daemon.count(STORED)
        _drain(rig, running)
        return Told(outcome_of(rig, kills, worked, between, began), replicas, pauses)


@contextmanager
def _replicas(rig: Rig, folder: Path, count: int, launcher: str) -> Iterator[list[ForkedDaemon]]:
    """All of them running, each in its slot, with sessions that the broker knows."""
    with ExitStack() as stack:
        zygote = stack.enter_context(zygote_of(rig, launcher))
        found = [cast("ForkedDaemon", rig.daemon)]
        for slot in range(2, count + 1):
            settings = {**rig.settings, "mqtt": {**rig.settings["mqtt"], "slot": str(slot)}}
            replica = ForkedDaemon(folder / f"slot-{slot}", settings)
            stack.enter_context(ended_in_the_end(replica))
            found.append(replica)
        for replica in found:
            replica.zygote = zygote
            replica.start_ready()
        yield found


def _one_kill(
    rig: Rig, running: Sequence[ForkedDaemon], which: int, draw: random.Random, readings: Sequence[Planned]
) -> bool:
    """Machines report, and one replica dies; whether another was held up for a while."""
    stored = rig.daemon.count(STORED)
    dead = threading.Event()
    machines = threading.Thread(target=_report, args=(rig, readings, dead))
    machines.start()
    if draw.random() < _AFTER_CONNECTING:
        running[which].wait_for("mqtt_connected")
    paused = draw.random() < _PAUSED and len(running) > 1
    if paused:
        _hold_up(running[(which + 1) % len(running)], draw)
    elif draw.random() < _AFTER_STORING:
        until(lambda: rig.daemon.count(STORED) > stored or not machines.is_alive(), "something is stored", LIMIT_S)
    # The moment of the kill is the fault itself; nothing waits for it.
    time.sleep(draw.uniform(0, _LONGER_S))
    running[which].end(signal.SIGKILL)
    dead.set()
    machines.join()
    return paused


def _hold_up(replica: ForkedDaemon, draw: random.Random) -> None:
    """As a machine that swaps, or a virtual one that is moved."""
    assert replica.process is not None
    os.kill(replica.process.pid, signal.SIGSTOP)
    time.sleep(draw.uniform(0, _PAUSE_S))
    os.kill(replica.process.pid, signal.SIGCONT)


def _report(rig: Rig, readings: Sequence[Planned], dead: threading.Event) -> None:
    size = len(readings) // _SLICES + 1
    for begin in range(0, len(readings), size):
        rig.publish(readings[begin : begin + size])
        dead.wait(_SLICE_S)


def _drain(rig: Rig, running: Sequence[ForkedDaemon]) -> None:
    """Wait until everything is taken and told, or nothing has moved for very long; then end in order."""
    rig.end_leases()
    while not rig.is_idle():
        before = _moved(rig)
        if not _moves(rig, before):
            break
    for replica in running:
        code = replica.end()
        assert code == 0, replica.says()


def _moves(rig: Rig, before: int) -> bool:
    """Whether something is stored or sent before it is time to give up."""
    ends_s = time.monotonic() + _IDLE_LIMIT_S
    until(
        lambda: _moved(rig) != before or rig.is_idle() or time.monotonic() > ends_s, "work goes on", 2 * _IDLE_LIMIT_S
    )
    return time.monotonic() <= ends_s


def _moved(rig: Rig) -> int:
    return rig.daemon.count(STORED) + rig.daemon.count(_SENT)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill_replicas", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("launcher", nargs="?", default=LAUNCHER)
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        told = kill_replicas(Path(folder), given.kills, given.replicas, given.seed, given.launcher)
    print(told)
    return 1 if told.outcome.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
