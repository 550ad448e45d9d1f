"""The duties as the outside sees them: how each stands, in words, and the rows of what was done (design 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import duties, listing
from daemon.keeper import Keeper
from daemon.listing import Fields
from daemon.retention import UP_TO
from daemon.showing import instant
from schedules.dates import start_of_day_ms
from schedules.duty import DUTIES, Duty

_OF_ROW = ("period", "started_at", "finished_at", "took_s", "did")
DUTY_FIELDS = ("duty", "every", "state", *_OF_ROW, "next_due_at", "waiting", "failed_at", "error", "note")
"""A duty as it stands: what was done last, what is due next, how many periods wait."""
HISTORY_FIELDS = ("duty", *_OF_ROW, "done_with", "failed_at", "error")
TROUBLE = frozenset({"late", "failing"})
"""States of a duty that somebody should look at."""
_GRACE_MS = 3_600_000
_START = "is the daemon running? `hourkeeper sweep` does it now"


def standing(connection: Connection, keeper: Keeper, now_ms: int) -> Iterator[Fields]:
    """Every duty, as it stands now."""
    for duty in DUTIES:
        yield _standing(connection, keeper, duty, now_ms)


def _standing(connection: Connection, keeper: Keeper, duty: Duty, now_ms: int) -> Fields:
    done, begun = duties.last_done(connection, duty), duties.under_way(connection, duty)
    due_ms = now_ms if done is None else start_of_day_ms(duty.next_on(done.period), keeper.zone)
    waiting = list(duty.passed(done and done.period, keeper.today(now_ms)))
    state = _state(done, begun, now_ms - due_ms)
    return {
        "duty": duty.name,
        "every": duty.every.value,
        "state": state,
        **_of_row(keeper, done),
        "next_due_at": None if done is None else instant(due_ms, keeper.zone),
        "waiting": len(waiting),
        "failed_at": begun and instant(begun.failed_ms, keeper.zone),
        "error": begun and begun.failed_ms and begun.error,
        "note": _note(keeper, state, begun, waiting),
    }


def _of_row(keeper: Keeper, row: Row[Any] | None) -> Fields:
    if row is None:
        return dict.fromkeys(_OF_ROW)
    return {
        "period": row.period,
        "started_at": instant(row.started_ms, keeper.zone),
        "finished_at": instant(row.finished_ms, keeper.zone),
        "took_s": None if row.took_ms is None else row.took_ms / 1000,
        "did": _spelled(row.details),
    }


def _state(done: Row[Any] | None, begun: Row[Any] | None, late_ms: int) -> str:
    """`begun` may be a row that was done, but whose last attempt failed."""
    if begun is not None and begun.failed_ms is not None:
        return "failing"
    if done is not None and late_ms < 0:
        return "done"
    if begun is not None:
        return "begun"
    if done is None:
        return "never_done"
    return "late" if late_ms >= _GRACE_MS else "due"


def _note(keeper: Keeper, state: str, begun: Row[Any] | None, waiting: list[str]) -> str:
    missed = f"not done for {_range(waiting)}" if waiting else "in time"
    if begun is not None and state == "failing":
        return f"{missed}; it failed at {instant(begun.failed_ms, keeper.zone)} and is tried again: {begun.error}"
    if begun is not None and state == "begun":
        came = _spelled(begun.details) or "nothing yet"
        return f"{missed}; begun at {instant(begun.started_ms, keeper.zone)}, so far: {came}"
    return {
        "never_done": f"it was never done; {_START}",
        "late": f"{missed}; {_START}",
        "due": f"{missed} yet; the daemon does it within a minute",
    }.get(state, "in time")


def _range(periods: list[str]) -> str:
    return f"{periods[0]} to {periods[-1]}" if len(periods) > 1 else periods[0]


def _spelled(details: dict[str, Any] | None) -> str | None:
    """What came of a duty, in one line."""
    counts = {what: count for what, count in (details or {}).items() if count and what != UP_TO}
    return ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items()) or None


def history(connection: Connection, keeper: Keeper, limit: int) -> Iterator[Fields]:
    """The rows of duties, the newest period first."""
    for batch in listing.all_duties(connection, limit):
        for row in batch:
            failed_at = instant(row.failed_ms, keeper.zone)
            found = {"duty": row.duty, **_of_row(keeper, row), "done_with": row.done_with}
            yield {**found, "failed_at": failed_at, "error": row.error}
