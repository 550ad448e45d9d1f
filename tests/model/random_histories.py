"""Random timelines, believable to nasty: the same seed, the same timeline.

python -m tests.model.random_histories SEED [MACHINES [LINES]] prints one as JSON lines.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .plan import VISITS, ZONE

Line = dict[str, Any]
REGIONS = ("23", "37", "46", "50", "nowhere")
LIMITS = sorted(
    {
        visit.hours + delta
        for visit in VISITS
        for delta in (-visit.lead, -visit.lead - 0.001, 0, -0.001, visit.tolerance, visit.tolerance + 0.001)
    }
    | {step + delta for step in range(600, 6001, 600) for delta in (-50, 0, 0.001)}
)
NO_HOURS: tuple[object, ...] = (
    None,
    "",
    "NaN",
    -1,
    4294967295,
    214748364.75,
    True,
    "612.5",
    [1],
    {},
    -0.5,
    200000.001,
    1e9,
)


@dataclass
class Truth:
    """What really happens to one machine; what reaches us is another matter."""

    name: str
    status: str  # unknown, stock, in_service, retired
    warranty: str
    region: str
    hours: float  # at the beginning
    rate: float  # hours a day
    begins: datetime
    dial_offsets: list[tuple[datetime, float]] = field(default_factory=list)
    unentered: list[Line] = field(default_factory=list)  # meter changes nobody has told us about
    sent: list[Line] = field(default_factory=list)

    def total(self, time: datetime) -> float:
        days = max(0.0, (time - self.begins) / timedelta(days=1))
        return self.hours + self.rate * days

    def dial(self, time: datetime) -> float:
        offset = 0.0
        for since, value in self.dial_offsets:
            if since <= time:
                offset = value
        return max(0.0, round(self.total(time) - offset, 3))


def written(rng: random.Random, instant: datetime) -> str:
    return instant.astimezone(rng.choice((ZONE, ZONE, ZONE, UTC))).isoformat()


class Story:
    def __init__(self, seed: int, machines: int, lines: int) -> None:
        self.rng = random.Random(seed)
        self.wanted = lines
        self.lines: list[Line] = []
        span = self.rng.choice((30, 120, 250, 420, 600))
        self.gap_hours = span * 24 / max(1, lines)
        self.now = datetime(2024, 1, 1, tzinfo=ZONE) + timedelta(hours=self.rng.randrange(0, 24 * 700))
        self.machines = [self.new_machine(number) for number in range(1, machines + 1)]

    def new_machine(self, number: int) -> Truth:
        rng = self.rng
        return Truth(
            name=f"M{number}",
            status="unknown",
            warranty=rng.choice(("half_year", "one_year")),
            region=rng.choice(REGIONS),
            hours=rng.choice((0.0, 0.0, 2.0, 14.5, 79.999, 95.0, 130.0, 470.0, 1180.0, 2340.0)),
            rate=rng.choice((0.0, 0.7, 1.3, 3.0, 6.5, 9.0, 12.0, 19.5)),
            begins=self.now,
        )

    # ---- the clock

    def advance(self) -> None:
        rng = self.rng
        choice = rng.random()
        if choice < 0.10:
            return
        if choice < 0.25:
            self.now += timedelta(seconds=rng.randrange(1, 3600))
        elif choice < 0.30:
            self.to_midnight(rng.choice((-1, 0, 0, 1)))
        elif choice < 0.34:
            self.now += timedelta(days=rng.randrange(20, 130))
        else:
            self.now += timedelta(seconds=int(rng.expovariate(1 / self.gap_hours) * 3600) + 1)

    def to_midnight(self, seconds: int) -> None:
        local = self.now.astimezone(ZONE)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        later = midnight + timedelta(seconds=seconds)
        self.now = max(self.now, later)

    def put(self, do: str, **fields: object) -> Line:
        line: Line = {"at": self.now.isoformat(), "do": do, **fields}
        self.lines.append(line)
        return line

    # ---- coming and going

    def register(self, machine: Truth) -> None:
        rng = self.rng
        if rng.random() < 0.35:
            self.put(
                "stock_in",
                machine_id=machine.name,
                category="loader",
                model="LG856",
                region=machine.region,
                yard=f"Y{machine.region}",
                inspected=rng.random() < 0.5,
            )
            machine.status = "stock"
        else:
            self.hand_over(machine)

    def hand_over(self, machine: Truth) -> None:
        self.put(
            "handover",
            machine_id=machine.name,
            category="loader",
            model="LG856",
            hours=machine.dial(self.now),
            warranty=machine.warranty,
            customer="Customer",
            service_centre="JN",
        )
        machine.status = "in_service"

    def transfer(self, machine: Truth) -> None:
        machine.region = self.rng.choice(REGIONS)
        self.put("transfer", machine_id=machine.name, region=machine.region, yard=f"Y{machine.region}")

    def out_of_place(self, machine: Truth) -> None:
        """A command that ends a life, or that has to be refused."""
        rng = self.rng
        choice = rng.random()
        if choice < 0.2:
            self.put("retire", machine_id=machine.name, reason="Burnt out")
            machine.status = "retired" if machine.status != "unknown" else "unknown"
        elif choice < 0.4 and machine.status in ("in_service", "retired"):
            self.hand_over_again(machine)
        elif choice < 0.6:
            self.put("retire", machine_id="nobody", reason="Lost")
        else:
            kind, step = self.some_step(machine)
            reason = rng.choice(("Not needed", "", "  "))
            self.put("cancel", machine_id=machine.name, kind=kind, step=step, reason=reason)

    def hand_over_again(self, machine: Truth) -> None:
        status = machine.status
        self.hand_over(machine)
        machine.status = status

    # ---- readings

    def reading(self, machine: Truth) -> None:
        rng = self.rng
        choice = rng.random()
        if choice < 0.10 and machine.sent:
            again = {key: value for key, value in rng.choice(machine.sent[-6:]).items() if key != "at"}
            self.lines.append({"at": self.now.isoformat(), **again})
            return
        time, hours = self.now, machine.dial(self.now)
        device_time: str | None = written(rng, self.now) if rng.random() < 0.6 else None
        value: object = hours
        if choice < 0.30:  # from the buffer of a device that was out of reach
            back = timedelta(seconds=rng.randrange(60, 86400 * rng.choice((1, 3, 25, 95))))
            time = max(self.now - back, machine.begins)
            value, device_time = machine.dial(time), written(rng, time)
        elif choice < 0.36:
            value = round(hours + rng.choice((0.9, 1.0, 1.001, 5, 60, 300, 5000)), 3)
        elif choice < 0.42:
            value = max(0.0, round(hours - rng.choice((0.5, 1.0, 1.001, 7, 90, 10**6)), 3))
        elif choice < 0.46:
            value = rng.choice(NO_HOURS)
        elif choice < 0.52:
            wrong = rng.choice(
                (
                    "1970-01-01T00:00:00+00:00",
                    "soon",
                    (self.now + timedelta(minutes=10)).isoformat(),
                    (self.now + timedelta(minutes=10, seconds=1)).isoformat(),
                    (self.now + timedelta(hours=8)).isoformat(),
                    (self.now - timedelta(days=91)).isoformat(),
                )
            )
            device_time = wrong
        elif choice < 0.66:  # exactly at a limit that lies near
            limit = min(LIMITS, key=lambda candidate: abs(candidate - machine.total(self.now)))
            near = round(limit - (machine.total(self.now) - hours), 3)
            if abs(near - hours) < 40 and near >= 0:
                value = near
        self.send(machine, value, device_time)

    def send(self, machine: Truth, value: object, device_time: str | None) -> None:
        rng = self.rng
        if rng.random() < 0.15:
            content = {"hours": value} if device_time is None else {"hours": value, "at": device_time}
            text = json.dumps(content)
            if rng.random() < 0.1:
                text = rng.choice(("", "{", text[:-1], "[1]", "true"))
            topic = f"machines/{machine.name}/hours"
            if rng.random() < 0.5:
                line = self.put("raw", topic=topic, payload=text)
            else:
                line = self.put("raw", topic=topic, payload_base64=base64.b64encode(text.encode()).decode())
        elif device_time is None:
            line = self.put("reading", machine_id=machine.name, hours=value)
        else:
            line = self.put("reading", machine_id=machine.name, hours=value, device_time=device_time)
        machine.sent.append(line)

    # ---- the meter is replaced

    def change_meter(self, machine: Truth) -> None:
        rng = self.rng
        if machine.unentered:
            self.put("meter_change", **machine.unentered.pop(0))
            return
        if rng.random() < 0.25:  # one that never was, or was mistyped
            changed_at = self.now - timedelta(hours=rng.randrange(0, 200))
            old_end = max(0.0, round(machine.dial(self.now) + rng.choice((-30, -1, -0.5, 0, 0.5, 400)), 3))
            self.put(
                "meter_change",
                machine_id=machine.name,
                changed_at=changed_at.isoformat(),
                old_end=old_end,
                new_start=0,
            )
            if rng.random() < 0.5:
                return
            machine.dial_offsets.append((changed_at, machine.total(changed_at)))
            return
        new_start = float(rng.choice((0, 0, 0, 3.5, 5000)))
        fields: Line = {
            "machine_id": machine.name,
            "changed_at": self.now.isoformat(),
            "old_end": machine.dial(self.now),
            "new_start": new_start,
        }
        machine.dial_offsets.append((self.now, round(machine.total(self.now) - new_start, 3)))
        if rng.random() < 0.5:
            self.put("meter_change", **fields)
        else:
            machine.unentered.append(fields)

    # ---- work is done

    def some_step(self, machine: Truth) -> tuple[str, str]:
        """An order that may well be open."""
        rng = self.rng
        total = machine.total(self.now)
        if machine.status == "stock" or (machine.status == "retired" and rng.random() < 0.3):
            if rng.random() < 0.7:
                day = self.now.astimezone(ZONE) - timedelta(days=rng.choice((0, 0, 0, 31, 62)))
                return "stock_upkeep", f"{day:%Y-%m}"
            year = self.now.astimezone(ZONE).year - rng.choice((0, 0, 1))
            return "freeze_protection", f"{year}-{(year + 1) % 100:02d}@{machine.region}"
        if rng.random() < 0.3:
            near = max(600, round(total / 600) * 600 + rng.choice((-600, 0, 0, 0)))
            return "self_service", str(near)
        steps = [visit.step for visit in VISITS]
        reached = sum(1 for visit in VISITS if visit.hours - visit.lead <= total)
        likely = min(len(steps) - 1, max(0, reached - 1 + rng.choice((-1, 0, 0, 0, 1))))
        return "mandatory_visit", rng.choice((steps[likely], steps[likely], rng.choice(steps)))

    def complete(self, machine: Truth) -> None:
        rng = self.rng
        kind, step = self.some_step(machine)
        line: Line = {"machine_id": machine.name, "kind": kind, "step": step}
        time = self.now
        if rng.random() < 0.4:
            time = self.now - timedelta(seconds=rng.randrange(-40_000, 86400 * rng.choice((2, 10, 60))))
            line["done_at"] = time.isoformat()
        if kind == "mandatory_visit" and rng.random() < 0.5:
            wrong = rng.choice((0, 0, 0, 0, 0.4, -0.6, -30, 800))
            line["hours"] = max(0.0, round(machine.dial(time) + wrong, 3))
        if kind != "self_service":
            line |= {"technician": "Technician", "signed_by": "Customer"}
        if kind == "mandatory_visit":
            line["genuine_oils"] = True
        if kind == "stock_upkeep":
            line["nothing_removed"] = True
            if rng.random() < 0.6:
                line["winter_items"] = True
        if kind != "freeze_protection" and rng.random() < 0.15:
            line["findings"] = "Oil leak"
            if rng.random() < 0.5:
                line["service_record_no"] = f"R-{len(self.lines)}"  # typed from paper: no two are alike
        if kind in ("mandatory_visit", "freeze_protection") and rng.random() < 0.12:
            line[rng.choice(("technician", "signed_by"))] = rng.choice(("", "  "))
        if kind == "mandatory_visit" and rng.random() < 0.05:
            line["genuine_oils"] = False
        self.put("complete", **line)

    # ---- the whole story

    def one_line(self) -> None:  # noqa: PLR0912 (one branch a chance)
        rng = self.rng
        machine = rng.choice(self.machines)
        choice = rng.random()
        if machine.status == "unknown":
            if choice < 0.3:
                self.reading(machine)
            else:
                self.register(machine)
        elif machine.status == "stock":
            if choice < 0.30:
                self.reading(machine)
            elif choice < 0.55:
                self.complete(machine)
            elif choice < 0.75:
                self.transfer(machine)
            elif choice < 0.80:
                self.out_of_place(machine)
            elif choice < 0.85:
                self.change_meter(machine)
            else:
                self.hand_over(machine)
        elif choice < 0.65:
            self.reading(machine)
        elif choice < 0.88:
            self.complete(machine)
        elif choice < 0.97:
            self.change_meter(machine)
        else:
            self.out_of_place(machine)

    def tell(self) -> list[Line]:
        while len(self.lines) < self.wanted:
            self.advance()
            self.one_line()
        return self.lines


def random_timeline(seed: int, *, machines: int = 2, lines: int = 60) -> list[dict[str, Any]]:
    return Story(seed, machines, lines).tell()


def main() -> int:
    seed, *sizes = [int(argument) for argument in sys.argv[1:]]
    machines = sizes[0] if sizes else 2
    lines = sizes[1] if len(sizes) > 1 else 60
    for line in random_timeline(seed, machines=machines, lines=lines):
        print(json.dumps(line, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
