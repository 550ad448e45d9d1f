"""A visit from the call to the signed form: what is agreed, what is refused, and what a refusal leaves (rules 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.store.tables import forms, metadata, readings
from daemon import work
from daemon.drafts import Filled, fill
from daemon.listing import order
from daemon.refused import RefusedError
from notifications.words import words_in
from schedules.evidence import Form
from schedules.work_order import Kind, OrderKey, State
from tests.keeping import at
from tests.past import Past
from tests.support.completing import SIGNED

FIRST, SECOND = (OrderKey(Kind.MANDATORY_VISIT, step) for step in ("100", "600"))


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """A machine handed over in February whose first visit is due."""
    made = Past(tmp_path / "visits.db")
    made.now_ms = at("2026-02-20 10:00")
    made.sold_on("2026-02-20")
    made.goes_to("2026-03-03 10:00")
    yield made
    made.keeper.store.close()


def hands_in(past: Past, form: Form = SIGNED, on: str | None = None, hours: str | None = None, **more: Any) -> str:  # noqa: ANN401 - fields of a completion
    """The number of the visit."""
    done_at_ms = past.now_ms if on is None else at(f"{on} 09:00")
    command = work.Completion("L1", more.pop("key", FIRST), done_at_ms, hours, form, **more)
    return str(work.complete(past.keeper, command, past.now_ms))


def refused(past: Past, *arguments: Any, **more: Any) -> str:  # noqa: ANN401 - as above
    with pytest.raises(RefusedError) as caught:
        hands_in(past, *arguments, **more)
    return caught.value.reason


def filled(past: Past, form: Form | None = None, **given: Any) -> Filled:  # noqa: ANN401 - as above
    form = form or Form(has_date="done_at_ms" in given, has_hours="hours" in given)
    values = {"done_at_ms": None, "hours": None, **given}
    with past.keeper.store.read() as connection:
        return fill(connection, work.Completion("L1", FIRST, form=form, **values))


def shown(past: Past, key: OrderKey = FIRST) -> dict[str, Any]:
    with past.keeper.store.read() as connection:
        found = order(connection, past.keeper, "L1", key, past.now_ms, words_in("en"))
    assert found is not None
    return found


def everything(past: Past) -> dict[str, list[Any]]:
    """All rows of all tables but the drafts."""
    with past.keeper.store.read() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=str)
            for name, table in metadata.tables.items()
            if name != "forms"
        }


# --- agreed with the user ---


def test_a_call_and_an_agreed_day_are_noted_and_the_day_may_be_moved(past: Past) -> None:
    with past.keeper.store.write() as connection:
        work.contact(connection, past.keeper, "L1", FIRST, "Li", past.now_ms, " filters are in stock ")
        work.schedule(connection, past.keeper, "L1", FIRST, date(2026, 3, 5), past.now_ms, "Li")
        work.schedule(connection, past.keeper, "L1", FIRST, date(2026, 3, 9), past.now_ms + 1, "Wang")

    found = shown(past)
    assert (found["contacted_at"], found["scheduled_for"]) == ("2026-03-03T10:00:00+08:00", "2026-03-09")
    assert [(each["why"], each["by"], each["note"]) for each in found["events"][-3:]] == [
        ("contacted", "Li", "filters are in stock"),
        ("scheduled", "Li", "2026-03-05"),
        ("scheduled", "Wang", "2026-03-09"),
    ]


@pytest.mark.parametrize(
    ("key", "on", "words"),
    [
        (FIRST, "2026-03-02", "2026-03-02 is past"),
        (SECOND, "2026-06-01", "no work order mandatory_visit/600: its window has not opened"),
    ],
)
def test_a_day_that_cannot_be_agreed_is_refused(past: Past, key: OrderKey, on: str, words: str) -> None:
    before = everything(past)

    with pytest.raises(RefusedError, match=words), past.keeper.store.write() as connection:
        work.schedule(connection, past.keeper, "L1", key, date.fromisoformat(on), past.now_ms)

    assert everything(past) == before


def test_nothing_is_agreed_about_what_is_done(past: Past) -> None:
    hands_in(past)
    before = everything(past)

    with pytest.raises(RefusedError, match="done since 2026-03-03"), past.keeper.store.write() as connection:
        work.schedule(connection, past.keeper, "L1", FIRST, date(2026, 3, 9), past.now_ms)
    with pytest.raises(RefusedError, match="done since 2026-03-03"), past.keeper.store.write() as connection:
        work.contact(connection, past.keeper, "L1", FIRST, "Li", past.now_ms)

    assert everything(past) == before


# --- refused ---


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"technician": None}, "technician"),
        ({"technician": " \t"}, "technician"),
        ({"signed_by": "\u3000"}, "signed_by"),
        ({"genuine_oils": False}, "genuine_oils"),
        ({"genuine_oils": None}, "genuine_oils"),
        ({"items": ()}, "items"),
        ({"items": (" ",)}, "items"),
        ({"findings": "a leak"}, "service_record_no"),
        ({"findings": "a leak", "service_record_no": "  "}, "service_record_no"),
        ({"has_date": False}, "done_at"),
        ({"has_hours": False}, "hours"),
        ({"technician": None, "signed_by": "", "genuine_oils": None}, "technician, signed_by, genuine_oils"),
    ],
)
def test_what_is_missing_is_named_and_nothing_but_the_draft_is_left(
    past: Past, changes: dict[str, Any], missing: str
) -> None:
    before = everything(past)

    assert refused(past, replace(SIGNED, **changes), hours="55") == f"missing: {missing}"

    assert everything(past) == before
    assert past.machine().orders[FIRST].state is State.OVERDUE
    assert shown(past)["draft"]["missing"] == missing.split(", ")


@pytest.mark.parametrize(
    ("on", "hours", "words"),
    [
        ("2026-03-04", "55", "2026-03-04 is in the future"),
        ("2026-02-26", "55", "2026-02-26 is before the order's window opened on 2026-02-27"),
        (None, "many", "hours: 'many' is no number of hours"),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_its_reading(past: Past, on: str | None, hours: str, words: str) -> None:
    before = everything(past)

    assert refused(past, on=on, hours=hours) == words

    assert everything(past) == before
    assert shown(past)["draft"]["reason"] == words


def test_a_reading_that_is_not_believed_does_not_hold_up_the_visit(past: Past) -> None:
    past.measured("2026-03-02 20:00", "90")

    hands_in(past, hours="12")

    assert past.machine().orders[FIRST].state is State.DONE
    assert past.machine().total_ms == 90 * 3_600_000
    with past.keeper.store.read() as connection:
        newest = connection.execute(select(readings).order_by(readings.c.id.desc())).first()
    assert newest is not None
    assert (newest.verdict, newest.source) == ("rollback", "manual")


def test_the_hours_of_the_form_come_before_the_visit(past: Past) -> None:
    past.measured("2026-03-02 20:00", "90")

    hands_in(past, hours="104.5")

    done = past.machine().orders[FIRST]
    assert (done.state, done.closed_on) == (State.DONE, date(2026, 3, 3))
    assert past.machine().total_ms == 376_200_000
    assert shown(past)["events"][-1]["total_hours"] == 104.5


# --- drafts ---


def test_a_refused_form_is_finished_by_what_was_missing(past: Past) -> None:
    refused(past, replace(SIGNED, signed_by=None), on="2026-03-02", hours="55")
    past.goes_to("2026-03-07 10:00")

    found = filled(past, Form(signed_by="Wang", has_date=False, has_hours=False))

    assert found.names == ("done_at", "hours", "technician", "genuine_oils", "items")
    assert found.kept_ms == at("2026-03-03 10:00")
    assert str(work.complete(past.keeper, found.command, past.now_ms)) == "SC7-2026-0001"
    done = past.machine().orders[FIRST]
    assert (done.state, done.closed_on) == (State.DONE, date(2026, 3, 2))
    assert past.machine().total_ms == 55 * 3_600_000
    assert shown(past)["draft"] is None


def test_what_is_given_stands_before_the_draft(past: Past) -> None:
    refused(past, replace(SIGNED, signed_by=None), hours="55")

    found = filled(past, Form(technician="Zhao", signed_by=" ", has_date=False), hours="56")

    assert (found.command.form.technician, found.command.hours) == ("Zhao", "56")
    assert (found.command.form.signed_by, found.names) == (" ", ("done_at", "genuine_oils", "items"))


def test_without_a_draft_a_form_is_what_it_says(past: Past) -> None:
    assert filled(past) == Filled(work.Completion("L1", FIRST, None, None, Form(has_date=False, has_hours=False)))


def test_the_last_draft_is_the_one_that_is_kept(past: Past) -> None:
    refused(past, replace(SIGNED, signed_by=None, technician="Li"))
    refused(past, replace(SIGNED, signed_by=None, technician="Zhao"), by="Chen")

    draft = shown(past)["draft"]
    assert (draft["technician"], draft["by"], draft["reason"]) == ("Zhao", "Chen", "missing: signed_by")


def test_a_form_that_was_accepted_is_no_draft_of_another(past: Past) -> None:
    hands_in(past)

    assert refused(past) == "the order is done since 2026-03-03"

    with past.keeper.store.read() as connection:
        assert [row.draft for row in connection.execute(select(forms))] == [False]


def test_there_is_no_draft_without_an_order(past: Past) -> None:
    refused(past, replace(SIGNED, signed_by=None), key=SECOND)

    with past.keeper.store.read() as connection:
        assert connection.execute(select(forms)).all() == []


def test_a_form_that_was_taken_back_is_a_draft_again(past: Past) -> None:
    hands_in(past, hours="55")
    past.corrected(undo_completions=(FIRST,))

    draft = shown(past)["draft"]
    assert (draft["reason"], draft["hours"]) == ("the completion was taken back", "55")
    assert filled(past).command.form == replace(SIGNED, findings=None)


# --- entered late ---


def test_a_form_by_post_counts_on_its_date_and_takes_the_lower_step_with_it(past: Past) -> None:
    past.measured("2026-05-10 10:00", "700")
    past.now_ms = at("2026-05-10 12:00")
    past.goes_to("2026-05-20 10:00")
    past.goes_to("2027-02-25 10:00")
    assert past.told()["600"] == past.told()["100"] == "lapsed 2027-02-21"

    hands_in(past, on="2026-05-20", key=SECOND, by="Chen")

    assert (past.told()["600"], past.told()["100"]) == ("done 2026-05-20", "superseded by 600 2026-05-20")
    entered = shown(past, SECOND)["events"][-1]
    assert (entered["on"], entered["recorded_at"], entered["by"]) == (
        "2026-05-20",
        "2027-02-25T10:00:00+08:00",
        "Chen",
    )
    assert shown(past, SECOND)["visit_no"] == "SC7-2026-0001"


def test_a_form_dated_on_or_after_the_lapse_is_refused(past: Past) -> None:
    past.goes_to("2027-02-25 10:00")

    for day in ("2027-02-21", "2027-02-22"):
        assert refused(past, on=day) == "the order is lapsed since 2027-02-21"
    assert hands_in(past, on="2027-02-20") == "SC7-2027-0001"
