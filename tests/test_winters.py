"""What somebody decides of a winter: shown first, kept with name and reason, followed by the sweep (rules 4)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.store.tables import winter_overrides, work_order_events
from daemon.refused import RefusedError
from daemon.rules_in_force import keep_up
from daemon.sweep import is_done, sweep
from daemon.winters import Decision, decide, effects, winters
from schedules.winter import Override
from schedules.work_order import Kind, OrderKey, WorkOrder
from tests.past import Past

FREEZE = OrderKey(Kind.FREEZE_PROTECTION, "2025-26@23")


@pytest.fixture
def past(tmp_path: Path) -> Past:
    """Machines in Harbin and in Jinan whose freeze orders are open."""
    made = Past(tmp_path / "winters.db")
    made.goes_to("2025-08-05 09:00")
    made.stocked_on("2025-08-05", "H1", region="23", yard="Y1")
    made.stocked_on("2025-08-05", "J1", region="37", yard="Y1")
    made.goes_to("2025-09-10 09:00")
    return made


def decided(past: Past, override: Override, why: str = "early frost") -> None:
    decide_so(past, Decision("23", "2025-26", override, "Wang", why))


def decide_so(past: Past, decision: Decision) -> None:
    with past.keeper.store.write() as connection:
        decide(connection, past.keeper, decision, past.now_ms)


def refused(past: Past, region: str, season: str, override: Override) -> str:
    with pytest.raises(RefusedError) as caught:
        decide_so(past, Decision(region, season, override, "Wang", "early frost"))
    with past.keeper.store.read() as connection:
        assert connection.execute(select(winter_overrides)).all() == []
    return caught.value.reason


def order(past: Past) -> WorkOrder:
    return past.machine("H1").orders[FREEZE]


def test_a_decision_is_kept_and_followed_by_the_sweep(past: Past) -> None:
    decided(past, Override(due_on=date(2025, 9, 20)))
    assert order(past).due_on == date(2025, 9, 30), "nothing happens before the sweep"

    keep_up(past.keeper)
    assert not is_done(past.keeper, past.now_ms)
    asked = sweep(past.keeper, past.now_ms)

    assert (order(past).due_on, order(past).overdue_on) == (date(2025, 9, 20), date(2025, 9, 21))
    assert asked == 2
    with past.keeper.store.read() as connection:
        events = select(work_order_events.c.machine_id).where(work_order_events.c.why == "winter")
        assert list(connection.execute(events).scalars()) == ["H1"]
        (kept,) = connection.execute(select(winter_overrides)).all()
    assert (kept.by, kept.why, kept.due_on) == ("Wang", "early frost", date(2025, 9, 20))
    past.goes_to("2025-09-21 09:00")
    assert order(past).state == "overdue"


def test_it_is_shown_first(past: Past) -> None:
    with past.keeper.store.write() as connection, connection.begin_nested() as rehearsal:
        decision = Decision("23", "2025-26", Override(due_on=date(2025, 9, 20)), "Wang", "early frost")
        would_be = decide(connection, past.keeper, decision, past.now_ms)
        rehearsal.rollback()
    with past.keeper.store.read() as connection:
        found = list(effects(connection, past.keeper, would_be, "23", past.keeper.today(past.now_ms)))
        assert connection.execute(select(winter_overrides)).all() == []

    assert found == ["H1/freeze_protection/2025-26@23: upcoming, due 2025-09-30 -> upcoming, due 2025-09-20"]


def test_a_second_decision_takes_the_place_of_the_first_and_can_be_taken_back(past: Past) -> None:
    decided(past, Override(due_on=date(2025, 9, 20)))
    decided(past, Override(due_on=date(2025, 9, 25)), why="later after all")
    keep_up(past.keeper)
    sweep(past.keeper, past.now_ms)
    assert order(past).due_on == date(2025, 9, 25)

    decided(past, Override(), why="the forecast was wrong")
    keep_up(past.keeper)
    sweep(past.keeper, past.now_ms)

    assert order(past).due_on == date(2025, 9, 30)
    with past.keeper.store.read() as connection:
        assert [row.why for row in connection.execute(select(winter_overrides).order_by(winter_overrides.c.id))] == [
            "early frost",
            "later after all",
            "the forecast was wrong",
        ]


def test_a_correction_goes_by_the_winter_of_its_time(past: Past) -> None:
    decided(past, Override(due_on=date(2025, 9, 20)))
    keep_up(past.keeper)
    sweep(past.keeper, past.now_ms)
    past.goes_to("2025-09-22 09:00")
    before = past.told("H1")

    past.corrected("H1", facts={"model": "LG933"})
    past.corrected("H1", facts={"stocked_on": date(2025, 8, 4)})

    assert past.told("H1")["2025-26@23"] == before["2025-26@23"]


@pytest.mark.parametrize(
    ("region", "season", "override", "words"),
    [
        ("23X", "2025-26", Override(due_on=date(2025, 9, 20)), "region: '23X' is not in the winter table; near are 23"),
        ("46", "2025-26", Override(due_on=date(2025, 9, 20)), "region: 46 has no winter (policy NONE)"),
        (
            "23",
            "2031-32",
            Override(due_on=date(2025, 9, 20)),
            "season: region 23 has no season '2031-32' now",
        ),
        ("23", "2024-25", Override(due_on=date(2025, 9, 20)), "season: 2024-25 of region 23 is over since 2025-04-20"),
        ("23", "2025-26", Override(due_on=date(2025, 9, 9)), "due_on: 2025-09-09 is past"),
        (
            "23",
            "2025-26",
            Override(ends_on=date(2025, 9, 20)),
            "the season would open on 2025-09-09",
        ),
        ("23", "2025-26", Override(ends_on=date(2026, 9, 20)), "the season would overlap with 2026-27"),
    ],
)
def test_what_cannot_be_is_refused(past: Past, region: str, season: str, override: Override, words: str) -> None:
    assert refused(past, region, season, override).startswith(words)


def test_a_decision_has_a_name_and_a_reason(past: Past) -> None:
    with pytest.raises(RefusedError, match="missing: why"):
        decided(past, Override(due_on=date(2025, 9, 20)), why=" ")


def test_winters_are_listed_with_what_was_decided(past: Past) -> None:
    decided(past, Override(due_on=date(2025, 9, 20)))
    keep_up(past.keeper)
    with past.keeper.store.read() as connection:
        rows = {row["region"]: row for row in winters(connection, past.keeper, None, past.keeper.today(past.now_ms))}

    assert (rows["23"]["season"], rows["23"]["due_on"], rows["23"]["approximate"]) == ("2025-26", "2025-09-20", False)
    assert (rows["23"]["overridden"], rows["23"]["by"], rows["23"]["why"]) == (True, "Wang", "early frost")
    assert rows["23"]["name"] == "黑龙江 Heilongjiang"
    assert (rows["37"]["approximate"], rows["37"]["overridden"]) == (True, False)
    assert (rows["46"]["policy"], rows["46"]["season"]) == ("NONE", None)
