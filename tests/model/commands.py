"""Commands that may be refused: completing an order (rules 6), changing the meter (rules 7)."""

from __future__ import annotations

import copy
from datetime import date, datetime
from typing import Any

from . import plan
from .machine import Machine
from .meter import NO_HOURS, REFUSED, Reading, judge, judge_value, same_is_stored, shown
from .orders import FREEZE, MANDATORY, SELF_SERVICE, STOCK, WorkOrder
from .winter import Windows, season_on


class RefusedError(Exception):
    def __init__(self, reason: str, missing: list[str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing or []


def blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def missing_evidence(line: dict[str, Any], machine: Machine, done_on: date, windows: Windows) -> list[str]:
    kind = line.get("kind")
    missing = []
    if kind == MANDATORY:
        missing += [name for name in ("technician", "signed_by") if blank(line.get(name))]
        if line.get("genuine_oils") is not True:
            missing.append("genuine_oils")
    if kind == STOCK:
        if blank(line.get("technician")) and blank(line.get("signed_by")):
            missing.append("technician")
        if line.get("nothing_removed") is not True:
            missing.append("nothing_removed")
        if season_on(done_on, machine.region, windows) is not None and line.get("winter_items") is not True:
            missing.append("winter_items")
    if kind == FREEZE:
        missing += [name for name in ("technician", "signed_by") if blank(line.get(name))]
    found_something = not blank(line.get("findings")) and line.get("findings") not in ([], {}, False)
    if kind in (MANDATORY, STOCK) and found_something and blank(line.get("service_record_no")):
        missing.append("service_record_no")
    return missing


def complete(machine: Machine, line: dict[str, Any], done_at: datetime, today: date, windows: Windows) -> Machine:
    """Answers the machine as it stands afterwards; the one given stays as it was."""
    done_on = plan.local_date(done_at)
    if line.get("kind") not in (MANDATORY, SELF_SERVICE, STOCK, FREEZE):
        raise RefusedError("no such kind")
    missing = missing_evidence(line, machine, done_on, windows)
    if missing:
        raise RefusedError("evidence is missing", missing)
    if done_on > today:
        raise RefusedError("dated in the future")

    after = copy.deepcopy(machine)
    if "hours" in line:
        reading = Reading(line["hours"], done_at, done_at, manual=True)
        verdict = after.deliver(reading, today)
        if verdict in NO_HOURS:
            raise RefusedError(f"the form's hours are no hours: {verdict}")

    order = after.orders.get((str(line["kind"]), str(line["step"])))
    if order is None:
        raise RefusedError("there is no such order (yet)")
    if order.state in ("done", "cancelled"):
        raise RefusedError(f"the order is {order.state}")
    if order.state in ("lapsed", "superseded"):
        assert order.closed_on is not None
        if done_on >= order.closed_on:
            raise RefusedError(f"the order was {order.state} on {order.closed_on}")
    if done_on < order.opens_on:
        raise RefusedError(f"dated before the order opened on {order.opens_on}")
    order.close("done", done_on)
    if order.kind != FREEZE:
        supersede_lower(after, order, done_on)
    return after


def supersede_lower(machine: Machine, done: WorkOrder, done_on: date) -> None:
    """Closes lower steps that are open, or that lapsed or were superseded only after this day."""
    for lower in machine.of_kind(done.kind):
        if lower.rank >= done.rank:
            continue
        missed = lower.state in ("lapsed", "superseded")
        closed_later = missed and lower.closed_on is not None and lower.closed_on > done_on
        if lower.is_open or closed_later:
            lower.close("superseded", done_on, done.step)


def change_meter(machine: Machine, changed_at: datetime, old_end: object, new_start: object, today: date) -> None:
    end_verdict, end = judge_value(old_end)
    start_verdict, start = judge_value(new_start)
    if end is None or start is None:
        raise RefusedError(f"no dial hours: {end_verdict or start_verdict}")
    meter = machine.meter
    total = end + meter.offset_before(changed_at)

    in_the_way = [
        reading
        for reading in meter.readings
        if reading.verdict == "accepted"
        and reading.time is not None
        and reading.total is not None
        and reading.time > changed_at
        and abs(reading.total - total) > plan.SLACK
    ]
    if in_the_way:
        names = ", ".join(f"{shown(reading.total)} h at {reading.time}" for reading in in_the_way)
        raise RefusedError(f"accepted readings are in the way: {names}")

    at_change = Reading(old_end, changed_at, changed_at, manual=True, fixed_total=total)
    verdict = judge(meter, at_change, machine.handed_over_on)
    stored = same_is_stored(meter, at_change)
    if stored is not None:  # what was refused once does not become plausible by being a duplicate
        verdict = stored.verdict
    if verdict in REFUSED:
        raise RefusedError(f"the total at the change would be a {verdict}")
    machine.deliver(at_change, today)
    meter.offsets.append((changed_at, total - start))
    again = []
    for reading in meter.readings:
        refused = reading.verdict in ("rollback", "jump", "inconsistent")
        if refused and reading.time is not None and reading.time >= changed_at:
            again.append(reading)
    for reading in again:
        machine.judge_stored(reading, today)
