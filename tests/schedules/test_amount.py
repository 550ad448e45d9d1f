from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.files.visit_items import shipped_visit_items
from schedules.amount import Amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5", Amount(Decimal(5), Decimal(5))),
        ("20–25", Amount(Decimal(20), Decimal(25))),
        ("2.5–3", Amount(Decimal("2.5"), Decimal(3))),
        ("2 × 32", Amount(Decimal(64), Decimal(64))),
        ("2 × 20–25", Amount(Decimal(40), Decimal(50))),
        ("", None),
        ("by model", None),
    ],
)
def test_amounts_as_people_write_them(text: str, amount: Amount | None) -> None:
    assert Amount.parse(text) == amount


def test_three_times_twenty_to_twenty_five_is_sixty_to_seventy_five() -> None:
    each = Amount.parse("20–25")
    assert each is not None
    assert str(each.times(3)) == str(each + each + each) == "60–75"


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 50))
def test_what_is_written_is_read(least: int, more: int, count: int) -> None:
    amount = Amount(Decimal(least), Decimal(least + more)).times(count)
    assert Amount.parse(str(amount)) == amount


def test_every_shipped_quantity_is_blank_or_an_amount() -> None:
    for visit in shipped_visit_items().lists.values():
        for material in visit.materials:
            assert not material.quantity or Amount.parse(material.quantity), material
