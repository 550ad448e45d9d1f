"""Quiet hours and days off from the change to the letter: what can wait waits, what is overdue does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.keeper import Manager, Telling
from notifications.timing import Quiet, Timing
from notifications.working_days import WorkingDays
from tests.keeping import MINUTE, World, at

BOSS = Manager("Boss", "boss@maker.example", "en")
CALM = Timing(quiet=Quiet(time(20), time(7)), working=WorkingDays(frozenset(range(5))))
TELLING = Telling(channel="email", managers=(BOSS,), timing=CALM)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "quiet.db", TELLING)
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


def told(world: World, when: str) -> set[tuple[str, str]]:
    """Who is told on which occasions up to a moment, since the last time."""
    before = set(world.letters())
    world.goes_to(when)
    world.outbox.gather(world.now_ms)
    return set(world.letters()) - before


def test_what_falls_due_at_midnight_is_told_when_the_night_is_over(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-13 00:00")

    assert told(world, "2025-03-13 06:59") == set()
    assert told(world, "2025-03-13 07:00") == {("visit_due", "SC7"), ("visit_due", "张三")}


def test_what_is_overdue_at_midnight_is_told_at_once_and_wakes_no_user(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-13 08:00")
    world.gathers()
    world.goes_to("2025-03-14 00:00")

    assert told(world, "2025-03-14 00:01") == {("visit_overdue", "SC7"), ("visit_overdue", "Boss")}
    assert told(world, "2025-03-14 07:00") == {("visit_overdue", "张三")}


def test_what_waits_for_the_end_of_the_night_does_not_go_along_with_what_may_not_wait(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-04 10:00")
    world.sells("L2")
    world.goes_to("2025-03-14 00:00")

    assert told(world, "2025-03-14 00:01") == {("visit_overdue", "SC7"), ("visit_overdue", "Boss")}
    assert ("visit_due", "SC7") in told(world, "2025-03-14 07:00")


def test_what_opens_on_a_saturday_is_told_on_monday_morning(world: World) -> None:
    world.now_ms = at("2025-03-01 10:00")
    world.sells("L1")
    world.goes_to("2025-03-08 00:00")

    assert told(world, "2025-03-10 07:59") == set()
    assert told(world, "2025-03-10 08:00") == {("visit_upcoming", "SC7"), ("visit_upcoming", "张三")}


def test_managers_are_reminded_on_a_saturday_and_the_centre_on_monday(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-15 00:00")  # late since Friday
    world.goes_to("2025-03-15 08:00")
    world.gathers()
    world.goes_to("2025-03-22 00:00")  # a Saturday

    assert told(world, "2025-03-22 08:00") == {("visit_still_overdue", "Boss")}
    assert told(world, "2025-03-24 08:00") == {("visit_still_overdue", "SC7")}


def test_what_became_ripe_while_we_were_away_is_not_sent_at_night(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-12 19:00")
    world.reads("L1", "100")

    assert told(world, "2025-03-12 23:00") == set()
    assert told(world, "2025-03-13 07:00") == {("visit_due", "SC7"), ("visit_due", "张三")}


def test_a_letter_that_failed_in_the_evening_is_tried_again_in_the_morning(world: World) -> None:
    world.sells("L1")
    world.goes_to("2025-03-12 19:50")
    world.reads("L1", "100")
    world.gathers()
    claimed = world.outbox.claim(world.now_ms, MINUTE)
    assert claimed is not None

    world.outbox.mark_retry(claimed, world.now_ms + 30 * MINUTE, "421 busy")

    world.outbox.claim(world.now_ms, 24 * 60 * MINUTE)
    assert world.outbox.claim(at("2025-03-13 06:59"), MINUTE) is None
    again = world.outbox.claim(at("2025-03-13 07:00"), MINUTE)
    assert again is not None
    assert (again.letter.letter_id, again.letter.attempts) == (claimed.letter.letter_id, 1)


def test_a_managers_morning_is_that_of_the_managers_zone(world: World) -> None:
    far_away = replace(BOSS, zone=ZoneInfo("Europe/Berlin"))
    world.tell_by(replace(TELLING, managers=(far_away,)))
    world.sells("L1")
    world.goes_to("2025-03-14 00:00")
    world.gathers()
    world.goes_to("2025-03-21 00:00")  # 17:00 of the day before in Berlin
    world.goes_to("2025-03-21 08:00")
    world.gathers()
    assert ("visit_still_overdue", "Boss") not in world.letters()

    assert told(world, "2025-03-21 15:00") == {("visit_still_overdue", "Boss")}
