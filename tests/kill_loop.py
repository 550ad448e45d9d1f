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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.daemon_process import DaemonProcess
from tests.support.fleet import as_it_arrives, fleet
from tests.support.ledger import Breaches, letters_copied
from tests.support.rig import Rig, rig_in
from tests.support.zygote import Zygote

_READINGS_PER_KILL = 250
_MACHINES = 40
_COLD_START_EVERY = 10
_LAUNCHER = "daemon.main"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a loop did, and what was wrong afterwards."""

    kills: int
    while_working: int
    sent: int
    readings: int
    orders: int
    letters: int
    copied: int
    seconds: float
    breaches: Breaches

    def __str__(self) -> str:
        return (
            f"{self.kills} kills ({self.while_working} of a daemon that had connected) in {self.seconds:.0f} s, "
            f"{self.sent} messages, {self.readings} readings, {self.orders} work orders, {self.letters} letters "
            f"({self.copied} copies under the same id)\n{self.breaches}"
        )


class _Forking(DaemonProcess):
    """A daemon that is forked where that is wanted."""

    zygote: Zygote | None = None

    def start(self) -> None:
        if self.zygote is None:
            super().start()
            return
        self._since = self.log.stat().st_size if self.log.exists() else 0
        self.process = self.zygote.fork(self.arguments, self.log)


def kill_loop(folder: Path, kills: int, seed: int, launcher: str = _LAUNCHER) -> Outcome:
    """Run a loop; `launcher` is the module whose `main` is the daemon."""
    began = time.monotonic()
    draw = random.Random(seed)
    machines = fleet(seed, _MACHINES, max(kills * _READINGS_PER_KILL // _MACHINES, 50))
    arriving = as_it_arrives(machines.readings, seed)
    cold = () if launcher == _LAUNCHER else (launcher,)
    with rig_in(folder, machines, launcher=cold, daemon_class=_Forking) as rig, _forking(rig, launcher) as zygote:
        rig.subscribe_first()
        share = len(arriving) // kills + 1
        worked = 0
        for number in range(kills):
            part = arriving[number * share : (number + 1) * share]
            rig.daemon.zygote = None if number % _COLD_START_EVERY == 0 else zygote
            worked += _one_life(rig, draw, lambda part=part: rig.publish(part))
        rig.daemon.zygote = zygote
        rig.daemon.start()
        rig.drain()
        breaches = rig.breaches()
        return Outcome(
            kills=kills,
            while_working=worked,
            sent=len(rig.publisher.acknowledged),
            readings=rig.daemon.count("SELECT count(*) FROM readings"),
            orders=rig.daemon.count("SELECT count(*) FROM work_orders"),
            letters=len(rig.mailbox.letters),
            copied=letters_copied(rig.mailbox),
            seconds=time.monotonic() - began,
            breaches=breaches,
        )


def _one_life(rig: Rig, draw: random.Random, publish) -> bool:  # type: ignore[no-untyped-def]
    """From start to SIGKILL, with machines reporting all the while; whether it got as far as connecting."""
    rig.daemon.start()
    machines = threading.Thread(target=publish)
    machines.start()
    if draw.random() < 0.9:
        rig.daemon.wait_for("mqtt_connected")
    # The moment of the kill is the fault itself; nothing waits for it.
    time.sleep(draw.uniform(0, 0.3))
    rig.daemon.end(signal.SIGKILL)
    machines.join()
    return bool(rig.daemon.events("mqtt_connected"))


@contextmanager
def _forking(rig: Rig, launcher: str) -> Iterator[Zygote]:
    zygote = Zygote(launcher)
    try:
        yield zygote
    finally:
        if rig.daemon.is_up():
            rig.daemon.end(signal.SIGKILL)
        zygote.close()


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
