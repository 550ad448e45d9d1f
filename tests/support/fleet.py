"""Machines that run for weeks, what they report, and an independent model of what must follow from it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert

from adapters.store.tables import service_centres
from daemon.clock import clock_ms
from daemon.keeper import Keeper
from daemon.life import HandOver, hand_over
from schedules.machine import Category, Warranty
from tests.support.publisher import Message

MS_PER_HOUR = 3_600_000
MANAGER, MANAGER_MAIL = "Zhao", "zhao@maker.example"
_CENTRES = 4
_WEEKS_MS = 80 * 24 * MS_PER_HOUR
_STEP_MS = 36_000
_FIRST_HOURS = 400
# (hours, lead, tolerance) of the shipped plan's visits; the user's own cycle follows the last one.
_VISITS = {100: (20, 10), 600: (50, 50), 1200: (50, 50), 1800: (50, 50), 2400: (50, 50)}
_STEPS = {Warranty.HALF_YEAR: (100, 600, 1200), Warranty.ONE_YEAR: (100, 600, 1200, 1800, 2400)}
_OWN_EVERY, _OWN_LEAD = 600, 50

Identity = tuple[str, int, int]
"""Machine, dial in ms, device time in ms."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One reading that a machine is going to send."""

    machine_id: str
    dial_ms: int
    device_ms: int

    @property
    def identity(self) -> Identity:
        """What makes it this reading and no other."""
        return self.machine_id, self.dial_ms, self.device_ms

    def message(self) -> Message:
        """As the machine sends it."""
        at = datetime.fromtimestamp(self.device_ms / 1000, UTC).isoformat(timespec="milliseconds")
        payload = json.dumps({"hours": self.dial_ms / MS_PER_HOUR, "at": at})
        return Message(f"machines/{self.machine_id}/hours".encode(), payload.encode())


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines by number with their warranty, and their readings in order of device time."""

    warranties: dict[str, Warranty]
    readings: list[Planned]


def fleet(seed: int, machines: int, readings_each: int, prefix: str = "M") -> Fleet:
    """Machines whose readings, in whatever order, are all plausible: less than 24 h a day for twelve weeks.

    One in three ends exactly at a threshold or 0.01 h beside it.
    """
    draw = random.Random(seed)
    now_ms = clock_ms() - 60_000
    warranties: dict[str, Warranty] = {}
    all_readings: list[Planned] = []
    for number in range(machines):
        machine_id = f"{prefix}-{number:04}"
        warranties[machine_id] = draw.choice(list(Warranty))
        all_readings.extend(_readings(machine_id, draw, now_ms, readings_each))
    return Fleet(warranties, sorted(all_readings, key=lambda reading: reading.device_ms))


def _readings(machine_id: str, draw: random.Random, now_ms: int, count: int) -> Iterator[Planned]:
    first_ms = draw.randrange(_FIRST_HOURS * MS_PER_HOUR // _STEP_MS) * _STEP_MS
    gained_ms = draw.randrange(int(0.1 * _WEEKS_MS), _WEEKS_MS)
    last_ms = _near_a_threshold(draw, first_ms) if draw.random() < 1 / 3 else first_ms + gained_ms
    begin_ms = now_ms - _WEEKS_MS
    times = [*sorted(draw.sample(range(_WEEKS_MS), count - 1)), _WEEKS_MS]
    for at in times:
        dial_ms = first_ms + (last_ms - first_ms) * at // _WEEKS_MS // _STEP_MS * _STEP_MS
        yield Planned(machine_id, dial_ms, begin_ms + at)


def _near_a_threshold(draw: random.Random, first_ms: int) -> int:
    limits = [hours + beside for hours, (lead, tolerance) in _VISITS.items() for beside in (-lead, 0, tolerance)]
    most_ms = first_ms + _WEEKS_MS
    fitting = [limit for limit in limits if first_ms + _STEP_MS < limit * MS_PER_HOUR < most_ms - _STEP_MS]
    # Divisible by the step, so that nothing is cut off on the way there.
    beside = draw.choice((-_STEP_MS, 0, _STEP_MS))
    return max(first_ms - first_ms % _STEP_MS, draw.choice(fitting) * MS_PER_HOUR + beside)


def centre_of(machine_id: str) -> str:
    """The service centre of a machine."""
    return f"SC{int(machine_id.rpartition('-')[2]) % _CENTRES}"


def centre_mail(centre: str) -> str:
    """Where a service centre is written to."""
    return f"{centre.lower()}@centres.example"


def customer_mail(machine_id: str) -> str:
    """Where a machine's customer is written to: each machine has its own."""
    return f"{machine_id.lower()}@customers.example"


def register(keeper: Keeper, warranties: dict[str, Warranty]) -> None:
    """Hand all machines over to their users today, so that only their hours matter, and make the centres known."""
    now_ms = clock_ms()
    with keeper.store.write() as connection:
        for number in range(_CENTRES):
            row = {"service_centre": f"SC{number}", "name": f"Centre {number}", "locale": "en"}
            connection.execute(insert(service_centres).values(**row, email=centre_mail(row["service_centre"])))
        for machine_id, warranty in warranties.items():
            hand_over(connection, keeper, _sale(machine_id, warranty, now_ms), now_ms)


def _sale(machine_id: str, warranty: Warranty, now_ms: int) -> HandOver:
    return HandOver(
        machine_id,
        now_ms,
        warranty,
        category=Category.LOADER,
        model="LG855N",
        customer=f"Owner of {machine_id}",
        customer_email=customer_mail(machine_id),
        customer_locale="en",
        service_centre=centre_of(machine_id),
    )


def as_it_arrives(readings: Sequence[Planned], seed: int, window: int = 32, repeated: float = 0.1) -> list[Planned]:
    """The readings shuffled within a window, some of them sent twice."""
    draw = random.Random(seed)
    copies = [reading for reading in readings for _ in range(1 + (draw.random() < repeated))]
    order = sorted(range(len(copies)), key=lambda place: place + draw.uniform(0, window))
    return [copies[place] for place in order]


def portions(of: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """So many at a time, as they come."""
    rest = iter(of)
    while portion := list(islice(rest, size)):
        yield portion


def expected_orders(warranty: Warranty, most_ms: int) -> dict[tuple[str, str], str]:
    """The orders of a machine handed over today that shows at most so much: (kind, step) and state.

    Written from the rules alone (rules 1 and 2); it shares nothing with the product.
    """
    orders: dict[tuple[str, str], str] = {}
    for step in _STEPS[warranty]:
        lead, tolerance = _VISITS[step]
        if most_ms >= (step - lead) * MS_PER_HOUR:
            beyond = most_ms > (step + tolerance) * MS_PER_HOUR
            state = "overdue" if beyond else "due" if most_ms >= step * MS_PER_HOUR else "upcoming"
            orders["mandatory_visit", str(step)] = state
    own = [step for step in range(600, 6001, _OWN_EVERY) if step > _STEPS[warranty][-1]]
    due = [step for step in own if most_ms >= step * MS_PER_HOUR]
    for step in own:
        if most_ms >= (step - _OWN_LEAD) * MS_PER_HOUR:
            superseded = due and step < due[-1]
            state = "superseded" if superseded else "due" if step in due else "upcoming"
            orders["self_service", str(step)] = state
    return orders
