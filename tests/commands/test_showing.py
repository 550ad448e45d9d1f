"""One work order, one machine, the plan: where it stands and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .calling import failed
from .conftest import Fleet
from .test_lists import FIELDS_OF_AN_ORDER

OF_ITS_FORM = ("visit_no", "visit_no_void", "copy_1", "copy_1_sent_by")


def test_a_work_order_says_why_it_is_due(fleet: Fleet) -> None:
    said = fleet.call.apart("work-orders", "show", "L1/mandatory_visit/100")

    due_on, sold_on = fleet.late_since + timedelta(days=10), fleet.late_since
    assert said.code == 0, said.err
    assert (
        "Mandatory visit at 100 h or 10 days after the hand-over, whichever comes first (rule M1, plan 1)." in said.out
    )
    assert f"Due since {due_on} by the calendar, counted from the hand-over on {sold_on}." in said.out
    assert f"Overdue since {due_on + timedelta(days=1)}." in said.out
    assert "acknowledged" in said.out.split("What happened:")[1]


def test_an_order_that_the_hours_made_due_says_so(fleet: Fleet) -> None:
    said = fleet.call("work-orders", "show", "L2/mandatory_visit/100")

    assert f"Due since {fleet.busy_since} by hours: the machine had run 120 h." in said.out
    assert f"Done on {fleet.today}: it was done." in said.out


def test_an_order_that_is_not_due_says_when_it_will_be(fleet: Fleet) -> None:
    said = fleet.call("work-orders", "show", "L3/mandatory_visit/100")

    assert f"Not due yet: open since {fleet.today}, due at 100 h or on {fleet.today + timedelta(days=10)}." in said.out


def test_an_order_in_json_has_its_events(fleet: Fleet) -> None:
    found = fleet.call("work-orders", "show", "L1/mandatory_visit/100", "--format", "json").json
    by_number = fleet.call("work-orders", "show", str(found["id"]), "--format", "json").json

    assert list(found) == [*FIELDS_OF_AN_ORDER.split(), *OF_ITS_FORM, "draft", "events"]
    assert by_number == found
    assert [(event["from"], event["to"], event["why"]) for event in found["events"]] == [
        (None, "upcoming", "calendar"),
        ("upcoming", "due", "calendar"),
        ("due", "overdue", "calendar"),
        ("overdue", "overdue", "acknowledged"),
    ]
    assert found["events"][-1]["by"] == "Chen"
    assert found["events"][1]["on"] == found["due_on"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("L1/mandatory_visit/1200", "L1 has no work order mandatory_visit/1200"),
        ("NOBODY/mandatory_visit/100", "no machine NOBODY is registered"),
        ("999999", "there is no work order 999999"),
        ("L1/visit/100", "the kinds are mandatory_visit, self_service, stock_upkeep, freeze_protection"),
    ],
)
def test_an_order_that_does_not_exist_is_refused(fleet: Fleet, name: str, words: str) -> None:
    failed(fleet.call("work-orders", "show", name), 1, words)


def test_a_machine_tells_its_story(fleet: Fleet) -> None:
    found = fleet.call("machines", "show", "L2", "--format", "json").json

    assert (found["status"], found["total_hours"], found["warranty"]) == ("in_service", 120, "one_year")
    assert [order["step"] for order in found["work_orders"]] == ["100"]
    happened = [event["what"] for event in found["story"]]
    assert happened[0].startswith("Handed over to its user: ")
    assert happened[-1].startswith("Visit 100 done (visit no. ")
    assert [event["on"] for event in found["story"]] == sorted(event["on"] for event in found["story"])


def test_a_machine_as_people_read_it(fleet: Fleet) -> None:
    said = fleet.call("machines", "show", "S1")

    assert said.code == 0
    assert [line for line in said.out.splitlines() if line.split() == ["yard", "Y1"]]
    assert "stock_upkeep" in said.out
    assert "Came into stock: yard Y1, region 46, not inspected at arrival." in said.out


def test_a_machine_that_nobody_knows_is_refused(fleet: Fleet) -> None:
    failed(fleet.call("machines", "show", "NOBODY"), 1, "no machine NOBODY is registered", "hourkeeper machines list")


def test_the_plan_is_shown_with_its_defaults(fleet: Fleet) -> None:
    plan = fleet.call("plan", "show", "--format", "json").json

    assert [step["step"] for step in plan["mandatory"]] == ["100", "600", "1200", "1800", "2400"]
    assert plan["mandatory"][0]["due"] == "10 days"
    assert plan["meter"]["past"] == "90 days"
    assert "half_year  " in fleet.call("plan", "show").out


def test_the_plan_that_is_shown_can_be_used_as_a_plan(fleet: Fleet) -> None:
    """What `plan show` prints are the keys and values of a plan file."""
    from adapters.files.plan import shipped_plan_data
    from schedules.plan import plan_from

    plan = fleet.call("plan", "show", "--format", "json").json

    assert plan_from(plan, shipped_plan_data()) == plan_from({}, shipped_plan_data())
