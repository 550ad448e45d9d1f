"""A history as a timeline that `hourkeeper replay` runs, with its plan and winters, and what the model expects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from .anew import orders_on
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
    hours_text,
)
from .plan import HOUR, ZONE
from .winter import Windows

Line = dict[str, Any]
HEAR_ALL = "[meter]\nrate = 1000000\nfirst_slack = 200000\n"
"""Histories are of readings that were believed, however fast the machine seems to run."""
EVIDENCE = {
    "technician": "Technician",
    "signed_by": "Customer",
    "genuine_oils": True,
    "nothing_removed": True,
    "winter_items": True,
}
_CAME, _READ, _DONE = time(8), time(6), time(7)


def timeline(name: str, history: History, day: date, figures: Figures, windows: Windows) -> list[Line]:
    """What happened, and each order as it must be at the end of a day."""
    known = [event for event in history if event.on <= day]
    lines = list(_lines(name, known))
    for (kind, step), order in sorted(orders_on(day, history, figures, windows).items()):
        facts = order.as_json(day)
        expected = {key: facts[key] for key in facts if key not in ("machine_id", "kind", "step")}
        lines.append(
            {
                "at": _at(day, time(23), 0),
                "do": "expect",
                "machine_id": name,
                "kind": kind,
                "step": step,
                **expected,
            }
        )
    return lines


def _lines(name: str, known: Sequence[Event]) -> Iterator[Line]:
    is_late = any(isinstance(event, Registration) for event in known)
    for place, event in enumerate(known):
        if place > 0 and isinstance(event, Total) and isinstance(known[place - 1], Sale):
            continue  # the hours at the hand-over
        if isinstance(event, (Before, Decision)) or (is_late and isinstance(event, Sale)):
            continue  # told with the registration; decided by a command, not by a timeline
        line = {"at": _at(event.on, _CAME, place), "machine_id": name}
        yield line | _happening(event, place, known)


def _happening(  # noqa: PLR0911 - one a sort of event
    event: Event, place: int, known: Sequence[Event]
) -> Line:
    match event:
        case StockIn():
            came = {"region": event.region, "yard": "Yard", "inspected": event.inspected}
            return {"do": "stock_in", "category": "loader", "model": "LG856", **came}
        case Sale():
            return _sold(event, known[place + 1 : place + 2])
        case Registration():
            return _registered(known[:place])
        case Total():
            read = _at(event.read_on, _CAME if event.read_on == event.on else _READ, place)
            return {"do": "reading", "hours": _number(event.total), "device_time": read}
        case Form():
            done = {"kind": event.kind, "step": event.step, "done_at": _at(event.done_on, _DONE, place)}
            return {"do": "complete", **done, **EVIDENCE}
        case Cancel():
            return {"do": "cancel", "kind": event.kind, "step": event.step, "reason": "Not needed"}
        case Move():
            return {"do": "transfer", "region": event.region, "yard": "Yard"}
        case Retire():
            return {"do": "retire", "reason": "Burnt out"}
        case _:
            message = f"no line of a timeline: {event}"
            raise ValueError(message)


def _sold(sale: Sale, after: Sequence[Event]) -> Line:
    hours = after[0].total if after and isinstance(after[0], Total) else 0
    terms = {"warranty": sale.warranty, "customer": "Customer", "service_centre": "JN"}
    return {"do": "handover", "category": "loader", "model": "LG856", "hours": _number(hours), **terms}


def _registered(past: Sequence[Event]) -> Line:
    """The hand-over as it is entered long afterwards, with the last visit known to be done."""
    sale = past[0]
    assert isinstance(sale, Sale)
    done = [event for event in past if isinstance(event, Before)]
    last = {"last_step_done": done[-1].step, "last_step_done_on": done[-1].on.isoformat()} if done else {}
    return {**_sold(sale, past[1:2]), "handed_over_on": sale.on.isoformat(), **last}


def _at(day: date, at: time, minutes: int) -> str:
    return (datetime.combine(day, at, ZONE) + timedelta(minutes=minutes)).isoformat()


def _number(engine_ms: int) -> float:
    return engine_ms / HOUR


def plan_file(figures: Figures) -> str:
    """The plan as TOML, with a meter that believes every reading of a history."""
    months = "".join(f'{name} = "{count} months"\n' for name, count in figures.warranty_months.items())
    return (
        'version = "model"\n'
        + "".join(_step_table(step) for step in figures.steps)
        + f"[warranty]\n{months}"
        + f"[self_service]\nevery = {hours_text(figures.every)}\nlead = {hours_text(figures.lead)}\n"
        + f"[freeze]\narrival_days = {figures.arrival_days}\n"
        + HEAR_ALL
    )


def _step_table(step: Step) -> str:
    return (
        f'[[mandatory]]\nstep = "{step.step}"\nhours = {hours_text(step.at)}\n'
        f'opens = "{step.opens[0]} {step.opens[1]}"\ndue = "{step.due[0]} {step.due[1]}"\n'
        f"lead = {hours_text(step.lead)}\ntolerance = {hours_text(step.tolerance)}\n"
        f"warranties = {json.dumps(list(step.warranties))}\n"
    )


def winter_file(windows: Windows) -> str:
    """The winters as CSV."""
    header = "region_code,region,freeze_open_mmdd,freeze_due_mmdd,freeze_end_mmdd,policy"
    rows = [
        f"{region},,{window.opens},{window.due},{window.ends},{window.policy}" for region, window in windows.items()
    ]
    return "\n".join([header, *rows, ""])
