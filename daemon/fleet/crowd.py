"""As many made-up machines as wanted, for `simulate`: each a number, its facts and its hours computed from it.

A machine's hand-over falls on a day of the year of its own, within the year before today, and its dial grows with
the clock: whoever starts the simulation again goes on where it would have been.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TextIO
from zoneinfo import ZoneInfo

from daemon.fleet.places import CENTRES
from daemon.fleet.story import dial, exact
from schedules.dates import moment, start_of_day_ms
from schedules.hours import MS_PER_HOUR
from schedules.machine import Category, Warranty
from schedules.plan import Plan

_CYCLE_DAYS = 360
_DAY_MS = 24 * MS_PER_HOUR
_KEPT = 0.9
_MODELS = {Category.LOADER: ("WL936", "WL956H", "ZL50FE"), Category.ROLLER: ("YZ18C", "SR22D")}
_FIELDS = (
    "machine_id",
    "category",
    "model",
    "status",
    "region",
    "handed_over_on",
    "handover_hours",
    "warranty",
    "customer",
    "service_centre",
    "last_step_done",
    "last_step_done_on",
)


@dataclass(slots=True)
class Member:
    """One machine of the crowd: `share` of each hour its engine runs, `last_ms` the device time it sent last."""

    machine_id: str
    category: Category
    handed_over_ms: int
    start_ms: int
    share: float
    last_ms: int = 0

    def total_at(self, at_ms: int) -> int:
        """Engine time in ms at an instant."""
        return self.start_ms + int(max(0, at_ms - self.handed_over_ms) * self.share)

    def report(self, now_ms: int) -> str:
        """Its message at an instant; no two bear the same device time."""
        self.last_ms = max(now_ms, self.last_ms + 1)
        at = moment(self.last_ms).isoformat(timespec="milliseconds")
        return f'{{"hours": {exact(self.total_at(self.last_ms))}, "at": "{at}"}}'


def crowd(seed: int, machines: int, today: date, zone: ZoneInfo) -> list[Member]:
    """The first so many machines of a seed."""
    return [_member(seed, number, today, zone) for number in range(1, machines + 1)]


def _member(seed: int, number: int, today: date, zone: ZoneInfo) -> Member:
    draw = Random(f"{seed}/crowd/{number}")  # noqa: S311 - nothing secret
    category = Category.LOADER if draw.random() < 0.7 else Category.ROLLER  # noqa: PLR2004 - seven of ten
    age = 1 + (today.toordinal() - draw.randrange(_CYCLE_DAYS)) % _CYCLE_DAYS
    handed_over_ms = start_of_day_ms(today - timedelta(age), zone)
    start_ms, share = draw.randrange(4 * MS_PER_HOUR), draw.uniform(0.5, 13) / 24
    return Member(f"SIM{seed}-{number:06d}", category, handed_over_ms, start_ms, share)


def write_register(members: list[Member], seed: int, plan: Plan, today: date, file: TextIO) -> None:
    """A file for `machines import`; nine of ten machines have had the visits they were due."""
    writer = csv.DictWriter(file, _FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(members, seed, plan, today))


def _rows(members: list[Member], seed: int, plan: Plan, today: date) -> Iterator[dict[str, object]]:
    draw, centres = Random(f"{seed}/register"), list(CENTRES.values())  # noqa: S311 - nothing secret
    for member in members:
        handed_over_on = moment(member.handed_over_ms).astimezone(plan.zone).date()
        warranty, centre = draw.choice(list(Warranty)), draw.choice(centres)
        yield {
            "machine_id": member.machine_id,
            "category": member.category.value,
            "model": draw.choice(_MODELS[member.category]),
            "status": "in_service",
            "region": centre.region,
            "handed_over_on": handed_over_on.isoformat(),
            "handover_hours": dial(member.start_ms),
            "warranty": warranty.value,
            "customer": draw.choice(centre.customers),
            "service_centre": centre.code,
            **(_last_visit(member, warranty, plan, handed_over_on, today) if draw.random() < _KEPT else {}),
        }


def _last_visit(member: Member, warranty: Warranty, plan: Plan, first: date, today: date) -> dict[str, object]:
    """The highest step that was due before today, done when it was due."""
    done: dict[str, object] = {}
    for step in plan.steps(warranty):
        run_days = int((step.hours_ms - member.start_ms) / (member.share * _DAY_MS))
        due_on = min(step.due.after(first), first + timedelta(max(run_days, 0)))
        if due_on < today:
            done = {"last_step_done": step.step, "last_step_done_on": due_on.isoformat()}
    return done
