"""What forms show of orders that were lived through: facts, items of their plan, winter, and the accepted form."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.files.rules import read_rules
from adapters.store.rulebooks import adopt
from daemon import work
from daemon.printing import order_on_paper, yard_on_paper
from daemon.refused import RefusedError
from daemon.sweep import sweep
from notifications.paper.facts import PaperFacts
from notifications.paper.forms import forms_pdf
from schedules.evidence import Form
from schedules.work_order import Kind, OrderKey, State
from tests.keeping import World, at
from tests.support.postgres import postgres
from tests.support.printed import Printed, squeezed


@pytest.fixture
def world(tmp_path: Path) -> World:
    return lived_at(tmp_path / "forms.db")


def lived_at(place: Path | str) -> World:
    """A machine of a user since March, one in stock in Jinan (winter from 17 October), one in Haikou (none)."""
    world = World(place, now_ms=at("2026-03-03 08:00"))
    world.registers()
    world.sells("L1")
    world.stocks("S1", region="37")
    world.stocks("S2", region="46")
    return world


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The same on either kind of database."""
    if request.param == "sqlite":
        yield lived_at(tmp_path / "forms.db")
        return
    with postgres() as server:
        world = lived_at(server.new_database())
        yield world
        world.keeper.store.close()


def on_paper(world: World, machine_id: str, kind: Kind, step: str) -> PaperFacts:
    with world.keeper.store.read() as connection:
        found = order_on_paper(connection, world.keeper, machine_id, OrderKey(kind, step), world.now_ms)
    assert found is not None
    return found


def text_of(*facts: PaperFacts, locale: str = "zh-CN") -> str:
    return "".join(Printed(forms_pdf(facts, locale)).pages)


def adopts(world: World, item: str, version: str | None = None) -> None:
    """Another file of work items, in which this is done at every visit and every month."""
    files = read_rules()
    items = copy.deepcopy(files.items)
    line = {"zh": item, "en": item, "categories": ["loader"]}
    items["items"].append({**line, "every": "check"})
    items["stock_items"].append({**line, "action": "check"})
    plan = {} if version is None else {"version": version}
    with world.keeper.store.write() as connection:
        world.keeper.rulebook = adopt(connection, replace(files, items=items, plan=plan), world.now_ms)
    sweep(world.keeper, world.now_ms)


def test_a_visit_on_paper_knows_machine_user_centre_and_calendar(world: World) -> None:
    world.goes_to("2026-05-10 08:00")
    world.reads("L1", "300.5")

    facts = on_paper(world, "L1", Kind.MANDATORY_VISIT, "600")

    assert (facts.ordinal, facts.handed_over_on, facts.warranty_until) == (2, date(2026, 3, 3), date(2027, 3, 3))
    assert facts.read_on == date(2026, 5, 10)
    known = ["LG855N", "张三", "13812345678", "济南服务中心", "0531-1234567", "300.5小时（2026-05-10）", "2026-06-03"]
    assert [words for words in known if squeezed(words) not in text_of(facts)] == []


def test_a_visit_that_was_done_shows_its_form_and_number(world: World) -> None:
    world.goes_to("2026-05-10 08:00")
    form = Form(
        technician="李工", signed_by="张三", genuine_oils=True, items=("Brake fluid: 1 L",), findings="漏油",
        service_record_no="JN-7",
    )  # fmt: skip
    visit = work.Completion("L1", OrderKey(Kind.MANDATORY_VISIT, "600"), world.now_ms - 1, "301.5", form)
    work.complete(world.keeper, visit, world.now_ms)

    text = text_of(on_paper(world, "L1", Kind.MANDATORY_VISIT, "600"))

    known = ["SC7-2026-0001", "李工", "小时表读数 301.5 小时", "漏油", "JN-7", "1 L"]
    assert [words for words in known if squeezed(words) not in text] == []
    with pytest.raises(RefusedError, match="print the form of step 600"):
        on_paper(world, "L1", Kind.MANDATORY_VISIT, "100")


def test_a_form_that_was_refused_is_printed_as_far_as_its_draft_goes(world: World) -> None:
    world.goes_to("2026-05-10 08:00")
    form = Form(technician="李工", genuine_oils=True, items=("Brake fluid: 1 L",), findings="漏油")
    key = OrderKey(Kind.MANDATORY_VISIT, "600")
    with pytest.raises(RefusedError):
        work.complete(world.keeper, work.Completion("L1", key, at("2026-05-09 15:00"), "301.5", form), world.now_ms)

    facts = on_paper(world, "L1", Kind.MANDATORY_VISIT, "600")

    assert facts.done is not None
    assert (facts.done.done_on, facts.visit_no) == (date(2026, 5, 9), None)
    known = ["李工", "2026-05-09", "小时表读数 301.5 小时", "漏油"]
    assert [words for words in known if squeezed(words) not in text_of(facts)] == []


def test_a_cancelled_order_is_not_printed(world: World) -> None:
    world.goes_to("2026-05-10 08:00")
    with world.keeper.store.write() as connection:
        key = OrderKey(Kind.MANDATORY_VISIT, "600")
        work.cancel(connection, world.keeper, "L1", key, "stolen", "Zhao", world.now_ms)

    with pytest.raises(RefusedError, match="cancelled on 2026-05-10"):
        on_paper(world, "L1", Kind.MANDATORY_VISIT, "600")


@pytest.mark.parametrize(
    ("machine_id", "step", "today", "is_there", "is_sure"),
    [
        ("S1", "2026-09", "2026-09-20", False, False),
        ("S1", "2026-10", "2026-10-05", True, False),
        ("S1", "2026-09", "2026-10-20", True, False),
        ("S1", "2026-11", "2026-11-20", True, True),
        ("S2", "2026-11", "2026-11-20", False, False),
    ],
)
def test_a_monthly_sheet_has_the_winter_items_where_it_may_be_dated_in_the_winter(
    world: World, machine_id: str, step: str, today: str, *, is_there: bool, is_sure: bool
) -> None:
    world.goes_to(f"{today} 08:00")

    facts = on_paper(world, machine_id, Kind.STOCK_UPKEEP, step)

    assert (bool(facts.winter.items), facts.is_winter) == (is_there, is_sure)
    assert ("冬季防冻项目" in text_of(facts)) is is_there


@pytest.mark.parametrize(("day", "is_there"), [("2026-10-10", False), ("2026-10-25", True)])
def test_a_sheet_that_was_done_goes_by_its_own_date(world: World, day: str, *, is_there: bool) -> None:
    world.goes_to(f"{day} 08:00")
    world.does("S1", "2026-10", Kind.STOCK_UPKEEP)
    world.goes_to("2026-12-01 08:00")

    facts = on_paper(world, "S1", Kind.STOCK_UPKEEP, "2026-10")

    assert (bool(facts.winter.items), facts.is_winter) == (is_there, is_there)
    assert text_of(facts).count("✓") == (26 if is_there else 16)


def test_a_freeze_sheet_says_that_its_dates_are_approximate(world: World) -> None:
    world.goes_to("2026-10-20 08:00")

    text = text_of(on_paper(world, "S1", Kind.FREEZE_PROTECTION, "2026-27@37"))

    assert "2026-27冬季防冻" in text
    assert "（近似）" in text


def test_an_order_keeps_the_items_of_the_plan_it_was_opened_under(world: World) -> None:
    world.goes_to("2026-05-10 08:00")
    adopts(world, "后视镜")
    same_version = text_of(on_paper(world, "L1", Kind.MANDATORY_VISIT, "600"))
    adopts(world, "安全带", version="2")
    world.goes_to("2026-08-10 08:00")

    old = text_of(on_paper(world, "L1", Kind.MANDATORY_VISIT, "600"))
    new = text_of(on_paper(world, "L1", Kind.MANDATORY_VISIT, "1200"))
    month = text_of(on_paper(world, "S1", Kind.STOCK_UPKEEP, "2026-08"))

    assert ("后视镜" in same_version, "安全带" in same_version) == (True, False)
    assert ("后视镜" in old, "安全带" in old) == (True, False)
    assert ("后视镜" in new, "安全带" in new) == (False, True)
    assert ("后视镜" in month, "安全带" in month) == (False, True)


def test_a_yards_month_has_every_open_sheet_of_its_machines(either: World) -> None:
    world = either
    world.goes_to("2026-11-03 08:00")
    world.stocks("S3", region="37", yard="Y2")
    world.stocks("S4", region="37")
    world.does("S4", "2026-11", Kind.STOCK_UPKEEP)

    with world.keeper.store.read() as connection:
        found = yard_on_paper(connection, world.keeper, "Y1", date(2026, 11, 1), world.now_ms)
        october = yard_on_paper(connection, world.keeper, "Y1", date(2026, 10, 1), world.now_ms)

    assert [(each.order.machine_id, each.order.step) for each in found] == [
        ("S1", "2026-11"),
        ("S1", "2026-27@37"),
        ("S2", "2026-11"),
        ("S4", "2026-27@37"),
    ]
    assert {(each.order.machine_id, each.order.step) for each in october} == {
        ("S1", "2026-10"),
        ("S1", "2026-27@37"),
        ("S2", "2026-10"),
    }
    assert all(each.order.state is not State.DONE for each in found)
    assert len(Printed(forms_pdf(found, "en")).pages) == 4
