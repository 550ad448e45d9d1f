"""Whom a service centre telephones today: about visits without an agreed day, and machines that are not heard of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schedules.work_order import Kind, State


class Ask(StrEnum):
    """Why somebody is called, the most urgent first."""

    CONFIRM = "confirm"
    OVERDUE = "overdue"
    AGREED_DAY_PASSED = "agreed_day_passed"
    DUE = "due"
    UPCOMING = "upcoming"
    TELL = "tell"
    UNHEARD = "unheard"


_URGENCY = {ask: urgency for urgency, ask in enumerate(Ask)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An open visit, or the user's own service; `expected_on`: when it is due or probably will be."""

    kind: Kind
    step: str
    state: State
    expected_on: date | None
    is_estimate: bool = False
    late_days: int | None = None
    contacted_on: date | None = None
    scheduled_for: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One machine and its user: `reachable` by e-mail; `unheard_since` is the day it was found not to be heard of."""

    orders: Sequence[OpenOrder]
    reachable: bool
    unheard_since: date | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """Today, the next day on which the centre works, and until when what is coming is looked at."""

    today: date
    next_working: date
    until: date


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to say in a call; `order` None: it is about the machine itself."""

    ask: Ask
    order: OpenOrder | None = None


def topics(subject: Subject, days: Days) -> tuple[Topic, ...]:
    """What a user is called about today, the most urgent first; nothing if they were spoken with today.

    A day that is agreed for one visit of a machine does for all of them: it is one visit (rules 1).
    """
    if any(order.contacted_on == days.today for order in subject.orders):
        return ()
    found = [*_visits(subject, days), *_own(subject)]
    if subject.unheard_since is not None:
        found.append(Topic(Ask.UNHEARD))
    return tuple(sorted(found, key=lambda topic: _URGENCY[topic.ask]))


def _visits(subject: Subject, days: Days) -> Iterator[Topic]:
    visits = [order for order in subject.orders if order.kind is Kind.MANDATORY_VISIT]
    agreed = [order for order in visits if order.scheduled_for is not None and order.scheduled_for >= days.today]
    if not agreed:
        yield from (Topic(ask, order) for order in visits if (ask := _ask(order, days)) is not None)
    for order in agreed:
        if order.scheduled_for is not None and order.scheduled_for <= days.next_working:
            yield Topic(Ask.CONFIRM, order)


def _ask(order: OpenOrder, days: Days) -> Ask | None:
    """Why to call about a visit without a day that is still to come."""
    if order.state is State.OVERDUE:
        return Ask.OVERDUE
    if order.scheduled_for is not None:
        return Ask.AGREED_DAY_PASSED
    if order.state is State.DUE:
        return Ask.DUE
    is_soon = order.expected_on is not None and order.expected_on <= days.until
    return Ask.UPCOMING if is_soon and order.contacted_on is None else None


def _own(subject: Subject) -> Iterator[Topic]:
    """The user's own service falls due, and they get no e-mail (rules 8): somebody must tell them, once."""
    for order in subject.orders:
        is_told = subject.reachable or order.contacted_on is not None
        if order.kind is Kind.SELF_SERVICE and order.state is State.DUE and not is_told:
            yield Topic(Ask.TELL, order)


def urgency(subject: Subject, found: Sequence[Topic], days: Days) -> tuple[int, bool, int, date]:
    """Sorts calls: by their first topic, users without an e-mail address first, then the latest, then the soonest."""
    order = found[0].order
    late_days = 0 if order is None else order.late_days or 0
    when = subject.unheard_since if order is None else order.scheduled_for or order.expected_on
    return _URGENCY[found[0].ask], subject.reachable, -late_days, when or days.until
