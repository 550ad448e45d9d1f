"""Commands: done once, by whom they belong to, and written down with who, when, from and to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.pool import QueuePool

from adapters.store import machines, people
from adapters.store.engine import Store
from adapters.store.people_tables import audit, secrets_kept
from adapters.store.schema import create_scratch
from adapters.store.tables import work_order_events
from tests.support.postgres import postgres
from tests.support.waiting import until

from .conftest import Served, peopled, serve

KEY = {"Idempotency-Key": "a key of the caller"}


def path(served: Served, what: str, machine_id: str = "L1", step: str = "100") -> str:
    return f"/api/v1/work-orders/{served.order_id(machine_id, step)}/{what}"


def events(served: Served) -> int:
    with served.world.keeper.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(work_order_events)).scalar_one())


def test_sent_again_with_its_key_a_command_is_answered_again_and_not_done_again(served: Served) -> None:
    client, schedule = served.asked_by("SC7"), path(served, "schedule")
    first = client.post(schedule, json={"scheduled_for": "2026-03-25"}, headers=KEY)
    before = events(served)
    client.post(schedule, json={"scheduled_for": "2026-03-27"})
    again = client.post(schedule, json={"scheduled_for": "2026-03-25"}, headers=KEY)

    assert first.status_code == again.status_code == 200, again.text
    assert first.json() == again.json()
    assert client.get(schedule.removesuffix("/schedule")).json()["scheduled_for"] == "2026-03-27"
    assert events(served) == before + 1


def test_a_key_stands_for_one_request_of_one_caller(served: Served) -> None:
    schedule, first = path(served, "schedule"), {"scheduled_for": "2026-03-25"}
    served.asked_by("SC7").post(schedule, json=first, headers=KEY)

    other = served.asked_by("SC7").post(schedule, json={"scheduled_for": "2026-03-26"}, headers=KEY)
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
    assert served.asked_by("manager").post(schedule, json={"scheduled_for": "2026-03-26"}, headers=KEY).is_success


def test_what_was_refused_can_be_sent_again_with_its_key(served: Served) -> None:
    client, complete = served.asked_by("SC7"), path(served, "complete")
    form = {"done_at": "2026-03-20", "hours": 131, "technician": "Li", "items": ["oil"], "signed_by": "Wang"}

    assert client.post(complete, json=form, headers=KEY).json()["missing"] == ["genuine_oils"]
    whole = {**form, "genuine_oils": True}
    done = client.post(complete, json=whole, headers=KEY)
    assert done.json()["state"] == "done", done.text
    assert client.post(complete, json=whole, headers=KEY).json() == done.json()


def test_the_audit_log_says_who_changed_what_when_from_what_to_what(served: Served) -> None:
    served.asked_by("SC7").post(path(served, "schedule"), json={"scheduled_for": "2026-03-25"})
    served.asked_by("manager").post("/api/v1/machines/S1/transfer", json={"yard": "Y2"})
    with served.world.keeper.store.read() as connection:
        ((moved, scheduled),) = people.audited(connection, None, 2)

    assert (scheduled.by, scheduled.identity, scheduled.role, scheduled.action, scheduled.subject) == (
        "SC7",
        "token 3",
        "service_centre",
        "schedule",
        "L1/mandatory_visit/100",
    )
    assert scheduled.recorded_ms == served.world.now_ms
    assert scheduled.given == {"scheduled_for": "2026-03-25"}
    assert scheduled.before["mandatory_visit/100"]["scheduled_for"] is None
    assert scheduled.after["mandatory_visit/100"]["scheduled_for"] == "2026-03-25"
    assert (moved.before["machine"]["yard"], moved.after["machine"]["yard"]) == ("Y1", "Y2")


def test_a_refused_command_is_not_in_the_audit_log(served: Served) -> None:
    served.asked_by("SC7").post(path(served, "complete"), json={})
    served.asked_by("SC8").post(path(served, "schedule"), json={"scheduled_for": "2026-03-25"})
    with served.world.keeper.store.read() as connection:
        assert connection.execute(select(audit)).all() == []


def _is_waited_for(store: Store) -> bool:
    """Whether somebody waits for a row, or, in SQLite, has a connection too."""
    if store.engine.dialect.name == "postgresql":
        return _waits(store)
    assert isinstance(store.engine.pool, QueuePool)
    return store.engine.pool.checkedout() > 1


_MOVE = ("S1", "UPDATE machines SET yard = 'Y2' WHERE machine_id = 'S1'")
_PASS_ON = ("L1", "UPDATE machines SET service_centre = 'SC8' WHERE machine_id = 'L1'")


def _asks_for_a_transfer(served: Served) -> Response:
    return served.asked_by("Y1").post("/api/v1/machines/S1/transfer", json={"yard": "Y1"})


def _asks_for_a_visit(served: Served) -> Response:
    return served.asked_by("SC7").post(path(served, "schedule"), json={"scheduled_for": "2026-03-25"})


@pytest.mark.parametrize(
    ("ask", "meanwhile"),
    [(_asks_for_a_transfer, _MOVE), (_asks_for_a_visit, _PASS_ON)],
    ids=["a machine", "a work order"],
)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whose_it_is_is_asked_in_the_transaction_that_changes_it(
    tmp_path: Path, kind: str, ask: Callable[[Served], Response], meanwhile: tuple[str, str]
) -> None:
    """While another writer moves it away, a change waits; and then it is not theirs any more."""
    with ExitStack() as stack:
        place = tmp_path / "hk.db" if kind == "sqlite" else stack.enter_context(postgres()).new_database()
        served = serve(peopled(place))
        store = served.world.keeper.store
        machine_id, statement = meanwhile
        with ThreadPoolExecutor(1) as pool:
            with store.write() as connection:
                machines.hold(connection, [machine_id])
                connection.exec_driver_sql(statement)
                waiting = pool.submit(ask, served)
                until(lambda: _is_waited_for(store), "the change waits for the writer")
            answer = waiting.result()
        store.close()

    assert answer.status_code == 404, answer.text


def test_replicas_that_start_together_agree_on_a_secret() -> None:
    with postgres() as server:
        store = Store(server.new_database())
        _agree(store)
        store.close()


def _agree(store: Store) -> None:
    create_scratch(store)

    def other() -> str:
        with store.write() as connection:
            return people.keep_secret(connection, "links")

    with ThreadPoolExecutor(1) as pool:
        with store.write() as connection:
            first = people.keep_secret(connection, "links")
            second = pool.submit(other)
            until(lambda: _waits(store), "the other replica waits for us")
        assert second.result() == first
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(secrets_kept)).scalar_one() == 1


def _waits(store: Store) -> bool:
    with store.read() as connection:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.exec_driver_sql(waiting).scalar_one())
