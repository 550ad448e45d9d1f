"""The lists of work items and materials, and the file they come from."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from adapters.files.visit_items import (
    VisitItemsError,
    read_visit_items,
    shipped_visit_items,
    visit_items_of,
)
from schedules.machine import Category
from schedules.visit_items import Action, VisitItems, VisitList
from schedules.work_order import Kind

ITEMS = shipped_visit_items()
STEPS = ("100", "600", "1200", "1800", "2400")


def named(step: str, category: Category, name: str) -> Action | None:
    visit = ITEMS.of(Kind.MANDATORY_VISIT, category, step)
    return next((item.action for item in visit.items if item.name.en == name), None)


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("step", STEPS)
def test_each_visit_has_work_and_material_in_both_languages(category: Category, step: str) -> None:
    visit = ITEMS.of(Kind.MANDATORY_VISIT, category, step)

    assert len(visit.items) > 15
    assert any(material.code == "OIL-ENG" for material in visit.materials)
    assert all(item.name.zh and item.name.en for item in visit.items)


def test_running_in_is_done_once() -> None:
    name = "Transmission oil, sump strainer, magnet"

    assert [named(step, Category.LOADER, name) for step in STEPS] == [
        Action.FIRST_CHANGE,
        Action.CHECK,
        Action.CHANGE,
        Action.CHECK,
        Action.CHANGE,
    ]


def test_quantities_and_grades_follow_the_category() -> None:
    found = {
        category: next(
            (material.grade.en, material.quantity)
            for material in ITEMS.of(Kind.MANDATORY_VISIT, category, "1200").materials
            if material.code == "OIL-TRN"
        )
        for category in Category
    }

    assert found[Category.LOADER] == ("no. 6 or no. 8 transmission fluid", "40–45")
    assert found[Category.ROLLER] == ("85W-90", "10–15")


def test_the_user_does_what_is_done_at_600_but_does_not_coach_himself() -> None:
    own = ITEMS.of(Kind.SELF_SERVICE, Category.LOADER, "3000")
    visit = ITEMS.of(Kind.MANDATORY_VISIT, Category.LOADER, "600")

    assert own.materials == visit.materials
    missing = {item.name.en for item in visit.items} - {item.name.en for item in own.items}
    assert missing == {"Coaching of the user: operation and upkeep"}


@pytest.mark.parametrize(
    ("step", "nearest"),
    [
        ("250", "600"),
        ("899", "600"),
        ("900", "600"),
        ("901", "1200"),
        ("2000", "1800"),
        ("9999", "2400"),
        ("x", "600"),
    ],
)
def test_an_unknown_step_has_the_nearest_600_hour_list(step: str, nearest: str) -> None:
    assert ITEMS.of(Kind.MANDATORY_VISIT, Category.LOADER, step) == ITEMS.lists[Category.LOADER, nearest]


def test_stock_and_freeze_have_none_and_an_empty_book_has_none() -> None:
    assert ITEMS.of(Kind.STOCK_UPKEEP, Category.LOADER, "2026-11") == VisitList()
    assert ITEMS.of(Kind.FREEZE_PROTECTION, Category.LOADER, "2025-26@23") == VisitList()
    assert VisitItems({}).of(Kind.MANDATORY_VISIT, Category.LOADER, "600") == VisitList()


def test_each_material_is_needed_somewhere() -> None:
    data = shipped()
    needed = {material.code for visit in ITEMS.lists.values() for material in visit.materials}

    assert {material["code"] for material in data["materials"]} == needed


def test_what_one_item_needs_for_certain_is_not_needed_perhaps() -> None:
    data = shipped()
    extra = {
        "zh": "甲",
        "en": "a",
        "categories": ["loader"],
        "materials": ["OIL-ENG"],
        "every": "change_if_needed",
    }
    data["items"].append(extra)
    materials = visit_items_of(data).of(Kind.MANDATORY_VISIT, Category.LOADER, "100").materials

    assert {material.code: material.if_needed for material in materials}["OIL-ENG"] is False
    assert {material.code: material.if_needed for material in materials}["OIL-AXL"] is True


# --- faults in the file ---


def shipped() -> dict[str, Any]:
    text = files("schedules").joinpath("visit_items.toml").read_text(encoding="utf-8")
    return copy.deepcopy(tomllib.loads(text))


@pytest.mark.parametrize(
    ("table", "change", "problem"),
    [
        ("items", {"every": "polish"}, "items[0].every: expected one of change, first_change,"),
        ("items", {"every": None}, "items[0].every: is missing, and so is at"),
        ("items", {"zh": " "}, "items[0].zh: expected a text, got ' '"),
        ("items", {"en": None}, "items[0].en: is missing"),
        (
            "items",
            {"categories": ["crane"]},
            "items[0].categories: expected one of loader, roller, got 'crane'",
        ),
        ("items", {"categories": []}, "items[0].categories: is empty"),
        ("items", {"categories": None}, "items[0].categories: is missing"),
        ("items", {"materials": ["OIL-X"]}, "items[0].materials: there is no material OIL-X for loader"),
        ("items", {"at": {"700": "check"}}, "items[0].at.700: is not one of the steps"),
        ("items", {"at": {"600": "peel"}}, "items[0].at.600: expected one of"),
        ("items", {"at": 5}, "items[0].at: expected a table, got 5"),
        ("items", {"colour": "red"}, "items[0].colour: unknown key"),
        ("materials", {"unit": "gallon"}, "materials[0].unit: expected one of L, kg, pc, got 'gallon'"),
        ("materials", {"code": "OIL-HYD"}, "materials[4].code: OIL-HYD is given twice for loader"),
        ("materials", {"quantity": {"crane": "1"}}, "materials[0].quantity.crane: expected one of loader"),
        ("materials", {"quantity": {"loader": 20}}, "materials[0].quantity.loader: expected a text, got 20"),
        ("materials", {"quantity": None}, "materials[0].quantity: expected a table, got None"),
    ],
)
def test_a_fault_is_named_with_its_place(table: str, change: dict[str, Any], problem: str) -> None:
    data = shipped()
    data[table][0] = {key: value for key, value in (data[table][0] | change).items() if value is not None}

    with pytest.raises(VisitItemsError) as raised:
        visit_items_of(data)

    assert any(line.startswith(problem) for line in raised.value.problems), raised.value.problems


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(VisitItemsError) as raised:
        visit_items_of({"colour": 1, "items": [5], "steps": "600"})

    assert {line.partition(":")[0] for line in raised.value.problems} >= {
        "colour",
        "steps",
        "materials",
        "items[0]",
    }


def test_a_file_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(files("schedules").joinpath("visit_items.toml").read_text("utf-8"), encoding="utf-8")
    bad.write_text("steps = [", encoding="utf-8")

    assert read_visit_items(good) == ITEMS
    with pytest.raises(VisitItemsError, match=r"^bad\.toml: "):
        read_visit_items(bad)
