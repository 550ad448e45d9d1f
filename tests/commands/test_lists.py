"""Every list in every format, and what comes out of it."""

from __future__ import annotations

import os
import pty
import subprocess
from datetime import date, datetime, timedelta

import pytest

from daemon.duty_list import HISTORY_FIELDS
from daemon.finding_list import FINDING_FIELDS
from daemon.listing import ORDER_FIELDS
from daemon.records import NOTICE_FIELDS, READING_FIELDS
from daemon.service_book import CENTRE_FIELDS, MACHINE_FIELDS, YARD_FIELDS
from schedules.dates import add_months

from .calling import COMMAND, Caller
from .conftest import FORMULA, SPLIT, Fleet

LISTS = {
    "overdue": ORDER_FIELDS,
    "work-orders list": ORDER_FIELDS,
    "machines list": MACHINE_FIELDS,
    "centres list": CENTRE_FIELDS,
    "yards list": YARD_FIELDS,
    "readings list": READING_FIELDS,
    "readings refused": READING_FIELDS,
    "notices list": NOTICE_FIELDS,
    "duties --history": HISTORY_FIELDS,
    "findings": FINDING_FIELDS,
}
FIELDS_OF_AN_ORDER = """
    id machine_id model category kind step state cause opens_on due_on overdue_on closed_on late_days superseded_by
    threshold_hours total_hours projected_due_on service_centre region yard customer acknowledged_at contacted_at
    scheduled_for copy_1_sent_on plan_version rule
"""


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_the_same_in_every_format(fleet: Fleet, name: str) -> None:
    as_json = fleet.call(*name.split(), "--format", "json")
    as_csv = fleet.call(*name.split(), "--format", "csv")
    as_table = fleet.call(*name.split())

    assert [said.code for said in (as_json, as_csv, as_table)] == [0, 0, 0]
    assert as_json.json
    assert [tuple(row) for row in as_json.json] == [LISTS[name]] * len(as_json.json)
    assert [tuple(row) for row in as_csv.csv] == [LISTS[name]] * len(as_json.json)
    assert len(as_table.out.splitlines()) == len(as_json.json) + 2, "one line a row, nothing folded or cut"
    assert "\x1b" not in as_table.out + as_csv.out.replace("\x1b[31mred", "")


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_store_has_empty_lists(call: Caller, name: str) -> None:
    assert call(*name.split(), "--format", "json").out == "[]\n"
    assert call(*name.split(), "--format", "csv").out.splitlines() == [",".join(LISTS[name])]
    assert call(*name.split()).out == "none\n"


def test_what_is_overdue_comes_worst_first(fleet: Fleet) -> None:
    said = fleet.call.apart("overdue", "--format", "json")

    found = [(order["machine_id"], order["kind"], order["step"]) for order in said.json]
    late = [order["late_days"] for order in said.json]
    first, second = said.json[:2]
    assert found[:2] == [("L1", "mandatory_visit", "100"), ("L1", "mandatory_visit", "600")]
    assert late == sorted(late, reverse=True)
    assert {order["state"] for order in said.json} == {"overdue"}
    assert first["overdue_on"] == (fleet.late_since + timedelta(days=11)).isoformat()
    assert second["due_on"] == add_months(fleet.late_since, 3).isoformat()
    # Midnight may pass between filling the store and asking it.
    assert (fleet.today - date.fromisoformat(first["overdue_on"])).days + 1 in (first["late_days"], late[0] - 1)
    assert said.err == ""


def test_a_work_order_in_json_has_the_fields_that_were_promised(fleet: Fleet) -> None:
    (order,) = fleet.call("overdue", "--kind", "mandatory_visit", "--format", "json").json[:1]

    assert list(order) == FIELDS_OF_AN_ORDER.split()
    assert datetime.fromisoformat(order["acknowledged_at"]).utcoffset() == timedelta(hours=8)
    del order["id"], order["acknowledged_at"], order["late_days"]
    assert order == {
        "machine_id": "L1",
        "model": "LG855N",
        "category": "loader",
        "kind": "mandatory_visit",
        "step": "100",
        "state": "overdue",
        "cause": "calendar",
        "opens_on": (fleet.late_since + timedelta(days=7)).isoformat(),
        "due_on": (fleet.late_since + timedelta(days=10)).isoformat(),
        "overdue_on": (fleet.late_since + timedelta(days=11)).isoformat(),
        "closed_on": None,
        "superseded_by": None,
        "threshold_hours": 100,
        "total_hours": 2,
        "projected_due_on": (fleet.late_since + timedelta(days=10)).isoformat(),
        "service_centre": "JN",
        "region": "37",
        "yard": None,
        "customer": FORMULA,
        "contacted_at": None,
        "scheduled_for": None,
        "copy_1_sent_on": None,
        "plan_version": "1",
        "rule": "M1",
    }


@pytest.mark.parametrize(
    ("options", "machines"),
    [
        (["--service-centre", "JN"], {"L1"}),
        (["--service-centre", "HB"], set()),
        (["--region", "37", "--kind", "mandatory_visit"], {"L1"}),
        (["--region", "23"], set()),
        (["--kind", "self_service"], set()),
    ],
)
def test_overdue_can_be_narrowed_down_and_raise_an_alarm(fleet: Fleet, options: list[str], machines: set[str]) -> None:
    said = fleet.call("overdue", *options, "--fail-if-any", "--format", "json")

    assert {order["machine_id"] for order in said.json} == machines
    assert said.code == (1 if machines else 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--state", "open", "--machine", "L1"], [("L1", "100", "overdue"), ("L1", "600", "overdue")]),
        (["--state", "done"], [("L2", "100", "done")]),
        (["--machine", "L3"], [("L3", "100", "upcoming")]),
        (["--service-centre", "HB"], [("L2", "100", "done")]),
        (["--kind", "mandatory_visit", "--limit", "1"], [("L1", "100", "overdue")]),
        (["--machine", "nobody"], []),
    ],
)
def test_work_orders_can_be_narrowed_down(
    fleet: Fleet, options: list[str], expected: list[tuple[str, str, str]]
) -> None:
    orders = fleet.call("work-orders", "list", *options, "--format", "json").json

    assert [(order["machine_id"], order["step"], order["state"]) for order in orders] == expected


def test_the_hours_to_come_are_projected(fleet: Fleet) -> None:
    (order,) = fleet.call("work-orders", "list", "--machine", "L3", "--format", "json").json

    # 14.25 h at the 8 h a day that are assumed of a loader.
    assert order["projected_due_on"] in {(fleet.today + timedelta(days=days)).isoformat() for days in (2, 3)}
    assert order["total_hours"] == 85.75


def test_a_cell_that_a_spreadsheet_would_run_is_quoted(fleet: Fleet) -> None:
    customers = {row["machine_id"]: row["customer"] for row in fleet.call("machines", "list", "--format", "csv").csv}

    assert customers == {"L1": f"'{FORMULA}", "L2": SPLIT, "L3": "New", "S1": ""}
    in_json = fleet.call("machines", "list", "--format", "json").json
    assert [row["customer"] for row in in_json] == [FORMULA, SPLIT, "New", None]


def test_a_table_keeps_a_line_a_row_whatever_people_are_called(fleet: Fleet) -> None:
    lines = fleet.call("machines", "list").out.splitlines()

    assert any("Two lines [31mred" in line for line in lines)
    assert any(FORMULA in line for line in lines)


def test_machines_can_be_narrowed_down(fleet: Fleet) -> None:
    def numbers(*options: str) -> list[str]:
        return [row["machine_id"] for row in fleet.call("machines", "list", *options, "--format", "json").json]

    assert numbers("--status", "stock") == ["S1"]
    assert numbers("--service-centre", "JN", "--category", "loader") == ["L1", "L3"]
    assert numbers("--region", "23") == ["L2"]


def test_readings_come_newest_first_with_what_was_delivered(fleet: Fleet) -> None:
    refused = fleet.call("readings", "refused", "--format", "json").json

    assert [row["verdict"] for row in refused] == ["unknown_machine", "malformed", "jump"]
    assert refused[1]["payload"] == "\\xff\x00 no JSON"
    assert refused[1]["topic"] == "machines/L1/hours"
    assert all(row["reason"] for row in refused)
    of_one = fleet.call("readings", "list", "--machine", "L3", "--format", "json").json
    assert [(row["hours"], row["verdict"]) for row in of_one] == [
        (99999, "jump"),
        (85.75, "accepted"),
        (85.5, "accepted"),
    ]
    accepted = fleet.call(
        "readings", "list", "--machine", "L3", "--verdict", "accepted", "--limit", "1", "--format", "json"
    )
    assert [row["hours"] for row in accepted.json] == [85.75]
    assert fleet.call("readings", "refused", "--machine", "L3", "--format", "json").json == refused[2:]


def test_a_notice_waits_until_it_is_sent(fleet: Fleet) -> None:
    waiting = fleet.call("notices", "list", "--state", "waiting", "--format", "json").json

    assert waiting
    assert {row["machine_id"] for row in waiting} <= {"L1", "L2", "L3", "S1"}
    assert {row["state"] for row in waiting} == {"waiting"}
    assert fleet.call("notices", "list", "--state", "sent", "--format", "json").json == []


def test_todays_sweep_is_a_duty_that_was_done(fleet: Fleet) -> None:
    (done,) = fleet.call("duties", "--history", "--format", "json").json
    first, *others = fleet.call("duties", "--format", "json").json

    assert (done["duty"], done["period"]) == ("daily_sweep", fleet.today.isoformat())
    assert done["finished_at"] is not None
    assert {name: first[name] for name in ("duty", "state", "period")} == {
        "duty": "daily_sweep",
        "state": "done",
        "period": fleet.today.isoformat(),
    }
    assert [row["state"] for row in others] == ["never_done"] * len(others)


def test_names_are_printed_as_they_are_in_any_locale(fleet: Fleet) -> None:
    said = fleet.call.apart("centres", "list", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")

    assert "济南服务中心" in said.out


def test_a_narrow_terminal_shows_the_first_columns_whole(fleet: Fleet) -> None:
    above, below = pty.openpty()
    with os.fdopen(above, "rb", closefd=True) as screen:
        done = subprocess.run(
            [COMMAND, "overdue"],
            cwd=fleet.call.folder,
            env={**os.environ, "HOURKEEPER_STORE__URL": fleet.call.url, "COLUMNS": "80", "TERM": "dumb"},
            stdout=below,
            stderr=subprocess.PIPE,
            check=True,
        )
        os.close(below)
        shown = screen.read1(100_000).decode()

    assert "late days" in shown
    assert "…" not in shown
    assert "mandatory_visit" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert done.stderr.startswith(b"(too narrow for: ")
