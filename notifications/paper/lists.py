"""Work items and materials on paper: boxes to tick, room for what was measured, and what a form has said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from reportlab.lib.colors import black
from reportlab.platypus import Table

from notifications.paper.pen import Pen
from schedules.visit_items import Material, WorkItem

_HALF_ITEM = (6.5, 50, 17.5, 8, 8)
_HALF_MATERIAL = (8, 49, 20, 13)
_WHOLE_ITEM = (8, 96, 30, 13, 13, 20)


@dataclass(frozen=True, slots=True)
class Results:
    """What a form has said of the items: each item's result, and what fits no item."""

    by_item: dict[int, str]
    others: tuple[str, ...]


def results_of(items: Sequence[WorkItem], entries: Sequence[str], everything: frozenset[str]) -> Results:
    """Sort a form's entries, such as `Engine oil: changed`, to the items they name in either language.

    An entry that is one of the words for `everything` stands for all items.
    """
    found: dict[int, str] = {}
    others = []
    for entry in entries:
        if entry.strip().casefold() in everything:
            found = {**dict.fromkeys(range(len(items)), ""), **found}
            continue
        number, result = _named(items, entry)
        if number is None:
            others.append(entry)
        else:
            found[number] = result
    return Results(found, tuple(others))


def _named(items: Sequence[WorkItem], entry: str) -> tuple[int | None, str]:
    names = [(name, number) for number, item in enumerate(items) for name in (item.name.zh, item.name.en)]
    for name, number in sorted(names, key=lambda each: -len(each[0])):
        if entry.strip().casefold().startswith(name.casefold()):
            return number, entry.strip()[len(name) :].strip(" :：")
    return None, ""


def visit_items(pen: Pen, title: str, items: Sequence[WorkItem], results: Results) -> Table:
    """The items of a visit in two columns, as a visit has many."""
    rows = [_visit_item(pen, number, item, results) for number, item in enumerate(items)]
    return _in_halves(pen, title, ("number", "work_item", "record", "done", "faulty"), rows, _HALF_ITEM)


def _visit_item(pen: Pen, number: int, item: WorkItem, results: Results) -> list[Any]:
    words = pen.words
    text = f"{item.name.said(words.locale)}{words.colon()}{words.action(item.action)}"
    return [*_first(pen, number, text), *_last(pen, number, item, results)]


def check_items(
    pen: Pen, title: str, items: Sequence[WorkItem], results: Results, *, first: int = 0, ticked: bool = True
) -> Table:
    """The items of a check sheet, one to a row; `first` is what the numbers go on from."""
    heads = ("number", "item", "record", "fine", "faulty", "remark")
    rows = []
    for number, item in enumerate(items):
        text = item.name.said(pen.words.locale)
        cells = _last(pen, number, item, results if ticked else Results({}, ()))
        rows.append([*_first(pen, first + number, text), *cells, ""])
    return pen.list(title, heads, rows, _WHOLE_ITEM)


def _first(pen: Pen, number: int, text: str) -> list[Any]:
    return [pen.text(number + 1, size=0.85, align="centre"), pen.text(text)]


def _last(pen: Pen, number: int, item: WorkItem, results: Results) -> list[Any]:
    said = results.by_item.get(number, "")
    unit = "" if item.record is None else item.record.said(pen.words.locale)
    record = pen.text(said) if said else pen.text(unit, size=0.8, align="right")
    return [record, pen.tick(ticked=number in results.by_item), pen.tick()]


def materials(pen: Pen, title: str, needed: Sequence[Material]) -> Table:
    """The materials of a visit in two columns, with room for what was used."""
    rows = [_material(pen, number, material) for number, material in enumerate(needed)]
    return _in_halves(pen, title, ("number", "material", "quantity", "used"), rows, _HALF_MATERIAL)


def _material(pen: Pen, number: int, material: Material) -> list[Any]:
    words = pen.words
    name = material.name.said(words.locale) + (words("notes.if_needed") if material.if_needed else "")
    grade = material.grade.said(words.locale)
    comma = ", " if words.locale == "en" else "，"
    amount = f"{material.quantity} {words.unit(material.unit)}".strip()
    text = name + (comma + grade if grade else "")
    return [*_first(pen, number, text), pen.text(amount, size=0.9, align="centre"), ""]


def _in_halves(pen: Pen, title: str, heads: Sequence[str], rows: Sequence[list[Any]], widths: Sequence[float]) -> Table:
    """A list in two columns: down the left one, then down the right one."""
    middle = (len(rows) + 1) // 2
    empty = [""] * len(widths)
    cells = [[*left, *right] for left, right in zip_longest(rows[:middle], rows[middle:], fillvalue=empty)]
    last_left = len(widths) - 1
    parted = [("LINEAFTER", (last_left, 1), (last_left, -1), 0.9, black)]
    return pen.list(title, (*heads, *heads), cells, (*widths, *widths), parted)
