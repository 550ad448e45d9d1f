"""The commands that change something, called as people call them (design 5)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from .calling import Caller, failed
from .conftest import Fleet

FORM = ("--technician", "Li", "--signed-by", "Wang", "--genuine-oils", "--items", "oil: changed")


def orders(call: Caller, machine_id: str) -> dict[str, dict[str, object]]:
    return {row["step"]: row for row in call("work-orders", "list", "--machine", machine_id, "--format", "json").json}


def day(days_ago: int) -> str:
    return (datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=days_ago)).isoformat()


@pytest.fixture
def sold(call: Caller) -> Caller:
    """A machine sold 100 days ago whose first two visits are overdue."""
    said = call(
        *("machines", "handover", "L1", "--handed-over-on", day(100), "--hours", "2", "--warranty", "one_year"),
        *("--category", "loader", "--customer", "Wang", "--service-centre", "JN", "--region", "37"),
    )
    assert said.code == 0, said
    return call


# --- a machine's life, by the installed command ---


def test_a_machine_from_stock_to_scrap(call: Caller) -> None:
    stock = ("machines", "stock-in", "S1", "--category", "roller", "--region", "46", "--yard", "Y1", "--inspected")
    steps = [
        call.apart(*stock, "--at", day(40)),
        call.apart("machines", "transfer", "S1", "--region", "44", "--yard", "Y2", "--at", day(20)),
        call.apart("machines", "handover", "--machine-id", "S1", "--warranty", "half_year", "--at", day(12)),
        call.apart("machines", "retire", "S1", "--reason", "burnt out", "--by", "Zhao"),
    ]

    assert [(said.code, said.err) for said in steps] == [(0, "")] * 4
    assert steps[0].out.startswith("S1 is in stock\n  stock_upkeep/")
    shown = call.apart("machines", "show", "S1", "--format", "json").json
    assert (shown["status"], shown["yard"]) == ("retired", "Y2")


def test_a_work_order_from_notice_to_proof(sold: Caller) -> None:
    number = str(orders(sold, "L1")["100"]["id"])
    steps = [
        sold.apart("work-orders", "acknowledge", number, "--by", "Zhao"),
        sold.apart("work-orders", "contact", "L1/mandatory_visit/100"),
        sold.apart("work-orders", "schedule", number, "--scheduled-for", day(-3)),
        sold.apart("work-orders", "complete", number, "--done-at", day(1), "--hours", "95.5", *FORM),
        sold.apart("work-orders", "copy-sent", number),
        sold.apart("work-orders", "cancel", "L1/mandatory_visit/600", "--reason", "exported"),
    ]

    assert [(said.code, said.err) for said in steps] == [(0, "")] * 6
    assert "  total hours: 2 h -> 95.5 h\n" in steps[3].out
    told = orders(sold, "L1")
    assert (told["100"]["state"], told["100"]["closed_on"]) == ("done", day(1))
    assert told["600"]["state"] == "cancelled"


# --- evidence ---


def test_what_a_form_lacks_is_named(sold: Caller) -> None:
    failed(
        sold("work-orders", "complete", "L1/mandatory_visit/100"),
        1,
        "missing: done_at, hours, technician, signed_by, genuine_oils, items",
    )
    assert orders(sold, "L1")["100"]["state"] == "overdue"


def test_findings_need_a_service_record(sold: Caller) -> None:
    complete = ("work-orders", "complete", "L1/mandatory_visit/100", "--done-at", day(1), "--hours", "95", *FORM)

    failed(sold(*complete, "--findings", "a leak"), 1, "missing: service_record_no")
    assert sold(*complete, "--findings", "a leak", "--service-record-no", "R-7").code == 0


def test_a_stock_sheet_says_that_nothing_was_removed(call: Caller) -> None:
    call("machines", "stock-in", "S1", "--category", "loader", "--region", "46")
    step = f"S1/stock_upkeep/{day(0)[:7]}"
    sheet = ("work-orders", "complete", step, "--done-at", day(0), "--technician", "Li", "--items", "run: ok")

    failed(call(*sheet), 1, "nothing_removed")
    assert call(*sheet, "--nothing-removed", "--winter-items").code == 0


# --- refusals and usage ---


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("machines stock-in L1 --category loader", 1, "already registered"),
        ("machines transfer L9 --region 37", 1, "no machine L9 is registered"),
        ("machines transfer L1 --region 37", 1, "only a machine in stock"),
        ("machines transfer L1", 2, "--region, --yard"),
        ("machines handover L1 --warranty one_year", 1, "second hand-over"),
        ("machines handover L2 --warranty one_year", 1, "category is missing"),
        ("machines handover L2 --warranty ten_years", 2, "one_year"),
        ("machines handover L2 L3 --warranty one_year", 2, "L3"),
        ("machines handover --warranty one_year", 2, "name one machine"),
        ("machines handover L2 --machine-id L3 --warranty one_year", 2, "name one machine"),
        ("machines handover L2 --warranty one_year --category loader --at 2999-01-01", 1, "in the future"),
        ("machines handover L2 --warranty one_year --at 03.03.2025", 2, "no"),
        ("machines handover L2 --warranty one_year --at 2025-03-03T08:00", 2, "offset"),
        ("machines handover L2 --warranty one_year --category loader --hours many", 1, "'many' is no number of hours"),
        ("machines stock-in L/2 --category loader", 1, "no machine number"),
        ("machines retire L1", 2, "--reason"),
        ("machines correct L1 --set colour=red --why x", 2, "nothing that can be corrected"),
        ("machines correct L1 --set warranty --why x", 2, "FIELD=VALUE"),
        ("machines correct L1 --set handed_over_on=soon --why x", 2, "no date"),
        ("machines correct L1 --undo-completion visit/100 --why x", 2, "no KIND/STEP"),
        ("machines correct L1 --completed-on mandatory_visit/100=now --why x", 2, "no date"),
        ("machines correct L1 --why x", 1, "nothing to correct"),
        ("machines correct L1 --undo-sale --why x", 1, "stocked_on"),
        ("machines correct L9 --set model=X --why x", 1, "no machine L9"),
        ("work-orders acknowledge 999", 1, "no work order 999"),
        ("work-orders acknowledge L1", 1, "MACHINE/KIND/STEP"),
        ("work-orders acknowledge L1/visit/100", 1, "mandatory_visit"),
        ("work-orders acknowledge L1/mandatory_visit/2400", 1, "no work order mandatory_visit/2400"),
        ("work-orders schedule L1/mandatory_visit/100", 2, "--scheduled-for"),
        ("work-orders schedule L1/mandatory_visit/100 --scheduled-for 2020-01-01", 1, "past"),
        ("work-orders cancel L1/mandatory_visit/100", 2, "--reason"),
        ("work-orders copy-sent L1/mandatory_visit/100", 1, "only a mandatory visit that is done"),
        ("meter change L1 --changed-at 2999-01-01 --old-end 5 --new-start 0 --yes", 1, "in the future"),
        ("meter change L1 --changed-at 2025-01-01 --old-end five --new-start 0 --yes", 1, "old_end"),
        ("readings accept 999 --why x", 1, "no reading 999"),
        ("readings void 1", 2, "--why"),
        ("readings void x --why x", 2, "x"),
        ("sweep --as-of 2999-01-01", 2, "--dry-run"),
        ("machines import nowhere.csv", 2, "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_said_in_one_message(sold: Caller, arguments: str, code: int, words: str) -> None:
    before = orders(sold, "L1")

    failed(sold(*arguments.split()), code, words)

    assert orders(sold, "L1") == before


# --- consequences first ---


def test_a_correction_shows_what_it_would_change_and_asks(sold: Caller) -> None:
    correction = ("machines", "correct", "L1", "--set", f"handed_over_on={day(5)}", "--why", "contract", "--by", "Zhao")
    before = orders(sold, "L1")

    shown = sold.apart(*correction)
    assert (shown.code, orders(sold, "L1")) == (1, before)
    assert shown.out.startswith("This would change:\n  mandatory_visit/100: overdue (")
    assert shown.out.count("-> withdrawn") == 2
    assert "--yes" in shown.err

    done = sold.apart(*correction, "--yes")
    assert (done.code, done.err, orders(sold, "L1")) == (0, "", {})
    assert done.out.splitlines()[1:] == shown.out.splitlines()[1:]


def test_a_meter_change_entered_late_shows_what_it_would_change(sold: Caller) -> None:
    change = ("meter", "change", "L1", "--changed-at", day(30), "--old-end", "90", "--new-start", "0")

    shown = sold(*change)
    assert (shown.code, shown.out) == (1, "This would change:\n  total hours: 2 h -> 90 h\n")
    assert sold("readings", "list", "--format", "json").json[0]["hours"] == 2

    assert sold(*change, "--yes").out == "L1: meter change recorded\n  total hours: 2 h -> 90 h\n"


def test_a_reading_is_voided_with_its_consequences(sold: Caller, tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text(f"machine_id,hours,at\nL1,1300,{day(3)}\nL1,640,{day(2)}\n")
    said = sold.apart("readings", "import", "readings.csv")
    assert said.out == "2 readings judged\n  accepted: 1\n  rollback: 1\n"
    assert orders(sold, "L1")["1200"]["state"] == "overdue"
    number = next(str(row["id"]) for row in sold("readings", "list", "--format", "json").json if row["hours"] == 1300)

    shown = sold("readings", "void", number, "--why", "another machine's box")
    assert shown.code == 1
    assert "  total hours: 1300 h -> 640 h\n" in shown.out
    assert "mandatory_visit/1200: overdue (" in shown.out

    assert sold("readings", "void", number, "--why", "another machine's box", "--yes").code == 0
    assert "1200" not in orders(sold, "L1")


def test_a_refused_reading_is_accepted(fleet: Fleet, tmp_path: Path) -> None:
    call = Caller(tmp_path)
    call("machines", "handover", "L1", "--warranty", "one_year", "--category", "loader", "--at", day(9), "--hours", "0")
    (tmp_path / "readings.csv").write_text(f"machine_id,hours,at\nL1,5000,{day(1)}\n")
    call("readings", "import", "readings.csv")
    (row,) = call("readings", "refused", "--format", "json").json

    assert call("readings", "accept", str(row["id"]), "--why", "it is an old machine", "--yes").code == 0

    assert orders(call, "L1")["2400"]["state"] == "overdue"
    assert call("readings", "refused").out == "none\n"


# --- sweep ---


def test_a_sweep_runs_once_and_a_rehearsal_changes_nothing(sold: Caller) -> None:
    before = orders(sold, "L1")

    seen = sold.apart("sweep", "--dry-run", "--as-of", day(-300))
    assert seen.code == 0
    assert "L1/mandatory_visit/1200: upcoming -> due " in seen.out or "-> upcoming" in seen.out
    assert seen.out.endswith("nothing was written\n")
    assert orders(sold, "L1") == before
    assert sold("duties", "--history", "--format", "json").json == []

    assert sold.apart("sweep").code == 0
    assert {row["duty"]: row["state"] for row in sold("duties", "--format", "json").json} == {
        "daily_sweep": "done",
        "stock_opening": "done",
        "retention": "done",
    }
    failed(sold("sweep", "--as-of", day(5)), 2, "before the last sweep", "--dry-run")
    assert sold("sweep", "--as-of", day(5), "--dry-run").code == 0


# --- imports ---


def test_a_fleet_is_imported_with_its_register(call: Caller, tmp_path: Path) -> None:
    (tmp_path / "centres.csv").write_text("service_centre,name\nJN,济南\n", encoding="gb18030")
    (tmp_path / "yards.csv").write_text("yard,name\nY1,Yard\n", encoding="utf-8-sig")
    (tmp_path / "fleet.csv").write_text(f"machine_id,category,status,stocked_on,yard\nS1,loader,stock,{day(3)},Y1\n")

    said = [
        call.apart(kind, "import", f"{name}.csv")
        for kind, name in (("centres", "centres"), ("yards", "yards"), ("machines", "fleet"))
    ]

    assert [(each.code, each.out, each.err) for each in said] == [
        (0, "1 service centres added or updated\n", ""),
        (0, "1 yards added or updated\n", ""),
        (0, "1 machines registered: 1 stock\n", ""),
    ]
    assert call("centres", "list", "--format", "json").json[0]["name"] == "济南"


def test_bad_lines_are_named_up_to_a_number(call: Caller, tmp_path: Path) -> None:
    lines = "".join(f"M{number},crane,stock,{day(3)}\n" for number in range(70))
    (tmp_path / "fleet.csv").write_text(f"machine_id,category,status,stocked_on\n{lines}")

    said = call("machines", "import", "fleet.csv")

    failed(
        said, 2, "fleet.csv was not imported, nothing was done", "line 2: category: 'crane' is none of", "and 20 more"
    )
    assert "line 51:" in said.err
    assert "line 52:" not in said.err
    assert call("machines", "list").out == "none\n"


# --- from the call to the signed form, by the installed command ---


def test_a_refused_form_is_finished_by_giving_what_was_missing(sold: Caller) -> None:
    order = "L1/mandatory_visit/100"
    unsigned = (
        "--done-at",
        day(1),
        "--hours",
        "95.5",
        "--technician",
        "Li",
        "--genuine-oils",
        "--items",
        "oil: changed",
    )

    agreed = [
        sold.apart("work-orders", "contact", order, "--by", "Li", "--note", "filters are in stock"),
        sold.apart("work-orders", "schedule", order, "--scheduled-for", day(0), "--by", "Li"),
    ]
    refused = sold.apart("work-orders", "complete", order, *unsigned)
    draft = sold.apart("work-orders", "show", order).out
    afresh = sold.apart("work-orders", "complete", order, "--signed-by", "Wang", "--no-draft")
    # Starting afresh was refused, too, and is now the draft: the signature is taken from it.
    done = sold.apart("work-orders", "complete", order, *unsigned)
    sent = sold.apart("work-orders", "copy-sent", order)
    shown = sold.apart("work-orders", "show", order, "--format", "json").json

    assert [said.code for said in (*agreed, refused, afresh, done, sent)] == [0, 0, 1, 1, 0, 0]
    assert "missing: signed_by" in refused.err
    assert "call this again with only what was wrong or missing" in refused.err
    assert "Draft of a form" in draft
    assert "missing: signed_by" in draft
    assert "technician" in afresh.err
    assert re.search(r"from the draft of .*: signed by", done.out)
    assert shown["draft"] is None
    assert shown["visit_no"].startswith("JN-")
    assert [event["why"] for event in shown["events"]][-4:] == ["contacted", "scheduled", "completed", "copy_sent"]


# --- wider corrections ---


def test_a_machine_under_a_wrong_number_is_shown_first_and_then_renamed(sold: Caller) -> None:
    shown = sold.apart("machines", "correct", "L1", "--machine-id", "L7", "--why", "misread plate")
    done = sold.apart("machines", "correct", "L1", "--machine-id", "L7", "--why", "misread plate", "--yes")

    assert (shown.code, done.code) == (1, 0)
    assert "machine number: L1 -> L7" in shown.out
    assert "machine number: L1 -> L7" in done.out
    assert sold("machines", "show", "L1").code == 1
    assert orders(sold, "L7").keys() == {"100", "600"}


def test_a_wrong_transfer_is_put_right(call: Caller) -> None:
    stocked = ("machines", "stock-in", "S1", "--category", "roller", "--region", "46", "--yard", "Y1")
    assert call(*stocked, "--stocked-on", day(40)).code == 0
    assert call("machines", "transfer", "S1", "--region", "44", "--yard", "Y2", "--on", day(20)).code == 0

    said = call.apart("machines", "correct", "S1", "--transfer", f"{day(20)}:yard=Y3", "--why", "another yard", "--yes")

    assert said.code == 0, said
    assert call("machines", "show", "S1", "--format", "json").json["yard"] == "Y3"
