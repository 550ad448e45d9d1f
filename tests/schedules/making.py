"""Machines under the shipped plan, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from adapters.files.plan import read_winter, shipped_plan_data
from schedules.assess import Assessment, assess
from schedules.machine import Machine, Status, Warranty
from schedules.plan import Plan, plan_from
from schedules.rulebook import Rulebook
from schedules.work_order import Kind, OrderKey, WorkOrder

VISIT = Kind.MANDATORY_VISIT
SELF = Kind.SELF_SERVICE
STOCK = Kind.STOCK_UPKEEP
FREEZE = Kind.FREEZE_PROTECTION


def day(text: str) -> date:
    return date.fromisoformat(text)


def ms(hours: float | str) -> int:
    """Engine hours as ms, exactly; finer digits are an error of the test."""
    whole = Decimal(str(hours)) * 3_600_000
    assert whole == int(whole)
    return int(whole)


def plan_of(data: Mapping[str, Any] | None = None) -> Plan:
    return plan_from(data or {}, shipped_plan_data())


@cache
def shipped() -> Rulebook:
    plan = plan_of()
    return Rulebook({plan.version: plan}, plan.version, read_winter(None))


def sold(on: str, warranty: Warranty = Warranty.ONE_YEAR, **facts: Any) -> Machine:  # noqa: ANN401 - any fact
    return Machine("M1", Status.IN_SERVICE, handed_over_on=day(on), warranty=warranty, **facts)


def unsold(on: str, region: str = "46", **facts: Any) -> Machine:  # noqa: ANN401 - any fact
    return Machine("M1", Status.STOCK, region, stocked_on=day(on), arrived_on=day(on), **facts)


def asked(machine: Machine, on: str, rulebook: Rulebook | None = None) -> Machine:
    return ask(machine, on, rulebook).machine


def ask(machine: Machine, on: str, rulebook: Rulebook | None = None) -> Assessment:
    return assess(machine, day(on), rulebook or shipped())


def reads(machine: Machine, hours: float | str, on: str, dated: str | None = None) -> Machine:
    """The calendar of the day with the old total, then the hours; `dated`: the reading's own date."""
    now = replace(asked(machine, on), total_ms=ms(hours), total_on=day(dated or on))
    return asked(now, on)


def order_of(machine: Machine, kind: Kind, step: str) -> WorkOrder:
    return machine.orders[OrderKey(kind, step)]


def told(machine: Machine, kind: Kind) -> dict[str, str]:
    """Steps and states of a kind."""
    return {order.step: order.state.value for order in machine.orders.values() if order.kind is kind}


def dates(order: WorkOrder) -> tuple[str, ...]:
    """Opening, due, overdue and closing dates; `-` where there is none."""
    found = (order.opens_on, order.due_on, order.overdue_on, order.closed_on)
    return tuple("-" if on is None else on.isoformat() for on in found)
