"""Numbers of visits and of service records: unique, without gaps, and kept by the visit they belong to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.store import visits
from adapters.store.tables import readings, visit_numbers, work_order_events
from daemon import work
from daemon.listing import order
from daemon.refused import RefusedError
from notifications.words import words_in
from schedules.evidence import Form
from schedules.visit_number import VisitNumber
from schedules.work_order import Kind, OrderKey
from tests.keeping import at
from tests.past import Past
from tests.support.completing import SIGNED
from tests.support.postgres import Postgres, postgres

VISIT = Kind.MANDATORY_VISIT


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/visits.db"
    server: Postgres = request.getfixturevalue("server")
    return server.new_database()


@pytest.fixture
def past(url: str) -> Iterator[Past]:
    made = Past(url)
    made.now_ms = at("2026-03-03 10:00")
    yield made
    made.keeper.store.close()


def completes(past: Past, machine_id: str, step: str = "100", form: Form = SIGNED, on: str | None = None) -> str | None:
    done_at_ms = past.now_ms if on is None else at(f"{on} 09:00")
    number = work.complete(
        past.keeper, work.Completion(machine_id, OrderKey(VISIT, step), done_at_ms, None, form), past.now_ms
    )
    return None if number is None else str(number)


def refused(past: Past, machine_id: str, form: Form, on: str | None = None) -> str:
    with pytest.raises(RefusedError) as caught:
        completes(past, machine_id, form=form, on=on)
    return caught.value.reason


def shown(past: Past, machine_id: str, step: str = "100") -> tuple[str | None, bool | None]:
    with past.keeper.store.read() as connection:
        found = order(connection, past.keeper, machine_id, OrderKey(VISIT, step), past.now_ms, words_in("en"))
    assert found is not None
    return found["visit_no"], found["visit_no_void"]


# --- the series ---


def test_every_centre_and_year_counts_from_one(past: Past) -> None:
    for machine, centre in (("A", "JN"), ("B", "JN"), ("C", "HB"), ("D", None), ("E", None)):
        past.sold_on("2025-12-20", machine, service_centre=centre)

    assert [completes(past, machine, on="2025-12-30") for machine in ("A", "C", "D")] == [
        "JN-2025-0001",
        "HB-2025-0001",
        "2025-0001",
    ]
    assert [completes(past, machine, on="2026-01-02") for machine in ("B", "E")] == ["JN-2026-0001", "2026-0001"]
    assert shown(past, "A") == ("JN-2025-0001", False)


def test_a_form_that_comes_by_post_counts_in_the_year_of_its_visit(past: Past) -> None:
    past.sold_on("2025-12-10", "A", service_centre="JN")
    past.goes_to("2026-03-10 09:00")

    assert completes(past, "A", on="2025-12-31") == "JN-2025-0001"


def test_only_mandatory_visits_are_numbered(past: Past) -> None:
    past.stocks("S1")
    sheet = replace(SIGNED, nothing_removed=True, winter_items=True)
    key = OrderKey(Kind.STOCK_UPKEEP, "2026-03")

    assert work.complete(past.keeper, work.Completion("S1", key, past.now_ms, None, sheet), past.now_ms) is None


def test_a_visit_that_takes_lower_ones_with_it_draws_one_number(past: Past) -> None:
    past.sold_on("2025-12-20", "A", service_centre="JN")
    past.measured("2026-03-02 08:00", "620", "A")

    assert completes(past, "A", "600") == "JN-2026-0001"
    assert shown(past, "A", "100") == (None, None)


def test_what_is_refused_or_rolled_back_draws_nothing(past: Past) -> None:
    for machine in ("A", "B"):
        past.sold_on("2026-02-20", machine, service_centre="JN")

    assert "signed_by" in refused(past, "A", replace(SIGNED, signed_by=" "))
    assert "future" in refused(past, "A", SIGNED, on="2026-03-04")
    with suppress(ZeroDivisionError), past.keeper.store.write() as connection:
        assert str(visits.draw_number(connection, "A", "100", "JN", 2026, 0)) == "JN-2026-0001"
        raise ZeroDivisionError

    assert completes(past, "B") == "JN-2026-0001"
    with past.keeper.store.read() as connection:
        assert connection.execute(select(visit_numbers.c.machine_id)).scalars().all() == ["B"]


def test_more_than_9999_visits_a_year_have_longer_numbers() -> None:
    assert str(VisitNumber("JN", 2026, 12345)) == "JN-2026-12345"


def test_processes_that_complete_at_once_draw_every_number_once(past: Past, url: str) -> None:
    past.now_ms = at("2026-03-03 10:00")
    machines = [f"L{number}" for number in range(30)]
    for machine in machines:
        past.sold_on("2026-03-03", machine)
    command = (sys.executable, "-m", "tests.support.completing", url)
    processes = [
        subprocess.Popen([*command, *machines[part::3]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for part in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    printed = [process.communicate()[0].split() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(number for each in printed for number in each) == [f"SC7-2026-{n:04d}" for n in range(1, 31)]
    assert all(each == sorted(each) for each in printed)


# --- corrections ---


def test_a_number_is_void_while_the_completion_is_taken_back_and_comes_back_with_it(past: Past) -> None:
    for machine in ("A", "B"):
        past.sold_on("2026-02-20", machine, service_centre="JN")
    assert completes(past, "A") == "JN-2026-0001"

    past.corrected("A", undo_completions=(OrderKey(VISIT, "100"),))
    assert shown(past, "A") == ("JN-2026-0001", True)
    assert completes(past, "B") == "JN-2026-0002"

    assert completes(past, "A") == "JN-2026-0001"
    assert shown(past, "A") == ("JN-2026-0001", False)


def test_a_number_outlives_an_order_that_is_withdrawn(past: Past) -> None:
    for machine in ("A", "B"):
        past.sold_on("2026-02-20", machine, service_centre="JN")
    completes(past, "A")
    past.corrected(
        "A", undo_completions=(OrderKey(VISIT, "100"),), facts={"handed_over_on": past.keeper.today(past.now_ms)}
    )
    assert past.told("A") == {}

    assert completes(past, "B") == "JN-2026-0002"
    past.goes_to("2026-03-12 09:00")
    assert completes(past, "A") == "JN-2026-0001"


def test_corrected_dates_and_centres_change_no_number(past: Past) -> None:
    past.sold_on("2025-12-20", "A", service_centre="JN")
    completes(past, "A", on="2025-12-30")

    past.corrected("A", completed_on={OrderKey(VISIT, "100"): past.keeper.today(at("2026-01-02 09:00"))})
    past.corrected("A", facts={"service_centre": "HB"})

    assert shown(past, "A") == ("JN-2025-0001", False)


def test_the_book_names_the_number_where_the_visit_was_done(past: Past) -> None:
    past.sold_on("2026-02-20", "A", service_centre="JN")
    completes(past, "A")

    columns = work_order_events.c
    with past.keeper.store.read() as connection:
        notes = connection.execute(select(columns.to_state, columns.note).where(columns.note.is_not(None))).all()
    assert [tuple(note) for note in notes] == [("done", "visit no. JN-2026-0001")]


# --- service records ---


def found(record_no: str | None) -> Form:
    return replace(SIGNED, findings="a leak", service_record_no=record_no)


def test_a_record_number_is_given_once_in_a_centre(past: Past) -> None:
    for machine, centre in (("A", "JN"), ("B", "JN"), ("C", "HB")):
        past.sold_on("2026-02-20", machine, service_centre=centre)
    completes(past, "A", form=found("R-7"))

    reason = refused(past, "B", found(" R-7\u3000"))

    assert reason == "service_record_no: R-7 of JN is already the record of A/mandatory_visit/100"
    assert past.machine("B").orders[OrderKey(VISIT, "100")].is_open
    assert completes(past, "C", form=found("R-7")) == "HB-2026-0001"
    assert completes(past, "B", form=found("R-8")) == "JN-2026-0002"


def test_blanks_are_no_record_number(past: Past) -> None:
    past.sold_on("2026-02-20", "A")

    assert refused(past, "A", found("  ")) == "missing: service_record_no"


def test_without_a_centre_there_is_no_book_of_records(past: Past) -> None:
    for machine in ("A", "B"):
        past.sold_on("2026-02-20", machine, service_centre=None)

    assert [completes(past, machine, form=found("7")) for machine in ("A", "B")] == ["2026-0001", "2026-0002"]


def test_an_order_done_again_keeps_its_own_record_number(past: Past) -> None:
    past.sold_on("2026-02-20", "A", service_centre="JN")
    completes(past, "A", form=found("R-7"))
    past.corrected("A", undo_completions=(OrderKey(VISIT, "100"),))

    assert completes(past, "A", form=found("R-7")) == "JN-2026-0001"


def test_the_record_of_a_form_entered_for_the_wrong_machine_goes_to_the_right_one(past: Past) -> None:
    for machine in ("A", "B"):
        past.sold_on("2026-02-20", machine, service_centre="JN")
    completes(past, "A", form=found("R-7"))
    past.corrected("A", undo_completions=(OrderKey(VISIT, "100"),))

    assert completes(past, "B", form=found("R-7")) == "JN-2026-0002"
    assert "is already the record of B/mandatory_visit/100" in refused(past, "A", found("R-7"))


def test_a_refused_record_number_leaves_no_reading(past: Past) -> None:
    for machine in ("A", "B"):
        past.sold_on("2026-02-20", machine, service_centre="JN")
    completes(past, "A", form=found("R-7"))
    with past.keeper.store.read() as connection:
        before = connection.execute(select(readings)).all()

    command = work.Completion("B", OrderKey(VISIT, "100"), past.now_ms, "55", found("R-7"))
    with pytest.raises(RefusedError):
        work.complete(past.keeper, command, past.now_ms)

    with past.keeper.store.read() as connection:
        assert connection.execute(select(readings)).all() == before
