"""What became of the orders that were due in a period, counted in the store (rules 0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, String, and_, case, cast, func, or_, select

from adapters.store.dialect import unhurried
from adapters.store.listing import OrderFilter, conditions_of
from adapters.store.tables import machines, work_orders
from schedules.compliance import COUNTED_KINDS, Outcome
from schedules.work_order import MISSED_STATES, State


class By(StrEnum):
    """What compliance is told apart by; centre, region and model are the machine's present ones."""

    KIND = "kind"
    STEP = "step"
    SERVICE_CENTRE = "service_centre"
    REGION = "region"
    MODEL = "model"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """Days in which orders were due, both ends included."""

    begins_on: date
    ends_on: date


_ORDER = work_orders.c
_BY: Mapping[By, ColumnElement[Any]] = {
    By.KIND: _ORDER.kind,
    By.STEP: _ORDER.step,
    By.SERVICE_CENTRE: machines.c.service_centre,
    By.REGION: machines.c.region,
    By.MODEL: machines.c.model,
    By.MONTH: func.substr(cast(_ORDER.due_on, String), 1, 7),
}
_IN_TIME = or_(_ORDER.overdue_on.is_(None), _ORDER.closed_on < _ORDER.overdue_on)
_OUTCOME = case(
    (and_(_ORDER.state == State.DONE, _IN_TIME), Outcome.DONE_ON_TIME.value),
    (_ORDER.state == State.DONE, Outcome.DONE_LATE.value),
    (_ORDER.state.in_(sorted(MISSED_STATES)), Outcome.MISSED.value),
    (_ORDER.state == State.OVERDUE, Outcome.OVERDUE.value),
    else_=Outcome.OPEN.value,
)
"""As `schedules.compliance.outcome_of`, for orders that are not cancelled."""


def counts(connection: Connection, period: Period, by: Sequence[By], wanted: OrderFilter) -> list[Row[Any]]:
    """Rows of the values of `by`, an `outcome` and how many orders came out so; sorted by the values.

    Orders that closed before their machine was registered are left out (rules 5).
    """
    groups = [_BY[each].label(each.value) for each in by]
    statement: Select[Any] = (
        select(*groups, _OUTCOME.label("outcome"), func.count().label("orders"))
        .select_from(work_orders.join(machines, machines.c.machine_id == _ORDER.machine_id))
        .where(
            unhurried(_ORDER.due_on).between(period.begins_on, period.ends_on),
            _ORDER.kind.in_(sorted(COUNTED_KINDS)),
            _ORDER.state != State.CANCELLED,
            _ORDER.before_registration.is_(False),
            *conditions_of(wanted),
        )
    )
    columns = [*groups, _OUTCOME]
    return list(connection.execute(statement.group_by(*columns).order_by(*groups)).all())
