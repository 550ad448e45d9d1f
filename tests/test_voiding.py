"""Believed readings taken back: what followed is judged again, and the orders computed anew (rules 7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.store.tables import reading_decisions
from daemon import meters
from daemon.hours_by_hand import judge_by_hand
from daemon.refused import RefusedError
from schedules.hours import MS_PER_HOUR
from tests.keeping import at
from tests.past import Past


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "past.db")


def test_voiding_a_believed_reading_judges_again_what_followed(past: Past) -> None:
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10")
    past.goes_to("2025-01-19 09:00")
    past.measured("2025-01-19 09:00", "97")
    past.does("L1", "100")
    past.goes_to("2025-02-20 09:00")
    past.measured("2025-02-20 08:00", "540")
    past.goes_to("2025-03-05 09:00")
    wrong = past.measured("2025-03-05 08:00", "700")
    past.goes_to("2025-03-06 09:00")
    refused = past.measured("2025-03-06 08:00", "545")
    assert past.verdicts()[refused] == "rollback"
    assert past.told()["600"] == "overdue 2025-03-05 2025-03-05 2025-03-05"

    past.voided(wrong)

    assert past.verdicts()[wrong] == "voided"
    assert past.verdicts()[refused] == "accepted"
    assert past.machine().total_ms == 545 * MS_PER_HOUR
    assert past.told() == {"100": "done 2025-01-19"}
    past.goes_to("2025-03-10 09:00")
    assert past.told()["600"] == "upcoming 2025-03-10 2025-04-10 2025-04-11"


def test_each_verdict_that_changes_is_a_decision_and_no_other(past: Past) -> None:
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10")
    past.goes_to("2025-03-01 09:00")
    wrong = past.measured("2025-02-20 08:00", "300")
    refused = past.measured("2025-02-21 08:00", "200")
    kept = past.measured("2025-02-22 08:00", "301")
    past.measured("2025-02-23 08:00", "9000")

    past.voided(wrong)

    columns = reading_decisions.c
    with past.keeper.store.read() as connection:
        rows = connection.execute(
            select(columns.reading_id, columns.from_verdict, columns.to_verdict, columns.why, columns.by)
        )
        decisions = [tuple(row) for row in rows]
    assert decisions == [
        (wrong, "accepted", "voided", "the box was broken", "Zhao"),
        (refused, "rollback", "accepted", "void", "Zhao"),
        (kept, "accepted", "jump", "void", "Zhao"),
    ]


def test_what_followed_is_judged_in_order_as_if_the_void_reading_had_never_come(past: Past) -> None:
    """A buffered reading that was refused because of it comes before one that was believed because of it."""
    past.goes_to("2025-01-01 09:00")
    past.sold_on("2025-01-01")
    past.goes_to("2025-01-21 09:00")
    past.measured("2025-01-01 08:00", "5")
    wrong = past.measured("2025-01-10 08:00", "200")
    past.measured("2025-01-20 08:00", "210")
    refused = past.measured("2025-01-12 08:00", "50")
    believed = past.measured("2025-01-11 08:00", "201")
    assert (past.verdicts()[refused], past.verdicts()[believed]) == ("inconsistent", "late")

    past.voided(wrong)

    assert (past.verdicts()[refused], past.verdicts()[believed]) == ("late", "inconsistent")


def test_voiding_the_first_reading_leaves_a_meter_without_one(past: Past) -> None:
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10", hours=None)
    past.goes_to("2025-01-12 09:00")
    number = past.measured("2025-01-12 08:00", "90")
    assert past.told()["100"].startswith("upcoming 2025-01-12")

    past.voided(number)

    assert (past.machine().total_ms, past.told()) == (None, {})


def test_a_reading_that_a_person_accepted_stays_accepted(past: Past) -> None:
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10", hours="0")
    past.goes_to("2025-02-01 09:00")
    first = past.measured("2025-01-10 08:00", "5")
    jump = past.measured("2025-01-10 09:00", "90")
    assert past.verdicts()[jump] == "jump"
    with past.keeper.store.write() as connection:
        meters.accept(connection, past.keeper, jump, "the dial shows it", "Li", past.now_ms)
    assert past.verdicts()[jump] == "accepted"

    past.voided(first)

    assert past.verdicts()[jump] == "accepted"
    assert past.machine().total_ms == 90 * MS_PER_HOUR


def test_the_total_at_a_meter_change_is_read_from_the_old_meter(past: Past) -> None:
    """Example 6 of the rules, with a wrong reading before the change that is voided after it."""
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10")
    past.goes_to("2025-07-20 09:00")
    past.measured("2025-07-10 08:00", "842.5")
    wrong = past.measured("2025-07-12 08:00", "844.5")
    with past.keeper.store.write() as connection:
        change = meters.MeterChange("L1", at("2025-07-16 08:00"), "845.0", "0.0")
        meters.change_meter(connection, past.keeper, change, past.now_ms, "Li")
    past.measured("2025-07-17 08:00", "3.2")
    assert past.machine().total_ms == 8482 * MS_PER_HOUR // 10

    past.voided(wrong)

    assert past.machine().total_ms == 8482 * MS_PER_HOUR // 10
    assert [verdict for verdict in past.verdicts().values() if verdict != "accepted"] == ["voided"]


def test_other_hours_of_the_instant_of_a_meter_change_are_read_from_the_new_meter(past: Past) -> None:
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10")
    past.goes_to("2025-07-20 09:00")
    wrong = past.measured("2025-07-12 08:00", "844.5")
    with past.keeper.store.write() as connection:
        change = meters.MeterChange("L1", at("2025-07-16 08:00"), "845.0", "10.0")
        meters.change_meter(connection, past.keeper, change, past.now_ms, "Li")
        judge_by_hand(connection, past.keeper, "L1", 11 * MS_PER_HOUR, at("2025-07-16 08:00"), past.now_ms)
    assert past.machine().total_ms == 846 * MS_PER_HOUR

    past.voided(wrong)

    assert past.machine().total_ms == 846 * MS_PER_HOUR
    assert [verdict for verdict in past.verdicts().values() if verdict != "accepted"] == ["voided"]


def test_voiding_a_refused_reading_changes_nothing_else(past: Past) -> None:
    past.goes_to("2025-01-10 09:00")
    past.sold_on("2025-01-10")
    past.goes_to("2025-01-20 09:00")
    jump = past.measured("2025-01-20 08:00", "5000")
    before = past.told()

    past.voided(jump)

    assert past.verdicts()[jump] == "voided"
    assert past.told() == before
    with pytest.raises(RefusedError, match="nothing to void"):
        past.voided(jump)
