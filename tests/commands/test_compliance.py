"""`compliance`, as managers ask for it."""

from __future__ import annotations

import pytest

from daemon.compliance import COMPLIANCE_FIELDS

from .calling import Caller
from .conftest import Fleet


def test_all_together_is_one_row(fleet: Fleet) -> None:
    (row,) = fleet.call("compliance", "--from", "2020-01-01", "--format", "json").json
    assert tuple(row) == COMPLIANCE_FIELDS
    # L2's first visit was done long after its last day; L1's two visits are overdue.
    assert (row["done_on_time"], row["done_late"], row["missed"]) == (0, 1, 0)
    assert row["overdue"] >= 2
    assert row["compliance"] == 0


def test_told_apart_and_filtered(fleet: Fleet) -> None:
    rows = fleet.call("compliance", "--by", "service_centre", "--by", "step", "--format", "json").json
    found = {(row["service_centre"], row["step"]): row for row in rows}
    assert found["HB", "100"]["done_late"] == 1
    assert found["JN", "100"]["overdue"] == 1
    only = fleet.call("compliance", "--by", "service_centre", "--service-centre", "HB", "--format", "csv").csv
    assert [row["service_centre"] for row in only] == ["HB"]


def test_a_month_counts_what_was_due_in_it(fleet: Fleet) -> None:
    rows = fleet.call("compliance", "--by", "month", "--format", "json").json
    for row in rows:
        (same,) = fleet.call("compliance", "--month", row["month"], "--by", "month", "--format", "json").json
        counted = ("done_late", "missed", "overdue")
        assert [same[name] for name in counted] == [row[name] for name in counted]


def test_the_table_says_what_it_means(fleet: Fleet) -> None:
    said = fleet.call("compliance", "--by", "kind")
    assert "compliance = done on time / (done + missed)" in said.out
    assert "all: done on time 0, done late 1" in said.out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--month", "2026-13"], "'2026-13' is no month YYYY-MM"),
        (["--month", "2026-10", "--to", "2026-11-01"], "--month stands instead of --from and --to"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--from 2026-03-02 is after --to 2026-03-01"),
        (["--by", "customer"], "'customer' is not one of"),
        (["--kind", "self_service"], "'self_service' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_said(call: Caller, options: list[str], complaint: str) -> None:
    said = call("compliance", *options)
    assert said.code == 2
    assert complaint in said.err
