"""Work for hours with a fault at random moments: nothing is lost or doubled, and nothing grows.

`python -m tests.soak --minutes 480 --seed S`: Mosquitto, a mail server and the installed command. Machines report
all the time; in every round something happens to the daemon or to what it needs, and within a limit it makes up for it.
What the process holds is read after every round. Exit code 1 if anything is lost, doubled, or grows beyond its bound.
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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.support.fleet import Planned, as_it_arrives, fleet, portions
from tests.support.ledger import Breaches, letters_copied
from tests.support.process_status import status_mb, status_of
from tests.support.rig import Rig, rig_in
from tests.support.store_locked import store_locked
from tests.support.waiting import until

_MACHINES = 60
_AT_ONCE = 40
_PORTIONS = 5
_BETWEEN_S = 0.2
_HELD_S = 6.0
_RECOVERED_WITHIN_S = 90.0
_SAID_EVERY_S = 60.0
_AGAIN_S = 5.0
_READINGS_A_MINUTE = 6000
"""More than it gets through, so that time ends it."""
_MOST = {"memory MB": 250.0, "descriptors": 80.0, "threads": 40.0, "WAL MB": 64.0}
"""More than this of anything is a fault: the bounds of invariant I7."""
_MAY_GROW = {"memory MB": 40.0, "descriptors": 10.0, "threads": 5.0, "WAL MB": 64.0}
"""And so is more growth than this in one life, from its third round on."""
_RENEWING_OF = 25
"""One round in so many ends the life of the process."""
_SETTLED_AFTER = 3


@dataclass
class Outcome:
    """What happened, what it cost, and what was wrong afterwards."""

    happened: Counter[str] = field(default_factory=Counter)
    most: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_MOST, 0.0))
    grown: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_MOST, 0.0))
    longest_life: int = 0
    slowest_s: float = 0.0
    sent: int = 0
    letters: int = 0
    copied: int = 0
    seconds: float = 0.0
    breaches: Breaches = field(default_factory=Breaches)

    @property
    def beyond(self) -> list[str]:
        """What is, or has grown, beyond its bound."""
        bounds = (("at most", self.most, _MOST), ("grown by", self.grown, _MAY_GROW))
        return [
            f"{name} {how} {found[name]:.0f}"
            for how, found, allowed in bounds
            for name in found
            if found[name] > allowed[name]
        ]

    def look(self, life: list[dict[str, float]]) -> None:
        """What the process holds after each round of this life so far."""
        self.longest_life = max(self.longest_life, len(life))
        for name, value in life[-1].items():
            self.most[name] = max(self.most[name], value)
            if len(life) > _SETTLED_AFTER:
                self.grown[name] = max(self.grown[name], value - life[_SETTLED_AFTER - 1][name])

    def __str__(self) -> str:
        faults = ", ".join(f"{count} x {name}" for name, count in sorted(self.happened.items()))
        held, grown = (", ".join(f"{v:.0f} {name}" for name, v in each.items()) for each in (self.most, self.grown))
        return (
            f"{self.happened.total()} rounds in {self.seconds:.0f} s: {faults}\n{self.sent} messages, {self.letters}"
            f" letters ({self.copied} copies under the same id); made up for after {self.slowest_s:.1f} s at most\n"
            f"at most {held}; grown in one life (up to {self.longest_life} rounds) by {grown}; beyond the bounds:"
            f" {', '.join(self.beyond) or 'nothing'}\n{self.breaches}"
        )


def soak(folder: Path, minutes: float, seed: int) -> Outcome:
    """Go on for so long."""
    began, draw, outcome = time.monotonic(), random.Random(seed), Outcome()
    machines = fleet(seed, _MACHINES, max(round(minutes * _READINGS_A_MINUTE) // _MACHINES, 50))
    arriving = portions(as_it_arrives(machines.readings, seed), _AT_ONCE)
    with rig_in(folder, machines) as rig:
        rig.daemon.start_ready()
        said, life = began, list[dict[str, float]]()
        while (now := time.monotonic()) - began < minutes * 60:
            if _round(rig, draw, islice(arriving, _PORTIONS), outcome) in RENEWING:
                life.clear()
            life.append(_held(rig))
            outcome.look(life)
            if now - said >= _SAID_EVERY_S:
                said = now
                print(f"{now - began:.0f} s: {outcome.happened.total()} rounds, {_held(rig)}", flush=True)
        rig.drain(_RECOVERED_WITHIN_S)
        outcome.breaches = rig.breaches()
        outcome.sent, outcome.letters = len(rig.publisher.acknowledged), len(rig.mailbox.letters)
        outcome.copied = letters_copied(rig.mailbox)
    outcome.seconds = time.monotonic() - began
    return outcome


def _round(rig: Rig, draw: random.Random, portions: Iterable[Sequence[Planned]], outcome: Outcome) -> str:
    """Something happens while machines report, and all is made up for; what it was."""
    name = draw.choice(sorted(RENEWING if draw.randrange(_RENEWING_OF) == 0 else FAULTS.keys() - RENEWING))
    with _reporting(rig, list(portions)):
        time.sleep(draw.uniform(0, _PORTIONS * _BETWEEN_S))
        FAULTS[name](rig)
    outcome.happened[name] += 1
    outcome.slowest_s = max(outcome.slowest_s, _recovered_after_s(rig, name))
    return name


def _recovered_after_s(rig: Rig, name: str) -> float:
    """Letters that wait for the end of a lease, or of a pause after a refusal, need not wait so long here."""
    over = time.monotonic()
    while not rig.is_idle():
        assert time.monotonic() < over + _RECOVERED_WITHIN_S, f"it does not make up for: {name}; {rig.daemon.says()}"
        rig.end_leases()
        soon = time.monotonic() + _AGAIN_S
        until(lambda: rig.is_idle() or time.monotonic() > soon, name)  # noqa: B023 - it ends before the next turn
    return time.monotonic() - over


@contextmanager
def _reporting(rig: Rig, portions: Sequence[Sequence[Planned]]) -> Iterator[None]:
    def report() -> None:
        for portion in portions:
            rig.publish(portion)
            time.sleep(_BETWEEN_S)

    machines = threading.Thread(target=report)
    machines.start()
    yield
    machines.join()


def _held(rig: Rig) -> dict[str, float]:
    """What the daemon holds now."""
    assert rig.daemon.process is not None
    pid = rig.daemon.process.pid
    wal = rig.daemon.store.with_name(f"{rig.daemon.store.name}-wal")
    return {
        "memory MB": status_mb(pid, "VmRSS"),
        "descriptors": float(len(list(Path(f"/proc/{pid}/fd").iterdir()))),
        "threads": float(status_of(pid)["Threads"]),
        "WAL MB": wal.stat().st_size / (1 << 20) if wal.exists() else 0.0,
    }


def _nothing(_rig: Rig) -> None:
    """An hour like any other."""


def _killed(rig: Rig) -> None:
    rig.daemon.end(signal.SIGKILL)
    rig.daemon.start()


def _ended(rig: Rig) -> None:
    """A signal before it is ready would not end it in order."""
    rig.daemon.wait_for("ready")
    code = rig.daemon.end()
    assert code == 0, rig.daemon.says()
    rig.daemon.start()


def _held_up(rig: Rig) -> None:
    assert rig.daemon.process is not None
    os.kill(rig.daemon.process.pid, signal.SIGSTOP)
    time.sleep(_HELD_S)
    os.kill(rig.daemon.process.pid, signal.SIGCONT)


def _read_again(rig: Rig) -> None:
    rig.daemon.wait_for("ready")
    assert rig.daemon.process is not None
    os.kill(rig.daemon.process.pid, signal.SIGHUP)


def _broker(rig: Rig) -> None:
    rig.broker.restart(signal.SIGTERM)


def _locked(rig: Rig) -> None:
    with store_locked(rig.daemon.store, _HELD_S):
        pass


def _mail_refused(rig: Rig) -> None:
    rig.mailbox.script.rcpt = "451 later"
    time.sleep(_HELD_S)
    rig.mailbox.script.rcpt = None


FAULTS: Mapping[str, Callable[[Rig], None]] = {
    "nothing": _nothing,
    "killed": _killed,
    "ended in order": _ended,
    "held up": _held_up,
    "configuration read again": _read_again,
    "broker restarted": _broker,
    "store locked": _locked,
    "mail refused": _mail_refused,
}
"""What may happen in a round. The times for which it lasts are the faults themselves; nothing waits for them."""
RENEWING = frozenset({"killed", "ended in order", "configuration read again"})
"""What ends the life of a process: seldom, for nothing that grows would be seen."""


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=480)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(Path(folder), given.minutes, given.seed)
    print(outcome)
    return 1 if outcome.breaches or outcome.beyond else 0


if __name__ == "__main__":
    sys.exit(main())
