"""The kill loop on deliberately wrong daemons: it must find each one out, or it proves nothing.

`python -m tests.kill_controls --kills 30 [--store postgresql]`: exit code 1 if a wrong daemon passes. In PostgreSQL
three replicas are wrong together.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.kill_loop import Outcome, kill_loop
from tests.kill_replicas import kill_replicas
from tests.support.ledger import Breaches

CONTROLS: Mapping[str, Callable[[Breaches], list[str]]] = {
    "automatic_acknowledgement": lambda breaches: breaches.lost,
    "acknowledged_before_commit": lambda breaches: breaches.lost,
    "without_identity": lambda breaches: breaches.doubled,
}
"""Each wrong daemon, and the breaches by which it must be found out."""
_REPLICAS = 3


def control(folder: Path, name: str, kills: int, seed: int, store: str = "sqlite") -> tuple[Outcome, list[str]]:
    """Run the loop on a wrong daemon: what came of it, and the breaches that give it away."""
    wrong = f"tests.variants.{name}"
    if store == "postgresql":
        outcome = kill_replicas(folder, kills, _REPLICAS, seed, wrong).outcome
    else:
        outcome = kill_loop(folder, kills, seed, wrong)
    return outcome, CONTROLS[name](outcome.breaches)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill_controls", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    passed = []
    for name in CONTROLS:
        with tempfile.TemporaryDirectory() as folder:
            outcome, found = control(Path(folder), name, given.kills, given.seed, given.store)
        print(f"\n{name}: {'found out' if found else 'NOT FOUND OUT'}\n{outcome}", flush=True)
        passed += [] if found else [name]
    print(f"\nwrong daemons that passed: {', '.join(passed) or 'none'}")
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
