"""`replay` from outside: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .calling import Caller, failed

SOLD = {
    "at": "2025-03-03T08:00:00+08:00",
    "do": "handover",
    "machine_id": "L1",
    "category": "loader",
    "hours": 2,
    "warranty": "one_year",
    "service_centre": "JN",
    "customer": "王力",
}
VISIT = {"at": "2025-03-20T08:00:00+08:00", "machine_id": "L1", "kind": "mandatory_visit", "step": "100"}
REFUSED = {**VISIT, "do": "complete", "technician": "Li"}
EXPECTED = {**VISIT, "do": "expect", "state": "overdue", "late_days": 7}


def lines(*objects: Mapping[str, object]) -> str:
    return "# a comment\n" + "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)


def test_a_timeline_is_replayed_from_a_file_and_leaves_nothing_behind(call: Caller) -> None:
    (call.folder / "year.jsonl").write_text(lines(SOLD, REFUSED, EXPECTED), encoding="utf-8")

    said = call.apart("replay", "year.jsonl", "--format", "json")

    found = said.json
    (order,) = found["work_orders"]
    assert said.code == 0
    assert said.err == ""
    assert (order["state"], order["overdue_on"], order["late_days"]) == ("overdue", "2025-03-14", 7)
    assert found["machines"] == [{"machine_id": "L1", "status": "in_service", "total_hours": 2.0}]
    assert found["readings"] == {"accepted": 1}
    (refused,) = found["refused_commands"]
    assert (refused["line"], refused["do"], refused["missing"]) == (3, "complete", ["signed_by", "genuine_oils"])
    assert found["failed_expectations"] == []
    assert {notice["recipient"] for notice in found["notices"]} == {"JN", "王力"}
    assert [file.name for file in call.folder.iterdir()] == ["year.jsonl"]


def test_a_failed_expectation_is_named_and_ends_with_code_1(call: Caller) -> None:
    wrong = {**EXPECTED, "state": "due"}

    as_text = call("replay", "-", stdin=lines(SOLD, wrong))
    as_json = call("replay", "-", "--format", "json", stdin=lines(SOLD, wrong))

    assert (as_text.code, as_json.code) == (1, 1)
    assert 'line 3: expected {"state": "due", "late_days": 7}, got {"state": "overdue", "late_days": 7}' in as_text.out
    assert as_json.json["failed_expectations"] == [
        {"line": 3, "expected": {"state": "due", "late_days": 7}, "got": {"state": "overdue", "late_days": 7}}
    ]


def test_the_text_tells_what_was_refused_and_told(call: Caller) -> None:
    said = call("replay", "-", stdin=lines(SOLD, REFUSED))

    assert "line 3: complete of L1 refused: missing: signed_by, genuine_oils" in said.out
    assert "visit_overdue" in said.out
    assert "Readings: accepted 1" in said.out


def test_a_timeline_with_bad_lines_is_not_run_and_names_them_all(call: Caller) -> None:
    early = {**SOLD, "at": "2024-01-01T00:00:00+08:00"}
    no_offset = {**SOLD, "at": "2025-03-04T08:00:00"}

    said = call("replay", "-", stdin=lines(SOLD, early, no_offset, {**VISIT, "do": "fly"}))

    failed(said, 2, "line 3: is before line 2", "line 4: at must be an instant with offset", "line 5: unknown do 'fly'")


def test_a_file_that_cannot_be_read_is_an_error(call: Caller) -> None:
    (call.folder / "binary.jsonl").write_bytes(b"\xff\xfe")

    failed(call("replay", "nowhere.jsonl"), 2, "nowhere.jsonl cannot be read: No such file")
    failed(call("replay", "."), 2, "cannot be read")
    failed(call("replay", "binary.jsonl"), 2, "not UTF-8")


def test_another_plan_and_other_winters_can_be_tried(call: Caller) -> None:
    (call.folder / "plan.toml").write_text(
        'version = "try"\n[[mandatory]]\nstep = "50"\nhours = 50\nopens = "1 days"\n'
        'due = "2 days"\nlead = 5\ntolerance = 5\nwarranties = ["one_year"]\n'
    )
    (call.folder / "winter.csv").write_text(
        "region_code,policy,freeze_open_mmdd,freeze_due_mmdd,freeze_end_mmdd\n99,WINDOW,03-01,03-05,04-01\n"
    )
    fifty = {**VISIT, "do": "expect", "step": "50", "state": "overdue"}
    stocked = {"at": SOLD["at"], "do": "stock_in", "machine_id": "S1", "category": "loader", "region": "99"}

    tried = ("replay", "-", "--plan", "plan.toml", "--winter", "winter.csv", "--format", "json")
    said = call(*tried, stdin=lines(SOLD, stocked, fifty))

    assert said.code == 0, said
    orders = {(order["machine_id"], order["kind"], order["step"]) for order in said.json["work_orders"]}
    assert ("L1", "mandatory_visit", "50") in orders
    assert ("S1", "freeze_protection", "2025@99") in orders


def test_a_plan_or_winter_file_that_cannot_be_used_is_an_error(call: Caller) -> None:
    (call.folder / "plan.toml").write_text("[silence]\ndays = -1\n")
    (call.folder / "winter.csv").write_text("region_code,policy\n99,SOMETIMES\n")

    failed(call("replay", "-", "--plan", "plan.toml", stdin=lines(SOLD)), 2, "silence.days")
    failed(call("replay", "-", "--winter", "winter.csv", stdin=lines(SOLD)), 2, "winter.csv: line 2", "SOMETIMES")
    failed(call("replay", "-", "--plan", "no.toml", stdin=lines(SOLD)), 2, "no.toml")
