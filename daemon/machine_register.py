"""Machines registered from a file: what is refused, and how they come to be (design 5, rules 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from adapters.files.register import MACHINES
from adapters.store import machines, readings
from adapters.store.machines import MachineRecord, Remark
from adapters.store.registering import Newcomer, register_all, registered, waited_for
from daemon import life
from daemon.findings import look_at_machines, look_at_registers
from daemon.history import steps_done
from daemon.hours_by_hand import dial_by_hand
from daemon.imports import CHUNK, Also, Checked, Progress, Values, chunked, no_twins, nothing_else, silent
from daemon.judging import row_of
from daemon.keeper import Keeper
from daemon.meters import judge_again
from daemon.refused import RefusedError
from daemon.telling import tell
from schedules.assess import Assessment, assess
from schedules.dates import start_of_day_ms
from schedules.machine import Machine, Status
from schedules.meter import Judgement, Meter, judge
from schedules.reading import Reading, Source, Verdict
from schedules.retrace import Known, retrace
from schedules.stock import inspected_at_arrival
from schedules.work_order import Change, Closing

_OF_SERVICE = (
    "handed_over_on",
    "handover_hours",
    "warranty",
    "customer",
    "customer_email",
    "customer_phone",
    "customer_locale",
    "service_centre",
    "last_step_done",
    "last_step_done_on",
)
_NEEDED = {Status.STOCK: ("stocked_on",), Status.IN_SERVICE: ("handed_over_on", "warranty"), Status.RETIRED: ()}
_NOT_HERE = {Status.STOCK: _OF_SERVICE, Status.IN_SERVICE: ("inspected",), Status.RETIRED: ()}
_DATES = ("stocked_on", "handed_over_on", "last_step_done_on")


def import_machines(
    keeper: Keeper,
    path: Path,
    now_ms: int,
    by: str | None = None,
    progress: Progress = silent,
    also: Also = nothing_else,
) -> Counter[Status]:
    """Register all machines of a file in one transaction; how many of each status. TableError names every bad line."""
    checked = Checked(path, MACHINES, _Checks(keeper, now_ms).of)
    counts: Counter[Status] = Counter()
    with keeper.store.write() as connection:
        for chunk in chunked(checked.lines(), CHUNK):
            _Registration(connection, keeper, now_ms, by).take([values for _, values in chunk])
            counts.update(values["status"] for _, values in chunk)
            progress(counts.total(), checked.count)
        look_at_registers(connection, keeper, keeper.today(now_ms), now_ms)
        also(connection, counts)
    return counts


class _Checks:
    """What is wrong with a machine beyond its single cells."""

    def __init__(self, keeper: Keeper, now_ms: int) -> None:
        self._keeper = keeper
        self._today = keeper.today(now_ms)
        self._twins = no_twins("machine_id")

    def of(self, lines: list[tuple[int, Values]]) -> Iterator[str]:
        yield from self._twins(lines)
        with self._keeper.store.read() as connection:
            known = registered(connection, [values["machine_id"] for _, values in lines])
        for number, values in lines:
            if values["machine_id"] in known:
                yield f"line {number}: machine_id: {values['machine_id']} is already registered"
            for problem in self._of(values):
                yield f"line {number}: {problem}"

    def _of(self, values: Values) -> Iterator[str]:
        status = values["status"]
        for name in _NEEDED[status]:
            if values[name] is None:
                yield f"{name}: is empty, and a machine that is {status} has one"
        for name in _NOT_HERE[status]:
            if values[name] is not None:
                yield f"{name}: a machine that is {status} has none"
        yield from self._of_dates(values)
        yield from self._of_service(values)

    def _of_dates(self, values: Values) -> Iterator[str]:
        given = [(name, values[name]) for name in _DATES if values[name] is not None]
        for name, on in given:
            if on > self._today:
                yield f"{name}: {on} is in the future"
        for (earlier, first), (later, then) in pairwise(given):
            if then < first:
                yield f"{later}: {then} is before {earlier}, {first}"

    def _of_service(self, values: Values) -> Iterator[str]:
        try:
            if values["handover_hours"] is not None:
                dial_by_hand(self._keeper, values["handover_hours"], "handover_hours")
        except RefusedError as refused:
            yield refused.reason
        last, on = values["last_step_done"], values["last_step_done_on"]
        if (last is None) != (on is None):
            yield "last_step_done: stands together with last_step_done_on"
        elif last is not None and values["warranty"] is not None:
            names = [step.step for step in self._keeper.rulebook.plan.steps(values["warranty"])]
            if last not in names:
                yield f"last_step_done: {last!r} is none of {', '.join(names)}"


@dataclass(frozen=True, slots=True)
class _Registration:
    connection: Connection
    keeper: Keeper
    now_ms: int
    by: str | None

    @property
    def today(self) -> date:
        return self.keeper.today(self.now_ms)

    def take(self, chunk: list[Values]) -> None:
        """Register machines: together, except those whose waiting readings are judged before their hand-over."""
        waiting = waited_for(self.connection, [values["machine_id"] for values in chunk])
        alone = [values for values in chunk if values["machine_id"] in waiting]
        self._together([each for each in chunk if each not in alone or each["status"] is Status.RETIRED])
        for values in alone:
            self._alone(values)

    def _together(self, chunk: list[Values]) -> None:
        remark = Remark(self.now_ms, by=self.by)
        newcomers = [self._newcomer(values) for values in chunk]
        register_all(self.connection, newcomers, remark, self.today)
        for newcomer in newcomers:
            record = _record(newcomer.values, newcomer.assessment.machine)
            tell(self.connection, self.keeper, record, newcomer.assessment.changes, self.now_ms)
        look_at_machines(self.connection, self.keeper, [values["machine_id"] for values in chunk], self.now_ms)

    def _alone(self, values: Values) -> None:
        machine_id, status = values["machine_id"], values["status"]
        if status is Status.STOCK:
            life.stock_in(self.connection, self.keeper, self._command(values), self.now_ms, self.by)
        elif status is Status.IN_SERVICE:
            life.hand_over(self.connection, self.keeper, self._command(values), self.now_ms, self.by)
            more = {name: values[name] for name in ("stocked_on", "yard")}
            machines.change_facts(self.connection, machine_id, more)
        else:
            rows = readings.of_machine(self.connection, machine_id, [Verdict.UNKNOWN_MACHINE])
            judge_again(self.connection, self.keeper, machine_id, rows, "registered", self.now_ms, self.by)

    def _command(self, values: Values) -> Any:  # noqa: ANN401 - one of life's commands
        """The command that registers this machine, and that its story remembers."""
        if values["status"] is Status.STOCK:
            shared = {name: values[name] for name in ("machine_id", "category", "model", "region", "yard")}
            return life.StockIn(**shared, at_ms=self._begins(values["stocked_on"]), inspected=bool(values["inspected"]))
        if values["status"] is Status.IN_SERVICE:
            names = (*_OF_SERVICE[2:], "machine_id", "category", "model", "region")
            given = {name: values[name] for name in names}
            return life.HandOver(**given, at_ms=self._begins(values["handed_over_on"]), hours=values["handover_hours"])
        return life.Retire(values["machine_id"], self.now_ms, "imported as retired")

    def _begins(self, day: date) -> int:
        return start_of_day_ms(day, self.keeper.zone)

    def _newcomer(self, values: Values) -> Newcomer:
        reading = self._first_reading(values)
        judged = None if reading is None else self._judged(reading)
        facts = _facts(values, self.today)
        command = self._command(values)
        what = {life.StockIn: "stock_in", life.HandOver: "handover", life.Retire: "retire"}[type(command)]
        on = facts.retired_on or facts.handed_over_on or facts.stocked_on
        event = {"machine_id": facts.machine_id, "on": on, "recorded_ms": self.now_ms, "what": what}
        return Newcomer(
            values=_columns(values, facts, self.now_ms),
            reading=None if reading is None or judged is None else row_of(facts.machine_id, reading, judged),
            event={**event, "details": life.details_of(command), "by": self.by, "why": None},
            assessment=self._assessed(facts, values, None if judged is None else judged.total_ms),
        )

    def _first_reading(self, values: Values) -> Reading | None:
        """The hours at hand-over, a manual reading (rules 5)."""
        if values["handover_hours"] is None or values["handed_over_on"] is None:
            return None
        at_ms = self._begins(values["handed_over_on"])
        dial_ms = dial_by_hand(self.keeper, values["handover_hours"], "handover_hours")
        return Reading(dial_ms, at_ms, at_ms, Source.MANUAL)

    def _judged(self, reading: Reading) -> Judgement:
        return judge(Meter(), reading, self.keeper.meter_rules, self.keeper.zone, lambda _time_ms: (None, None))

    def _assessed(self, facts: Machine, values: Values, total_ms: int | None) -> Assessment:
        rulebook = self.keeper.rulebook
        if facts.status is Status.STOCK and facts.stocked_on is not None and values["inspected"]:
            done = inspected_at_arrival(facts.stocked_on, rulebook.current)
            found = assess(replace(facts, orders={done.key: done}), self.today, rulebook)
            inspected = Change(None, done, facts.stocked_on, Closing.COMPLETED)
            return replace(found, changes=(inspected, *found.changes))
        if facts.status is not Status.IN_SERVICE or facts.handed_over_on is None:
            return assess(replace(facts, total_ms=total_ms), self.today, rulebook)
        on = facts.handed_over_on
        known = [] if total_ms is None else [Known(on, total_ms, on)]
        done_steps = steps_done(facts, values["last_step_done"], values["last_step_done_on"], rulebook)
        return retrace(facts, [*known, *done_steps], self.today, rulebook)


def _facts(values: Values, today: date) -> Machine:
    return Machine(
        machine_id=values["machine_id"],
        status=values["status"],
        region=values["region"],
        stocked_on=values["stocked_on"],
        arrived_on=values["stocked_on"] if values["status"] is Status.STOCK else None,
        handed_over_on=values["handed_over_on"],
        warranty=values["warranty"],
        retired_on=today if values["status"] is Status.RETIRED else None,
    )


def _columns(values: Values, facts: Machine, now_ms: int) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if name != "handover_hours"}
    return {**kept, "arrived_on": facts.arrived_on, "retired_on": facts.retired_on, "registered_ms": now_ms}


def _record(values: Any, facts: Machine) -> MachineRecord:  # noqa: ANN401 - the columns of `_columns`
    names = ("category", "model", "yard", "customer", "customer_email", "customer_phone", "customer_locale")
    shared = {name: values[name] for name in names}
    return MachineRecord(
        facts=facts, **shared, service_centre=values["service_centre"], registered_ms=values["registered_ms"]
    )
