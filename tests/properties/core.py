"""One machine in memory, lived in by the pure rules alone: asked always, or only when it said it would wake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache

from adapters.files.plan import read_plan, read_winter
from schedules.assess import assess
from schedules.completion import completed, refusal
from schedules.dates import local_date
from schedules.machine import Machine, Status
from schedules.meter import Judgement, Meter, judge
from schedules.reading import IN_HISTORY, Reading, Refusal, Source, Unit, Verdict, dial_of
from schedules.rulebook import Rulebook
from schedules.work_order import OrderKey, WorkOrder
from tests.properties.events import Asks, ChangesMeter, Completes, Event, Moves, Retires, Sells, Sends

Orders = dict[OrderKey, WorkOrder]
Watch = Callable[[WorkOrder | None, WorkOrder, bool], None]
"""Told of every change: the order before and after it, and whether a form did it."""


@cache
def rulebook() -> Rulebook:
    """The shipped plan and winter table."""
    plan = read_plan(None)
    return Rulebook({plan.version: plan}, plan.version, read_winter(None))


def untold(_before: WorkOrder | None, _after: WorkOrder, _by_form: bool) -> None:
    """Nobody watches."""


@dataclass
class World:
    """A machine, its meter and its stored readings; `always` asks at every midnight and after every delivery."""

    machine: Machine
    now_ms: int
    always: bool
    watch: Watch = untold
    meter: Meter = field(default_factory=Meter)
    verdicts: list[Verdict] = field(default_factory=list)
    wakes_at_ms: int | None = None
    wakes_on: date | None = None
    dated_ms: int | None = None
    asked: int = 0
    _stored: set[tuple[int, int]] = field(default_factory=set)
    _history: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.meter.handed_over_on = self.machine.handed_over_on
        self.ask(self.today)

    @property
    def today(self) -> date:
        return local_date(self.now_ms, rulebook().plan.zone)

    @property
    def orders(self) -> Orders:
        return dict(self.machine.orders)

    def play(self, events: Iterable[Event]) -> World:
        for event in events:
            self.goes_to(event.at_ms)
            self.happens(event)
        return self

    def goes_to(self, at_ms: int) -> World:
        """Time passes, with a sweep at every midnight."""
        day, self.now_ms = self.today, at_ms
        while day < self.today:
            day += timedelta(days=1)
            self.sweeps(day)
        return self

    def sleeps_until(self, at_ms: int) -> World:
        """Time passes while the program is down; then it sweeps once."""
        self.now_ms = at_ms
        self.sweeps(self.today)
        return self

    def sweeps(self, day: date) -> None:
        """As the daily sweep: only a machine that wakes by that day is asked."""
        if self.always or (self.wakes_on is not None and self.wakes_on <= day):
            self.ask(day)

    def ask(self, day: date) -> None:
        self.asked += 1
        assessment = assess(self.machine, day, rulebook())
        before = self.orders
        for change in assessment.changes:
            assert before.get(change.after.key) == change.before
            before[change.after.key] = change.after
            self.watch(change.before, change.after, False)
        assert before == assessment.machine.orders
        self.machine = assessment.machine
        self.wakes_at_ms, self.wakes_on = assessment.wakes_at_ms, assessment.wakes_on

    def happens(self, event: Event) -> None:
        match event:
            case Sends():
                self._sends(event)
            case Completes():
                self._completes(event)
            case ChangesMeter():
                self._changes_meter(event)
            case Moves() if self.machine.status is Status.STOCK:
                self._now(region=event.region, arrived_on=self.today)
            case Sells() if self.machine.status is Status.STOCK:
                self._now(status=Status.IN_SERVICE, warranty=event.warranty, handed_over_on=self.today)
                self.meter.handed_over_on = self.today
                self.by_hand(event.dial_ms)
            case Retires() if self.machine.status is not Status.RETIRED:
                self._now(status=Status.RETIRED, retired_on=self.today)
            case Asks():
                self.ask(self.today)
            case _:
                pass

    def _now(self, **facts: object) -> None:
        """A fact changes: the machine is asked before it and after it, by the daemon too."""
        self.ask(self.today)
        self.machine = replace(self.machine, **facts)  # type: ignore[arg-type]
        self.ask(self.today)

    # ---- readings

    def _sends(self, event: Sends) -> None:
        dial = dial_of(event.value, Unit.HOURS, rulebook().plan.meter)
        if isinstance(dial, Refusal):
            self.verdicts.append(dial.verdict)
            return
        reading = Reading(dial, event.device_ms, event.at_ms, unreadable_time=event.unreadable, repeated=event.repeated)
        if reading.device_ms is not None:
            if (reading.dial_ms, reading.device_ms) in self._stored:
                self.verdicts.append(Verdict.DUPLICATE)
                return
            self._stored.add((reading.dial_ms, reading.device_ms))
        self.verdicts.append(self._judge(reading))

    def by_hand(self, dial_ms: int) -> Verdict:
        return self._judge(Reading(dial_ms, None, self.now_ms, Source.MANUAL))

    def _judge(self, reading: Reading) -> Verdict:
        plan = rulebook().plan
        judged = judge(self.meter, reading, plan.meter, plan.zone, self._neighbours)
        if judged.verdict in IN_HISTORY:
            self._history.append((judged.time_ms, len(self._history), judged.total_ms))
        if judged.verdict is Verdict.ACCEPTED:
            self._accept(judged, reading.arrived_ms)
        elif self.always:
            self.ask(self.today)
        return judged.verdict

    def _neighbours(self, time_ms: int) -> tuple[int | None, int | None]:
        before = max((row for row in self._history if row[0] <= time_ms), default=None)
        after = min((row for row in self._history if row[0] > time_ms), key=_first_and_newest, default=None)
        return (None if before is None else before[2]), (None if after is None else after[2])

    def _accept(self, judged: Judgement, arrived_ms: int) -> None:
        before = self.machine.total_ms, self.machine.total_on
        self.meter.total_ms, self.meter.time_ms = judged.total_ms, judged.time_ms
        self.dated_ms = min(judged.time_ms, arrived_ms)
        total_on = local_date(self.dated_ms, rulebook().plan.zone)
        self.machine = replace(self.machine, total_ms=judged.total_ms, total_on=total_on)
        if self.always or self._wakes():
            self._ask_calendar_first(before)

    def _wakes(self) -> bool:
        total_ms = self.machine.total_ms or 0
        return (self.wakes_at_ms is not None and total_ms >= self.wakes_at_ms) or (
            self.wakes_on is not None and self.wakes_on <= self.today
        )

    def _ask_calendar_first(self, before: tuple[int | None, date | None]) -> None:
        now = self.machine.total_ms, self.machine.total_on
        for total_ms, total_on in (before, now):
            self.machine = replace(self.machine, total_ms=total_ms, total_on=total_on)
            self.ask(self.today)

    def _changes_meter(self, event: ChangesMeter) -> None:
        """In time only: refused where the total at the change is not believed, or a reading of that time is there."""
        old_total = event.old_end_ms + self.meter.offset_at(event.at_ms)
        plan = rulebook().plan
        at_change = Reading(event.old_end_ms, None, event.at_ms, Source.MANUAL)
        judged = judge(self.meter, at_change, plan.meter, plan.zone, self._neighbours)
        if judged.verdict not in {Verdict.ACCEPTED, Verdict.NOISE} or self.meter.time_ms == event.at_ms:
            return
        self.by_hand(event.old_end_ms)
        self.meter.offset_ms = old_total - event.new_start_ms
        self.meter.changes = (*self.meter.changes, (event.at_ms, self.meter.offset_ms))

    # ---- work is done

    def _completes(self, event: Completes) -> None:
        self.ask(self.today)
        order = self._picked(event.pick)
        done_on = self.today - timedelta(days=event.days_ago)
        if order is None or refusal(order, done_on, self.today) is not None:
            return
        changes = list(completed(self.machine, order.key, done_on))
        for change in changes:
            self.watch(change.before, change.after, True)
        self.machine = replace(
            self.machine, orders=self.orders | {change.after.key: change.after for change in changes}
        )
        self.ask(self.today)

    def _picked(self, pick: int) -> WorkOrder | None:
        """Open orders come first, for a form is mostly of one of them."""
        orders = sorted(self.machine.orders.values(), key=lambda order: (not order.is_open, order.kind, order.rank()))
        return orders[pick % len(orders)] if orders else None


def _first_and_newest(row: tuple[int, int, int]) -> tuple[int, int]:
    return row[0], -row[1]
