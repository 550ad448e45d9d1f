"""One machine and its work orders: what each midnight and each accepted reading do to them (rules 1 to 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from . import plan
from .meter import Meter, Reading, judge
from .orders import FREEZE, MANDATORY, SELF_SERVICE, STOCK, WorkOrder
from .winter import Season, Windows, season_on


@dataclass
class Machine:
    machine_id: str
    status: str  # stock, in_service, retired
    meter: Meter = field(default_factory=Meter)
    region: str = ""
    stocked_on: date | None = None
    arrived_on: date | None = None  # in the present region
    handed_over_on: date | None = None
    warranty: str = ""
    total_when_warranty_ended: int | None = None
    orders: dict[tuple[str, str], WorkOrder] = field(default_factory=dict)

    # ---- small helpers

    def of_kind(self, kind: str) -> list[WorkOrder]:
        found = [order for order in self.orders.values() if order.kind == kind]
        return sorted(found, key=lambda order: order.rank)

    def create(self, kind: str, step: str, opens_on: date, due_on: date | None, overdue_on: date | None) -> WorkOrder:
        order = WorkOrder(self.machine_id, kind, step, opens_on, due_on, overdue_on)
        order.raise_dates()
        self.orders[kind, step] = order
        return order

    def warranty_ends_on(self) -> date:
        assert self.handed_over_on is not None
        return plan.add_months(self.handed_over_on, plan.WARRANTY_MONTHS[self.warranty])

    def last_mandatory_hours(self) -> int:
        return max(visit.hours for visit in plan.VISITS if self.warranty in visit.warranties)

    # ---- readings

    def deliver(self, reading: Reading, today: date) -> str:
        """A new reading comes in: stored and judged."""
        self.meter.readings.append(reading)
        return self.judge_stored(reading, today)

    def judge_stored(self, reading: Reading, today: date) -> str:
        reading.verdict = judge(self.meter, reading, self.handed_over_on)
        if reading.verdict == "accepted":
            self.meter.last_total = reading.total
            self.meter.last_time = reading.time
            self.assess_hours(self.date_of(reading), today)
        return reading.verdict

    def date_of(self, reading: Reading) -> date:
        """The local date of the earlier of device time and arrival, never before D."""
        assert reading.time is not None
        on = plan.local_date(min(reading.time, reading.arrival))
        if self.handed_over_on is not None and on < self.handed_over_on:
            return self.handed_over_on
        return on

    # ---- hours (a reading has moved the meter)

    def assess_hours(self, on: date, today: date) -> None:
        if self.status != "in_service" or self.meter.last_total is None:
            return
        self.mandatory_by_hours(self.meter.last_total, on, today)
        self.self_service_by_hours(self.meter.last_total, on, today)

    def mandatory_by_hours(self, total: int, on: date, today: date) -> None:
        assert self.handed_over_on is not None
        if today > self.warranty_ends_on():
            return  # all are closed, and none comes into being
        for visit in plan.VISITS:
            if self.warranty not in visit.warranties:
                continue
            order = self.orders.get((MANDATORY, visit.step))
            if order is None and total >= (visit.hours - visit.lead) * plan.HOUR:
                calendar_due = plan.add(self.handed_over_on, visit.due)
                opens_on = min(on, plan.add(self.handed_over_on, visit.opens))
                order = self.create(MANDATORY, visit.step, opens_on, calendar_due, plan.tomorrow(calendar_due))
            if order is None:
                continue
            if order.state == "upcoming" and total >= visit.hours * plan.HOUR:
                order.falls_due(on, "hours")
            if order.state == "due" and total > (visit.hours + visit.tolerance) * plan.HOUR:
                order.falls_overdue(on)

    def self_service_steps(self, total: int, today: date) -> list[int]:
        """The steps whose lead the total has reached, among those that apply on this day."""
        if today > self.warranty_ends_on():
            steps_above = self.total_when_warranty_ended or 0
            first = plan.CYCLE_EVERY
            while first * plan.HOUR <= steps_above:
                first += plan.CYCLE_EVERY
        else:
            first = self.last_mandatory_hours() + plan.CYCLE_EVERY
        steps = []
        step = first
        while total >= (step - plan.CYCLE_LEAD) * plan.HOUR:
            steps.append(step)
            step += plan.CYCLE_EVERY
        return steps

    def self_service_by_hours(self, total: int, on: date, today: date) -> None:
        for step in self.self_service_steps(total, today):
            if (SELF_SERVICE, str(step)) not in self.orders:
                self.create(SELF_SERVICE, str(step), on, None, None)
        for order in self.of_kind(SELF_SERVICE):
            if order.state == "upcoming" and total >= int(order.step) * plan.HOUR:
                order.falls_due(on, "hours")
                for lower in self.of_kind(SELF_SERVICE):
                    if lower.is_open and lower.rank < order.rank:
                        assert order.due_on is not None
                        lower.close("superseded", order.due_on, order.step)

    # ---- the calendar (a local midnight has passed, or the machine has just come)

    def assess_day(self, today: date, windows: Windows) -> None:
        if self.status == "stock":
            self.stock_day(today)
            self.freeze_day(today, windows)
        elif self.status == "in_service":
            self.mandatory_day(today)
            self.self_service_day(today)

    def mandatory_day(self, today: date) -> None:
        assert self.handed_over_on is not None
        if today > self.warranty_ends_on():
            for left in self.of_kind(MANDATORY):
                if left.is_open:
                    left.close("lapsed", plan.tomorrow(self.warranty_ends_on()))
            return
        for visit in plan.VISITS:
            if self.warranty not in visit.warranties:
                continue
            opens_on = plan.add(self.handed_over_on, visit.opens)
            due_on = plan.add(self.handed_over_on, visit.due)
            order = self.orders.get((MANDATORY, visit.step))
            if order is None and today >= opens_on:
                order = self.create(MANDATORY, visit.step, opens_on, due_on, plan.tomorrow(due_on))
            if order is None:
                continue
            if order.state == "upcoming" and today >= due_on:
                order.falls_due(due_on, "calendar")
            if order.state == "due" and today > due_on:
                order.falls_overdue(plan.tomorrow(due_on))

    def self_service_day(self, today: date) -> None:
        first_day_after = plan.tomorrow(self.warranty_ends_on())
        if today == first_day_after:
            total = self.meter.last_total or 0
            self.total_when_warranty_ended = total
            self.self_service_by_hours(total, today, today)

    def stock_day(self, today: date) -> None:
        assert self.stocked_on is not None
        step = f"{today:%Y-%m}"
        if (STOCK, step) not in self.orders:
            opens_on = max(today.replace(day=1), self.stocked_on)
            due_on = plan.month_end(today)
            self.create(STOCK, step, opens_on, due_on, plan.tomorrow(due_on))
        for order in self.of_kind(STOCK):
            self.calendar_moves(order, today)

    def calendar_moves(self, order: WorkOrder, today: date) -> None:
        assert order.due_on is not None
        if order.state == "upcoming" and today >= order.due_on:
            order.falls_due(order.due_on, "calendar")
        if order.state == "due" and today > order.due_on:
            order.falls_overdue(plan.tomorrow(order.due_on))

    def freeze_day(self, today: date, windows: Windows) -> None:
        for order in self.of_kind(FREEZE):
            if order.is_open and order.ends_on is not None and today > order.ends_on:
                order.close("lapsed", plan.tomorrow(order.ends_on))
        season = season_on(today, self.region, windows)
        if season is not None and (FREEZE, self.freeze_step(season)) not in self.orders:
            self.open_freeze(season)
        for order in self.of_kind(FREEZE):
            self.calendar_moves(order, today)

    def freeze_step(self, season: Season) -> str:
        return f"{season.name}@{self.region}"

    def open_freeze(self, season: Season) -> None:
        """A new order, or the old one opened again, with the dates of the arrival in the region."""
        assert self.arrived_on is not None
        opens_on = max(season.opens_on, self.arrived_on)
        due_on = max(season.due_on, self.arrived_on + timedelta(days=plan.FREEZE_ARRIVAL_DAYS))
        order = self.create(FREEZE, self.freeze_step(season), opens_on, due_on, plan.tomorrow(due_on))
        order.ends_on = season.ends_on

    # ---- coming and going (rules 5)

    def close_open(self, kinds: tuple[str, ...], on: date) -> list[WorkOrder]:
        closed = []
        for order in self.orders.values():
            if order.kind in kinds and order.is_open:
                order.close("lapsed" if order.state == "overdue" else "cancelled", on)
                closed.append(order)
        return closed

    def stock_in(self, region: str, inspected: bool, today: date, windows: Windows) -> None:
        self.stocked_on = today
        self.region = region
        self.arrived_on = today
        if inspected:
            due_on = plan.month_end(today)
            order = self.create(STOCK, f"{today:%Y-%m}", today, due_on, plan.tomorrow(due_on))
            order.close("done", today)
        self.assess_day(today, windows)

    def transfer(self, region: str, today: date, windows: Windows) -> None:
        if region == self.region:
            return
        for order in self.close_open((FREEZE,), today):
            order.closed_by_transfer = True
        self.region = region
        self.arrived_on = today
        season = season_on(today, region, windows)
        if season is not None:
            known = self.orders.get((FREEZE, self.freeze_step(season)))
            if known is not None and known.closed_by_transfer and known.state in ("cancelled", "lapsed"):
                self.open_freeze(season)
        self.assess_day(today, windows)

    def hand_over(self, warranty: str, hours: object, at: datetime, waiting: list[Reading]) -> None:
        today = plan.local_date(at)
        self.close_open((STOCK, FREEZE), today)
        self.status = "in_service"
        self.handed_over_on = today
        self.warranty = warranty
        for reading in waiting:
            self.deliver(reading, today)
        self.deliver(Reading(hours, at, at, manual=True), today)
        self.assess_hours(today, today)  # hours run before count at once, dated D

    def retire(self, today: date) -> None:
        self.close_open((MANDATORY, SELF_SERVICE, STOCK, FREEZE), today)
        self.status = "retired"
