"""What service centres and users do about the machines at work: visits in time, late or never, and own service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from daemon.fleet.places import CENTRES
from daemon.fleet.reports import MS_PER_DAY
from daemon.fleet.roster import Care
from daemon.fleet.story import Year, at_hour, dial, line
from daemon.fleet.worker import Worker
from daemon.timeline import Line
from schedules.dates import ONE_DAY, local_date
from schedules.plan import MandatoryStep, Plan
from schedules.work_order import Kind

_VISIT, _OWN = Kind.MANDATORY_VISIT, Kind.SELF_SERVICE
_NEVER, _NEVER_OR_LATE = 0.2, 0.6
_FOUND, _ENTERED_LATE, _INCOMPLETE_AT_FIRST, _COPY_SENT, _OWN_REPORTED = 0.15, 0.1, 0.17, 0.85, 0.5
_TIME_TO_CALL = 2
_FINDINGS = ("转向油缸轻微渗油", "空气滤芯堵塞报警", "驻车制动间隙偏大", "Left rear tyre cut")


@dataclass(frozen=True, slots=True)
class _Window:
    """When a step opens, falls due and is overdue, as its machine really runs."""

    step: MandatoryStep
    opens_on: date
    due_on: date
    overdue_on: date


def visits_of(worker: Worker, plan: Plan, year: Year) -> Iterator[Line]:
    """All that is done for a machine by its centre and its user until now."""
    draw = Random(f"{year.seed}/{worker.sold.machine_id}/visits")  # noqa: S311 - nothing secret
    job = worker.sold.job
    first, today = local_date(worker.handed_over_ms, year.zone), local_date(year.now_ms, year.zone)
    windows = [_window(worker, step, first) for step in plan.steps(job.warranty)]
    begun = [window for window in windows if window.opens_on < today]
    ends_on = plan.warranty_ends_on(first, job.warranty)
    for window in begun:
        if job.care is Care.LAST_LEFT_OUT and window is begun[-1]:
            continue
        day = _visited_on(draw, window, job.care)
        if day is not None and day < today and day <= ends_on:
            yield from _visit(worker, window, day, draw, year)
    yield from _own_services(worker, plan, ends_on, draw, year)


def _window(worker: Worker, step: MandatoryStep, first: date) -> _Window:
    due_on = step.due.after(first)
    by_hours = [
        worker.engine.day_reaching(ms)
        for ms in (step.hours_ms - step.lead_ms, step.hours_ms, step.hours_ms + step.tolerance_ms)
    ]
    calendar = (step.opens.after(first), due_on, due_on + ONE_DAY)
    opens_on, due_on, overdue_on = (min(day, run or day) for day, run in zip(calendar, by_hours, strict=True))
    return _Window(step, opens_on, due_on, overdue_on)


def _visited_on(draw: Random, window: _Window, care: Care) -> date | None:
    luck = draw.random()
    if care is Care.MIXED and luck < _NEVER:
        return None
    if care is Care.MIXED and luck < _NEVER_OR_LATE:
        return window.overdue_on + timedelta(draw.randrange(2, 24))
    days = max(1, (window.due_on - window.opens_on).days)
    return window.opens_on + timedelta(draw.randrange(1, days + 1))


def _visit(worker: Worker, window: _Window, day: date, draw: Random, year: Year) -> Iterator[Line]:
    """The call, the agreed day, the visit itself, and copy 1 of its form."""
    machine_id, step = worker.sold.machine_id, window.step.step
    technician = draw.choice(CENTRES[worker.sold.job.centre].technicians)
    order = {"kind": _VISIT.value, "step": step}
    if (day - window.opens_on).days > _TIME_TO_CALL:
        called_ms = at_hour(day - ONE_DAY, 14, year.zone)
        yield line(called_ms, "contact", machine_id, **order, by=technician)
        yield line(called_ms + 1, "schedule", machine_id, **order, scheduled_for=day.isoformat(), by=technician)
    done_ms = at_hour(day, draw.uniform(9, 16), year.zone)
    yield from _form(worker, order, done_ms, technician, draw, year)
    sent_ms = at_hour(day + timedelta(draw.randrange(3, 12)), 16, year.zone)
    if sent_ms < year.now_ms and draw.random() < _COPY_SENT:
        yield line(sent_ms, "copy_sent", machine_id, **order, by=technician)


def _form(
    worker: Worker, order: dict[str, str], done_ms: int, technician: str, draw: Random, year: Year
) -> Iterator[Line]:
    """The form comes in within hours; now and then it lacks something at first, or comes days later."""
    form = {
        **order,
        "done_at": year.iso(done_ms),
        "hours": dial(worker.dial_at(done_ms)),
        "technician": technician,
        "signed_by": f"{worker.sold.customer} 机务",
        "genuine_oils": True,
    }
    if draw.random() < _FOUND:
        form |= {"findings": draw.choice(_FINDINGS), "service_record_no": f"XC-{draw.randrange(100000):05d}"}
    luck, machine_id = draw.random(), worker.sold.machine_id
    entered_ms = done_ms + (
        draw.randrange(2, 5) * MS_PER_DAY if luck < _ENTERED_LATE else draw.randrange(60_000, 3 * 3_600_000)
    )
    if _ENTERED_LATE <= luck < _INCOMPLETE_AT_FIRST:
        yield line(entered_ms, "complete", machine_id, **{**form, "genuine_oils": None})
        entered_ms += MS_PER_DAY
    if entered_ms < year.now_ms:
        yield line(entered_ms, "complete", machine_id, **form)


def _own_services(worker: Worker, plan: Plan, ends_on: date, draw: Random, year: Year) -> Iterator[Line]:
    """The user's own cycle: about every second one is reported."""
    steps = plan.steps(worker.sold.job.warranty)
    every_ms, last_ms = plan.self_service.every_ms, max(step.hours_ms for step in steps)
    known_ms = worker.engine.total_at(at_hour(ends_on + ONE_DAY, 0, year.zone))
    threshold_ms = every_ms
    while (reached_on := worker.engine.day_reaching(threshold_ms)) is not None:
        done_ms = at_hour(reached_on + timedelta(draw.randrange(1, 9)), 17, year.zone)
        own = threshold_ms > (known_ms if reached_on > ends_on else last_ms)
        if own and done_ms < year.now_ms and draw.random() < _OWN_REPORTED:
            yield line(
                done_ms,
                "complete",
                worker.sold.machine_id,
                kind=_OWN.value,
                step=str(threshold_ms // 3_600_000),
                hours=dial(worker.dial_at(done_ms)),
                technician=f"{worker.sold.customer} 机务",
            )
        threshold_ms += every_ms
