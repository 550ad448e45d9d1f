"""Random histories of one machine: mostly plausible, with everything that has ever gone wrong with a meter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from schedules.dates import start_of_day_ms
from schedules.hours import MS_PER_HOUR
from schedules.machine import Machine, Status, Warranty
from tests.properties.core import Watch, World, rulebook, untold
from tests.properties.events import Asks, ChangesMeter, Completes, Event, Moves, Retires, Sells, Sends

HOUR = MS_PER_HOUR
MINUTE = 60_000
DAY = 24 * HOUR
REGIONS = ("23", "37", "46", "nowhere")
_FINE = Decimal("1e-10")
_BEGINNINGS = (
    date(2023, 12, 31),
    date(2024, 2, 29),
    date(2025, 1, 31),
    date(2025, 3, 3),
    date(2025, 8, 31),
    date(2025, 10, 15),
)
_STEPS = (100, 600, 1200, 1800, 2400)
_LIMITS = sorted(
    {step - 50 for step in range(600, 6001, 600)}
    | {80, 100, 110}
    | {step + 50 for step in _STEPS[1:]}
    | set(range(600, 6001, 600))
)
_NO_HOURS: tuple[object, ...] = (
    None,
    "",
    "NaN",
    Decimal(-1),
    Decimal(4294967295),
    True,
    "612.5",
    [1],
    {},
    Decimal("-0.5"),
    Decimal(10) ** 9,
)
_GAPS: tuple[int, ...] = (
    0,
    1,
    10 * MINUTE,
    HOUR,
    HOUR,
    9 * HOUR,
    DAY,
    DAY,
    DAY,
    2 * DAY,
    2 * DAY,
    3 * DAY,
    3 * DAY,
    8 * DAY,
    8 * DAY,
)
_GAPS += (20 * DAY, 35 * DAY)
_TO_MIDNIGHT = (-1, 0, 1)
_BACK = (HOUR, 5 * HOUR, 30 * HOUR, 3 * DAY, 25 * DAY, 40 * DAY, 91 * DAY)
_JUMPS = (900 * 3600, HOUR, HOUR + 1, 5 * HOUR, 60 * HOUR, 300 * HOUR, 5000 * HOUR)
_ROLLS = (HOUR // 2, HOUR, HOUR + 1, 7 * HOUR, 90 * HOUR)
_DAYS_AGO = (0, 0, 0, 0, 1, 5, 20, 60, -1)
_DOINGS = (
    ("reads",) * 8
    + ("completes",) * 5
    + ("reads_bare", "reads_buffered", "reads_at_limit") * 3
    + ("jumps", "rolls_back", "has_wrong_clock", "says_nothing", "repeats")
    + ("works_otherwise", "changes_meter", "moves", "sells", "ends")
)


def shown_as(dial_ms: int) -> Decimal:
    """The dial in hours, written finely enough to be read back as the same ms."""
    return (Decimal(max(0, dial_ms)) / HOUR).quantize(_FINE, ROUND_UP)


class Doing(NamedTuple):
    """What happens next: after how long, what, and which of its variants."""

    gap_ms: int
    what: str
    variant: int


@dataclass
class Story:
    """What really happens to one machine, and what of it reaches us."""

    machine: Machine
    begins_ms: int
    rate: Decimal
    """Engine ms per ms."""
    total_ms: int
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now_ms = self.begins_ms
        self._truth = [(self.begins_ms, self.total_ms)]
        self._offsets = [(0, 0)]

    def goes_on(self, doing: Doing) -> None:
        self.passes(doing.gap_ms)
        getattr(self, doing.what)(doing.variant)

    def passes(self, gap_ms: int) -> None:
        if gap_ms in _TO_MIDNIGHT:
            to_ms = (self.now_ms + 8 * HOUR) // DAY * DAY + DAY - 8 * HOUR + gap_ms
            gap_ms = max(0, to_ms - self.now_ms)
        self.now_ms += gap_ms
        self.total_ms += int(gap_ms * self.rate)
        self._truth.append((self.now_ms, self.total_ms))

    def dial_at(self, time_ms: int) -> int:
        """What the dial showed at an instant of the past."""
        total = self._truth[0][1]
        for (from_ms, from_total), (to_ms, to_total) in zip(self._truth, self._truth[1:], strict=False):
            if from_ms <= time_ms <= to_ms and to_ms > from_ms:
                total = from_total + (to_total - from_total) * (time_ms - from_ms) // (to_ms - from_ms)
        if time_ms >= self.now_ms:
            total = self.total_ms
        return max(0, total - [offset for since, offset in self._offsets if since <= time_ms][-1])

    def _sends(self, dial_ms: int, device_ms: int | None, *, unreadable: bool = False) -> None:
        self.events.append(Sends(self.now_ms, shown_as(dial_ms), device_ms, unreadable))

    def reads(self, _variant: int) -> None:
        self._sends(self.dial_at(self.now_ms), self.now_ms)

    def reads_bare(self, _variant: int) -> None:
        self._sends(self.dial_at(self.now_ms), None)

    def reads_buffered(self, variant: int) -> None:
        then_ms = max(self.begins_ms, self.now_ms - _BACK[variant % len(_BACK)])
        self._sends(self.dial_at(then_ms), then_ms)

    def reads_at_limit(self, variant: int) -> None:
        """Exactly at, or a millisecond off the next limit, if the machine could be there."""
        limit_ms = next((limit * HOUR for limit in _LIMITS if limit * HOUR >= self.total_ms), self.total_ms)
        total_ms = limit_ms + (0, -1, 1)[variant % 3]
        if limit_ms - self.total_ms < 60 * HOUR:
            self.total_ms = max(self.total_ms, total_ms)
            self._truth.append((self.now_ms, self.total_ms))
        self.reads(variant)

    def jumps(self, variant: int) -> None:
        self._sends(self.dial_at(self.now_ms) + _JUMPS[variant % len(_JUMPS)], self.now_ms)

    def rolls_back(self, variant: int) -> None:
        self._sends(self.dial_at(self.now_ms) - _ROLLS[variant % len(_ROLLS)], self.now_ms)

    def has_wrong_clock(self, variant: int) -> None:
        wrong = (0, 10 * MINUTE, 10 * MINUTE + 1, 8 * HOUR, -91 * DAY, None)[variant % 6]
        device_ms = None if wrong is None else self.now_ms + wrong if wrong else 0
        self._sends(self.dial_at(self.now_ms), device_ms, unreadable=wrong is None)

    def says_nothing(self, variant: int) -> None:
        self.events.append(Sends(self.now_ms, _NO_HOURS[variant % len(_NO_HOURS)], self.now_ms))

    def repeats(self, variant: int) -> None:
        sent = [event for event in self.events if isinstance(event, Sends)]
        if sent:
            again = sent[-1 - variant % len(sent)]
            self.events.append(replace(again, at_ms=self.now_ms, repeated=variant % 2 == 0))

    def completes(self, variant: int) -> None:
        self.events.append(Completes(self.now_ms, variant % 4, _DAYS_AGO[variant % len(_DAYS_AGO)]))

    def works_otherwise(self, variant: int) -> None:
        self.rate = RATES[variant % len(RATES)]

    def changes_meter(self, variant: int) -> None:
        new_start_ms = (0, 0, 3 * HOUR + 1)[variant % 3]
        self.events.append(ChangesMeter(self.now_ms, self.dial_at(self.now_ms), new_start_ms))
        self._offsets.append((self.now_ms, self.total_ms - new_start_ms))

    def moves(self, variant: int) -> None:
        self.events.append(Moves(self.now_ms, REGIONS[variant % len(REGIONS)]))

    def sells(self, variant: int) -> None:
        warranty = tuple(Warranty)[variant % 2]
        self.events.append(Sells(self.now_ms, warranty, self.dial_at(self.now_ms)))

    def ends(self, variant: int) -> None:
        self.events.append(Retires(self.now_ms) if variant == 0 else Asks(self.now_ms))


RATES = tuple(Decimal(hours) / 24 for hours in ("0", "1.3", "8", "12", "23"))
_hours = st.sampled_from((0, 0, 2, 79, 95, 130, 470, 1180, 2340))
_doings = st.builds(
    Doing, st.sampled_from(_GAPS + _TO_MIDNIGHT), st.sampled_from(_DOINGS), st.integers(min_value=0, max_value=40)
)


@dataclass(frozen=True, slots=True)
class History:
    """A machine as it comes to us, with its first hours, and what reaches us of it."""

    machine: Machine
    begins_ms: int
    first_ms: int
    known_ms: int
    events: tuple[Event, ...]

    def world(self, *, always: bool, watch: Watch = untold) -> World:
        """The machine with its first hours by hand; then nothing is heard until the events begin."""
        world = World(self.machine, self.begins_ms, always, watch)
        world.by_hand(self.first_ms)
        return world.sleeps_until(self.known_ms)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """The beginning of a machine: mostly in service, at any point of its warranty, sometimes unsold."""
    begins_on = draw(st.sampled_from(_BEGINNINGS))
    machine = Machine("M1", Status.STOCK, draw(st.sampled_from(REGIONS)), begins_on, begins_on)
    if draw(st.integers(0, 3)):
        facts = {"status": Status.IN_SERVICE, "handed_over_on": begins_on, "warranty": draw(st.sampled_from(Warranty))}
        machine = replace(machine, stocked_on=None, arrived_on=None, **facts)
    begins_ms = start_of_day_ms(begins_on, rulebook().plan.zone) + draw(st.integers(0, 23)) * HOUR
    story = Story(machine, begins_ms, draw(st.sampled_from(RATES)), draw(_hours) * HOUR)
    story.passes(draw(st.sampled_from((0, 0, 5, 60, 170, 330))) * DAY)
    return story


@st.composite
def histories(draw: st.DrawFn, *, least: int = 12, most: int = 40) -> History:
    story = draw(stories())
    first_ms, known_ms = story.dial_at(story.begins_ms), story.now_ms
    for doing in draw(st.lists(_doings, min_size=least, max_size=most)):
        story.goes_on(doing)
    return History(story.machine, story.begins_ms, first_ms, known_ms, tuple(story.events))
