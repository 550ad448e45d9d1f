"""Kills the daemon at random moments while machines report, and counts what was lost or doubled.

`python -m tests.kill_loop --kills 1000 --seed S`: a real Mosquitto with the configuration we ship, a publisher that
keeps a ledger, a mail server, and a daemon that is killed with SIGKILL again and again; every tenth is the installed
command started from nothing, the others are forks of a parent that has imported it. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.support.fleet import Planned, as_it_arrives, fleet
from tests.support.forked_daemon import ForkedDaemon, zygote_of
from tests.support.ledger import Breaches, letters_copied
from tests.support.rig import Rig, rig_in
from tests.support.waiting import until

_READINGS_PER_KILL = 300
# Small enough that a life of a quarter of a second sees several transactions.
_BATCH = 50
_SLICES = 12
_SLICE_S = 0.02
_MACHINES = 40
_COLD_START_EVERY = 10
_AFTER_CONNECTING = 0.9
_AFTER_STORING = 0.8
_LONGER_S = 0.25
LAUNCHER = "daemon.main"
STORED = "SELECT count(*) FROM readings"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a loop did, and what was wrong afterwards."""

    kills: int
    while_working: int
    sent: int
    between_kills: int
    readings: int
    orders: int
    letters: int
    copied: int
    seconds: float
    breaches: Breaches

    def __str__(self) -> str:
        return (
            f"{self.kills} kills ({self.while_working} of a daemon that had connected) in {self.seconds:.0f} s, "
            f"{self.sent} messages, {self.readings} readings ({self.between_kills} stored between the kills), "
            f"{self.orders} work orders, {self.letters} letters "
            f"({self.copied} copies under the same id)\n{self.breaches}"
        )


def kill_loop(folder: Path, kills: int, seed: int, launcher: str = LAUNCHER) -> Outcome:
    """Run a loop; `launcher` is the module whose `main` is the daemon."""
    began = time.monotonic()
    draw = random.Random(seed)
    machines = fleet(seed, _MACHINES, max(kills * _READINGS_PER_KILL // _MACHINES, 50))
    arriving = as_it_arrives(machines.readings, seed)
    cold = () if launcher == LAUNCHER else (launcher,)
    with (
        rig_in(folder, machines, launcher=cold, daemon_class=ForkedDaemon, mqtt={"batch": _BATCH}) as rig,
        zygote_of(rig, launcher) as zygote,
    ):
        rig.subscribe_first()
        daemon = cast("ForkedDaemon", rig.daemon)
        share = len(arriving) // kills + 1
        worked = 0
        for number in range(kills):
            part = arriving[number * share : (number + 1) * share]
            daemon.zygote = None if number % _COLD_START_EVERY == 0 else zygote
            worked += _one_life(rig, draw, part)
        between_kills = rig.daemon.count(STORED)
        daemon.zygote = zygote
        rig.daemon.start()
        rig.drain()
        return outcome_of(rig, kills, worked, between_kills, began)


def outcome_of(rig: Rig, kills: int, while_working: int, between_kills: int, began_s: float) -> Outcome:
    """What has come of a loop, now that all is taken."""
    return Outcome(
        kills=kills,
        while_working=while_working,
        sent=len(rig.publisher.acknowledged),
        between_kills=between_kills,
        readings=rig.daemon.count(STORED),
        orders=rig.daemon.count("SELECT count(*) FROM work_orders"),
        letters=len(rig.mailbox.letters),
        copied=letters_copied(rig.mailbox),
        seconds=time.monotonic() - began_s,
        breaches=rig.breaches(),
    )


def _one_life(rig: Rig, draw: random.Random, readings: Sequence[Planned]) -> bool:
    """From start to SIGKILL, with machines reporting all the while; whether it got as far as connecting."""
    stored = rig.daemon.count(STORED)
    rig.daemon.start()
    dead = threading.Event()
    machines = threading.Thread(target=_report, args=(rig, readings, dead))
    machines.start()
    chance = draw.random()
    if chance < _AFTER_CONNECTING:
        rig.daemon.wait_for("mqtt_connected")
    if chance < _AFTER_STORING:
        until(lambda: rig.daemon.count(STORED) > stored, f"something is stored; {rig.daemon.says()}")
    # The moment of the kill is the fault itself; nothing waits for it.
    time.sleep(draw.uniform(0, _LONGER_S))
    rig.daemon.end(signal.SIGKILL)
    dead.set()
    machines.join()
    return bool(rig.daemon.events("mqtt_connected"))


def _report(rig: Rig, readings: Sequence[Planned], dead: threading.Event) -> None:
    """Send readings a few at a time; at once what is left when the daemon is dead."""
    size = len(readings) // _SLICES + 1
    for begin in range(0, len(readings), size):
        rig.publish(readings[begin : begin + size])
        dead.wait(_SLICE_S)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill_loop", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_loop(Path(folder), given.kills, given.seed)
    print(outcome)
    return 1 if outcome.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
