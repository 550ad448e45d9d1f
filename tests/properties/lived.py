"""A history lived through by the product's pure rules: by a daemon, asked only when a machine said that it would wake,
and walked again at once, as at a registration or in a correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from adapters.files.plan import shipped_plan_data
from daemon.history import steps_done
from schedules.assess import assess
from schedules.completion import cancelled, completed, refusal
from schedules.machine import Machine, Status, Warranty
from schedules.plan import plan_from
from schedules.retrace import Adopted, Cancelled, Done, Known, Moved, Retired, Sold, retrace
from schedules.retrace import Event as Retraced
from schedules.rulebook import Rulebook
from schedules.stock import inspected_at_arrival
from schedules.winter import Override, Policy, WinterTable, WinterWindow
from schedules.work_order import Change, Kind, OrderKey, WorkOrder
from tests.model.histories import (
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
    Spans,
    StockIn,
    Total,
    hours_text,
)
from tests.model.winter import Windows

FIELDS = ("state", "cause", "opens_on", "due_on", "overdue_on", "closed_on", "superseded_by")
Rows = dict[tuple[str, str], dict[str, object]]


def rulebook_of(figures: Figures, windows: Windows) -> Rulebook:
    """The product's rulebook with a plan and winters that were given as plain data."""
    plan = plan_from(plan_data(figures), shipped_plan_data())
    winters = {
        region: WinterWindow(region, Policy(each.policy), _day(each.opens), _day(each.due), _day(each.ends))
        for region, each in windows.items()
    }
    return Rulebook({plan.version: plan}, plan.version, WinterTable(winters))


def plan_data(figures: Figures) -> dict[str, Any]:
    """Figures as a plan file has them."""
    steps = [
        {
            "step": step.step,
            "hours": float(hours_text(step.at)),
            "opens": _span(step.opens),
            "due": _span(step.due),
            "lead": float(hours_text(step.lead)),
            "tolerance": float(hours_text(step.tolerance)),
            "warranties": list(step.warranties),
        }
        for step in figures.steps
    ]
    return {
        "mandatory": steps,
        "warranty": {name: f"{months} months" for name, months in figures.warranty_months.items()},
        "self_service": {"every": float(hours_text(figures.every)), "lead": float(hours_text(figures.lead))},
        "freeze": {"arrival_days": figures.arrival_days},
    }


def _span(span: Spans) -> str:
    return f"{span[0]} {span[1]}"


def _day(mmdd: str) -> tuple[int, int] | None:
    if not mmdd:
        return None
    month, day = mmdd.split("-")
    return int(month), int(day)


def registered(first: Event, rulebook: Rulebook) -> Machine:
    """The machine that a history begins with."""
    if isinstance(first, StockIn):
        machine = Machine("M", Status.STOCK, first.region, stocked_on=first.on, arrived_on=first.on)
        done = inspected_at_arrival(first.on, rulebook.current)
        return replace(machine, orders={done.key: done}) if first.inspected else machine
    assert isinstance(first, Sale)
    return Machine("M", Status.IN_SERVICE, handed_over_on=first.on, warranty=Warranty(first.warranty))


@dataclass
class Lived:
    """One machine day by day; `moved_on` are the days on which something of its orders changed."""

    rulebook: Rulebook
    machine: Machine = field(init=False)
    wakes_at_ms: int | None = None
    wakes_on: date | None = None
    moved_on: list[date] = field(default_factory=list)
    seen: dict[date, Machine] = field(default_factory=dict)
    _first: Machine = field(init=False)
    _told: list[Retraced] = field(default_factory=list)

    def through(self, history: History, until: date) -> Lived:
        """The orders at the end of every day of a history, and of the days until another."""
        self.machine = self._first = registered(history[0], self.rulebook)
        self._told.append(Adopted(history[0].on, self.rulebook))
        day, waiting = history[0].on, list(history[1:])
        late = next((each for each in waiting if isinstance(each, Registration)), None)
        if late is not None:
            day, place = late.on, waiting.index(late)
            self._registers(waiting[:place], day)
            waiting = waiting[place + 1 :]
        self._ask(day)
        while day <= until:
            if self.wakes_on is not None and self.wakes_on <= day:
                self._ask(day)
            while waiting and waiting[0].on == day:
                self._happens(waiting.pop(0), day)
            self.seen[day] = self.machine
            day += timedelta(days=1)
        return self

    def walked_again(self, until: date) -> Machine:
        """The machine as `retrace` finds it in the whole history at once."""
        return retrace(self._first, self._told, until, self.rulebook).machine

    def _registers(self, past: Sequence[Event], day: date) -> None:
        """A machine that has long been in service: its orders as if we had been there (rules 5)."""
        done_on = max((event.on for event in past if isinstance(event, Before)), default=None)
        done = [event.step for event in past if isinstance(event, Before)]
        visits = steps_done(self._first, done[-1] if done else None, done_on, self.rulebook)
        totals = [Known(event.on, event.total, event.read_on) for event in past if isinstance(event, Total)]
        self._told += sorted([*totals, *visits], key=lambda event: event.on)
        self.machine = retrace(self._first, self._told, day, self.rulebook).machine

    def _ask(self, day: date) -> None:
        assessment = assess(self.machine, day, self.rulebook)
        self.machine = assessment.machine
        self.wakes_at_ms, self.wakes_on = assessment.wakes_at_ms, assessment.wakes_on
        self.moved_on += [day] * bool(assessment.changes)

    def _happens(self, event: Event, day: date) -> None:
        if isinstance(event, Total):
            self._reads(event, day)
            return
        self._ask(day)
        if isinstance(event, Form):
            self._comes_in(event, day)
        elif isinstance(event, Cancel):
            self._ends(event, day)
        else:
            self._becomes(event)
        self._ask(day)
        self.moved_on.append(day)

    def _reads(self, event: Total, day: date) -> None:
        self._told.append(Known(event.on, event.total, event.read_on))
        self.machine = replace(self.machine, total_ms=event.total, total_on=event.read_on)
        if self.wakes_at_ms is not None and event.total >= self.wakes_at_ms:
            self._ask(day)

    def _comes_in(self, form: Form, day: date) -> None:
        key = OrderKey(Kind(form.kind), form.step)
        self._told.append(Done(form.done_on, key, entered_on=form.on))
        if refusal(self.machine.orders.get(key), form.done_on, day) is None:
            self._apply(completed(self.machine, key, form.done_on))

    def _ends(self, cancel: Cancel, day: date) -> None:
        order = self.machine.orders.get(OrderKey(Kind(cancel.kind), cancel.step))
        if order is not None and order.is_open:
            change = cancelled(order, day)
            self._told.append(Cancelled(day, change.after))
            self._apply([change])

    def _becomes(self, event: Event) -> None:
        match event:
            case Sale():
                warranty = Warranty(event.warranty)
                self._told.append(Sold(event.on, warranty))
                self.machine = replace(
                    self.machine, status=Status.IN_SERVICE, handed_over_on=event.on, warranty=warranty
                )
            case Move():
                self._moves(event)
            case Decision():
                self._decides(event)
            case Retire():
                self._told.append(Retired(event.on))
                self.machine = replace(self.machine, status=Status.RETIRED, retired_on=event.on)

    def _moves(self, event: Move) -> None:
        if event.region != self.machine.region:  # within a region it changes nothing but the yard (rules 4)
            self._told.append(Moved(event.on, event.region))
            self.machine = replace(self.machine, region=event.region, arrived_on=event.on)

    def _decides(self, event: Decision) -> None:
        """Another rulebook, under which every machine is asked again."""
        winter = self.rulebook.winter.windows[event.region]
        overrides = {**winter.overrides, event.season: Override(event.opens, event.due, event.ends)}
        windows = {**self.rulebook.winter.windows, event.region: replace(winter, overrides=overrides)}
        self.rulebook = replace(self.rulebook, winter=WinterTable(windows), serial=self.rulebook.serial + 1)
        self._told.append(Adopted(event.on, self.rulebook))

    def _apply(self, changes: Iterable[Change]) -> None:
        orders = dict(self.machine.orders)
        orders.update((change.after.key, change.after) for change in tuple(changes))
        self.machine = replace(self.machine, orders=orders)


def rows(machine: Machine, today: date) -> Rows:
    """What is compared of a machine's orders."""
    return {(str(order.kind), order.step): _row(order, today) for order in machine.orders.values()}


def _row(order: WorkOrder, today: date) -> dict[str, object]:
    dates = {name: _text(getattr(order, name)) for name in FIELDS}
    return {**dates, "late_days": order.late_days(today)}


def _text(fact: object) -> str | None:
    return None if fact is None else str(fact)
