"""`workload`, as managers plan with it."""

from __future__ import annotations

from daemon.workload import MATERIAL_FIELDS, WORKLOAD_FIELDS

from .calling import Caller
from .conftest import Fleet


def test_visits_by_centre_and_week(fleet: Fleet) -> None:
    rows = fleet.call("workload", "--format", "json").json

    assert [tuple(row) for row in rows] == [WORKLOAD_FIELDS] * len(rows)
    keys = [(row["service_centre"], row["week"]) for row in rows]
    assert keys == sorted(set(keys))
    now = next(row for row in rows if row["service_centre"] == "JN")
    # L1's two overdue visits are one; L3 is expected at 100 h in the same week or the next.
    assert now["backlog"] == 1
    assert "600: 1" in now["steps"]
    assert {row["visits"] >= row["estimated"] >= row["assumed"] for row in rows} == {True}


def test_one_centre_and_fewer_weeks(fleet: Fleet) -> None:
    rows = fleet.call("workload", "--service-centre", "HB", "--weeks", "1", "--format", "csv").csv
    assert {row["service_centre"] for row in rows} <= {"HB"}
    assert len(fleet.call("workload", "--weeks", "52", "--format", "json").json) > len(
        fleet.call("workload", "--weeks", "1", "--format", "json").json
    )


def test_materials_in_both_languages(fleet: Fleet) -> None:
    asked = ("workload", "--service-centre", "JN", "--weeks", "1", "--materials", "--format", "json")
    english = fleet.call(*asked, "--locale", "en").json
    chinese = fleet.call(*asked).json

    assert [tuple(row) for row in english] == [MATERIAL_FIELDS] * len(english)
    oil = next(row for row in english if row["code"] == "OIL-ENG")
    assert oil["name"] == "engine oil"
    assert (oil["unit"], oil["if_needed"]) == ("L", False)
    assert oil["quantity"] == f"{20 * oil['visits']}–{25 * oil['visits']}"
    assert next(row for row in english if row["code"] == "FLT-OIL")["quantity"] is None
    assert [row["code"] for row in chinese] == [row["code"] for row in english]
    assert "柴油机油" in {row["name"] for row in chinese}


def test_an_empty_fleet_has_no_work(call: Caller) -> None:
    assert call("workload", "--format", "json").json == []
    assert call("workload").out == "none\n"
