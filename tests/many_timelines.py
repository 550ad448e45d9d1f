"""`make timelines`: random timelines through the store, each against the independent model; what disagrees is kept."""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from daemon.replay import replay, scratch_keeper
from daemon.replayed import summary
from daemon.timeline import read_timeline
from tests.model.random_histories import random_timeline
from tests.model.run import run_timeline
from tests.properties.test_store import a_keeper, outcome

_LINES = 40


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.count)
    with ProcessPoolExecutor(given.workers) as pool:
        disagreed = [seed for seed in pool.map(_disagrees, seeds, chunksize=5) if seed is not None]
    print(f"{given.count} random timelines, {len(disagreed)} disagree with the model")
    return 1 if disagreed else 0


def _disagrees(seed: int) -> int | None:
    """The seed if the product and the model come to different ends; then its timeline is kept."""
    lines = random_timeline(seed, lines=_LINES)
    text = "\n".join(json.dumps(line) for line in lines)
    replayed = replay(scratch_keeper(a_keeper), read_timeline(text))
    if outcome(json.loads(json.dumps(summary(replayed)))) == outcome(run_timeline(lines)):
        return None
    file = Path(f"disagreement-{seed}.jsonl")
    file.write_text(text + "\n", encoding="utf-8")
    print(f"seed {seed}: they disagree; the timeline is in {file}", flush=True)
    return seed


if __name__ == "__main__":
    sys.exit(main())
