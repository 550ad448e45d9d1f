"""The work items and materials that go with a letter (rules 6), as the templates see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from notifications.letter import Letter, OrderFacts
from notifications.occasions import Occasion, Role
from notifications.plain import plain
from schedules.machine import Category
from schedules.visit_items import Material, VisitItems, VisitList
from schedules.work_order import Kind

_READERS = frozenset({Role.SERVICE_CENTRE, Role.CUSTOMER})
_BEFORE_THE_WORK = frozenset(
    {
        Occasion.VISIT_UPCOMING,
        Occasion.VISIT_DUE,
        Occasion.VISIT_OVERDUE,
        Occasion.VISIT_SCHEDULED,
        Occasion.SELF_SERVICE_UPCOMING,
        Occasion.SELF_SERVICE_DUE,
    }
)

ItemsOf = Callable[[str], VisitItems]
"""Finds the work items and materials of a version of the plan."""


def work_lists(letter: Letter, items_of: ItemsOf, locale: str) -> list[dict[str, Any]]:
    """One list for all machines that need the same; none for who does not do the work."""
    if letter.addressee.role not in _READERS or letter.occasion not in _BEFORE_THE_WORK:
        return []
    groups: dict[tuple[Category, VisitList], list[OrderFacts]] = {}
    for order in _highest_steps(letter.orders):
        visit = items_of(order.plan_version).of(order.kind, order.category, order.step)
        groups.setdefault((order.category, visit), []).append(order)
    return [_list(category, visit, orders, locale) for (category, visit), orders in groups.items() if visit.items]


def _highest_steps(orders: Sequence[OrderFacts]) -> list[OrderFacts]:
    """One visit does the highest step of a machine, and the lower ones with it (rules 1); in the letter's order."""
    highest: dict[tuple[str, Kind], OrderFacts] = {}
    for order in sorted(orders, key=lambda order: order.threshold_hours or 0):
        highest[order.machine_id, order.kind] = order
    return [order for order in orders if order is highest[order.machine_id, order.kind]]


def _list(category: Category, visit: VisitList, orders: list[OrderFacts], locale: str) -> dict[str, Any]:
    return {
        "category": category.value,
        "machines": [plain(order.machine_id) for order in orders],
        "items": [{"name": item.name.said(locale), "action": item.action.value} for item in visit.items],
        "materials": [_material(material, locale) for material in visit.materials],
    }


def _material(material: Material, locale: str) -> dict[str, Any]:
    return {
        "code": material.code,
        "name": material.name.said(locale),
        "grade": material.grade.said(locale),
        "quantity": material.quantity,
        "unit": material.unit,
        "if_needed": int(material.if_needed),
    }
