"""`calls`, as somebody at a service centre works it off."""

from __future__ import annotations

import pytest

from daemon.calling import CALL_FIELDS

from .calling import Caller
from .conftest import FORMULA, Fleet


def test_whom_to_call_about_what(fleet: Fleet) -> None:
    rows = fleet.call("calls", "--format", "json").json

    assert [tuple(row) for row in rows] == [CALL_FIELDS] * len(rows)
    late = rows[0]
    assert (late["why"], late["machine_id"], late["model"], late["region"]) == ("overdue", "L1", "LG855N", "37")
    assert (late["customer"], late["by_mail"], late["service_centre_name"]) == (FORMULA, False, "济南服务中心")
    assert late["say"].startswith(f"Visit 100 is {late['late_days']} days late: agree a day")
    assert "Visit 600 is" in late["say"]
    # L3 has run 85.75 of 100 h and, at the assumed 8 h a day, is due in two days.
    soon = next(row for row in rows if row["machine_id"] == "L3")
    assert (soon["why"], soon["say"]) == ("upcoming", f"Visit 100 is probably due on {soon['due_on']}: agree a day.")


def test_the_list_is_bounded_and_of_one_centre(fleet: Fleet) -> None:
    assert len(fleet.call("calls", "--limit", "1", "--format", "json").json) == 1
    assert {row["service_centre"] for row in fleet.call("calls", "--format", "json").json} >= {"JN"}
    assert fleet.call("calls", "--service-centre", "XX", "--format", "json").json == []
    near = fleet.call("calls", "--service-centre", "JN", "--days", "0", "--format", "json").json
    assert [row["machine_id"] for row in near] == ["L1"]


@pytest.mark.parametrize(("locale", "word"), [("zh-CN", "已逾期"), ("en", "days late")])
def test_a_table_says_it_in_both_languages(fleet: Fleet, locale: str, word: str) -> None:
    assert word in fleet.call("calls", "--locale", locale).out


def test_nobody_is_to_be_called(call: Caller) -> None:
    assert call("calls").out == "none\n"
