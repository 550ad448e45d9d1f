"""Corrections: wrong facts replaced, what followed computed anew; orders before and after as rules.md says."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from adapters.mqtt.decode import Delivery, Report
from adapters.store import machines
from adapters.store.tables import (
    forms,
    letters,
    machine_events,
    notices,
    reading_decisions,
    readings,
    work_order_events,
)
from daemon import life, meters, work
from daemon.consequences import rehearse
from daemon.correcting import correct
from daemon.correction import Correction, fact
from daemon.judging import judge_all
from daemon.refused import RefusedError
from daemon.voiding import void
from schedules.hours import MS_PER_HOUR
from schedules.machine import Category, Machine, Warranty
from schedules.reading import Reading, Source
from schedules.work_order import Kind, OrderKey
from tests.keeping import World, at

VISIT, STOCK, FREEZE = Kind.MANDATORY_VISIT, Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION
SEEDS = int(os.environ.get("CORRECTION_SEEDS", "5"))
SAID = {"by": "Zhao", "why": "the contract says so"}


@dataclass
class Past(World):
    """A world whose people report things late, and take them back."""

    def sold_on(self, day: str, machine_id: str = "L1", hours: str = "0", **changes: Any) -> None:
        warranty = changes.pop("warranty", Warranty.ONE_YEAR)
        values = {"category": Category.ROLLER, "service_centre": "SC7", "customer": "张三", **changes}
        command = life.HandOver(machine_id, at(f"{day} 00:00"), warranty, hours, **values)
        with self.keeper.store.write() as connection:
            life.hand_over(connection, self.keeper, command, self.now_ms)

    def stocked_on(self, day: str, machine_id: str = "L1", **changes: Any) -> None:
        command = life.StockIn(machine_id, Category.LOADER, at(f"{day} 00:00"), **changes)
        with self.keeper.store.write() as connection:
            life.stock_in(connection, self.keeper, command, self.now_ms)

    def measured(self, when: str, hours: str, machine_id: str = "L1") -> int:
        """A reading that arrives at once; its number."""
        at_ms = at(when)
        reading = Reading(int(Decimal(hours) * MS_PER_HOUR), at_ms, at_ms, Source.TELEMATICS)
        with self.keeper.store.write() as connection:
            judge_all(connection, self.keeper, [Report(Delivery("", b"", at_ms), machine_id, reading)], self.now_ms)
            newest = select(readings.c.id).order_by(readings.c.id.desc()).limit(1)
            return int(connection.execute(newest).scalar_one())

    def corrected(self, machine_id: str = "L1", **changes: Any) -> None:
        with self.keeper.store.write() as connection:
            correct(connection, self.keeper, Correction(machine_id, **SAID, **changes), self.now_ms)

    def voided(self, number: int) -> None:
        with self.keeper.store.write() as connection:
            void(connection, self.keeper, number, "the box was broken", "Zhao", self.now_ms)

    def machine(self, machine_id: str = "L1") -> Machine:
        with self.keeper.store.read() as connection:
            record = machines.load_one(connection, self.keeper.zone, machine_id)
        assert record is not None
        return record.facts

    def told(self, machine_id: str = "L1") -> dict[str, str]:
        """Orders by step: the state and the dates that matter in it."""
        return {key.step: _short(order) for key, order in sorted(self.machine(machine_id).orders.items(), key=str)}

    def events(self, step: str) -> list[tuple[str | None, str | None, str, str | None]]:
        columns = work_order_events.c
        statement = select(columns.from_state, columns.to_state, columns.why, columns.by)
        with self.keeper.store.read() as connection:
            rows = connection.execute(statement.where(columns.step == step).order_by(columns.id)).all()
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def verdicts(self) -> dict[int, str]:
        with self.keeper.store.read() as connection:
            return {row.id: row.verdict for row in connection.execute(select(readings).order_by(readings.c.id))}

    def occasions(self) -> list[tuple[str, str, str]]:
        with self.keeper.store.read() as connection:
            rows = connection.execute(select(notices).order_by(notices.c.step, notices.c.occasion, notices.c.role))
            return [(row.step, row.occasion, row.recipient) for row in rows]


def _short(order: Any) -> str:
    if order.closed_on is not None:
        by = f" by {order.superseded_by}" if order.superseded_by else ""
        return f"{order.state}{by} {order.closed_on}"
    return f"{order.state} {order.opens_on} {order.due_on} {order.overdue_on}"


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
    assert (_short(order), order.late_days(date(2025, 4, 5))) == ("done 2025-03-29", 0)


def test_what_was_truly_done_stays_done_whatever_the_hand_over_was(past: Past) -> None:
    past.goes_to("2025-03-01 09:00")
    past.sold_on("2025-03-01")
    past.goes_to("2025-03-09 09:00")
    past.does("L1", "100")

    past.corrected(facts={"handed_over_on": date(2025, 3, 6)})

    order = past.machine().orders[OrderKey(VISIT, "100")]
    assert (_short(order), order.due_on) == ("done 2025-03-09", date(2025, 3, 16))


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
def test_what_cannot_have_been_is_refused_and_leaves_nothing(past: Past, changes: Any, word: str) -> None:
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


@pytest.mark.parametrize("blank", ["by", "why"])
def test_a_correction_has_a_name_and_a_reason(past: Past, blank: str) -> None:
    past.goes_to("2025-03-20 09:00")
    past.sold_on("2025-03-20")
    command = Correction("L1", facts={"model": "X"}, **(SAID | {blank: " "}))

    with pytest.raises(RefusedError, match=blank), past.keeper.store.write() as connection:
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
    assert row.details == {"facts": {"model": "LG6122", "handed_over_on": "2025-03-18"}}


def test_consequences_are_seen_without_being_made(past: Past) -> None:
    past.goes_to("2025-02-20 09:00")
    past.sold_on("2025-02-20")
    past.goes_to("2025-06-01 08:00")
    before = past.told()
    command = Correction("L1", **SAID, facts={"handed_over_on": date(2025, 3, 20)})

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
    past.gathers(past.telling.group_wait_ms + 86_400_000)
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


# --- voided readings ---


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


# --- the same as a life without the mistake ---


def _both(tmp_path: Path, day: str) -> tuple[Past, Past]:
    worlds = Past(tmp_path / "mistaken.db"), Past(tmp_path / "right.db")
    for past in worlds:
        past.goes_to(f"{day} 09:00")
    return worlds


def _done_in_both(worlds: tuple[Past, Past], key: OrderKey) -> None:
    """A form for an order that is open whichever fact is believed."""
    orders = [past.machine().orders.get(key) for past in worlds]
    if all(order is not None and order.is_open for order in orders):
        for past in worlds:
            past.does("L1", key.step, key.kind)


def _are_the_same_once_corrected(worlds: tuple[Past, Past], right: dict[str, Any], wrong: dict[str, Any]) -> None:
    mistaken, lived = worlds
    for facts in (right, wrong, right):
        mistaken.corrected(facts=facts)
    assert mistaken.machine().orders == lived.machine().orders
    assert mistaken.machine().own_cycle_from_ms == lived.machine().own_cycle_from_ms


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_corrected_life_in_service_ends_as_one_without_the_mistake(tmp_path: Path, seed: int) -> None:
    """The same random readings and forms, once with a wrong fact that is corrected in the end, once without it."""
    rng = random.Random(seed)
    wrong, right = (
        {"handed_over_on": date(2025, 1, rng.randint(2, 28)), "warranty": rng.choice(list(Warranty))} for _ in range(2)
    )
    a_day, every = rng.choice((2, 9, 14)), rng.choice((5, 11))
    done_on = {rng.randrange(1, 230 // every): step for step in rng.sample(["100", "600", "1200"], 2)}
    worlds = _both(tmp_path, "2025-01-29")
    for past, facts in zip(worlds, (wrong, right), strict=True):
        past.sold_on(facts["handed_over_on"].isoformat(), warranty=facts["warranty"])
    for turn in range(1, 230 // every):
        day = date(2025, 1, 29) + timedelta(days=turn * every)
        for past in worlds:
            past.goes_to(f"{day} 09:00")
            past.measured(f"{day} 08:00", str(a_day * turn * every))
        if turn in done_on:
            _done_in_both(worlds, OrderKey(VISIT, done_on[turn]))

    _are_the_same_once_corrected(worlds, right, wrong)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_corrected_life_in_stock_ends_as_one_without_the_mistake(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    wrong, right = (
        {
            "stocked_on": date(2025, rng.choice((8, 9)), rng.randint(1, 28)),
            "inspected": rng.random() < 0.5,
            "region": rng.choice(("23", "37", "46")),
        }
        for _ in range(2)
    )
    worlds = _both(tmp_path, "2025-09-29")
    for past, facts in zip(worlds, (wrong, right), strict=True):
        past.stocked_on(facts["stocked_on"].isoformat(), region=facts["region"], inspected=facts["inspected"])
    sold_on = date(2025, 9, 29) + timedelta(days=rng.randint(20, 300))
    for turn in range(1, 26):
        day = date(2025, 9, 29) + timedelta(days=turn * 8)
        for past in worlds:
            past.goes_to(f"{day} 09:00")
        if day >= sold_on and past.machine().status == "stock":
            for past in worlds:
                past.sold_on(day.isoformat(), category=None)
        if rng.random() < 0.2:
            _done_in_both(worlds, OrderKey(STOCK, f"{day:%Y-%m}"))

    _are_the_same_once_corrected(worlds, right, wrong)
