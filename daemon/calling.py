"""The day's call list of a service centre: whom to telephone about which machine, and what to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from heapq import nsmallest
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import calls as store
from adapters.store.addressees import is_address
from adapters.store.forecast import projections
from adapters.store.machines import order_of
from daemon.keeper import Keeper
from daemon.showing import iso
from notifications.call_words import what_to_say
from notifications.words import Words
from schedules.call_list import Days, OpenOrder, Subject, Topic, topics, urgency
from schedules.dates import ONE_DAY, local_date
from schedules.forecast import Basis, Projection

Fields = dict[str, Any]
CALL_FIELDS = (
    "why",
    "machine_id",
    "model",
    "region",
    "customer",
    "customer_phone",
    "say",
    "due_on",
    "late_days",
    "scheduled_for",
    "by_mail",
    "service_centre",
    "service_centre_name",
)
"""`why` and the dates are those of the most urgent topic; `by_mail`: the user is written to as well."""
_Call = tuple[Row[Any], Subject, tuple[Topic, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which centre (None: all), visits how many days ahead, and at most how many calls."""

    service_centre: str | None
    ahead: int
    limit: int


def calls(connection: Connection, keeper: Keeper, wanted: Wanted, now_ms: int, words: Words) -> Iterator[Fields]:
    """The day's calls, the most urgent first."""
    days = _days(keeper, wanted.ahead, now_ms)
    orders = _about_orders(connection, keeper, wanted.service_centre, now_ms)
    found = _with_topics(chain(orders, _rest(connection, wanted.service_centre)), days)
    for row, subject, said in nsmallest(wanted.limit, found, key=partial(_place_in_list, days)):
        yield _fields(row, subject, said, words)


def _place_in_list(days: Days, call: _Call) -> tuple[Any, ...]:
    row, subject, said = call
    return *urgency(subject, said, days), row.machine_id


def _days(keeper: Keeper, ahead: int, now_ms: int) -> Days:
    today, working = keeper.today(now_ms), keeper.telling.timing.working
    following = today + ONE_DAY
    while following not in working:
        following += ONE_DAY
    return Days(today, following, today + timedelta(days=ahead))


def _with_topics(subjects: Iterator[tuple[Row[Any], Subject]], days: Days) -> Iterator[_Call]:
    for row, subject in subjects:
        if said := topics(subject, days):
            yield row, subject, said


def _about_orders(
    connection: Connection, keeper: Keeper, service_centre: str | None, now_ms: int
) -> Iterator[tuple[Row[Any], Subject]]:
    """Machines with open orders."""
    orders = chain.from_iterable(
        _batch(connection, keeper, rows, now_ms) for rows in store.open_orders(connection, service_centre)
    )
    for _, of_machine in groupby(orders, key=lambda each: each[0].machine_id):
        rows = list(of_machine)
        first, since = rows[0][0], rows[0][2]
        reachable = is_address(first.customer_email)
        yield first, Subject(orders=[order for _, order, _ in rows], reachable=reachable, unheard_since=since)


def _batch(
    connection: Connection, keeper: Keeper, rows: Sequence[Row[Any]], now_ms: int
) -> Iterator[tuple[Row[Any], OpenOrder, date | None]]:
    machine_ids = sorted({row.machine_id for row in rows})
    projected = projections(connection, keeper.rulebook.plan.forecast, machine_ids, now_ms)
    since = store.unheard_among(connection, machine_ids)
    for row in rows:
        yield row, _order(keeper, row, projected[row.machine_id], now_ms), since.get(row.machine_id)


def _order(keeper: Keeper, row: Row[Any], projection: Projection, now_ms: int) -> OpenOrder:
    order, today = order_of(row), keeper.today(now_ms)
    expected = projection.of_order(order, today)
    return OpenOrder(
        kind=order.kind,
        step=order.step,
        state=order.state,
        expected_on=expected.on,
        is_estimate=expected.basis in (Basis.MEASURED, Basis.ASSUMED),
        late_days=order.late_days(today),
        contacted_on=None if row.contacted_ms is None else local_date(row.contacted_ms, keeper.zone),
        scheduled_for=row.scheduled_for,
    )


def _rest(connection: Connection, service_centre: str | None) -> Iterator[tuple[Row[Any], Subject]]:
    """Machines that are not heard of and have no open order."""
    for rows in store.unheard(connection, service_centre):
        for row in rows:
            yield row, Subject(orders=(), reachable=is_address(row.customer_email), unheard_since=row.opened_on)


def _fields(row: Row[Any], subject: Subject, said: tuple[Topic, ...], words: Words) -> Fields:
    order = said[0].order
    found = {
        **{name: getattr(row, name) for name in ("machine_id", "model", "region", "customer", "customer_phone")},
        "why": said[0].ask.value,
        "say": " ".join(what_to_say(topic, subject, words) for topic in said),
        "due_on": iso(None if order is None else order.expected_on),
        "late_days": None if order is None else order.late_days,
        "scheduled_for": iso(None if order is None else order.scheduled_for),
        "by_mail": subject.reachable,
        "service_centre": row.service_centre,
        "service_centre_name": row.centre_name,
    }
    return {name: found[name] for name in CALL_FIELDS}
