"""In which order readings arrive, and for how long the program was down, changes no order (design 3, promise 8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from schedules.reading import Verdict
from schedules.work_order import OrderKey
from tests.properties.core import World
from tests.properties.events import Sends
from tests.properties.histories import DAY, HOUR, MINUTE, History, histories, shown_as
from tests.properties.often import often


@st.composite
def bursts(draw: st.DrawFn) -> tuple[History, int, list[tuple[int, int]], list[tuple[int, int]]]:
    """A history, days of silence, then what was buffered: (share of the silence in ‰, h) in two orders of arrival."""
    history = draw(histories(least=0, most=12))
    silence = draw(st.sampled_from((85, 85, 60, 30, 10, 1)))
    shares = sorted(draw(st.sets(st.integers(1, 1000), min_size=2, max_size=7)))
    uses = draw(st.lists(st.sampled_from((24, 24, 24, 20, 8, 1, 0)), min_size=len(shares), max_size=len(shares)))
    points, gained, last = [], 0, 0
    for share, use in zip(shares, uses, strict=True):
        gained += (share - last) * silence * use * HOUR // 1000
        last = share
        points.append((share, gained))
    return history, silence, points, draw(st.permutations(points))


def buffered(world: World, now_ms: int, silence: int, points: Sequence[tuple[int, int]]) -> World:
    """All of it arrives within one day."""
    known_ms, since_ms = world.meter.total_ms or 0, world.now_ms
    offset_ms = world.meter.offset_at(now_ms)
    world.goes_to(now_ms)
    for minute, (share, gained_ms) in enumerate(points):
        dial = shown_as(known_ms + gained_ms - offset_ms)
        world.play([Sends(now_ms + minute * MINUTE, dial, since_ms + share * silence * DAY // 1000)])
    return world


@often(450)
@given(bursts())
def test_another_order_of_arrival_gives_the_same_orders_and_total(
    burst: tuple[History, int, list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    history, silence, as_used, as_arrived = burst
    in_order, shuffled = (history.world(always=False).play(history.events) for _ in range(2))
    assume(in_order.meter.total_ms is not None and (in_order.meter.time_ms or 0) <= in_order.now_ms)
    now_ms = (in_order.now_ms // DAY + silence + 1) * DAY  # eight in the morning
    before = len(in_order.verdicts)
    buffered(in_order, now_ms, silence, as_used)
    buffered(shuffled, now_ms, silence, as_arrived)
    assert set(in_order.verdicts[before:]) == {Verdict.ACCEPTED}
    assert shuffled.meter == in_order.meter
    assert facts(shuffled) == facts(in_order)
    assert_dates_of_readings(shuffled, in_order, silence)


def facts(world: World) -> dict[OrderKey, tuple[object, ...]]:
    """All of the orders but their dates."""
    return {
        key: (order.state, order.cause, order.superseded_by, order.closing, order.threshold_ms)
        for key, order in world.orders.items()
    }


def assert_dates_of_readings(shuffled: World, in_order: World, silence: int) -> None:
    """No date is earlier than in order, and those that differ lie within the silence."""
    begins_on = in_order.today - timedelta(days=silence + 1)
    for key, order in in_order.orders.items():
        other = shuffled.orders[key]
        for name in ("opens_on", "due_on", "overdue_on", "closed_on"):
            first, second = getattr(order, name), getattr(other, name)
            assert first == second or begins_on <= first < second <= in_order.today


@often(400)
@given(
    histories(least=0, most=15),
    st.integers(min_value=1, max_value=75),
    st.sampled_from((None, 0, 1, 8, 24)),
)
def test_a_sweep_after_an_outage_gives_the_dates_of_daily_sweeps(
    history: History, outage: int, use: int | None
) -> None:
    """Also where a reading (that much use a day) arrives after the outage and before the sweep."""
    daily, once = (history.world(always=asked).play(history.events) for asked in (True, False))
    until_ms = daily.now_ms + outage * DAY
    total_ms = daily.meter.total_ms or 0
    daily.goes_to(until_ms)
    once.now_ms = until_ms
    if use is not None:
        dial = shown_as(total_ms - daily.meter.offset_at(until_ms) + outage * use * HOUR)
        for world in (daily, once):
            world.happens(Sends(until_ms, dial, until_ms))
    once.sweeps(once.today)
    assert once.orders == daily.orders
    assert once.machine.own_cycle_from_ms == daily.machine.own_cycle_from_ms
