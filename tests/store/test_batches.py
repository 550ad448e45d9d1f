"""A sweep finds its next batch by an index in its own order: a nation that falls silent costs no batch more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection, event, insert, text

from adapters.files.rules import read_rules
from adapters.store import duties, notices, schema, watching
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.tables import machines, meters, work_orders
from tests.support.plans import steps_of

_DAY = date(2026, 11, 28)
_MANY = 3000
BATCHES: dict[str, Callable[[Connection], object]] = {
    "silent": lambda connection: watching.waiting(connection, _DAY, 500),
    "reminded": lambda connection: notices.to_remind(connection, _DAY, 500),
    "waking": lambda connection: duties.waking(connection, _DAY, 500),
}
"""What a sweep takes, so many at a time."""


@pytest.fixture
def one_day(empty: Store) -> Store:
    """Thousands of machines of which everything falls on the same day."""
    schema.prepare(empty, upgrading=False)
    numbers = [f"M{number}" for number in range(_MANY)]
    with empty.write() as connection:
        stands = {"category": "loader", "status": "stock", "stocked_on": _DAY, "registered_ms": 0, "exempt_steps": []}
        connection.execute(insert(machines), [{"machine_id": each, **stands} for each in numbers])
        waits = {"offset_ms": 0, "waits_since": _DAY, "wakes_on": _DAY}
        connection.execute(insert(meters), [{"machine_id": each, **waits} for each in numbers])
        rulebook = adopt(connection, read_rules(), 0)
        late = {"kind": "stock_upkeep", "step": "2026-11", "state": "overdue", "cause": "calendar", "remind_on": _DAY}
        late |= {"opens_on": _DAY, "due_on": _DAY, "overdue_on": _DAY, "before_registration": False}
        late |= {"plan_version": rulebook.plan.version}
        connection.execute(insert(work_orders), [{"machine_id": each, **late} for each in numbers])
    if empty.engine.dialect.name == "postgresql":
        with empty.write() as connection:
            connection.execute(text("ANALYZE"))
    return empty


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_a_batch_is_found_in_its_order(one_day: Store, batch: Callable[[Connection], list[object]]) -> None:
    asked: list[tuple[str, object]] = []

    def remember(_c: object, _u: object, statement: str, parameters: object, *_rest: object) -> None:
        asked.append((statement, parameters))

    with one_day.write() as connection:
        event.listen(one_day.engine, "before_cursor_execute", remember)
        found = batch(connection)
        event.remove(one_day.engine, "before_cursor_execute", remember)
        assert len(found) == 500
        assert asked
        for statement, parameters in asked:
            steps = steps_of(connection, statement, parameters)
            assert [step for step in steps if "Sort" in step or "TEMP B-TREE" in step] == [], steps
