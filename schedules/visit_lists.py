"""The lists of work items and materials out of a file's plain tables, all of them or none (rules 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schedules.machine import Category
from schedules.plan_fields import PlanError
from schedules.visit_items import NEEDS_MATERIAL, Action, Bilingual, Material, VisitItems, VisitList, WorkItem
from schedules.visit_items_fields import Table
from schedules.work_order import Kind

_SHEETS = {"stock_items": Kind.STOCK_UPKEEP, "freeze_items": Kind.FREEZE_PROTECTION}


class VisitItemsError(PlanError):
    """A file of work items that cannot be used; `problems` has one line per fault, each starting with its place."""


def visit_items_of(data: Mapping[str, Any]) -> VisitItems:
    """The lists out of a file's tables; raises VisitItemsError naming every fault."""
    root = Table(data, "", [])
    steps = root.texts("steps", required=True)
    materials = _Materials(root.tables("materials"))
    items = [_Item(table, steps, materials) for table in root.tables("items")]
    sheets = {kind: _sheet(root.tables(key)) for key, kind in _SHEETS.items()}
    root.finish()
    if root.problems:
        raise VisitItemsError(root.problems)
    return VisitItems(
        {(category, step): _list(category, step, items, materials) for category in Category for step in steps},
        {(category, kind): _of_sheet(category, sheet) for category in Category for kind, sheet in sheets.items()},
    )


class _Materials:
    """The materials by code and category."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.known: dict[tuple[str, Category], Material] = {}
        for table in tables:
            self._add(table)

    def _add(self, table: Table) -> None:
        code, name, unit = table.text("code"), table.both(), table.choice("unit", ("L", "kg", "pc"))
        grade = table.child("grade").both() if table.has("grade") else Bilingual("", "")
        quantities = table.child("quantity").mapping()
        table.finish()
        for place, quantity in quantities.items():
            category = table.member(f"quantity.{place}", place, Category)
            if category and (code, category) in self.known:
                table.problem("code", f"{code} is given twice for {category}")
            if category:
                self.known[code, category] = Material(code, name, grade, unit, quantity, if_needed=False)


class _Item:
    """One work item: for which categories, and what is done at which step."""

    def __init__(self, table: Table, steps: Sequence[str], materials: _Materials) -> None:
        self.name = table.both()
        self.categories = _categories(table)
        self.codes = table.texts("materials")
        self.actions = _actions(table, steps)
        self.record = _record(table)
        table.finish()
        self._materials_exist(table, materials)

    def _materials_exist(self, table: Table, materials: _Materials) -> None:
        for category in self.categories:
            for code in self.codes:
                if (code, category) not in materials.known:
                    table.problem("materials", f"there is no material {code} for {category}")


def _categories(table: Table) -> list[Category]:
    named = (table.member("categories", text, Category) for text in table.texts("categories", required=True))
    return [category for category in named if category]


def _record(table: Table) -> Bilingual | None:
    return table.child("record").both() if table.has("record") else None


def _actions(table: Table, steps: Sequence[str]) -> dict[str, Action]:
    every = table.member("every", table.text("every"), Action) if table.has("every") else None
    actions = dict.fromkeys(steps, every) if every else {}
    actions |= _exceptions(table, steps)
    if not actions and not table.has("every") and not table.has("at"):
        table.problem("every", "is missing, and so is at: the item is never done")
    return actions


def _exceptions(table: Table, steps: Sequence[str]) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for step, text in (table.child("at").mapping() if table.has("at") else {}).items():
        action = table.member(f"at.{step}", text, Action)
        if step not in steps:
            table.problem(f"at.{step}", f"is not one of the steps {', '.join(steps)}")
        if action:
            actions[step] = action
    return actions


def _list(category: Category, step: str, items: Sequence[_Item], materials: _Materials) -> VisitList:
    done = [item for item in items if category in item.categories and step in item.actions]
    needed: dict[str, Material] = {}
    for item in done:
        for code in item.codes if item.actions[step] in NEEDS_MATERIAL else ():
            _need(needed, materials.known[code, category], item.actions[step])
    items_done = (WorkItem(item.name, item.actions[step], item.record) for item in done)
    return VisitList(tuple(items_done), tuple(needed.values()))


def _need(needed: dict[str, Material], material: Material, action: Action) -> None:
    """A material that one item needs for certain is not needed only perhaps."""
    already = needed.get(material.code)
    if_needed = action is Action.CHANGE_IF_NEEDED and (already is None or already.if_needed)
    needed[material.code] = Material(
        material.code, material.name, material.grade, material.unit, material.quantity, if_needed
    )


_Sheet = list[tuple[frozenset[Category], WorkItem]]


def _sheet(tables: Sequence[Table]) -> _Sheet:
    """The lines of a check sheet, each with the categories it is for."""
    return [_line(table) for table in tables]


def _line(table: Table) -> tuple[frozenset[Category], WorkItem]:
    name, categories = table.both(), _categories(table)
    action = table.member("action", table.text("action"), Action)
    record = _record(table)
    table.finish()
    return frozenset(categories), WorkItem(name, action or Action.CHECK, record)


def _of_sheet(category: Category, sheet: _Sheet) -> VisitList:
    return VisitList(tuple(item for categories, item in sheet if category in categories))
