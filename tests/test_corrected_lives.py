"""Random lives with a mistake that is corrected in the end, against the same lives without it (rules 5)."""

from __future__ import annotations

import os
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from schedules.machine import Warranty
from schedules.work_order import Kind, OrderKey
from tests.past import Past

SEEDS = int(os.environ.get("CORRECTION_SEEDS", "5"))
VISIT, STOCK = Kind.MANDATORY_VISIT, Kind.STOCK_UPKEEP


def _both(tmp_path: Path, day: str) -> tuple[Past, Past]:
    worlds = Past(tmp_path / "mistaken.db"), Past(tmp_path / "right.db")
    for past in worlds:
        past.goes_to(f"{day} 09:00")
    return worlds


def _done_in_both(worlds: tuple[Past, Past], key: OrderKey) -> None:
    """A form for an order that is open whichever fact is believed."""
    orders = [past.machine().orders.get(key) for past in worlds]
    if all(order is not None and order.is_open for order in orders):
        for past in worlds:
            past.does("L1", key.step, key.kind)


def _are_the_same_once_corrected(worlds: tuple[Past, Past], right: dict[str, Any], wrong: dict[str, Any]) -> None:
    mistaken, lived = worlds
    for facts in (right, wrong, right):
        mistaken.corrected(facts=facts)
    assert mistaken.machine().orders == lived.machine().orders
    assert mistaken.machine().own_cycle_from_ms == lived.machine().own_cycle_from_ms


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_corrected_life_in_service_ends_as_one_without_the_mistake(tmp_path: Path, seed: int) -> None:
    """The same random readings and forms, once with a wrong fact that is corrected in the end, once without it."""
    rng = random.Random(seed)
    wrong, right = (
        {"handed_over_on": date(2025, 1, rng.randint(2, 28)), "warranty": rng.choice(list(Warranty))} for _ in range(2)
    )
    a_day, every = rng.choice((2, 9, 14)), rng.choice((5, 11))
    done_on = {rng.randrange(1, 230 // every): step for step in rng.sample(["100", "600", "1200"], 2)}
    worlds = _both(tmp_path, "2025-01-29")
    for past, facts in zip(worlds, (wrong, right), strict=True):
        past.sold_on(str(facts["handed_over_on"]), warranty=facts["warranty"])
    for turn in range(1, 230 // every):
        day = date(2025, 1, 29) + timedelta(days=turn * every)
        for past in worlds:
            past.goes_to(f"{day} 09:00")
            past.measured(f"{day} 08:00", str(a_day * turn * every))
        if turn in done_on:
            _done_in_both(worlds, OrderKey(VISIT, done_on[turn]))

    _are_the_same_once_corrected(worlds, right, wrong)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_corrected_life_in_stock_ends_as_one_without_the_mistake(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    wrong, right = (
        {
            "stocked_on": date(2025, rng.choice((8, 9)), rng.randint(1, 28)),
            "inspected": rng.random() < 0.5,
            "region": rng.choice(("23", "37", "46")),
        }
        for _ in range(2)
    )
    worlds = _both(tmp_path, "2025-09-29")
    for past, facts in zip(worlds, (wrong, right), strict=True):
        past.stocked_on(str(facts["stocked_on"]), region=facts["region"], inspected=facts["inspected"])
    sold_on = date(2025, 9, 29) + timedelta(days=rng.randint(20, 300))
    for turn in range(1, 26):
        day = date(2025, 9, 29) + timedelta(days=turn * 8)
        for past in worlds:
            past.goes_to(f"{day} 09:00")
        if day >= sold_on and past.machine().status == "stock":
            for past in worlds:
                past.sold_on(day.isoformat(), category=None)
        if rng.random() < 0.2:
            _done_in_both(worlds, OrderKey(STOCK, f"{day:%Y-%m}"))

    _are_the_same_once_corrected(worlds, right, wrong)
