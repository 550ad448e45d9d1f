"""Corrections: wrong facts replaced, what followed computed anew; orders before and after as rules.md says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from adapters.store.tables import forms, letters, machine_events
from daemon import life, work
from daemon.consequences import rehearse
from daemon.correcting import correct
from daemon.correction import Correction, fact
from daemon.refused import RefusedError
from schedules.hours import MS_PER_HOUR
from schedules.machine import Warranty
from schedules.work_order import Kind, OrderKey
from tests.keeping import at
from tests.past import BY, WHY, Past, short

VISIT = Kind.MANDATORY_VISIT


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "past.db")


# --- facts ---


def test_a_later_hand_over_takes_overdue_visits_back(past: Past) -> None:
    """Example 2 of the rules, entered a month too early."""
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20")
    past.goes_to("2025-06-01 08:00")
    assert past.told() == {
        "100": "overdue 2025-02-27 2025-03-02 2025-03-03",
        "600": "overdue 2025-04-20 2025-05-20 2025-05-21",
    }

    past.corrected(facts={"handed_over_on": date(2025, 3, 20)})

    assert past.told() == {
        "100": "overdue 2025-03-27 2025-03-30 2025-03-31",
        "600": "upcoming 2025-05-20 2025-06-20 2025-06-21",
    }
    assert past.events("600")[-1] == ("overdue", "upcoming", "correction", "Zhao")
    past.goes_to("2025-06-21 08:00")
    assert past.told()["600"] == "overdue 2025-05-20 2025-06-20 2025-06-21"


def test_what_has_not_opened_in_truth_is_withdrawn_and_comes_again(past: Past) -> None:
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20")
    past.goes_to("2025-04-25 08:00")
    assert past.told()["600"] == "upcoming 2025-04-20 2025-05-20 2025-05-21"

    past.corrected(facts={"handed_over_on": date(2025, 3, 20)})

    assert "600" not in past.told()
    assert past.events("600") == [(None, "upcoming", "calendar", None), ("upcoming", None, "withdrawn", "Zhao")]
    past.goes_to("2025-05-20 08:00")
    assert past.told()["600"] == "upcoming 2025-05-20 2025-06-20 2025-06-21"


def test_an_earlier_hand_over_brings_visits_into_being(past: Past) -> None:
    past.goes_to("2025-05-15 09:00")
    past.sold_on("2025-05-15", hours="0")
    past.goes_to("2025-05-16 08:00")
    assert past.told() == {}

    past.corrected(facts={"handed_over_on": date(2025, 1, 31)})

    assert past.told() == {
        "100": "overdue 2025-02-07 2025-02-10 2025-02-11",
        "600": "overdue 2025-03-31 2025-04-30 2025-05-01",
    }
    assert past.machine().handed_over_on == date(2025, 1, 31)


def test_the_hours_at_hand_over_move_with_it(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20", hours="85")
    assert past.told() == {"100": "upcoming 2025-03-20 2025-03-30 2025-03-31"}

    past.corrected(facts={"handed_over_on": date(2025, 3, 18)})

    assert past.told() == {"100": "upcoming 2025-03-18 2025-03-28 2025-03-29"}


def test_a_longer_warranty_brings_lapsed_visits_back(past: Past) -> None:
    """Example 4 of the rules, of a machine with a one-year warranty in truth."""
    past.goes_to("2025-08-31 09:00")
    past.sold_on("2025-08-31", warranty=Warranty.HALF_YEAR)
    past.goes_to("2026-03-10 08:00")
    assert past.told() == dict.fromkeys(("100", "600", "1200"), "lapsed 2026-03-01")

    past.corrected(facts={"warranty": Warranty.ONE_YEAR})

    assert past.told() == {
        "100": "overdue 2025-09-07 2025-09-10 2025-09-11",
        "600": "overdue 2025-10-31 2025-11-30 2025-12-01",
        "1200": "overdue 2026-01-31 2026-02-28 2026-03-01",
    }
    past.goes_to("2026-04-30 08:00")
    assert past.told()["1800"] == "upcoming 2026-04-30 2026-05-31 2026-06-01"


def test_a_shorter_warranty_ends_visits_and_starts_the_own_cycle_where_it_was_then(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")
    past.goes_to("2025-06-01 09:00")
    past.measured("2025-06-01 09:00", "500")
    past.goes_to("2025-10-01 09:00")
    past.measured("2025-10-01 09:00", "640")
    assert past.told()["600"] == "overdue 2025-05-20 2025-06-20 2025-06-21"
    assert past.machine().own_cycle_from_ms is None

    past.corrected(facts={"warranty": Warranty.HALF_YEAR})

    told = past.told()
    assert [key.kind for key in past.machine().orders] == [VISIT, VISIT, VISIT, Kind.SELF_SERVICE]
    assert past.machine().own_cycle_from_ms == 500 * MS_PER_HOUR
    assert {told[step] for step in ("100", "1200")} == {"lapsed 2025-09-21"}
    own = past.machine().orders[OrderKey(Kind.SELF_SERVICE, "600")]
    assert (own.state, own.due_on) == ("due", date(2025, 10, 1))


def test_the_region_of_a_machine_in_stock_decides_its_winter(past: Past) -> None:
    """Example 8 of the rules: Harbin, entered as Haikou."""
    past.goes_to("2025-08-05 09:00")
    past.stocked_on("2025-08-05", region="46", yard="Y1")
    past.goes_to("2025-10-05 09:00")
    assert past.told() == {
        "2025-08": "overdue 2025-08-05 2025-08-31 2025-09-01",
        "2025-09": "overdue 2025-09-01 2025-09-30 2025-10-01",
        "2025-10": "upcoming 2025-10-01 2025-10-31 2025-11-01",
    }

    past.corrected(facts={"region": "23"})

    assert past.told()["2025-26@23"] == "overdue 2025-09-09 2025-09-30 2025-10-01"
    past.corrected(facts={"region": "46"})
    assert "2025-26@23" not in past.told()
    past.corrected(facts={"region": "23"})
    assert past.told()["2025-26@23"] == "overdue 2025-09-09 2025-09-30 2025-10-01"
    assert past.events("2025-26@23")[-4:] == [
        ("overdue", None, "withdrawn", "Zhao"),
        (None, "upcoming", "calendar", "Zhao"),
        ("upcoming", "due", "calendar", "Zhao"),
        ("due", "overdue", "calendar", "Zhao"),
    ]


def test_the_region_of_the_last_move_is_corrected_and_the_one_before_it_stays(past: Past) -> None:
    past.goes_to("2025-09-20 09:00")
    past.stocked_on("2025-09-20", region="23")
    past.goes_to("2025-11-20 09:00")
    past.moves("L1", region="22")
    past.goes_to("2025-11-21 09:00")
    assert past.told()["2025-26@23"] == "lapsed 2025-11-20"
    assert past.told()["2025-26@22"].startswith("upcoming 2025-11-20 2025-11-22")

    past.corrected(facts={"region": "46"})
    assert past.told()["2025-26@23"] == "lapsed 2025-11-20"
    assert "2025-26@22" not in past.told()

    past.corrected(facts={"region": "23"})
    assert past.told()["2025-26@23"] == "overdue 2025-09-20 2025-09-30 2025-10-01", "it never moved"
    assert past.machine().arrived_on == date(2025, 9, 20)


def test_a_wrong_day_of_arrival_is_corrected(past: Past) -> None:
    past.goes_to("2025-08-05 09:00")
    past.stocked_on("2025-08-05", region="46")
    past.goes_to("2025-11-25 09:00")
    with past.keeper.store.write() as connection:
        life.transfer(connection, past.keeper, life.Transfer("L1", at("2025-11-20 00:00"), "23"), past.now_ms)
    assert past.told()["2025-26@23"] == "overdue 2025-11-20 2025-11-22 2025-11-23"

    past.corrected(facts={"arrived_on": date(2025, 11, 24)})

    assert past.told()["2025-26@23"] == "upcoming 2025-11-24 2025-11-26 2025-11-27"
    assert past.machine().arrived_on == date(2025, 11, 24)


def test_a_later_stock_in_withdraws_the_months_before_it(past: Past) -> None:
    past.goes_to("2025-02-18 09:00")
    past.stocked_on("2025-02-18", region="46", inspected=True)
    past.goes_to("2025-04-10 09:00")
    assert past.told() == {
        "2025-02": "done 2025-02-18",
        "2025-03": "overdue 2025-03-01 2025-03-31 2025-04-01",
        "2025-04": "upcoming 2025-04-01 2025-04-30 2025-05-01",
    }

    past.corrected(facts={"stocked_on": date(2025, 3, 18)})

    assert past.told() == {
        "2025-03": "done 2025-03-18",
        "2025-04": "upcoming 2025-04-01 2025-04-30 2025-05-01",
    }


def test_an_inspection_that_never_was_leaves_the_month_open(past: Past) -> None:
    past.goes_to("2025-02-18 09:00")
    past.stocked_on("2025-02-18", region="46", inspected=True)

    past.corrected(facts={"inspected": False})

    assert past.told() == {"2025-02": "upcoming 2025-02-18 2025-02-28 2025-03-01"}


def test_a_sale_undone_is_stock_again(past: Past) -> None:
    """Example 7 of the rules, whose sale never was."""
    past.goes_to("2025-03-18 09:00")
    past.stocked_on("2025-03-18", region="46", inspected=True)
    past.goes_to("2025-05-14 09:00")
    past.sold_on("2025-05-14", category=None)
    past.goes_to("2025-05-22 09:00")
    assert past.told() == {
        "100": "upcoming 2025-05-21 2025-05-24 2025-05-25",
        "2025-03": "done 2025-03-18",
        "2025-04": "lapsed 2025-05-14",
        "2025-05": "cancelled 2025-05-14",
    }

    past.corrected(undo_sale=True)

    assert past.told() == {
        "2025-03": "done 2025-03-18",
        "2025-04": "overdue 2025-04-01 2025-04-30 2025-05-01",
        "2025-05": "upcoming 2025-05-01 2025-05-31 2025-06-01",
    }
    facts = past.machine()
    assert (facts.status, facts.handed_over_on, facts.warranty, facts.region) == ("stock", None, None, "46")
    past.sold_on("2025-05-22", category=None)
    assert past.told()["2025-05"] == "cancelled 2025-05-22"


def test_a_sale_is_undone_of_a_machine_that_came_sold_when_its_stock_in_is_given(past: Past) -> None:
    past.goes_to("2025-05-14 09:00")
    past.sold_on("2025-05-14", region="46")

    with pytest.raises(RefusedError, match="stocked_on"):
        past.corrected(undo_sale=True)
    past.corrected(undo_sale=True, facts={"stocked_on": date(2025, 5, 2)})

    assert past.told() == {"2025-05": "upcoming 2025-05-02 2025-05-31 2025-06-01"}


def test_a_retirement_undone_opens_what_it_ended(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")
    past.goes_to("2025-04-02 09:00")
    past.retires("L1")
    assert past.told() == {"100": "lapsed 2025-04-02"}

    past.corrected(undo_retirement=True)

    assert past.told() == {"100": "overdue 2025-03-27 2025-03-30 2025-03-31"}
    assert past.machine().status == "in_service"


# --- completions ---


def test_a_completion_undone_opens_what_it_had_taken_in(past: Past) -> None:
    """Example 3 of the rules: 1200 done on 05-26 had taken in 600."""
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10")
    past.goes_to("2025-01-19 09:00")
    past.measured("2025-01-19 09:00", "97")
    past.does("L1", "100")
    past.goes_to("2025-05-22 09:00")
    past.measured("2025-05-22 09:00", "1230")
    past.goes_to("2025-05-26 09:00")
    past.measured("2025-05-26 08:00", "1248")
    past.does("L1", "1200")
    with past.keeper.store.write() as connection:
        work.copy_sent(connection, past.keeper, "L1", OrderKey(VISIT, "1200"), date(2025, 5, 26), past.now_ms)
    assert past.told() == {
        "100": "done 2025-01-19",
        "600": "superseded by 1200 2025-05-26",
        "1200": "done 2025-05-26",
    }

    past.corrected(undo_completions=(OrderKey(VISIT, "1200"),))

    assert past.told() == {
        "100": "done 2025-01-19",
        "600": "overdue 2025-03-10 2025-04-10 2025-04-11",
        "1200": "due 2025-05-22 2025-05-22 2025-07-11",
    }
    with past.keeper.store.read() as connection:
        drafts = {row.step: row.draft for row in connection.execute(select(forms))}
    assert drafts == {"100": False, "1200": True}
    past.does("L1", "600")
    assert past.told()["600"] == "done 2025-05-26"


def test_another_date_of_completion_counts(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")
    past.goes_to("2025-04-05 09:00")
    past.does("L1", "100")
    assert past.machine().orders[OrderKey(VISIT, "100")].late_days(date(2025, 4, 5)) == 6

    past.corrected(completed_on={OrderKey(VISIT, "100"): date(2025, 3, 29)})

    order = past.machine().orders[OrderKey(VISIT, "100")]
    assert (short(order), order.late_days(date(2025, 4, 5))) == ("done 2025-03-29", 0)


def test_what_was_truly_done_stays_done_whatever_the_hand_over_was(past: Past) -> None:
    past.goes_to("2025-03-01 09:00")
    past.sold_on("2025-03-01")
    past.goes_to("2025-03-09 09:00")
    past.does("L1", "100")

    past.corrected(facts={"handed_over_on": date(2025, 3, 6)})

    order = past.machine().orders[OrderKey(VISIT, "100")]
    assert (short(order), order.due_on) == ("done 2025-03-09", date(2025, 3, 16))


def test_what_a_person_cancelled_stays_cancelled(past: Past) -> None:
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20")
    past.goes_to("2025-03-01 09:00")
    with past.keeper.store.write() as connection:
        work.cancel(connection, past.keeper, "L1", OrderKey(VISIT, "100"), "exported", "Li", past.now_ms)

    past.corrected(facts={"handed_over_on": date(2025, 2, 25)})

    assert past.told() == {"100": "cancelled 2025-03-01"}


def test_steps_done_before_registration_are_corrected_as_facts(past: Past) -> None:
    past.goes_to("2025-06-01 09:00")
    past.sold_on("2025-01-10", last_step_done="600", last_step_done_on=date(2025, 4, 1))
    assert past.told() == {"100": "done 2025-04-01", "600": "done 2025-04-01"}

    with pytest.raises(RefusedError, match="last_step_done"):
        past.corrected(undo_completions=(OrderKey(VISIT, "600"),))
    past.corrected(facts={"last_step_done": "100", "last_step_done_on": date(2025, 1, 19)})

    assert past.told() == {"100": "done 2025-01-19", "600": "overdue 2025-03-10 2025-04-10 2025-04-11"}


# --- what is refused ---


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"facts": {"handed_over_on": date(2025, 7, 1)}}, "in the future"),
        ({"facts": {"stocked_on": date(2025, 1, 1)}}, "came to us sold"),
        ({"facts": {"retired_on": date(2025, 5, 1)}}, "not retired"),
        ({"facts": {"last_step_done": "700", "last_step_done_on": date(2025, 4, 1)}}, "700"),
        ({"undo_retirement": True}, "not retired"),
        ({"undo_completions": (OrderKey(VISIT, "100"),)}, "not done by a form"),
        ({"completed_on": {OrderKey(VISIT, "100"): date(2025, 4, 1)}}, "not done by a form"),
        ({}, "nothing to correct"),
    ],
)
def test_what_cannot_have_been_is_refused_and_leaves_nothing(past: Past, changes: dict[str, Any], word: str) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")
    past.goes_to("2025-06-25 09:00")
    before = past.told()

    with pytest.raises(RefusedError, match=word):
        past.corrected(**changes)

    assert past.told() == before
    with past.keeper.store.read() as connection:
        assert connection.execute(select(machine_events.c.what)).scalars().all() == ["handover"]


def test_dates_of_a_life_stand_in_order(past: Past) -> None:
    past.goes_to("2025-03-18 09:00")
    past.stocked_on("2025-03-18", region="46")
    past.goes_to("2025-05-14 09:00")
    past.sold_on("2025-05-14", category=None)

    with pytest.raises(RefusedError, match="handed_over_on: 2025-03-01 is before stocked_on, 2025-03-18"):
        past.corrected(facts={"handed_over_on": date(2025, 3, 1)})


@pytest.mark.parametrize(("by", "why", "blank"), [(" ", WHY, "by"), (BY, "", "why")])
def test_a_correction_has_a_name_and_a_reason(past: Past, by: str, why: str, blank: str) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")
    command = Correction("L1", by, why, facts={"model": "X"})

    with pytest.raises(RefusedError, match=f"missing: {blank}"), past.keeper.store.write() as connection:
        correct(connection, past.keeper, command, past.now_ms)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("hours", "3", "nothing that can"),
        ("warranty", "two", "none of"),
        ("warranty", "", "empty"),
        ("model", "", None),
    ],
)
def test_facts_are_read_as_in_a_register(name: str, text: str, word: str | None) -> None:
    if word is None:
        assert fact(name, text) is None
        return
    with pytest.raises(ValueError, match=word):
        fact(name, text)


# --- what is written and told ---


def test_a_correction_is_in_the_machines_story(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")

    past.corrected(facts={"model": "LG6122", "handed_over_on": date(2025, 3, 18)})

    with past.keeper.store.read() as connection:
        row = connection.execute(select(machine_events).order_by(machine_events.c.id.desc())).first()
    assert row is not None
    assert (row.what, row.by, row.why) == ("correction", "Zhao", "the contract says so")
    assert row.details == {
        "facts": {"model": "LG6122", "handed_over_on": "2025-03-18"},
        "sale": [at("2025-03-18 00:00"), "0"],
    }


def test_consequences_are_seen_without_being_made(past: Past) -> None:
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20")
    past.goes_to("2025-06-01 08:00")
    before = past.told()
    command = Correction("L1", BY, WHY, facts={"handed_over_on": date(2025, 3, 20)})

    seen = rehearse(past.keeper, "L1", lambda connection: correct(connection, past.keeper, command, past.now_ms))

    assert len(seen.lines()) == 2
    assert past.told() == before
    assert past.machine().handed_over_on == date(2025, 2, 20)


def test_a_withdrawn_order_drops_its_notice_and_is_told_when_it_comes_again(past: Past) -> None:
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20", hours="0")
    past.goes_to("2025-02-27 08:00")
    upcoming = ("100", "visit_upcoming", "SC7")
    assert upcoming in past.occasions()

    past.corrected(facts={"handed_over_on": date(2025, 2, 25)})
    assert past.occasions() == []

    past.goes_to("2025-03-04 08:00")
    assert upcoming in past.occasions()


def test_what_was_told_is_not_told_again(past: Past) -> None:
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20", hours="0")
    past.goes_to("2025-02-27 08:00")
    past.gathers(past.telling.timing.group_wait_ms + 86_400_000)
    with past.keeper.store.write() as connection:
        connection.execute(update(letters).values(state="sent"))
    told = past.occasions()
    assert told

    past.corrected(facts={"handed_over_on": date(2025, 2, 25)})
    past.goes_to("2025-03-04 08:00")

    assert past.told() == {"100": "upcoming 2025-03-04 2025-03-07 2025-03-08"}
    assert past.occasions() == told


def test_what_a_correction_makes_overdue_is_told(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20", hours="0")
    past.goes_to("2025-03-28 09:00")

    past.corrected(facts={"handed_over_on": date(2025, 3, 11)})

    assert past.told()["100"] == "overdue 2025-03-18 2025-03-21 2025-03-22"
    assert ("100", "visit_overdue", "SC7") in past.occasions()


def test_another_service_centre_is_told_of_what_is_open(past: Past) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20", hours="0")
    past.goes_to("2025-03-30 09:00")

    past.corrected(facts={"service_centre": "SC8"})

    assert ("100", "visit_due", "SC8") in past.occasions()
    assert not [each for each in past.occasions() if each[2] == "SC7"]
