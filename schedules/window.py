"""When one step of one machine opens, falls due, is overdue and ends; and what that makes of its order.

Every kind of work order is such a window: its own module says when, this one says what follows (rules 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from schedules.work_order import Cause, Change, Closing, Kind, State, WorkOrder


@dataclass(frozen=True, slots=True)
class Window:
    """Absolute limits of one step; a clock the kind does not have is None.

    Calendar: `opens_on`, `due_on`, `overdue_on`, and `lapses_on`, the day on which an open order can no longer be
    done. Hours (engine ms): `opens_at`, `due_at`, and `overdue_above`, which must be exceeded.
    """

    kind: Kind
    step: str
    plan_version: str
    opens_on: date | None = None
    due_on: date | None = None
    overdue_on: date | None = None
    lapses_on: date | None = None
    opens_at: int | None = None
    due_at: int | None = None
    overdue_above: int | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """Where a machine stands: its total engine time in ms, and the date of the reading that set it."""

    total_ms: int
    read_on: date


def by_calendar(window: Window, order: WorkOrder | None, today: date) -> Iterator[Change]:
    """What the calendar has done to an order by `today`, in order of dates, however late we ask."""
    ended = window.lapses_on
    for on, state in (
        (window.opens_on, State.UPCOMING),
        (window.due_on, State.DUE),
        (window.overdue_on, State.OVERDUE),
    ):
        if on is None or on > today or (ended is not None and on >= ended):
            continue
        after = _moved_by_calendar(window, order, on, state)
        if after is not None:
            yield Change(order, after, on, Cause.CALENDAR)
            order = after
    if ended is not None and ended <= today and order is not None and order.is_open:
        lapsed = replace(order, state=State.LAPSED, closed_on=ended, closing=Closing.WINDOW_ENDED)
        yield Change(order, lapsed, ended, Closing.WINDOW_ENDED)


def _moved_by_calendar(window: Window, order: WorkOrder | None, on: date, state: State) -> WorkOrder | None:
    if order is None:
        return opened(window, on) if state is State.UPCOMING else None
    if state is State.DUE and order.state is State.UPCOMING:
        return replace(order, state=state, cause=Cause.CALENDAR)
    if state is State.OVERDUE and order.state is State.DUE:
        return replace(order, state=state)
    return None


def opened(window: Window, on: date) -> WorkOrder:
    """The order of a window as it comes into being on a date."""
    due_on = None if window.due_on is None else max(window.due_on, on)
    return WorkOrder(
        kind=window.kind,
        step=window.step,
        state=State.UPCOMING,
        opens_on=on,
        plan_version=window.plan_version,
        due_on=due_on,
        overdue_on=window.overdue_on,
        threshold_ms=window.due_at,
    )


def by_hours(window: Window, order: WorkOrder | None, hours: Hours, today: date) -> Iterator[Change]:
    """What the hours do to an order once the calendar has had its say for `today`."""
    if window.lapses_on is not None and today >= window.lapses_on:
        return
    if order is None and window.opens_at is not None and hours.total_ms >= window.opens_at:
        on = hours.read_on if window.opens_on is None else min(window.opens_on, hours.read_on)
        order = opened(window, on)
        yield Change(None, order, on, Cause.HOURS)
    if order is not None:
        yield from _due_by_hours(window, order, hours)


def _due_by_hours(window: Window, order: WorkOrder, hours: Hours) -> Iterator[Change]:
    if order.state is State.UPCOMING and window.due_at is not None and hours.total_ms >= window.due_at:
        on = max(hours.read_on, order.opens_on)
        due = replace(order, state=State.DUE, cause=Cause.HOURS, due_on=on)
        yield Change(order, due, on, Cause.HOURS)
        order = due
    if order.state is State.DUE and window.overdue_above is not None and hours.total_ms > window.overdue_above:
        on = max(hours.read_on, order.due_on or order.opens_on)
        yield Change(order, replace(order, state=State.OVERDUE, overdue_on=on), on, Cause.HOURS)


def next_date(window: Window, order: WorkOrder | None, today: date) -> date | None:
    """The next day on which the calendar changes anything about this step."""
    if order is not None and not order.is_open:
        return None
    dates = (window.opens_on, window.due_on, window.overdue_on, window.lapses_on)
    return min((on for on in dates if on is not None and on > today), default=None)


def next_hours(window: Window, order: WorkOrder | None, total_ms: int) -> int | None:
    """The smallest total above `total_ms` that changes anything about this step."""
    if order is not None and not order.is_open:
        return None
    above = None if window.overdue_above is None else window.overdue_above + 1
    limits = (window.opens_at, window.due_at, above)
    return min((limit for limit in limits if limit is not None and limit > total_ms), default=None)
