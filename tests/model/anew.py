"""The orders of a machine on a day, computed anew from its whole history: nothing is remembered from day to day.

Where `machine.py` lives through every midnight, this looks for the first moment at which a sentence of the rules holds.
A moment is (day, place in the history); midnight has place -1, so the calendar comes before the day's readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from .histories import (
    Before,
    Cancel,
    Decision,
    Figures,
    Form,
    History,
    Move,
    Retire,
    Sale,
    Step,
    StockIn,
    Total,
    hours_text,
)
from .orders import FREEZE, MANDATORY, SELF_SERVICE, STOCK, WorkOrder
from .plan import add, add_months, month_end, tomorrow
from .winter import Season, Windows, season_opening_in

Moment = tuple[date, int]
Orders = dict[tuple[str, str], WorkOrder]
NEVER: Moment = (date.max, 0)


def midnight(day: date) -> Moment:
    return (day, -1)


@dataclass(frozen=True)
class Reached:
    """When a total came to be known, and the date of the reading that told it."""

    at: Moment
    read_on: date


@dataclass
class Facts:
    """A history, from the sides from which the rules look at it."""

    history: History
    figures: Figures
    windows: Windows

    @cached_property
    def sold_at(self) -> Moment:
        return next(((each.on, n) for n, each in enumerate(self.history) if isinstance(each, Sale)), NEVER)

    @cached_property
    def sale(self) -> Sale:
        return next(each for each in self.history if isinstance(each, Sale))

    @cached_property
    def warranty_is_over_on(self) -> date:
        return tomorrow(add_months(self.sale.on, self.figures.warranty_months[self.sale.warranty]))

    @cached_property
    def ends_at(self) -> Moment:
        return next(((each.on, n) for n, each in enumerate(self.history) if isinstance(each, Retire)), NEVER)

    def stay(self, now: Moment) -> StockIn | Move:
        """How the machine came to the region it is in; a move within a region changes nothing but the yard."""
        came = self.history[0]
        assert isinstance(came, StockIn)
        stay: StockIn | Move = came
        for n, each in enumerate(self.history):
            if isinstance(each, Move) and (each.on, n) <= now and each.region != stay.region:
                stay = each
        return stay

    def came_at(self, stay: StockIn | Move) -> Moment:
        return next((each.on, n) for n, each in enumerate(self.history) if each is stay)

    @property
    def arrival(self) -> timedelta:
        return timedelta(days=self.figures.arrival_days)

    def decided(self, season: Season, region: str) -> list[tuple[Moment, Season]]:
        """Since when a season has other dates than those of the file, one decision after the other."""
        return [
            (
                (each.on, n),
                Season(
                    season.name,
                    each.opens or season.opens_on,
                    each.due or season.due_on,
                    each.ends or season.ends_on,
                ),
            )
            for n, each in enumerate(self.history)
            if isinstance(each, Decision) and (each.region, each.season) == (region, season.name)
        ]

    @cached_property
    def totals(self) -> list[tuple[int, Reached]]:
        """The hours run before the hand-over count at once when it comes, dated by it (rules 1)."""
        return [
            (each.total, Reached(max((each.on, n), self.sold_at), max(each.read_on, self.sale.on)))
            for n, each in enumerate(self.history)
            if isinstance(each, Total)
        ]

    def first(self, limit: int) -> Reached:
        """The first total at the limit or above."""
        return next((reached for total, reached in self.totals if total >= limit), Reached(NEVER, date.max))

    def known_before(self, moment: Moment) -> int:
        return max((total for total, reached in self.totals if reached.at < moment), default=0)


# ---- what an order is at a moment if nobody has closed it


def visits(facts: Facts, now: Moment) -> Iterator[WorkOrder]:
    """Rules 1: whichever comes first, hours or calendar; nothing after the warranty."""
    sold_at, ends_on = facts.sold_at, facts.warranty_is_over_on

    def has_come(moment: Moment) -> bool:
        return moment <= now and moment < midnight(ends_on)

    for step in facts.figures.steps:
        if facts.sale.warranty not in step.warranties:
            continue
        opens, due = add(facts.sale.on, step.opens), add(facts.sale.on, step.due)
        order = WorkOrder("", MANDATORY, step.step, opens, due, tomorrow(due))
        calendar, hours = max(midnight(opens), sold_at), facts.first(step.at - step.lead)
        if not has_come(min(calendar, hours.at)):
            continue
        if hours.at < calendar:
            order.opens_on = min(opens, hours.read_on)
        calendar, hours = max(midnight(due), sold_at), facts.first(step.at)
        if has_come(min(calendar, hours.at)):
            order.state, order.cause = "due", "calendar"
            if hours.at < calendar:
                order.cause, order.due_on = "hours", max(hours.read_on, order.opens_on)
            assert order.due_on is not None
            calendar, hours = max(midnight(tomorrow(due)), sold_at), facts.first(step.at + step.tolerance + 1)
            if has_come(min(calendar, hours.at)):
                order.state = "overdue"
                if hours.at < calendar:
                    order.overdue_on = max(hours.read_on, order.due_on)
        if midnight(ends_on) <= now:
            order.close("lapsed", ends_on)
        yield order


def own_services(facts: Facts, now: Moment) -> Iterator[WorkOrder]:
    """Rules 2: every so many hours beyond the last visit; from the day after the warranty every multiple above the
    total known when that day begins.
    """
    every, lead, begins = facts.figures.every, facts.figures.lead, midnight(facts.warranty_is_over_on)
    highest = facts.known_before((now[0], now[1] + 1))
    last_visit = max((step.at for step in facts.figures.steps if facts.sale.warranty in step.warranties), default=0)
    known = facts.known_before(begins)
    found: dict[int, date] = {}
    for at in range(last_visit + every, highest + lead + 1, every):
        reached = facts.first(at - lead)
        if reached.at <= now and reached.at < begins:
            found[at] = reached.read_on
    if begins <= now:
        for at in range((known // every + 1) * every, max(known, highest) + lead + 1, every):
            opens_on = begins[0] if at - lead <= known else facts.first(at - lead).read_on
            found.setdefault(at, opens_on)
    for at, opens_on in sorted(found.items()):
        order = WorkOrder("", SELF_SERVICE, hours_text(at), opens_on)
        due = facts.first(at)
        if due.at <= now:
            order.state, order.cause, order.due_on = "due", "hours", max(due.read_on, opens_on)
        yield order


def months(arrived: StockIn, now: Moment) -> Iterator[WorkOrder]:
    """Rules 3: one a month, from the 1st or the day it came."""
    month = arrived.on.replace(day=1)
    while month <= now[0]:
        opens_on, due_on = max(month, arrived.on), month_end(month)
        order = WorkOrder("", STOCK, f"{month:%Y-%m}", opens_on, due_on, tomorrow(due_on))
        if month == arrived.on.replace(day=1) and arrived.inspected:
            order.close("done", arrived.on)
        yield by_calendar(order, now)
        month = add_months(month, 1)


def winters(stay: StockIn | Move, facts: Facts, now: Moment) -> Iterator[WorkOrder]:
    """Rules 4: one a season, for as long as the machine is in the region it came to."""
    window = facts.windows.get(stay.region)
    if window is None or not window.is_winter:
        return
    for year in range(stay.on.year - 1, now[0].year + 2):
        season = season_opening_in(year, window)
        order = winter(season, facts.decided(season, stay.region), stay, facts, now)
        if order is not None:
            yield order


def winter(
    season: Season, decided: list[tuple[Moment, Season]], stay: StockIn | Move, facts: Facts, now: Moment
) -> WorkOrder | None:
    """The order of one season, whose dates may change while it runs: one that is not due yet follows them, but not
    into the past.
    """
    came, order = facts.came_at(stay), None
    known = [each for each in decided if each[0] <= now]
    in_force = [(midnight(date.min), season), *known, ((now[0], now[1] + 1), season)]
    for (since, dates), (until, _) in pairwise(in_force):
        begins = max(since, came)
        opens_on, due_on = max(dates.opens_on, stay.on), max(dates.due_on, stay.on + facts.arrival)
        comes = max(midnight(opens_on), begins)
        if order is None and begins < until and comes < until and comes[0] <= dates.ends_on:
            step = f"{season.name}@{stay.region}"
            order = WorkOrder("", FREEZE, step, opens_on, due_on, tomorrow(due_on))
        elif order is not None and order.state == "upcoming" and due_on != order.due_on:
            order.due_on = max(due_on, since[0], order.opens_on)
            order.overdue_on = tomorrow(order.due_on)
        if order is not None:
            last = (until[0], until[1] - 1)
            by_calendar(order, min(last, (dates.ends_on, len(facts.history))))
            if order.is_open and midnight(tomorrow(dates.ends_on)) < until:
                order.close("lapsed", tomorrow(dates.ends_on))
    return order


def by_calendar(order: WorkOrder, now: Moment) -> WorkOrder:
    assert order.due_on is not None
    if order.is_open and order.due_on <= now[0]:
        order.state, order.cause = ("due" if order.due_on == now[0] else "overdue"), "calendar"
    return order


# ---- what people did, one after the other


@dataclass
class Told:
    """The orders that were closed by what people did; they stand, whatever the clocks say afterwards."""

    facts: Facts
    closed: Orders
    may_reopen: list[WorkOrder]

    def orders(self, now: Moment) -> Orders:
        """All orders at a moment."""
        found: Orders = {}
        for order in self._of_the_clocks(now):
            found[order.kind, order.step] = order
        for key, order in self.closed.items():
            if not (key in found and order in self.may_reopen):
                found[key] = replace(order)
        supersede_own(found)
        return found

    def _of_the_clocks(self, now: Moment) -> Iterator[WorkOrder]:
        facts = self.facts
        if now >= facts.ends_at:
            return
        if now >= facts.sold_at:
            yield from visits(facts, now)
            yield from own_services(facts, now)
            return
        arrived = facts.history[0]
        assert isinstance(arrived, StockIn)
        yield from months(arrived, now)
        yield from winters(facts.stay(now), facts, now)

    def happens(self, place: int) -> None:
        """One event, judged by how the orders stood when it came."""
        event = self.facts.history[place]
        before = (event.on, place - 1)
        if isinstance(event, Move):
            if event.region != self.facts.stay(before).region:
                self._ends(event, self.orders(before))
                self._comes_back(event)
        elif isinstance(event, (Sale, Retire)):
            self._ends(event, self.orders(before))
        elif isinstance(event, Before):
            self._was_done(event, self.orders(before))
        elif isinstance(event, Form):
            self._is_done(event, self.orders(before))
        elif isinstance(event, Cancel):
            order = self.orders(before).get((event.kind, event.step))
            if order is not None and order.is_open:
                self._closes(order, "cancelled", event.on)

    def _closes(self, order: WorkOrder, state: str, on: date, by: str | None = None) -> None:
        order.close(state, on, by)
        self.closed[order.kind, order.step] = order

    def _ends(self, event: Sale | Retire | Move, orders: Orders) -> None:
        """Rules 5: what the machine leaves behind is cancelled, or lapsed if it was overdue."""
        kinds = {Sale: (STOCK, FREEZE), Move: (FREEZE,), Retire: (STOCK, FREEZE, MANDATORY, SELF_SERVICE)}[type(event)]
        for key, order in orders.items():
            if order.kind in kinds:
                self.closed[key] = order
                if order.is_open:
                    self._closes(order, "lapsed" if order.state == "overdue" else "cancelled", event.on)
                    order.closed_by_transfer = isinstance(event, Move)

    def _comes_back(self, event: Move) -> None:
        """Rules 4: one that a transfer closed is opened again, with the dates of the new arrival."""
        self.may_reopen = [
            left
            for left in self.closed.values()
            if left.closed_by_transfer
            and left.state in ("cancelled", "lapsed")
            and left.step.endswith(f"@{event.region}")
        ]

    def _was_done(self, event: Before, orders: Orders) -> None:
        """Rules 5: known to be done on its date, whatever its window was."""
        step = next(step for step in self.facts.figures.steps if step.step == event.step)
        order = orders.get((MANDATORY, event.step)) or self._unopened(step)
        order.opens_on = min(order.opens_on, event.on)
        self._closes(order, "done", event.on)

    def _unopened(self, step: Step) -> WorkOrder:
        opens, due = add(self.facts.sale.on, step.opens), add(self.facts.sale.on, step.due)
        return WorkOrder("", MANDATORY, step.step, opens, due, tomorrow(due))

    def _is_done(self, form: Form, orders: Orders) -> None:
        """Rules 6: not in the future, not before it opened; also entered late."""
        order = orders.get((form.kind, form.step))
        if order is None or order.state in ("done", "cancelled") or not order.opens_on <= form.done_on <= form.on:
            return
        if order.closed_on is not None and form.done_on >= order.closed_on:
            return
        self._closes(order, "done", form.done_on)
        for lower in orders.values():
            if lower.kind == form.kind != FREEZE and lower.rank < order.rank:
                missed = lower.state in ("lapsed", "superseded")
                if lower.is_open or (missed and lower.closed_on is not None and lower.closed_on > form.done_on):
                    self._closes(lower, "superseded", max(form.done_on, lower.opens_on), form.step)


def supersede_own(orders: Orders) -> None:
    """Rules 2: a lower service that is open ends when a higher one falls due, by the next higher, on its date."""
    own = sorted((order for order in orders.values() if order.kind == SELF_SERVICE), key=lambda order: order.rank)
    for place, lower in enumerate(own):
        due = [order for order in own[place + 1 :] if order.due_on is not None]
        if lower.is_open and due and due[0].due_on is not None:
            lower.close("superseded", max(due[0].due_on, lower.opens_on), due[0].step)


def orders_on_days(
    days: Iterable[date], history: History, figures: Figures, windows: Windows
) -> Iterator[tuple[date, Orders]]:
    """All orders of a machine at the end of each of these days, given in order."""
    told, place = Told(Facts(history, figures, windows), {}, []), 0
    for day in days:
        while place < len(history) and history[place].on <= day:
            if place > 0:
                told.happens(place)
            place += 1
        yield day, told.orders((day, place)) if place else {}


def orders_on(day: date, history: History, figures: Figures, windows: Windows) -> Orders:
    """All orders of a machine at the end of a day, of which nothing later is known."""
    past = tuple(event for event in history if event.on <= day)
    return dict(orders_on_days([day], past, figures, windows))[day]
