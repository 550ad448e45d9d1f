"""Two years of eight zones through the store: clocks that leave out midnights, half hours and a whole day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from adapters.files.plan import shipped_plan_data
from adapters.files.rules import read_rules
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.schema import create_scratch
from adapters.store.tables import work_orders
from daemon.calendar import do_what_is_due
from daemon.keeper import Keeper
from daemon.life import StockIn, stock_in
from schedules.dates import ONE_DAY, start_of_day_ms
from schedules.duty import DUTIES, STOCK_OPENING
from schedules.machine import Category
from tests.mixed_fleet import done

_DAYS = 730
_AWAKE = 0.25  # share of the midnights at which we are woken; the others are made up for later
_HOUR_MS = 3_600_000
# the year in which two years begin: with a midnight or a day that is left out, or a change of half an hour
_BEGIN = {
    "Asia/Shanghai": 2025,
    "Africa/Cairo": 2023,
    "America/Sao_Paulo": 2017,
    "Asia/Beirut": 2022,
    "Pacific/Apia": 2011,
    "Australia/Lord_Howe": 2025,
    "America/St_Johns": 2010,
    "Asia/Kathmandu": 2025,
}


@pytest.mark.parametrize(("name", "year"), _BEGIN.items())
def test_each_duty_is_done_once_per_period_of_two_years(tmp_path: Path, name: str, year: int) -> None:
    """Woken at some of the local midnights; around a change of the clock again and again, for it may have gone back."""
    rng = Random(name)
    keeper = _keeper(tmp_path / "zone.db", name)
    first = date(year, 1, 1)
    midnights = [start_of_day_ms(first + ONE_DAY * number, keeper.zone) for number in range(_DAYS + 1)]
    with keeper.store.write() as connection:
        stock_in(connection, keeper, StockIn("S1", Category.LOADER, midnights[0]), midnights[0])

    for now_ms, next_ms in pairwise(midnights):
        if now_ms == midnights[0] or rng.random() < _AWAKE:
            do_what_is_due(keeper, now_ms)
        if next_ms - now_ms != 24 * _HOUR_MS:
            for later_ms in range(now_ms, next_ms + _HOUR_MS, _HOUR_MS // 2):
                do_what_is_due(keeper, later_ms)
    do_what_is_due(keeper, midnights[-2])

    last = keeper.today(midnights[-2])
    for duty in DUTIES:
        begun = duty.period(first)
        assert done(keeper, duty.name) == [begun, *duty.passed(begun, last)]
    with keeper.store.read() as connection:
        steps = connection.execute(select(work_orders.c.step).order_by(work_orders.c.opens_on)).scalars().all()
    assert steps == done(keeper, STOCK_OPENING.name)
    keeper.store.close()


def _keeper(file: Path, zone: str) -> Keeper:
    store = Store(f"sqlite:///{file}")
    create_scratch(store)
    with store.write() as connection:
        rules = read_rules()
        rulebook = adopt(connection, replace(rules, plan={**shipped_plan_data(), "time_zone": zone}), 0)
    return Keeper(store, rulebook)
