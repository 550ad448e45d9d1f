"""The lists of work items and materials, and the file they come from."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from adapters.files.visit_items import read_visit_items, shipped_visit_items
from schedules.machine import Category
from schedules.visit_items import Action, VisitItems, VisitList
from schedules.visit_lists import VisitItemsError, visit_items_of
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


SHEETS = (Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION)


def on_sheet(kind: Kind, category: Category) -> str:
    return " ".join(item.name.en.lower() for item in ITEMS.of(kind, category, "2026-11").items)


def test_each_check_sheet_has_what_concerns_its_machine() -> None:
    for kind in SHEETS:
        assert "spray" in on_sheet(kind, Category.ROLLER)
        assert "spray" not in on_sheet(kind, Category.LOADER)
    assert "vibrate" in on_sheet(Kind.STOCK_UPKEEP, Category.ROLLER)
    assert "bucket" not in on_sheet(Kind.STOCK_UPKEEP, Category.ROLLER)
    assert "vibrate" not in on_sheet(Kind.STOCK_UPKEEP, Category.LOADER)
    assert "bucket" in on_sheet(Kind.STOCK_UPKEEP, Category.LOADER)


def test_a_value_to_write_down_goes_with_its_item() -> None:
    tyres = next(item for item in ITEMS.lists[Category.LOADER, "600"].items if item.name.en.startswith("Tyre"))
    battery = ITEMS.of(Kind.STOCK_UPKEEP, Category.LOADER, "2026-11").items[4]

    assert tyres.record is not None
    assert tyres.record.en == "MPa"
    assert battery.record is not None
    assert battery.record.zh == "V（静置 ≥ 24.8 V）"


def test_an_empty_book_has_none() -> None:
    assert VisitItems({}).of(Kind.STOCK_UPKEEP, Category.LOADER, "2026-11") == VisitList()
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


SHIPPED_TEXT = files("schedules").joinpath("visit_items.toml").read_text(encoding="utf-8")


def shipped() -> dict[str, Any]:
    return tomllib.loads(SHIPPED_TEXT)


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
        ("items", {"record": {"zh": "V"}}, "items[0].record.en: is missing"),
        ("stock_items", {"action": None}, "stock_items[0].action: is missing"),
        ("stock_items", {"action": "peel"}, "stock_items[0].action: expected one of"),
        ("stock_items", {"every": "check"}, "stock_items[0].every: unknown key"),
        ("freeze_items", {"categories": ["crane"]}, "freeze_items[0].categories: expected one of loader"),
        ("freeze_items", {"zh": 5}, "freeze_items[0].zh: expected a text, got 5"),
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
        "stock_items",
        "freeze_items",
    }


def test_a_file_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(SHIPPED_TEXT, encoding="utf-8-sig")
    bad.write_text("steps = [", encoding="utf-8")

    assert read_visit_items(good) == ITEMS
    with pytest.raises(VisitItemsError, match=r"bad\.toml: \w"):
        read_visit_items(bad)
    with pytest.raises(VisitItemsError, match=r"gone\.toml: "):
        read_visit_items(tmp_path / "gone.toml")


def test_faults_of_a_file_are_named_with_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "items.toml"
    text = SHIPPED_TEXT.replace('zh = "气门间隙"', 'zh = ""').replace('en = "Winter diesel in the tank"', "en = 7")
    file.write_text(text + "\ncolour = 1\n", encoding="utf-8")

    with pytest.raises(VisitItemsError) as raised:
        read_visit_items(file)

    lines = text.splitlines()
    places = [lines.index('zh = ""'), lines.index("en = 7") - 1]
    last = max(number for number, line in enumerate(lines, start=1) if line == "[[freeze_items]]")
    assert [problem.partition(";")[0] for problem in raised.value.problems] == [
        f"{file}: line {places[0]}: items[8].zh: expected a text, got ''",
        f"{file}: line {places[1]}: freeze_items[4].en: expected a text, got 7",
        f"{file}: line {last}: freeze_items[9].colour: unknown key",
    ]
