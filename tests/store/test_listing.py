"""Lists find their rows by index: what they cost follows what they show, not the size of the fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from adapters.store import listing, schema
from adapters.store.engine import Store
from adapters.store.listing import REFUSED, OrderFilter
from schedules.work_order import OPEN_STATES, Kind, OrderKey

Question = Callable[[Connection], Iterable[Any]]
SORTS = "USE TEMP B-TREE FOR ORDER BY"
WITHOUT_SORTING: dict[str, Question] = {
    "overdue": lambda store: listing.overdue(store, OrderFilter()),
    "overdue of a region": lambda store: listing.overdue(store, OrderFilter(region="23")),
    "all orders": lambda store: listing.orders(store, OrderFilter()),
    "orders of a machine": lambda store: listing.orders(store, OrderFilter(machine_id="L1")),
    "machines": lambda store: listing.all_machines(store, {}),
    "readings": lambda store: listing.all_readings(store, None, None, 10),
    "refused readings": lambda store: listing.all_readings(store, None, REFUSED, 10),
    "notices": lambda store: listing.all_notices(store, None, 10),
}
BY_INDEX: dict[str, Question] = {
    "overdue": WITHOUT_SORTING["overdue"],
    "open orders": lambda store: listing.orders(store, OrderFilter(states=OPEN_STATES)),
    "orders of a machine": WITHOUT_SORTING["orders of a machine"],
    "orders of a centre": lambda store: listing.orders(store, OrderFilter(service_centre="JN")),
    "machines of a centre": lambda store: listing.all_machines(store, {"service_centre": "JN"}),
    "readings of a machine": lambda store: listing.all_readings(store, "L1", None, 10),
    "notices that failed": lambda store: listing.all_notices(store, "dead", 10),
    "one order": lambda store: [listing.order(store, "L1", OrderKey(Kind.SELF_SERVICE, "600"))],
    "its events": lambda store: [listing.order_events(store, "L1", OrderKey(Kind.SELF_SERVICE, "600"))],
    "a machine's story": lambda store: [listing.machine_story(store, "L1")],
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    store = Store(f"sqlite:///{tmp_path}/hourkeeper.db")
    schema.upgrade(store)
    with store.read() as connection:
        yield connection
    store.close()


def way(connection: Connection, question: Question) -> list[str]:
    """How SQLite goes about a question."""
    asked: list[tuple[str, Any]] = []
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    list(question(connection))
    statement, parameters = asked[0]
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.parametrize("name", WITHOUT_SORTING)
def test_a_list_comes_in_its_order_without_being_sorted(connection: Connection, name: str) -> None:
    assert SORTS not in way(connection, WITHOUT_SORTING[name])


@pytest.mark.parametrize("name", BY_INDEX)
def test_a_part_of_a_list_is_found_by_an_index(connection: Connection, name: str) -> None:
    steps = way(connection, BY_INDEX[name])

    assert steps
    assert [step for step in steps if step.startswith("SCAN") and " USING " not in step] == []


def test_a_list_that_is_sorted_and_searched_through_is_found(connection: Connection) -> None:
    steps = way(connection, lambda store: listing.all_machines(store, {"model": "LG855N"}))
    sorted_by = way(connection, lambda store: listing.orders(store, OrderFilter(service_centre="JN")))

    assert steps[0].startswith("SCAN")
    assert any(step.startswith("USE TEMP B-TREE FOR") for step in sorted_by)
