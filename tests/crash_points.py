"""Kills the daemon at each of its named points, and counts what was lost or doubled.

`python -m tests.crash_points --times 20 --seed S`: the world of the kill loop, and a daemon that kills itself where it
is told to: between receiving and storing, in the transaction, after it, between two acknowledgements, in the sweep,
with a letter claimed, sent, marked. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from tests.support.fleet import Planned, as_it_arrives, fleet, portions
from tests.support.forked_daemon import ForkedDaemon, zygote_of
from tests.support.ledger import Breaches, letters_copied
from tests.support.rig import Rig, rig_in
from tests.support.waiting import LIMIT_S, until
from tests.variants.dies_at_a_point import POINTS

_LAUNCHER = "tests.variants.dies_at_a_point"
_BATCH = 20
_MACHINES = 40
_AT_ONCE = 25
_MOST_TIMES = 3
_WAKE_ALL = "UPDATE meters SET wakes_on = '2020-01-01'"


@dataclass
class Outcome:
    """What came of it."""

    deaths: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    letters: int = 0
    copied: int = 0
    seconds: float = 0.0
    breaches: Breaches = field(default_factory=Breaches)

    def __str__(self) -> str:
        points = "\n".join(f"  {point}: {self.deaths[point]}" for point in POINTS)
        return (
            f"{self.deaths.total()} deaths in {self.seconds:.0f} s\n{points}\n{self.sent} messages, {self.letters}"
            f" letters ({self.copied} copies under the same id)\n{self.breaches}"
        )


def crash_points(folder: Path, times: int, seed: int) -> Outcome:
    """Let the daemon die so many times at each point, and once more run in peace."""
    began, draw, outcome = time.monotonic(), random.Random(seed), Outcome()
    lives = [point for point in POINTS for _ in range(times)]
    draw.shuffle(lives)
    machines = fleet(seed, _MACHINES, max(len(lives) * 5, 50))
    arriving = portions(as_it_arrives(machines.readings, seed), _AT_ONCE)
    with (
        rig_in(folder, machines, launcher=(_LAUNCHER,), daemon_class=ForkedDaemon, mqtt={"batch": _BATCH}) as rig,
        zygote_of(rig, _LAUNCHER) as zygote,
    ):
        rig.subscribe_first()
        daemon = cast("ForkedDaemon", rig.daemon)
        daemon.zygote = zygote
        for point in lives:
            _one_life(rig, daemon, point, draw.randint(1, _MOST_TIMES), arriving)
            outcome.deaths[point] += 1
        daemon.more = ()
        daemon.start()
        for rest in arriving:
            rig.publish(rest)
        rig.drain()
        outcome.breaches = rig.breaches()
        outcome.sent, outcome.letters = len(rig.publisher.acknowledged), len(rig.mailbox.letters)
        outcome.copied = letters_copied(rig.mailbox)
    outcome.seconds = time.monotonic() - began
    return outcome


def _one_life(rig: Rig, daemon: ForkedDaemon, point: str, times: int, arriving: Iterator[Sequence[Planned]]) -> None:
    """From its start to its death, with machines reporting until then."""
    if "sweep" in point:
        daemon.database.does(_WAKE_ALL)
        times = 1
    rig.end_leases()
    daemon.more = ("--die-at", f"{point}:{times}")
    daemon.start()

    def died() -> bool:
        if not daemon.is_up():
            return True
        if not rig.is_idle():
            return False
        portion = next(arriving, None)
        assert portion is not None, f"no readings are left before the point {point!r} is reached; {daemon.says()}"
        rig.publish(portion)
        return False

    until(died, f"the daemon comes to {point!r}; {daemon.says()}", LIMIT_S)
    assert daemon.process is not None
    code = daemon.process.wait()
    assert code == -signal.SIGKILL, daemon.says()
    daemon.process = None


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash_points", description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = crash_points(Path(folder), given.times, given.seed)
    print(outcome)
    return 1 if outcome.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
