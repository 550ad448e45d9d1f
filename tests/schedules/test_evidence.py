"""What is missing on a form (rules 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schedules.evidence import Form, missing
from schedules.work_order import Kind
from tests.schedules.making import FREEZE, SELF, STOCK, VISIT

COMPLETE = Form(
    technician="李工",
    signed_by="张三",
    genuine_oils=True,
    items=("engine oil: changed",),
    nothing_removed=True,
    winter_items=True,
)


def lacking(kind: Kind, *, in_winter: bool = False, **changes: Any) -> tuple[str, ...]:  # noqa: ANN401 - any field
    return missing(kind, replace(COMPLETE, **changes), in_winter=in_winter)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("in_winter", [False, True])
def test_a_complete_form_lacks_nothing(kind: Kind, in_winter: bool) -> None:
    assert lacking(kind, in_winter=in_winter) == ()


@pytest.mark.parametrize("kind", Kind)
def test_every_form_has_a_date(kind: Kind) -> None:
    assert lacking(kind, has_date=False) == ("done_at",)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"has_hours": False}, ("hours",)),
        ({"technician": None}, ("technician",)),
        ({"technician": " \t"}, ("technician",)),
        ({"signed_by": ""}, ("signed_by",)),
        ({"signed_by": "\u3000"}, ("signed_by",)),  # blank in Chinese too
        ({"genuine_oils": None}, ("genuine_oils",)),
        ({"genuine_oils": False}, ("genuine_oils",)),
        ({"items": None}, ("items",)),
        ({"items": ()}, ("items",)),
        ({"items": ("", " ")}, ("items",)),
        ({"items": ("", "filter: changed")}, ()),
        ({"findings": "leak"}, ("service_record_no",)),
        ({"findings": "leak", "service_record_no": " "}, ("service_record_no",)),
        ({"findings": "leak", "service_record_no": "R-17"}, ()),
        ({"findings": "  "}, ()),
        ({"nothing_removed": None, "winter_items": None}, ()),
    ],
)
def test_a_mandatory_visit(changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert lacking(VISIT, in_winter=True, **changes) == expected


def test_everything_that_is_missing_is_named() -> None:
    assert missing(VISIT, Form(has_date=False, has_hours=False, findings="leak"), in_winter=False) == (
        "done_at",
        "hours",
        "technician",
        "signed_by",
        "genuine_oils",
        "items",
        "service_record_no",
    )


@pytest.mark.parametrize(
    ("in_winter", "changes", "expected"),
    [
        (False, {"technician": None, "has_hours": False, "genuine_oils": None}, ()),
        (False, {"signed_by": None}, ()),
        (False, {"technician": None, "signed_by": " "}, ("technician",)),
        (False, {"items": (" ",)}, ("items",)),
        (False, {"nothing_removed": False}, ("nothing_removed",)),
        (False, {"nothing_removed": None}, ("nothing_removed",)),
        (False, {"winter_items": False}, ()),
        (True, {"winter_items": False}, ("winter_items",)),
        (True, {"winter_items": None}, ("winter_items",)),
        (False, {"findings": "leak"}, ("service_record_no",)),
    ],
)
def test_stock_upkeep(in_winter: bool, changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert lacking(STOCK, in_winter=in_winter, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"technician": " "}, ("technician",)),
        ({"signed_by": None}, ("signed_by",)),
        ({"has_hours": False, "items": None, "genuine_oils": None, "nothing_removed": None}, ()),
    ],
)
def test_freeze_protection(changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert lacking(FREEZE, in_winter=True, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signed_by": None}, ()),
        ({"technician": None}, ()),
        ({"technician": None, "signed_by": None}, ("technician",)),
        ({"has_hours": False, "items": None, "genuine_oils": None, "findings": "leak"}, ()),
    ],
)
def test_self_service(changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert lacking(SELF, **changes) == expected
