"""Whether what waits to be told still applies: facts are read again before anything is sent (rules 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from notifications.occasions import Occasion, Role
from schedules.machine import Status
from schedules.work_order import OPEN_STATES, State

_STATES: Mapping[Occasion, frozenset[State]] = {
    Occasion.VISIT_UPCOMING: frozenset({State.UPCOMING}),
    Occasion.VISIT_DUE: frozenset({State.DUE}),
    Occasion.VISIT_OVERDUE: frozenset({State.OVERDUE}),
    Occasion.VISIT_STILL_OVERDUE: frozenset({State.OVERDUE}),
    Occasion.VISIT_LAPSED: frozenset({State.LAPSED}),
    Occasion.VISIT_SCHEDULED: OPEN_STATES,
    Occasion.VISIT_CALLED_OFF: frozenset(State) - OPEN_STATES,
    Occasion.SELF_SERVICE_UPCOMING: frozenset({State.UPCOMING}),
    Occasion.SELF_SERVICE_DUE: frozenset({State.DUE}),
    # Nobody is told that a month's upkeep is due: until it is overdue the first letter speaks for it.
    Occasion.STOCK_OPENED: frozenset({State.UPCOMING, State.DUE}),
    Occasion.STOCK_OVERDUE: frozenset({State.OVERDUE}),
    Occasion.FREEZE_OPENED: frozenset({State.UPCOMING}),
    Occasion.FREEZE_DUE: frozenset({State.DUE}),
    Occasion.FREEZE_OVERDUE: frozenset({State.OVERDUE}),
    Occasion.COPY_1_NOT_SENT: frozenset({State.DONE}),
}
_IN_STOCK = frozenset(
    {
        Occasion.STOCK_OPENED,
        Occasion.STOCK_OVERDUE,
        Occasion.FREEZE_OPENED,
        Occasion.FREEZE_DUE,
        Occasion.FREEZE_OVERDUE,
    }
)
_OF_THE_RETIRED = frozenset({Occasion.COPY_1_NOT_SENT, Occasion.VISIT_CALLED_OFF})


def no_longer_applies(
    occasion: Occasion, role: Role, state: State | None, status: Status, *, acknowledged: bool
) -> str | None:
    """Why an order (None: withdrawn) is not told on an occasion any more; None if it still stands there."""
    if status is Status.RETIRED and occasion not in _OF_THE_RETIRED:
        return "the machine is retired"
    if occasion in _IN_STOCK and status is not Status.STOCK:
        return "the machine is sold"
    if state is None:
        return "the order was withdrawn"
    if state not in _STATES[occasion]:
        return f"the order is {state.value}"
    if occasion is Occasion.VISIT_STILL_OVERDUE and role is Role.MANAGER and acknowledged:
        return "the order is acknowledged"
    return None


def copy_1_no_longer_missing(sent_on: date | None, sent_by: date, today: date) -> str | None:
    """Why nobody is reminded of a form's copy 1 any more; None while it can still be sent in time (rules 6)."""
    if sent_on is not None:
        return "copy 1 was sent"
    return "the fee is forfeited" if today > sent_by else None


def finding_no_longer_applies(status: Status, *, is_open: bool) -> str | None:
    """Why managers are not told of a finding any more; None if it still stands."""
    if status is Status.RETIRED:
        return "the machine is retired"
    return None if is_open else "the finding is closed"
