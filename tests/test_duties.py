"""Each duty exactly once per period, whatever the clock does and however many keep it; what comes of it is the same."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
import structlog

from daemon import duty_list
from daemon.calendar import do_what_is_due
from daemon.keeper import Keeper
from daemon.life import HandOver, hand_over
from schedules.dates import ONE_DAY
from schedules.duty import DUTIES, STOCK_OPENING
from schedules.machine import Category, Warranty
from tests.keeping import World, at, open_keeper
from tests.mixed_fleet import TELLING, copied, done, lived, story, told
from tests.support.postgres import Postgres, postgres
from tests.support.refusing import refuse, take_again

LEFT, BACK = date(2025, 11, 1), date(2025, 12, 11)
GAP = [LEFT + ONE_DAY * n for n in range(1, (BACK - LEFT).days + 1)]
CURRENT = {
    ("mandatory_visit", "upcoming"): "visit_upcoming",
    ("mandatory_visit", "due"): "visit_due",
    ("mandatory_visit", "overdue"): "visit_overdue",
    ("mandatory_visit", "lapsed"): "visit_lapsed",
    ("stock_upkeep", "upcoming"): "stock_opened",
    ("stock_upkeep", "overdue"): "stock_overdue",
    ("freeze_protection", "upcoming"): "freeze_opened",
    ("freeze_protection", "due"): "freeze_due",
    ("freeze_protection", "overdue"): "freeze_overdue",
}


@dataclass
class Lived:
    """The store of the mixed fleet when the daemon went down, and the keepers on copies of it."""

    world: World
    folder: Path
    copies: list[Keeper] = field(default_factory=list)

    def again(self) -> Keeper:
        """A keeper on another copy."""
        self.copies.append(copied(self.world, self.folder / f"copy-{len(self.copies)}.db"))
        return self.copies[-1]

    def file(self) -> Path:
        """Where the last copy is."""
        return self.folder / f"copy-{len(self.copies) - 1}.db"

    def daily(self, last: date) -> Keeper:
        """The same, kept day by day until a day."""
        keeper, day = self.again(), LEFT
        while day < last:
            day += ONE_DAY
            do_what_is_due(keeper, at(f"{day} 00:05"))
        return keeper


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("duties")
    found = Lived(lived(folder / "lived.db"), folder)
    yield found
    for keeper in (found.world.keeper, *found.copies):
        keeper.store.close()


@pytest.fixture(scope="module")
def daily(before: Lived) -> Keeper:
    """Kept every day, forty days long."""
    return before.daily(BACK)


def test_forty_days_of_downtime_end_as_forty_daily_runs(before: Lived, daily: Keeper) -> None:
    keeper = before.again()
    told_before = Counter(told(keeper))
    do_what_is_due(keeper, at(f"{BACK} 09:30"))

    assert story(keeper) == story(daily)
    assert {row[2] for row in story(keeper)["work_orders"] if row[3] == "lapsed"} >= {"1200"}
    _assert_told_once_what_is_current(keeper, Counter(told(keeper)) - told_before)
    _assert_every_period_once(keeper)
    with keeper.store.read() as connection:
        rows = {row["period"]: row for row in duty_list.history(connection, keeper, 1000)}
    assert {rows[day.isoformat()]["done_with"] for day in GAP[:-1]} == {BACK.isoformat()}
    assert rows[BACK.isoformat()]["done_with"] is None


def _assert_told_once_what_is_current(keeper: Keeper, new: Counter[tuple[str, ...]]) -> None:
    """Of every order that changed its state while we were down: everybody hears how it stands now, and once."""
    assert set(new.values()) == {1}
    states = {row[:3]: row[3] for row in story(keeper)["work_orders"]}
    heard = Counter[tuple[object, ...]]()
    about_orders = [row for row in new if row[0] != "silent_machine"]
    assert len(about_orders) < len(new)
    for occasion, role, recipient, *order, _round in about_orders:
        if occasion != "visit_still_overdue":
            assert occasion == CURRENT[order[1], states[tuple(order)]], order
            heard[role, recipient, *order] += 1
    assert set(heard.values()) == {1}
    assert {order[3] for order in heard} == {"mandatory_visit", "stock_upkeep", "freeze_protection"}


def _assert_every_period_once(keeper: Keeper, last: date = BACK) -> None:
    for duty in DUTIES:
        kept = done(keeper, duty.name)
        assert kept[-1] == duty.period(last)
        assert kept == [kept[0], *duty.passed(kept[0], last)]


def _kept(keeper: Keeper, *instants: str) -> None:
    for instant in instants:
        do_what_is_due(keeper, at(instant))


def test_a_clock_set_back_does_nothing_twice_and_leaves_nothing_out(before: Lived) -> None:
    straight, turned = before.daily(date(2025, 11, 12)), before.again()
    _kept(turned, "2025-11-08 12:00", "2025-11-09 00:05", "2025-11-08 23:06", "2025-11-08 23:59", "2025-11-09 00:05")
    _kept(turned, "2025-11-10 10:00", "2025-11-09 10:00", "2025-11-10 09:00", "2025-11-11 00:00", "2025-11-12 00:00")

    assert story(turned) == story(straight)
    assert set(Counter(told(turned)).values()) == {1}
    _assert_every_period_once(turned, date(2025, 11, 12))


def test_a_clock_an_hour_ahead_opens_tomorrow_once_and_forgets_no_machine(before: Lived) -> None:
    """A machine that is sold between the early sweep and midnight wakes on a day that is done already."""
    ahead, straight = before.again(), before.daily(date(2025, 11, 30))
    _kept(ahead, *(f"2025-11-{day:02} 00:05" for day in range(2, 31)))
    do_what_is_due(ahead, at("2025-12-01 00:20"))
    assert done(ahead, STOCK_OPENING.name)[-1] == "2025-12"
    for keeper in (ahead, straight):
        _sell(keeper, "NEW", "2025-11-24", at("2025-11-30 23:30"))
        _kept(keeper, "2025-11-30 23:40", "2025-12-01 00:05")

    assert story(ahead) == story(straight)
    assert ("NEW", "mandatory_visit", "100", "upcoming") in {row[:4] for row in story(ahead)["work_orders"]}
    assert set(Counter(told(ahead)).values()) == {1}
    _assert_every_period_once(ahead, date(2025, 12, 1))


def _sell(keeper: Keeper, machine_id: str, on: str, now_ms: int) -> None:
    sale = HandOver(machine_id, at(f"{on} 00:00"), Warranty.ONE_YEAR, "0", Category.LOADER, service_centre="SC7")
    with keeper.store.write() as connection:
        hand_over(connection, keeper, sale, now_ms)


# --- two daemons ---


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def _together(place: Path | str, instants: list[int]) -> list[dict[str, object]]:
    """Two keepers of one store do what is due at the same moments; what they log of trouble."""
    barrier = threading.Barrier(2)

    def keep() -> None:
        keeper = open_keeper(place, TELLING)
        for now_ms in instants:
            barrier.wait(60)
            do_what_is_due(keeper, now_ms)
        keeper.store.close()

    threads = [threading.Thread(target=keep) for _ in range(2)]
    with structlog.testing.capture_logs() as logs:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return [dict(entry) for entry in logs if entry["log_level"] != "info"]


def test_two_daemons_at_once_do_each_duty_once(before: Lived, daily: Keeper) -> None:
    keeper = before.again()
    days = [at(f"{day} 00:05") for day in GAP[:5]] + [at(f"{BACK} 00:05")]

    assert _together(before.file(), days) == []

    assert story(keeper) == story(daily)
    assert set(Counter(told(keeper)).values()) == {1}
    _assert_every_period_once(keeper)


def test_two_daemons_at_once_in_postgresql_do_each_duty_once(server: Postgres, daily: Keeper) -> None:
    url = server.new_database()
    world = lived(url)
    days = [at(f"{day} 00:05") for day in GAP[:5]] + [at(f"{BACK} 00:05")]

    assert _together(url, days) == []

    assert story(world.keeper) == story(daily)
    assert set(Counter(told(world.keeper)).values()) == {1}
    _assert_every_period_once(world.keeper)
    world.keeper.store.close()


# --- what fails ---


def _stands(keeper: Keeper, now_ms: int) -> dict[str, dict[str, object]]:
    with keeper.store.read() as connection:
        return {row["duty"]: dict(row) for row in duty_list.standing(connection, keeper, now_ms)}


def test_a_duty_that_fails_says_why_and_is_tried_again(before: Lived) -> None:
    keeper, now_ms = before.again(), at("2025-11-02 00:05")
    with keeper.store.write() as connection:
        refuse(connection, "duties", "new.duty IS NOT NULL", "the disk is odd", change="UPDATE OF details")
    with structlog.testing.capture_logs() as logs:
        do_what_is_due(keeper, now_ms)

    assert {entry["event"] for entry in logs} == {"duty_failed"}
    shown = _stands(keeper, now_ms)["daily_sweep"]
    assert (shown["state"], shown["period"], shown["waiting"]) == ("failing", "2025-11-01", 1)
    assert "the disk is odd" in str(shown["note"])

    with keeper.store.write() as connection:
        take_again(connection, "duties")
    do_what_is_due(keeper, now_ms + 30_000)
    shown = _stands(keeper, now_ms)["daily_sweep"]
    assert (shown["state"], shown["period"], shown["error"]) == ("done", "2025-11-02", None)
    assert shown["next_due_at"] == "2025-11-03T00:00:00+08:00"


@pytest.mark.sqlite_file
def test_a_store_that_is_locked_postpones_the_duty(before: Lived) -> None:
    keeper, now_ms = before.again(), at("2025-11-02 00:05")
    other = open_keeper(before.file(), TELLING, busy_ms=0)
    with structlog.testing.capture_logs() as logs, keeper.store.write():
        do_what_is_due(other, now_ms)
    assert {entry["event"] for entry in logs} == {"duty_postponed", "failure_not_noted"}
    do_what_is_due(other, now_ms)
    assert _stands(keeper, now_ms)["daily_sweep"]["state"] == "done"
    other.store.close()


def test_a_duty_is_due_then_late(before: Lived) -> None:
    keeper = before.again()
    states = [
        _stands(keeper, at(f"2025-11-0{at_time}"))["daily_sweep"]["state"]
        for at_time in ("1 23:59", "2 00:00", "2 00:59", "2 01:00")
    ]
    assert states == ["done", "due", "due", "late"]
    waiting = [row["waiting"] for row in _stands(keeper, at(f"{BACK} 00:00")).values()]
    assert waiting == [40, 1, 40]
