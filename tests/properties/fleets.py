"""Random fleets through the pure core and through the model that computes everything anew, side by side.

python -m tests.properties.fleets --fleets 100000 runs many; a disagreement is printed as a short timeline to replay.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from schedules.rulebook import Rulebook
from tests.model.anew import Orders, orders_on_days
from tests.model.histories import Decision, History, Registration, Sale, Total
from tests.model.lives import Fleet, random_fleet
from tests.model.retold import plan_file, timeline, winter_file
from tests.properties.lived import FIELDS, Lived, Rows, rows, rulebook_of

_PROGRESS_EVERY = 1000


@dataclass(frozen=True)
class Disagreement:
    """The first day on which the two differ over a machine."""

    fleet: Fleet
    history: History
    day: date
    who: str
    model: Rows
    product: Rows

    def __str__(self) -> str:
        """What differs, and the history to replay."""
        fleet = self.fleet
        keys = sorted(key for key in {*self.model, *self.product} if self.model.get(key) != self.product.get(key))
        differing = [f"{key}: model {self.model.get(key)}\n  {self.who} {self.product.get(key)}" for key in keys]
        lines = timeline("M1", self.history, self.day, fleet.figures, fleet.windows)
        return "\n".join(
            [
                f"seed {fleet.seed}, {self.day}:",
                *differing,
                "--- timeline.jsonl (hourkeeper replay timeline.jsonl --plan plan.toml --winter winter.csv)",
                *(json.dumps(line, ensure_ascii=False) for line in lines),
                *(f"# winter override: {each}" for each in self.history if isinstance(each, Decision)),
                "--- plan.toml",
                plan_file(fleet.figures),
                "--- winter.csv",
                winter_file(fleet.windows),
            ]
        )


def disagreements(fleet: Fleet) -> Iterator[Disagreement]:
    """Where the core and the model differ, each with the shortest history that was found to show it."""
    rulebook = rulebook_of(fleet.figures, fleet.windows)
    for history in fleet.histories:
        found = _first(fleet, history, rulebook)
        if found is not None:
            yield _shortened(found, rulebook)


def _first(fleet: Fleet, history: History, rulebook: Rulebook) -> Disagreement | None:
    """Compare the days on which anything changed in the product, those before them, and some at random."""
    lived = Lived(rulebook).through(history, fleet.days[-1])
    changed = set(lived.moved_on)
    days = {*fleet.days, *changed, *(day - timedelta(days=1) for day in changed)}
    day, expected = history[0].on, Rows()
    for day, orders in orders_on_days(sorted(days & lived.seen.keys()), history, fleet.figures, fleet.windows):
        expected, product = _expected(orders, day), rows(lived.seen[day], day)
        if product != expected:
            return Disagreement(fleet, history, day, "daemon", expected, product)
    again = rows(lived.walked_again(day), day)
    return None if again == expected else Disagreement(fleet, history, day, "retrace", expected, again)


def _expected(orders: Orders, day: date) -> Rows:
    facts = {key: order.as_json(day) for key, order in orders.items()}
    return {key: {name: found[name] for name in (*FIELDS, "late_days")} for key, found in facts.items()}


def _shortened(found: Disagreement, rulebook: Rulebook) -> Disagreement:
    """The same without every event that is not needed to show it."""
    place = 1
    while place < len(found.history):
        history = (*found.history[:place], *found.history[place + 1 :])
        is_hand_over = isinstance(found.history[place], Total) and isinstance(found.history[place - 1], Sale)
        is_needed = is_hand_over or isinstance(found.history[place], Registration)
        shorter = None if is_needed else _first(found.fleet, history, rulebook)
        if shorter is None:
            place += 1
        else:
            found = shorter
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run fleets of consecutive seeds; 1 if any disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleets", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    chosen = parser.parse_args(arguments)
    differing = 0
    for count, seed in enumerate(range(chosen.first, chosen.first + chosen.fleets), start=1):
        for found in disagreements(random_fleet(seed)):
            differing += 1
            print(found)
        if count % _PROGRESS_EVERY == 0:
            print(f"{count} fleets, {differing} disagreements", file=sys.stderr)
    print(f"{chosen.fleets} fleets from seed {chosen.first}: {differing} disagreements")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
