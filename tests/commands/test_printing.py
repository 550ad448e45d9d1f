"""`work-orders form`, called as people call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.printed import Printed, squeezed

from .calling import Caller, failed
from .conftest import Fleet


def printed(file: Path) -> Printed:
    return Printed(file.read_bytes())


def step_of(fleet: Fleet, machine_id: str, kind: str) -> str:
    arguments = ("--machine", machine_id, "--kind", kind, "--state", "open", "--format", "json")
    found = fleet.call("work-orders", "list", *arguments).json
    return f"{machine_id}/{kind}/{found[0]['step']}"


def test_the_installed_command_writes_a_form(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "visit.pdf"

    said = fleet.call.apart("work-orders", "form", "L1/mandatory_visit/100", "--out", str(out), "--service-record")

    assert (said.code, said.err) == (0, "")
    assert said.out == f"{out}: the form of L1/mandatory_visit/100\n"
    pages = printed(out).pages
    assert [
        mark in page for mark, page in zip(("第一联", "第二联", "第三联", "现场服务记录表"), pages, strict=True)
    ] == [True] * 4
    assert list(tmp_path.iterdir()) == [out]


def test_the_number_of_an_order_and_the_configured_language_are_taken(fleet: Fleet, tmp_path: Path) -> None:
    name = step_of(fleet, "S1", "stock_upkeep")
    number = str(fleet.call("work-orders", "show", name, "--format", "json").json["id"])
    words = {}
    for locale, given in (("zh-CN", ()), ("en", ("--locale", "en"))):
        out = tmp_path / f"{locale}.pdf"
        assert fleet.call("work-orders", "form", number, "--out", str(out), *given).code == 0
        (words[locale],) = printed(out).pages
    said = fleet.call(
        "work-orders", "form", number, "--out", str(tmp_path / "c.pdf"), HOURKEEPER_NOTIFICATIONS__LOCALE="en"
    )

    assert said.code == 0
    assert printed(tmp_path / "c.pdf").pages == [words["en"]]
    assert "待销车保养检查表" in words["zh-CN"]
    assert squeezed("Check sheet of an unsold machine") in words["en"]


def test_a_visit_that_was_done_is_printed_with_its_number(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "done.pdf"
    assert fleet.call("work-orders", "form", "L2/mandatory_visit/100", "--out", str(out), "--locale", "en").code == 0

    first = printed(out).pages[0]
    assert f"HB-{fleet.today.year}-0001" in first
    assert squeezed("Two lines 〓[31mred") not in first
    assert squeezed("Two lines [31mred") in first


def test_a_yards_month_is_one_file(fleet: Fleet, tmp_path: Path) -> None:
    month, out = step_of(fleet, "S1", "stock_upkeep").rpartition("/")[2], tmp_path / "month.pdf"

    said = fleet.call("work-orders", "form", "--yard", "Y1", "--month", month, "--out", str(out))

    assert (said.code, len(printed(out).pages)) == (0, 1)
    none = fleet.call("work-orders", "form", "--yard", "Y9", "--month", month, "--out", str(tmp_path / "none.pdf"))
    failed(none, 1, "yard Y9 has no open sheet", "yards list")
    assert not (tmp_path / "none.pdf").exists()


def test_a_file_that_is_there_is_left_alone(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "kept.pdf"
    out.write_bytes(b"mine")

    failed(fleet.call("work-orders", "form", "L1/mandatory_visit/100", "--out", str(out)), 1, "exists already")

    assert out.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ("L1/mandatory_visit/700", 1, ("no work order mandatory_visit/700", "work-orders list --machine L1")),
        ("L9/mandatory_visit/100", 1, ("no machine L9 is registered",)),
        ("99999", 1, ("99999",)),
    ],
)
def test_an_unknown_order_is_named(fleet: Fleet, tmp_path: Path, order: str, code: int, words: tuple[str, ...]) -> None:
    failed(fleet.call("work-orders", "form", order, "--out", str(tmp_path / "x.pdf")), code, *words)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(fleet: Fleet, tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "x.pdf"

    failed(
        fleet.call("work-orders", "form", "L1/mandatory_visit/100", "--out", str(out)), 2, str(out), "cannot be written"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one work order"),
        (("12", "--yard", "Y1", "--month", "2026-11"), "name one work order"),
        (("--yard", "Y1"), "--month YYYY-MM"),
        (("12", "--month", "2026-11"), "name one work order"),
        (("--yard", "Y1", "--month", "2026-13"), "'2026-13' is no month YYYY-MM"),
    ],
)
def test_one_order_or_one_yard_and_month(call: Caller, arguments: tuple[str, ...], words: str) -> None:
    failed(call("work-orders", "form", *arguments, "--out", "x.pdf"), 2, words)
