"""The plans in force, by version: an order keeps the version it was opened under (design 2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select

from adapters.store.tables import plans
from schedules.plan import Plan, PlanError, plan_from
from schedules.rulebook import Rulebook
from schedules.winter import WinterTable


def adopt(
    connection: Connection, data: dict[str, Any], shipped: dict[str, Any], winter: WinterTable, now_ms: int
) -> Rulebook:
    """Put a plan in force and return it with all earlier versions.

    PlanError if it is not valid, or has the version of another plan that orders were opened under.
    """
    rulebook, is_known = look_up(connection, data, shipped, winter)
    if not is_known:
        _add(connection, rulebook.plan, {"data": data, "shipped": shipped}, now_ms)
    return rulebook


def look_up(
    connection: Connection, data: dict[str, Any], shipped: dict[str, Any], winter: WinterTable
) -> tuple[Rulebook, bool]:
    """The rulebook as it is with this plan in force, and whether the plan is known here; nothing is written.

    PlanError as for `adopt`.
    """
    plan = plan_from(data, shipped)
    known = _plans(connection)
    if known.get(plan.version, plan) != plan:
        raise PlanError(
            [f"version: another plan is already known as version {plan.version}; give this one a new version"]
        )
    return Rulebook({**known, plan.version: plan}, plan.version, winter), plan.version in known


def _plans(connection: Connection) -> dict[str, Plan]:
    rows = connection.execute(select(plans.c.version, plans.c.content)).all()
    return {row.version: plan_from(row.content["data"], row.content["shipped"]) for row in rows}


def _add(connection: Connection, plan: Plan, content: dict[str, Any], now_ms: int) -> None:
    serial = connection.execute(select(func.coalesce(func.max(plans.c.serial), 0))).scalar_one() + 1
    connection.execute(insert(plans).values(version=plan.version, serial=serial, content=content, adopted_ms=now_ms))


def adopted(connection: Connection) -> list[tuple[str, int]]:
    """The versions of the plans that were put in force, with when (ms), oldest first."""
    rows = connection.execute(select(plans.c.version, plans.c.adopted_ms).order_by(plans.c.serial))
    return [(row.version, row.adopted_ms) for row in rows]
