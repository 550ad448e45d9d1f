"""Runs timelines (design 6) through the model: python -m tests.model.run FILE.jsonl … at the root."""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from . import plan
from .commands import RefusedError, blank, change_meter, complete
from .machine import Machine
from .meter import ABSENT, Reading, as_decimal, judge_value, shown
from .orders import WorkOrder
from .winter import Windows, read_windows

Line = dict[str, Any]
DEFAULT_TOPIC = re.compile(r"machines/([^/]*)/hours")
MACHINE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ORDER_FIELDS = (
    "state",
    "cause",
    "opens_on",
    "due_on",
    "overdue_on",
    "closed_on",
    "superseded_by",
    "late_days",
)
TO_0_001_HOURS = Decimal("0.001")


@dataclass
class World:
    windows: Windows
    machines: dict[str, Machine] = field(default_factory=dict)
    unknown: dict[str, list[Reading]] = field(default_factory=dict)  # waiting for registration
    nameless: list[Reading] = field(default_factory=list)  # deliveries that belong to no machine
    refused: list[dict[str, object]] = field(default_factory=list)
    failed: list[dict[str, object]] = field(default_factory=list)

    def midnight(self, today: date) -> None:
        for machine in self.machines.values():
            machine.assess_day(today, self.windows)

    def machine(self, line: Line) -> Machine:
        found = self.machines.get(line["machine_id"])
        if found is None:
            raise RefusedError("the machine is not registered")
        return found

    def order(self, line: Line) -> WorkOrder:
        found = self.machine(line).orders.get((str(line["kind"]), str(line["step"])))
        if found is None:
            raise RefusedError("there is no such order")
        return found

    # ---- deliveries

    def deliver(self, machine_id: str, hours: object, device_time: datetime | None, at: datetime) -> None:
        reading = Reading(hours, device_time, at)
        verdict, reading.dial = judge_value(hours)
        machine = self.machines.get(machine_id)
        if machine is not None:
            machine.deliver(reading, plan.local_date(at))
        elif verdict:  # tests 1 to 3 come before test 4
            reading.verdict = verdict
            self.nameless.append(reading)
        else:
            reading.verdict = "unknown_machine"
            self.unknown.setdefault(machine_id, []).append(reading)

    def raw(self, line: Line, at: datetime) -> None:
        if "payload_base64" in line:
            payload = base64.b64decode(line["payload_base64"])
        else:
            payload = str(line["payload"]).encode("utf-8")
        topic = DEFAULT_TOPIC.fullmatch(line["topic"])
        try:
            content = json.loads(payload.decode("utf-8"), parse_float=Decimal)
        except ValueError:
            content = ABSENT
        if topic is None or MACHINE_ID.fullmatch(topic.group(1)) is None:
            self.nameless.append(Reading(None, None, at, verdict="malformed"))
            return
        hours: object = ABSENT
        device_time = None
        if isinstance(content, dict):
            hours = content.get("hours", ABSENT)
            device_time = read_device_time(content.get("at"))
        elif isinstance(content, (int, float, Decimal)) and not isinstance(content, bool):
            hours = content
        self.deliver(topic.group(1), hours, device_time, at)

    # ---- commands

    def stock_in(self, line: Line, at: datetime) -> None:
        machine_id = line["machine_id"]
        if machine_id in self.machines:
            raise RefusedError("the machine is known already")
        machine = Machine(machine_id, "stock")
        today = plan.local_date(at)
        machine.stock_in(str(line.get("region", "")), line.get("inspected") is True, today, self.windows)
        for reading in self.unknown.pop(machine_id, []):
            machine.deliver(reading, today)
        self.machines[machine_id] = machine

    def hand_over(self, line: Line, at: datetime) -> None:
        machine_id = line["machine_id"]
        machine = self.machines.get(machine_id)
        if machine is not None and machine.status != "stock":
            raise RefusedError(f"the machine is {machine.status}")
        if line.get("warranty") not in plan.WARRANTY_MONTHS:
            raise RefusedError("no such warranty", ["warranty"])
        if machine is None:
            machine = Machine(machine_id, "in_service")
            self.machines[machine_id] = machine
        machine.hand_over(line["warranty"], line.get("hours", ABSENT), at, self.unknown.pop(machine_id, []))

    def transfer(self, line: Line, at: datetime) -> None:
        machine = self.machine(line)
        if machine.status != "stock":
            raise RefusedError(f"the machine is {machine.status}")
        machine.transfer(str(line["region"]), plan.local_date(at), self.windows)

    def retire(self, line: Line, at: datetime) -> None:
        machine = self.machine(line)
        if machine.status == "retired":
            raise RefusedError("the machine is retired already")
        machine.retire(plan.local_date(at))

    def meter_change(self, line: Line, at: datetime) -> None:
        machine = self.machine(line)
        changed_at = read_instant(line["changed_at"])
        change_meter(
            machine,
            changed_at,
            line.get("old_end", ABSENT),
            line.get("new_start", ABSENT),
            plan.local_date(at),
        )

    def complete(self, line: Line, at: datetime) -> None:
        machine = self.machine(line)
        done_at = read_instant(line["done_at"]) if "done_at" in line else at
        after = complete(machine, line, done_at, plan.local_date(at), self.windows)
        self.machines[line["machine_id"]] = after

    def cancel(self, line: Line, at: datetime) -> None:
        order = self.order(line)
        if not order.is_open:
            raise RefusedError(f"the order is {order.state}")
        if blank(line.get("reason")):
            raise RefusedError("a reason is missing", ["reason"])
        order.close("cancelled", plan.local_date(at))

    # ---- expectations

    def expect(self, number: int, line: Line, at: datetime) -> None:
        machine = self.machines.get(line["machine_id"])
        if "total_hours" in line:
            got = None if machine is None else shown(machine.meter.last_total)
            wanted = line["total_hours"]
            if not same_hours(wanted, got):
                self.fail(number, {"total_hours": as_number(wanted)}, {"total_hours": got})
            return
        order = None if machine is None else machine.orders.get((str(line["kind"]), str(line["step"])))
        expected = {name: line[name] for name in ORDER_FIELDS if name in line}
        if order is None:
            if expected != {"state": None}:
                self.fail(number, expected, None)
            return
        facts = order.as_json(plan.local_date(at))
        got_fields = {name: facts[name] for name in expected}
        if got_fields != expected:
            self.fail(number, expected, got_fields)

    def fail(self, number: int, expected: object, got: object) -> None:
        self.failed.append({"line": number, "expected": expected, "got": got})

    # ---- one line, and the end

    def handle(self, number: int, line: Line, at: datetime) -> None:  # noqa: PLR0912 (one branch a command)
        do = line["do"]
        try:
            if do == "reading":
                device_time = read_device_time(line.get("device_time"))
                self.deliver(line["machine_id"], line.get("hours", ABSENT), device_time, at)
            elif do == "raw":
                self.raw(line, at)
            elif do == "expect":
                self.expect(number, line, at)
            elif do == "stock_in":
                self.stock_in(line, at)
            elif do == "handover":
                self.hand_over(line, at)
            elif do == "transfer":
                self.transfer(line, at)
            elif do == "retire":
                self.retire(line, at)
            elif do == "meter_change":
                self.meter_change(line, at)
            elif do == "complete":
                self.complete(line, at)
            elif do == "cancel":
                self.cancel(line, at)
            elif do in ("acknowledge", "contact", "schedule", "copy_sent"):
                self.order(line)
            else:
                raise ValueError(f"line {number}: unknown do {do!r}")
        except RefusedError as refusal:
            self.refused.append(
                {
                    "line": number,
                    "do": do,
                    "machine_id": line.get("machine_id"),
                    "missing": refusal.missing,
                    "reason": refusal.reason,
                }
            )

    def as_json(self, today: date) -> dict[str, Any]:
        orders = [order for machine in self.machines.values() for order in machine.orders.values()]
        orders.sort(key=lambda order: (order.machine_id, order.kind, order.step))
        verdicts: Counter[str] = Counter(reading.verdict for reading in self.nameless)
        for readings in self.unknown.values():
            verdicts.update(reading.verdict for reading in readings)
        for machine in self.machines.values():
            verdicts.update(reading.verdict for reading in machine.meter.readings)
        return {
            "work_orders": [order.as_json(today) for order in orders],
            "machines": [
                {"machine_id": name, "status": machine.status, "total_hours": shown(machine.meter.last_total)}
                for name, machine in sorted(self.machines.items())
            ],
            "readings": dict(sorted(verdicts.items())),
            "refused_commands": self.refused,
            "failed_expectations": self.failed,
        }


def read_instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=plan.ZONE)


def read_device_time(value: object) -> datetime | None:
    """An unreadable one counts as none."""
    if not isinstance(value, str):
        return None
    try:
        instant = read_instant(value)
        instant.astimezone(plan.ZONE)
    except (ValueError, OverflowError):
        return None
    return instant


def as_number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def same_hours(wanted: object, got: float | None) -> bool:
    if got is None or not isinstance(wanted, (int, float, Decimal)):
        return wanted is None and got is None
    return abs(as_decimal(wanted) - as_decimal(got)) < TO_0_001_HOURS


def midnights_between(before: datetime, now: datetime) -> Iterable[date]:
    day = plan.local_date(before)
    while day < plan.local_date(now):
        day += timedelta(days=1)
        yield day


def run_timeline(
    lines: Sequence[Line], winter_file: Path | str | None = None, numbers: Sequence[int] | None = None
) -> dict[str, Any]:
    """Plays the timeline. `numbers`: the lines' numbers in their file, comments counted (default 1, 2 …)."""
    world = World(read_windows(None if winter_file is None else Path(winter_file)))
    now: datetime | None = None
    for index, line in enumerate(lines):
        number = numbers[index] if numbers is not None else index + 1
        at = datetime.fromisoformat(line["at"])
        if at.tzinfo is None:
            raise ValueError(f"line {number}: at has no offset")
        if now is not None:
            if at < now:
                raise ValueError(f"line {number}: out of order")
            for day in midnights_between(now, at):
                world.midnight(day)
        now = at
        world.handle(number, line, at)
    today = plan.local_date(now) if now is not None else date.min
    return world.as_json(today)


def read_timeline(path: Path) -> tuple[list[Line], list[int]]:
    """The objects of a timeline file and their line numbers; numbers keep their decimal text."""
    lines: list[Line] = []
    numbers: list[int] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if text.strip() and not text.startswith("#"):
            lines.append(json.loads(text, parse_float=Decimal))
            numbers.append(number)
    return lines, numbers


def promised(path: Path) -> dict[str, Any]:
    """What our own timelines promise in comments: "# readings: {…}" and "# refused lines: […]"."""
    promises: dict[str, Any] = {}
    for text in path.read_text(encoding="utf-8").split("\n"):
        for name in ("readings", "refused lines"):
            if text.startswith(f"# {name}: "):
                promises[name] = json.loads(text.removeprefix(f"# {name}: "))
    return promises


def broken_promises(path: Path, result: dict[str, Any]) -> list[str]:
    kept = {
        "readings": result["readings"],
        "refused lines": [refusal["line"] for refusal in result["refused_commands"]],
    }
    return [
        f"{path}: {name}: expected {value}, got {kept[name]}"
        for name, value in promised(path).items()
        if kept[name] != value
    ]


def run_file(path: Path, winter_file: Path | str | None = None) -> dict[str, Any]:
    lines, numbers = read_timeline(path)
    return run_timeline(lines, winter_file, numbers)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.model.run", description="Run timelines through the reference model."
    )
    parser.add_argument("timelines", nargs="+", type=Path)
    parser.add_argument("--winter", type=Path, help="a CSV of winter windows instead of the default")
    parser.add_argument("--quiet", action="store_true", help="print only what failed")
    chosen = parser.parse_args(arguments)
    failures = 0
    for path in chosen.timelines:
        result = run_file(path, chosen.winter)
        if not chosen.quiet:
            print(json.dumps(result, ensure_ascii=False, indent=1))
        for failure in result["failed_expectations"]:
            print(
                f"{path}:{failure['line']}: expected {failure['expected']}, got {failure['got']}",
                file=sys.stderr,
            )
            failures += 1
        for broken in broken_promises(path, result):
            print(broken, file=sys.stderr)
            failures += 1
    print(f"{len(chosen.timelines)} timelines, {failures} failed expectations", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
