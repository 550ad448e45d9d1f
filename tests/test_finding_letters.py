"""Managers are told of silent machines and of meters that need a decision (rules 8): each once, while it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.store.tables import letters, notices
from daemon.keeper import Manager, Telling
from notifications.fallback import fallback
from schedules.visit_items import VisitItems

from .keeping import MINUTE, World

HOUR = 60 * MINUTE
NORTH = Manager("North", "north@maker.example", "en", regions=frozenset({"23"}))
ALL = Manager("All", "all@maker.example", "zh-CN")
TELLING = Telling(managers=(ALL, NORTH), channel="email")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """L1 in region 37 and L2 in region 23, both heard on the first of March."""
    world = World(tmp_path / "hourkeeper.db", TELLING)
    world.goes_to("2026-02-20 08:00")
    world.registers()
    world.sells("L1")
    world.sells("L2", region="23")
    world.goes_to("2026-03-01 08:00")
    world.reads("L1", "10")
    world.reads("L2", "10")
    return world


def told(world: World, occasion: str) -> dict[str, list[str]]:
    """By recipient, the machines of which a letter was made some hours later."""
    world.gathers(9 * HOUR)
    found = {to: orders for (what, to), orders in world.letters().items() if what == occasion}
    return {to: sorted(order.partition("/")[0] for order in orders) for to, orders in found.items()}


def letters_to(world: World, recipient: str) -> list[list[str]]:
    """The machines of each letter of silent ones to a manager, the oldest letter first."""
    joined = select(letters.c.letter_id, notices.c.machine_id).join(notices, notices.c.letter_id == letters.c.letter_id)
    mine = (letters.c.recipient == recipient, letters.c.occasion == "silent_machine")
    found: dict[str, list[str]] = {}
    with world.keeper.store.read() as connection:
        for row in connection.execute(joined.where(*mine).order_by(letters.c.created_ms, notices.c.machine_id)):
            found.setdefault(row.letter_id, []).append(row.machine_id)
    return list(found.values())


def test_silent_machines_are_told_in_one_letter_to_each_manager_they_concern(world: World) -> None:
    world.goes_to("2026-03-07 00:10")
    assert told(world, "silent_machine") == {}
    world.goes_to("2026-03-09 00:10")

    assert told(world, "silent_machine") == {"All": ["L1", "L2"], "North": ["L2"]}
    world.goes_to("2026-03-20 00:10")
    assert told(world, "silent_machine") == {"All": ["L1", "L2"], "North": ["L2"]}


def test_a_machine_heard_again_before_the_letter_goes_is_not_in_it(world: World) -> None:
    world.goes_to("2026-03-09 00:10")
    world.reads("L1", "12")

    assert told(world, "silent_machine") == {"All": ["L2"], "North": ["L2"]}
    assert "the finding is closed" in world.dropped().values()


def test_another_silence_is_told_anew(world: World) -> None:
    world.goes_to("2026-03-09 00:10")
    told(world, "silent_machine")
    world.goes_to("2026-03-10 08:00")
    world.reads("L1", "12")
    world.goes_to("2026-03-23 00:10")

    told(world, "silent_machine")
    assert letters_to(world, "All") == [["L1", "L2"], ["L1"]]


def test_a_meter_that_needs_a_decision_is_told_with_what_it_shows(world: World) -> None:
    world.goes_to("2026-03-02 08:00")
    for hours in ("6000", "6001", "6002"):
        world.reads("L2", hours)
        world.now_ms += HOUR

    assert told(world, "meter_decision") == {"All": ["L2"], "North": ["L2"]}
    claim = world.outbox.claim(world.now_ms, MINUTE)
    while claim is not None and claim.letter.occasion != "meter_decision":
        claim = world.outbox.claim(world.now_ms, MINUTE)
    assert claim is not None
    (finding,) = claim.letter.findings
    assert (finding.least_hours, finding.most_hours, claim.letter.orders) == (6000, 6002, ())
    assert "L2" in fallback(claim.letter, 10_000).text


def test_nobody_is_told_of_findings_that_managers_have_on_their_list(world: World) -> None:
    world.sells("L3", service_centre=None)
    world.goes_to("2026-03-02 08:00")

    assert told(world, "silent_machine") == {}
    assert told(world, "meter_decision") == {}


def test_letters_of_findings_are_written_in_both_languages(world: World) -> None:
    from notifications.rendering import Renderer

    world.goes_to("2026-03-09 00:10")
    told(world, "silent_machine")
    renderer, subjects = Renderer(lambda _version: VisitItems({})), {}
    while (claim := world.outbox.claim(world.now_ms, HOUR)) is not None:
        if claim.letter.findings:
            subjects[claim.letter.addressee.recipient] = renderer.render_strictly(claim.letter).subject
    assert subjects == {"All": "【机器失联】LG855N L1、L2，济南服务中心", "North": "Silent: LG855N L2, 济南服务中心"}
