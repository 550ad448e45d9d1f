"""No list and no page goes through a whole table: each question is put to the databases, which say how they would
go about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from tests.support.lists import Asked, Statements, addresses
from tests.support.plans import whole_tables
from tests.support.postgres import postgres
from tests.web.conftest import Served, peopled, serve

WHO = {"manager": "manager", "centre": "SC7", "yard": "Y1"}
LARGE = {
    "machines",
    "meters",
    "readings",
    "raw_deliveries",
    "work_orders",
    "work_order_events",
    "machine_events",
    "notices",
    "letters",
    "findings",
    "forms",
    "attachments",
    "audit",
    "visit_numbers",
}
"""Tables that grow with the fleet."""
COUNTS_ALL = "AS outcome"
"""Compliance counts a year of orders, and is kept for a while."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small world of the pages, in each database."""
    if request.param == "sqlite":
        yield serve(peopled(Path(tmp_path_factory.mktemp("plans")) / "hourkeeper.db"))
        return
    with postgres() as server:
        found = serve(peopled(server.new_database()))
        yield found
        found.world.keeper.store.close()


def asked_of(served: Served) -> Iterator[Asked]:
    """Every list, and the pages of one order, one machine and one reading."""
    yield from addresses("SC7", "37", "Y1", "L1")
    order = served.order_id("L1", "100")
    yield from (
        Asked(page) for page in (f"/work-orders/{order}", f"/api/v1/work-orders/{order}", "/registers", "/plan")
    )
    refused = served.asked_by("manager").get("/api/v1/refused-readings").json()["items"][0]["id"]
    yield Asked(f"/meters/{refused}")


def test_no_list_and_no_page_goes_through_a_whole_table(served: Served) -> None:
    store, heard, found = served.world.keeper.store, Statements(), set[tuple[str, str]]()
    clients = {who: served.asked_by(name) for who, name in WHO.items()}
    for asked in asked_of(served):
        heard.asked.clear()
        event.listen(store.engine, "before_cursor_execute", heard.hear)
        answer = clients[asked.who].get(asked.path)
        event.remove(store.engine, "before_cursor_execute", heard.hear)
        assert answer.status_code == 200, (asked, answer.text)
        assert heard.asked, asked
        with store.read() as connection:
            for statement, parameters in heard.asked:
                if COUNTS_ALL not in statement:
                    tables = whole_tables(connection, statement, parameters) & LARGE
                    found |= {(asked.path, f"{table}: {statement}") for table in tables}

    assert found == set()


def test_a_question_without_an_index_is_found_out(served: Served) -> None:
    with served.world.keeper.store.write() as connection:
        connection.execute(text("CREATE TABLE unsorted (model TEXT)"))

        assert whole_tables(connection, "SELECT u.model FROM unsorted AS u WHERE u.model = 'x'", ()) == {"unsorted"}
