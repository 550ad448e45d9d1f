"""Random fleets as plain data: the same seed, the same plan, winters and machines."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from .histories import (
    Before,
    Cancel,
    Decision,
    Event,
    Figures,
    Form,
    History,
    Move,
    Registration,
    Retire,
    Sale,
    Step,
    StockIn,
    Total,
)
from .orders import FREEZE, MANDATORY, SELF_SERVICE, STOCK
from .plan import CYCLE_EVERY, CYCLE_LEAD, FREEZE_ARRIVAL_DAYS, HOUR, VISITS, WARRANTY_MONTHS, add
from .winter import Season, Window, Windows, read_windows, season_opening_in

DEFAULT = Figures(
    tuple(
        Step(v.step, v.hours * HOUR, v.lead * HOUR, v.tolerance * HOUR, v.opens, v.due, v.warranties) for v in VISITS
    ),
    WARRANTY_MONTHS,
    CYCLE_EVERY * HOUR,
    CYCLE_LEAD * HOUR,
    FREEZE_ARRIVAL_DAYS,
)
RATES = (0.0, 0.7, 1.3, 3.0, 8.0, 12.0, 19.5, 24.0)
GAPS = (0, 0, 0, 1, 1, 2, 3, 5, 8, 8, 15, 15, 31, 31, 45, 95, 130)
NOWHERE = "nowhere"


@dataclass(frozen=True)
class Fleet:
    """Machines under one plan and one table of winters, and the days on which they are looked at."""

    seed: int
    figures: Figures
    windows: Windows
    histories: tuple[History, ...]
    days: tuple[date, ...]


def random_fleet(seed: int) -> Fleet:
    rng = random.Random(seed)
    figures = DEFAULT if rng.random() < 0.6 else random_figures(rng)
    windows = read_windows(None) if rng.random() < 0.6 else random_windows(rng)
    begins = date(2023, 1, 1) + timedelta(days=rng.randrange(1500))
    if rng.random() < 0.2:
        begins = rng.choice((date(2023, 12, 31), date(2024, 2, 29), date(2025, 1, 31), date(2025, 8, 31)))
    told = (Life(rng, figures, windows, begins + timedelta(days=rng.choice((0, 0, 9, 40)))).told() for _ in range(2))
    histories = tuple(told)
    last = max(history[-1].on for history in histories)
    looked = {begins + timedelta(days=rng.randrange((last - begins).days + 60)) for _ in range(4)}
    return Fleet(
        seed,
        figures,
        windows,
        histories,
        tuple(sorted(looked | {last, last + timedelta(days=rng.choice((0, 40, 400)))})),
    )


def random_figures(rng: random.Random) -> Figures:
    """Another plan: the same kind of table with other numbers."""
    steps, hours, days = [], 0, 0
    for number in range(rng.randrange(1, 6)):
        hours, days = hours + rng.choice((50, 100, 250, 600)), days + rng.choice((10, 30, 61, 100))
        lead, tolerance = rng.choice((0, 5, 20, 50)), rng.choice((0, 10, 50))
        warranties = ("half_year", "one_year") if number < 2 or rng.random() < 0.4 else ("one_year",)
        opens, due = rng.choice(
            (((days - 5, "days"), (days, "days")), ((days // 30, "months"), (days // 30 + 1, "months")))
        )
        steps.append(Step(str(hours), hours * HOUR, lead * HOUR, tolerance * HOUR, opens, due, warranties))
    months = {"half_year": rng.choice((3, 6)), "one_year": rng.choice((9, 12, 18))}
    every = rng.choice((250, 500, 600, 1000))
    return Figures(tuple(steps), months, every * HOUR, rng.choice((0, 20, 50)) * HOUR, rng.choice((0, 2, 10)))


def random_windows(rng: random.Random) -> Windows:
    """Winters that begin in any month, within one year or over two, with and without days between opening and due."""
    windows: Windows = {}
    for region in ("23", "37", "46"):
        opens = date(2023, 1, 1) + timedelta(days=rng.randrange(365))
        due = opens + timedelta(days=rng.choice((0, 1, 10, 40)))
        ends = due + timedelta(days=rng.choice((0, 1, 30, 120, 250)))
        first, middle, last = (f"{day:%m-%d}".replace("02-29", "02-28") for day in (opens, due, ends))
        windows[region] = Window(first, middle, last, rng.choice(("WINDOW", "WINDOW", "WINDOW", "WATCH", "NONE")))
    return windows


def _dates(season: Season) -> tuple[date, date, date]:
    return season.opens_on, season.due_on, season.ends_on


@dataclass
class Life:
    """One machine: what really happens to it, and what of it reaches us."""

    rng: random.Random
    figures: Figures
    windows: Windows
    now: date
    told_so_far: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.regions = (*self.rng.sample(sorted(self.windows), 3), NOWHERE)
        self.rate = self.rng.choice(RATES)
        self.total = self.rng.choice((0, 0, 2, 79, 95, 130, 470, 1180, 2340)) * HOUR
        self.known = 0
        self.read_on = self.now
        self.visited = [self.rng.choice(self.regions)]
        self.sold_on: date | None = None
        self.retired = False
        self.decided: dict[tuple[str, str], Season] = {}

    def told(self) -> History:
        chance = self.rng.random()
        if chance < 0.45:
            self._adds(StockIn(self.now, self.visited[0], self.rng.random() < 0.5))
        elif chance < 0.65:
            self._has_long_been_in_use()
        else:
            self._sells()
        for _ in range(self.rng.randrange(4, 17)):
            self._passes(self.rng.choice(GAPS))
            self._one_thing()
        return tuple(self.told_so_far)

    def _has_long_been_in_use(self) -> None:
        """Registered late; what was read meanwhile waited, and visits may have been done (rules 5)."""
        rng, sold_on = self.rng, self.now
        self._sells()
        for _ in range(rng.randrange(1, 5)):
            self._passes(rng.choice(GAPS))
            if rng.random() < 0.7:
                self._reads()
        if rng.random() < 0.8:
            self._knows_of_visits(sold_on + timedelta(days=rng.randrange((self.now - sold_on).days + 1)))
        self._adds(Registration(self.now))

    def _knows_of_visits(self, done_on: date) -> None:
        sale = self.told_so_far[0]
        assert isinstance(sale, Sale)
        steps = [step.step for step in self.figures.steps if sale.warranty in step.warranties]
        place = sum(event.on <= done_on for event in self.told_so_far)
        done = [Before(done_on, step) for step in steps[: self.rng.randrange(1, len(steps) + 1)]]
        self.told_so_far[place:place] = done

    def _adds(self, event: Event) -> None:
        self.told_so_far.append(event)

    def _passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.total += int(self.rate * days * HOUR)

    def _one_thing(self) -> None:
        rng, chance = self.rng, self.rng.random()
        if chance < 0.02 and not self.retired:
            self.retired = True
            self._adds(Retire(self.now))
        elif chance < 0.06:
            self._adds(Cancel(self.now, *self._some_order()))
        elif chance < 0.32 or self.retired:
            done_on = self.now - timedelta(days=rng.choice((0, 0, 0, 0, 1, 5, 20, 60, -1)))
            self._adds(Form(self.now, *self._some_order(), done_on))
        elif self.sold_on is not None:
            self._reads()
        elif chance < 0.5:
            self._adds(Move(self.now, self._another_region()))
        elif chance < 0.56:
            self._decides()
        elif chance < 0.66:
            self._sells()
        elif chance < 0.72:
            self._reads()

    def _another_region(self) -> str:
        self.visited.append(self.rng.choice((*self.regions, *self.visited)))
        return self.visited[-1]

    # ---- another winter

    def _decides(self) -> None:
        """Somebody moves a season that is not over; nobody decides on what is past, or makes two seasons overlap."""
        region = self.rng.choice(self.visited[-2:])
        window = self.windows.get(region)
        if window is None or not window.is_winter:
            return
        seasons = [season_opening_in(self.now.year + years, window) for years in (-1, 0, 1)]
        default = self.rng.choice([season for season in seasons if season.ends_on >= self.now][:2])
        then = self._moved(default)
        others = [self.decided.get((region, season.name), season) for season in seasons if season is not default]
        apart = all(other.ends_on < then.opens_on or then.ends_on < other.opens_on for other in others)
        if apart and then.opens_on <= then.due_on <= then.ends_on:
            self.decided[region, default.name] = then
            pairs = zip((then.opens_on, then.due_on, then.ends_on), _dates(default), strict=True)
            dates = [None if date == by_default else date for date, by_default in pairs]
            self._adds(Decision(self.now, region, default.name, *dates))

    def _moved(self, season: Season) -> Season:
        if self.rng.random() < 0.2 and season.due_on >= self.now:
            return season
        days = (timedelta(days=self.rng.choice((0, 0, -60, -20, -3, 1, 4, 15, 45))) for _ in range(3))
        dates = (
            on if by == timedelta() else max(on + by, self.now) for on, by in zip(_dates(season), days, strict=True)
        )
        return Season(season.name, *dates)

    def _sells(self) -> None:
        self._adds(Sale(self.now, self.rng.choice(("half_year", "one_year"))))
        self.sold_on = self.now
        self._knows(self.now)

    def _reads(self) -> None:
        """In time, or buffered for days; sometimes exactly at a limit, sometimes far ahead; the rate changes."""
        rng, chance = self.rng, self.rng.random()
        if chance < 0.25:
            self.total = rng.choice([*self._limits_ahead(), self.total]) + rng.choice((0, 0, -1, 1))
        elif chance < 0.35:
            self.total += rng.choice((60, 700, 1900)) * HOUR
        elif chance < 0.45:
            self.rate = rng.choice(RATES)
        self._knows(max(self.read_on, self.now - timedelta(days=rng.choice((0, 0, 0, 0, 1, 3, 20)))))

    def _knows(self, read_on: date) -> None:
        self.read_on = read_on
        self.known = self.total = max(self.known, self.total)
        self._adds(Total(self.now, self.known, read_on))

    def _limits_ahead(self) -> list[int]:
        limits = {s.at + by for s in self.figures.steps for by in (-s.lead, 0, s.tolerance)}
        every, lead = self.figures.every, self.figures.lead
        limits |= {n * every + by for n in range(1, 12) for by in (-lead, 0)}
        return sorted(limit for limit in limits if limit >= self.total)[:2]

    # ---- an order that may well be open

    def _some_order(self) -> tuple[str, str]:
        if self.sold_on is None or self.rng.random() < 0.05:
            return self._of_stock()
        if self.rng.random() < 0.35:
            every = self.figures.every
            near = self.known // every * every + self.rng.choice((-every, 0, 0, every))
            return SELF_SERVICE, str(max(every, near) // HOUR)
        steps = [s for s in self.figures.steps if self._is_open(s)] or list(self.figures.steps)
        return MANDATORY, self.rng.choice((*steps, *steps[-2:])).step

    def _is_open(self, step: Step) -> bool:
        assert self.sold_on is not None
        return step.at - step.lead <= self.known or add(self.sold_on, step.opens) <= self.now

    def _of_stock(self) -> tuple[str, str]:
        region = self.rng.choice(self.visited[-2:])
        if self.rng.random() < 0.5 and region in self.windows and self.windows[region].is_winter:
            year = self.now.year - self.rng.choice((0, 0, 1))
            return FREEZE, f"{season_opening_in(year, self.windows[region]).name}@{region}"
        month = self.now - timedelta(days=self.rng.choice((0, 0, 0, 31, 62)))
        return STOCK, f"{month:%Y-%m}"
