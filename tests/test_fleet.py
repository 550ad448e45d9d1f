"""The made-up fleet: the same for a seed, in order of time, and such that its year can be played."""

from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from adapters.files.plan import read_plan, read_winter
from daemon.fleet.crowd import crowd
from daemon.fleet.live import payload, reports
from daemon.fleet.past_year import Fleet, made_up
from daemon.fleet.roster import Fault
from daemon.fleet.use import Use, engine_ms, festival_on
from schedules.dates import instant_ms
from schedules.rulebook import Rulebook

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOWS = [
    instant_ms(datetime.fromisoformat(text))
    for text in ("2026-11-24T04:40:00+08:00", "2026-03-01T14:00:00+08:00", "2027-02-10T23:59:00+08:00")
]
_HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    plan = read_plan(None)
    return Rulebook({plan.version: plan}, plan.version, read_winter(None))


@pytest.fixture(scope="module")
def fleet(rulebook: Rulebook) -> Fleet:
    return made_up(7, NOWS[0], rulebook)


def test_a_seed_always_makes_up_the_same_year(fleet: Fleet, rulebook: Rulebook) -> None:
    again = made_up(7, NOWS[0], rulebook)
    assert [asdict(line) for line in again.lines] == [asdict(line) for line in fleet.lines]


def test_another_seed_makes_up_another_year(fleet: Fleet, rulebook: Rulebook) -> None:
    other = made_up(8, NOWS[0], rulebook)
    assert [line.fields for line in other.lines] != [line.fields for line in fleet.lines]


@pytest.mark.parametrize("now_ms", NOWS)
def test_the_year_is_in_order_and_ends_before_now(rulebook: Rulebook, now_ms: int) -> None:
    lines = made_up(7, now_ms, rulebook).lines
    assert all(before.at_ms <= after.at_ms for before, after in pairwise(lines))
    assert now_ms - 370 * 24 * _HOUR_MS < lines[0].at_ms < now_ms - 300 * 24 * _HOUR_MS
    assert lines[-1].at_ms <= now_ms


@pytest.mark.parametrize("now_ms", NOWS)
def test_machines_that_are_to_stand_at_some_hours_now_do_so_on_any_day(rulebook: Rulebook, now_ms: int) -> None:
    wanted = [
        (worker.dial_at(now_ms), worker.sold.job.hours_now)
        for worker in made_up(7, now_ms, rulebook).workers
        if worker.sold.job.hours_now is not None
    ]
    assert len(wanted) > 5
    assert all(abs(dial_ms - hours * _HOUR_MS) < 2 for dial_ms, hours in wanted)


def test_no_dial_is_below_zero_at_the_hand_over_however_late_in_the_day_it_is(rulebook: Rulebook) -> None:
    evening_ms = instant_ms(datetime.fromisoformat("2026-11-26T21:30:00+08:00"))
    workers = made_up(7, evening_ms, rulebook).workers
    assert [each.sold.machine_id for each in workers if each.dial_at(each.handed_over_ms) < 0] == []


def test_a_dial_runs_forward_and_never_faster_than_the_clock(fleet: Fleet) -> None:
    instants = range(NOWS[0] - 30 * 24 * _HOUR_MS, NOWS[0], _HOUR_MS)
    for worker in fleet.workers:
        dials = [worker.dial_at(at_ms) for at_ms in instants]
        assert all(0 <= after - before <= _HOUR_MS for before, after in pairwise(dials)), worker.sold.machine_id


def test_every_fault_has_its_machine_and_every_machine_a_number_of_its_own(fleet: Fleet) -> None:
    assert {worker.sold.job.fault for worker in fleet.workers} == set(Fault)
    assert len({worker.sold.machine_id for worker in fleet.workers}) == len(fleet.workers)


def test_sites_rest_at_the_spring_festival_unless_they_work_two_shifts() -> None:
    festival = date(2026, 2, 17)
    assert festival_on(festival)
    assert not festival_on(date(2026, 6, 17))
    assert {engine_ms(Use.SINGLE_SHIFT, f"M{n}", 1, festival, cold=False) for n in range(50)} == {0}
    assert any(engine_ms(Use.TWO_SHIFTS, f"M{n}", 1, festival, cold=False) for n in range(50))


def test_on_sundays_a_single_shift_runs_less_often() -> None:
    sunday, monday = date(2026, 6, 14), date(2026, 6, 15)
    ran = Counter(
        day for day in (sunday, monday) for n in range(200) if engine_ms(Use.SINGLE_SHIFT, f"M{n}", 1, day, cold=False)
    )
    assert ran[sunday] < ran[monday]


def test_rollers_rest_where_the_winter_is_hard() -> None:
    january = date(2026, 1, 14)
    assert not any(engine_ms(Use.ROAD_SEASON, f"M{n}", 1, january, cold=True) for n in range(50))
    assert any(engine_ms(Use.ROAD_SEASON, f"M{n}", 1, january, cold=False) for n in range(50))


def test_live_reports_come_in_order_and_go_on_from_the_year_s_end(fleet: Fleet) -> None:
    stream = reports(fleet.workers)
    first = [next(stream) for _ in range(200)]
    assert all(before.after_s <= after.after_s for before, after in pairwise(first))
    worker = next(worker for worker in fleet.workers if worker.sold.job.hours_now == 599.9992)
    assert '"hours": 599.9992,' in payload(worker, fleet.year, NOWS[0], NOWS[0])
    assert '"hours": 600.0,' in payload(worker, fleet.year, NOWS[0], NOWS[0] + 2880)


def test_a_simulated_machine_goes_on_where_it_would_have_been() -> None:
    today = date(2026, 11, 24)
    one, other = crowd(3, 50, today, SHANGHAI), crowd(3, 50, date(2026, 11, 25), SHANGHAI)
    same = [(a, b) for a, b in zip(one, other, strict=True) if a.handed_over_ms == b.handed_over_ms]
    assert len(same) >= 48
    assert all(a.total_at(NOWS[0]) == b.total_at(NOWS[0]) for a, b in same)


def test_a_simulated_machine_never_sends_the_same_device_time_twice() -> None:
    (member,) = crowd(3, 1, date(2026, 11, 24), SHANGHAI)
    assert len({member.report(NOWS[0]) for _ in range(100)}) == 100
