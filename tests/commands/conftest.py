"""A store with a bit of everything in it, filled through the use cases, and the command that looks at it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from adapters.mqtt.decode import Decoder, Delivery
from adapters.store.tables import service_centres, yards
from daemon import life, work
from daemon.clock import clock_ms
from daemon.config import load
from daemon.judging import judge_all
from daemon.keeper import Keeper
from daemon.outbox import outbox_of
from daemon.sweep import sweep
from daemon.wiring import open_keeper, sources_of
from schedules.dates import start_of_day_ms
from schedules.evidence import Form
from schedules.machine import Category, Warranty
from schedules.work_order import Kind, OrderKey

from .calling import Caller

FORMULA = "=王力, 工程"
SPLIT = "Two\nlines \x1b[31mred"
VISIT = Form(technician="Li", signed_by="Wang", genuine_oils=True, items=("all",))


@dataclass(frozen=True)
class Fleet:
    """The filled store: `today` when it was filled, and the days on which its machines came."""

    call: Caller
    today: date
    late_since: date
    busy_since: date
    stocked_on: date


@pytest.fixture
def call(tmp_path: Path) -> Caller:
    """The command in an empty folder."""
    return Caller(tmp_path)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """The command over the filled store; tests only read it."""
    call = Caller(tmp_path_factory.mktemp("fleet"))
    config = load(None, {**os.environ, "HOURKEEPER_STORE__URL": call.url})
    now_ms = clock_ms()
    keeper = open_keeper(config, now_ms)
    today = keeper.today(now_ms)
    fleet = Fleet(call, today, today - timedelta(days=120), today - timedelta(days=40), today - timedelta(days=3))
    _fill(keeper, fleet, now_ms)
    decoder = Decoder(sources_of(config), keeper.meter_rules, keeper.zone)
    _deliver(keeper, decoder, now_ms)
    outbox_of(keeper).gather(now_ms + 3_600_000)
    sweep(keeper, now_ms)
    keeper.store.close()
    return fleet


def _fill(keeper: Keeper, fleet: Fleet, now_ms: int) -> None:
    """L1 late by the calendar, L2 late by hours and done, S1 in stock, L3 new."""
    sold = {
        "L1": (fleet.late_since, "2", Category.LOADER, FORMULA, "JN", "37"),
        "L2": (fleet.busy_since, "120", Category.ROLLER, SPLIT, "HB", "23"),
        "L3": (fleet.today, "85.5", Category.LOADER, "New", "JN", "37"),
    }
    with keeper.store.write() as connection:
        connection.execute(insert(service_centres).values(service_centre="JN", name="济南服务中心", locale="zh-CN"))
        connection.execute(insert(yards).values(yard="Y1", name="Yard one", region="23"))
        for machine_id, (on, hours, category, customer, centre, region) in sold.items():
            command = life.HandOver(
                machine_id,
                start_of_day_ms(on, keeper.zone),
                Warranty.ONE_YEAR,
                hours=Decimal(hours),
                category=category,
                model="LG855N",
                region=region,
                customer=customer,
                service_centre=centre,
            )
            life.hand_over(connection, keeper, command, now_ms, "Zhao")
        stocked_ms = start_of_day_ms(fleet.stocked_on, keeper.zone)
        life.stock_in(connection, keeper, life.StockIn("S1", Category.LOADER, stocked_ms, "LG833", "46", "Y1"), now_ms)
    key = OrderKey(Kind.MANDATORY_VISIT, "100")
    with keeper.store.write() as connection:
        work.acknowledge(connection, keeper, "L1", key, "Chen", now_ms)
    work.complete(keeper, work.Completion("L2", key, now_ms, None, VISIT), now_ms)


def _deliver(keeper: Keeper, decoder: Decoder, now_ms: int) -> None:
    """One reading that is believed, a jump, a text that is no JSON, and one of a machine nobody knows."""
    sent = (
        ("machines/L3/hours", b'{"hours": 85.75}'),
        ("machines/L3/hours", b'{"hours": 99999}'),
        ("machines/L1/hours", b"\xff\x00 no JSON"),
        ("machines/U9/hours", b'{"hours": 7}'),
    )
    for topic, payload in sent:
        with keeper.store.write() as connection:
            judge_all(connection, keeper, decoder.decode(Delivery(topic, payload, now_ms)), now_ms)
