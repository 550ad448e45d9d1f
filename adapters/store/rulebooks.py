"""The rulebooks that were put in force, one after the other: plan, work items and winter windows as one (design 2).

Plans are kept by version of their own: an order keeps the one it was opened under, and with it the work items that
were last in force under that version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from adapters.files.rules import RuleFiles
from adapters.store import work_items
from adapters.store.dialect import lock_alone
from adapters.store.overriding import overridden
from adapters.store.tables import plans, rulebooks
from adapters.store.winter import plain_winter, winter_of
from schedules.plan import Plan, PlanError, plan_from
from schedules.rulebook import Rulebook
from schedules.visit_items import VisitItems
from schedules.visit_lists import visit_items_of


def adopt(connection: Connection, files: RuleFiles, now_ms: int) -> Rulebook:
    """Put a plan, work items and winter windows in force; the rulebook with all earlier versions of the plan.

    PlanError if the plan or its items are not valid, or the plan has the version of another plan that orders were
    opened under.
    """
    lock_alone(connection, rulebooks)
    rulebook, is_in_force = look_up(connection, files)
    if not is_in_force:
        _add_plan(connection, rulebook.plan, {"data": files.plan, "shipped": files.shipped_plan}, now_ms)
        _add(connection, rulebook, work_items.keep(connection, files.items), now_ms)
    return rulebook


def look_up(connection: Connection, files: RuleFiles) -> tuple[Rulebook, bool]:
    """The rulebook as it is with these in force, and whether it is in force already; nothing is written.

    PlanError as for `adopt`.
    """
    plan, winter = plan_from(files.plan, files.shipped_plan), overridden(connection, files.winter)
    known = _plans(connection)
    if known.get(plan.version, plan) != plan:
        raise PlanError(
            [f"version: another plan is already known as version {plan.version}; give this one a new version"]
        )
    newest = _newest(connection)
    wanted = (plan.version, work_items.digest_of(files.items), plain_winter(winter))
    is_in_force = newest is not None and (newest.plan_version, newest.items_digest, newest.winter) == wanted
    serial = (0 if newest is None else newest.serial) + (not is_in_force)
    items = {**work_items.by_plan_version(connection), plan.version: visit_items_of(files.items)}
    return Rulebook({**known, plan.version: plan}, plan.version, winter, serial, items), is_in_force


def adopt_overrides(connection: Connection, now_ms: int) -> Rulebook:
    """Put what was decided of the winters in force, beside the plan that is; the rulebook as it is then."""
    lock_alone(connection, rulebooks)
    newest, current = _newest(connection), in_force(connection)
    if newest is None or current is None:
        message = "no rulebook is in force"
        raise LookupError(message)
    winter = overridden(connection, current.winter)
    if winter == current.winter:
        return current
    rulebook = replace(current, winter=winter, serial=current.serial + 1)
    _add(connection, rulebook, newest.items_digest, now_ms)
    return rulebook


def newest_serial(connection: Connection) -> int | None:
    """The serial of the rulebook in force; None before the first."""
    return connection.execute(select(func.max(rulebooks.c.serial))).scalar()


def in_force(connection: Connection) -> Rulebook | None:
    """The rulebook that was put in force last; None before the first, or where its winter windows are not known."""
    row = _newest(connection)
    return None if row is None or row.winter is None else _known(connection).of(row, row.winter)


def adopted(connection: Connection) -> list[tuple[Rulebook, int]]:
    """The rulebooks that were put in force, with when (ms), oldest first.

    One whose winter windows were not kept has those of the next.
    """
    known, winter, found = _known(connection), None, []
    for row in connection.execute(select(rulebooks).order_by(rulebooks.c.serial.desc())):
        winter = winter if row.winter is None else row.winter
        found.append((known.of(row, winter or {}), row.adopted_ms))
    return found[::-1]


def _newest(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(rulebooks).order_by(rulebooks.c.serial.desc()).limit(1)).first()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept by version of the plan."""

    plans: dict[str, Plan]
    items: dict[str, VisitItems]

    def of(self, row: Row[Any], winter: dict[str, Any]) -> Rulebook:
        return Rulebook(self.plans, row.plan_version, winter_of(winter), row.serial, self.items)


def _known(connection: Connection) -> _Known:
    return _Known(_plans(connection), work_items.by_plan_version(connection))


def _plans(connection: Connection) -> dict[str, Plan]:
    rows = connection.execute(select(plans.c.version, plans.c.content)).all()
    return {row.version: plan_from(row.content["data"], row.content["shipped"]) for row in rows}


def _add_plan(connection: Connection, plan: Plan, content: dict[str, Any], now_ms: int) -> None:
    if connection.execute(select(plans.c.serial).where(plans.c.version == plan.version)).first() is None:
        serial = connection.execute(select(func.coalesce(func.max(plans.c.serial), 0))).scalar_one() + 1
        row = {"version": plan.version, "serial": serial, "content": content, "adopted_ms": now_ms}
        connection.execute(insert(plans).values(**row))


def _add(connection: Connection, rulebook: Rulebook, items_digest: str | None, now_ms: int) -> None:
    row = {"serial": rulebook.serial, "plan_version": rulebook.current, "winter": plain_winter(rulebook.winter)}
    connection.execute(insert(rulebooks).values(**row, items_digest=items_digest, adopted_ms=now_ms))
