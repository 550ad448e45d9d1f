"""`winter`, as an operator uses it."""

from __future__ import annotations

from datetime import date, timedelta

from .calling import Caller
from .conftest import Fleet


def test_winters_are_listed(fleet: Fleet) -> None:
    (row,) = fleet.call("winter", "list", "--region", "23", "--format", "json").json
    assert (row["policy"], row["approximate"], row["overridden"]) == ("WINDOW", True, False)
    assert len(fleet.call("winter", "list", "--format", "json").json) > 30


def test_a_season_is_overridden_and_taken_back(call: Caller) -> None:
    stocked = ("machines", "stock-in", "S1", "--category", "roller", "--region", "23", "--yard", "Y1")
    assert call(*stocked).code == 0
    (before,) = call("winter", "list", "--region", "23", "--format", "json").json
    ends = (date.fromisoformat(before["ends_on"]) + timedelta(days=5)).isoformat()
    override = ("winter", "override", "23", before["season"], "--ends", ends, "--why", "late frost", "--by", "Wang")

    shown = call.apart(*override)
    assert shown.code == 1
    assert f"ends {before['ends_on']} -> opens" in shown.out
    assert "≈ opens" in shown.out
    assert "nothing was done" in shown.err
    done = call.apart(*override, "--yes")
    assert done.code == 0
    (after,) = call("winter", "list", "--region", "23", "--format", "json").json
    assert (after["ends_on"], after["overridden"], after["why"]) == (ends, True, "late frost")

    assert call("winter", "withdraw", "23", before["season"], "--why", "no", "--yes").code == 0
    assert call("winter", "list", "--region", "23", "--format", "json").json == [before]


def test_an_override_says_which_dates(call: Caller) -> None:
    said = call("winter", "override", "23", "2026-27", "--why", "x")
    assert said.code == 2
    assert "--opens, --due, --ends" in said.err
