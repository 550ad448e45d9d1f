"""The store counts as the rules define, whatever lives the machines had."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import Connection, select, update

from adapters.store.compliance import By, Period, counts
from adapters.store.listing import OrderFilter
from adapters.store.machines import order_of
from adapters.store.tables import machines, work_orders
from daemon.replay import replay, scratch_keeper
from daemon.timeline import read_timeline
from schedules.compliance import outcome_of
from schedules.work_order import Kind
from tests.model.random_histories import random_timeline
from tests.properties.test_store import a_keeper

EVER = Period(date(2000, 1, 1), date(2100, 1, 1))
ALL = OrderFilter()


def counted(connection: Connection, period: Period = EVER, wanted: OrderFilter = ALL) -> Counter[tuple[object, ...]]:
    rows = counts(connection, period, list(By), wanted)
    return Counter({tuple(row[:-1]): row.orders for row in rows})


def expected(connection: Connection, period: Period = EVER) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    joined = work_orders.join(machines, machines.c.machine_id == work_orders.c.machine_id)
    columns = (work_orders, machines.c.service_centre, machines.c.region, machines.c.model)
    for row in connection.execute(select(*columns).select_from(joined)):
        order = order_of(row)
        outcome = outcome_of(order)
        if outcome is None or row.before_registration or order.due_on is None:
            continue
        if period.begins_on <= order.due_on <= period.ends_on:
            month = order.due_on.isoformat()[:7]
            found[order.kind, order.step, row.service_centre, row.region, row.model, month, outcome.value] += 1
    return found


@pytest.mark.parametrize("seed", range(4000, 4005))
def test_the_store_counts_as_the_rules_define(seed: int) -> None:
    lines = "\n".join(json.dumps(line) for line in random_timeline(seed, lines=60))
    keeper = replay(scratch_keeper(a_keeper), read_timeline(lines)).keeper
    with keeper.store.read() as connection:
        assert counted(connection) == expected(connection)
        dues = sorted(
            connection.execute(select(work_orders.c.due_on).where(work_orders.c.due_on.isnot(None))).scalars()
        )
        middle = Period(dues[len(dues) // 3], dues[len(dues) // 2]) if dues else EVER
        assert counted(connection, middle) == expected(connection, middle)
        visits = OrderFilter(kind=Kind.MANDATORY_VISIT)
        of_visits = {key: count for key, count in expected(connection).items() if key[0] == "mandatory_visit"}
        assert counted(connection, wanted=visits) == of_visits


def test_orders_from_before_the_registration_are_outside() -> None:
    lines = "\n".join(json.dumps(line) for line in random_timeline(4001, lines=60))
    keeper = replay(scratch_keeper(a_keeper), read_timeline(lines)).keeper
    with keeper.store.write() as connection:
        assert counted(connection)
        connection.execute(update(work_orders).values(before_registration=True))
        assert not counted(connection)
