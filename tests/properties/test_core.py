"""What holds for every history of a machine, however its readings come in and however often anybody asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schedules.assess import assess
from schedules.hours import milliseconds
from schedules.machine import Machine, Status, Warranty
from schedules.meter import Meter
from schedules.reading import Verdict
from schedules.work_order import Closing, Kind, OrderKey, State, WorkOrder
from tests.properties.core import Asks, Event, Sends, World, rulebook
from tests.properties.histories import DAY, HOUR, MINUTE, History, histories, shown_as

RANK = {State.UPCOMING: 0, State.DUE: 1, State.OVERDUE: 2}
FINAL = 3
ENTERED_LATE = frozenset({State.LAPSED, State.SUPERSEDED})
VERDICTS = frozenset(Verdict) - {Verdict.UNKNOWN_MACHINE, Verdict.VOIDED}
NO_READING = frozenset({Verdict.MALFORMED, Verdict.NOT_AVAILABLE, Verdict.OUT_OF_RANGE})


def often(examples: int) -> settings:
    """The same histories at every run, so that a failure is everybody's."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


# ---- a: the two wake-ups are enough; b: nothing moves backwards; e: every delivery gets a verdict


def only_forward(before: WorkOrder | None, after: WorkOrder, by_form: bool) -> None:
    """One change of one order, against rules 0."""
    dates = [on for on in (after.opens_on, after.due_on, after.overdue_on) if on is not None]
    assert dates == sorted(dates)
    assert after.is_open == (after.closed_on is None)
    if before is None or before.closing is Closing.TRANSFER:
        assert before is None or before.kind is Kind.FREEZE_PROTECTION
        return
    assert after.key == before.key
    assert (after.opens_on, after.plan_version) == (before.opens_on, before.plan_version)
    assert RANK.get(before.state, FINAL) < RANK.get(after.state, FINAL) or entered_late(before, after, by_form)
    if (before.state, after.state) != (State.UPCOMING, State.DUE):
        assert (after.due_on, after.cause) == (before.due_on, before.cause)
    if (before.state, after.state) != (State.DUE, State.OVERDUE):
        assert after.overdue_on == before.overdue_on


def entered_late(before: WorkOrder, after: WorkOrder, by_form: bool) -> bool:
    """A form dated before the order ended; or the order is lower, and such a form takes its place (rules 6)."""
    assert before.closed_on is not None
    assert after.closed_on is not None
    earlier = after.closed_on < before.closed_on or after.closed_on == after.opens_on
    return by_form and before.state in ENTERED_LATE and after.state in {State.DONE, State.SUPERSEDED} and earlier


@dataclass
class Watched:
    """A world whose orders are compared before and after every delivery."""

    world: World

    def play(self, events: Sequence[Event]) -> None:
        for event in events:
            self.world.goes_to(event.at_ms)
            orders, meter = self.world.orders, replace(self.world.meter)
            self.world.happens(event)
            assert orders.keys() <= self.world.orders.keys()
            assert all(key == order.key for key, order in self.world.orders.items())
            if isinstance(event, Sends):
                self.judged(meter, orders)

    def judged(self, before: Meter, orders: dict[OrderKey, WorkOrder]) -> None:
        verdict, meter = self.world.verdicts[-1], self.world.meter
        assert verdict in VERDICTS
        if verdict is not Verdict.ACCEPTED:
            assert meter == before
            assert self.world.orders == orders
        elif before.total_ms is not None and before.time_ms is not None:
            assert (meter.total_ms or 0) >= before.total_ms
            assert (meter.time_ms or 0) >= before.time_ms


@often(800)
@given(histories())
def test_asking_at_the_wake_ups_is_asking_always_and_nothing_moves_backwards(history: History) -> None:
    always = history.world(always=True, watch=only_forward)
    Watched(always).play(history.events)
    at_wake_ups = history.world(always=False, watch=only_forward).play(history.events)
    assert at_wake_ups.orders == always.orders
    assert at_wake_ups.machine.own_cycle_from_ms == always.machine.own_cycle_from_ms
    assert at_wake_ups.verdicts == always.verdicts
    assert len([event for event in history.events if isinstance(event, Sends)]) == len(always.verdicts)
    assert_asleep_until_it_wakes(always)


def assert_asleep_until_it_wakes(world: World) -> None:
    """Just before both wake-ups nothing changes, and the second question of a day changes nothing."""
    asked = assess(world.machine, world.today, rulebook())
    assert asked.changes == ()
    day = world.today if asked.wakes_on is None else asked.wakes_on - timedelta(days=1)
    assert day >= world.today
    total_ms = world.machine.total_ms if asked.wakes_at_ms is None else asked.wakes_at_ms - 1
    later = replace(world.machine, total_ms=total_ms, total_on=day)
    assert assess(later, day, rulebook()).changes == ()


# ---- c: what comes twice, and who asks twice


@dataclass(frozen=True, slots=True)
class Again:
    """A delivery that is told to have come before."""

    event: Sends


def with_repeats(events: Sequence[Event], repeats: Sequence[tuple[int, int]]) -> list[Event | Again]:
    """After the `later`-th event from it, the `which`-th reading with a device time comes again."""
    sent = [place for place, event in enumerate(events) if isinstance(event, Sends) and event.device_ms is not None]
    inserted: dict[int, list[Event | Again]] = {}
    for which, later in repeats if sent else ():
        first = sent[which % len(sent)]
        place = min(len(events) - 1, first + later)
        event = events[first]
        assert isinstance(event, Sends)
        at_ms = events[place].at_ms
        again = Again(replace(event, at_ms=at_ms, repeated=later % 2 == 0))
        inserted.setdefault(place, []).extend([again, Asks(at_ms)])
    return [each for place, event in enumerate(events) for each in (event, *inserted.get(place, []))]


@often(500)
@given(histories(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12))
def test_duplicates_at_any_later_point_and_asking_again_change_nothing(
    history: History, repeats: list[tuple[int, int]]
) -> None:
    once, twice = history.world(always=False).play(history.events), history.world(always=False)
    verdicts: list[Verdict] = []
    for each in with_repeats(history.events, repeats):
        event = each.event if isinstance(each, Again) else each
        twice.play([event])
        if isinstance(each, Again):
            assert twice.verdicts[-1] in NO_READING | {Verdict.DUPLICATE}
        elif isinstance(event, Sends):
            verdicts.append(twice.verdicts[-1])
    assert verdicts == once.verdicts
    assert (twice.machine, twice.meter) == (once.machine, once.meter)
    assert (twice.wakes_at_ms, twice.wakes_on) == (once.wakes_at_ms, once.wakes_on)


# ---- d: another order of arrival


@st.composite
def bursts(draw: st.DrawFn) -> tuple[History, int, list[tuple[int, int]], list[tuple[int, int]]]:
    """A history, days of silence, then what was buffered: (share of the silence in ‰, h) in two orders of arrival."""
    history = draw(histories(least=0, most=12))
    silence = draw(st.sampled_from((1, 3, 10, 30, 60)))
    shares = sorted(draw(st.sets(st.integers(1, 1000), min_size=2, max_size=7)))
    uses = draw(st.lists(st.sampled_from((0, 0, 1, 8, 20, 24)), min_size=len(shares), max_size=len(shares)))
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


# ---- f: after an outage


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


# ---- g: hours are exact

DECIMALS = st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,30})?", fullmatch=True)


@often(1000)
@given(DECIMALS)
def test_hours_become_whole_milliseconds_without_rounding(written: str) -> None:
    assert milliseconds(Decimal(written)) == Fraction(written) * 3_600_000 // 1


@often(500)
@given(
    st.sampled_from((80, 100, 110, 550, 600, 650, 1150, 1200, 1250)),
    st.integers(min_value=-3_000_000, max_value=3_000_000),
    st.sampled_from(Warranty),
)
def test_thresholds_are_met_exactly(limit: int, off_ns: int, warranty: Warranty) -> None:
    """On the day of the hand-over the calendar is silent: at `step - lead` open, at `step` due, above tolerance late."""
    written = f"{limit + Decimal(off_ns) / 3_600_000_000_000:.18f}"
    believed = Fraction(Fraction(written) * 3_600_000 // 1, 3_600_000)
    today = date(2025, 3, 3)
    machine = Machine("M1", Status.IN_SERVICE, handed_over_on=today, warranty=warranty)
    machine = replace(machine, total_ms=milliseconds(Decimal(written)), total_on=today)
    orders = assess(machine, today, rulebook()).machine.orders
    for step, lead, tolerance in ((100, 20, 10), (600, 50, 50), (1200, 50, 50)):
        order = orders.get(OrderKey(Kind.MANDATORY_VISIT, str(step)))
        expected = (
            State.OVERDUE
            if believed > step + tolerance
            else State.DUE
            if believed >= step
            else State.UPCOMING
            if believed >= step - lead
            else None
        )
        assert (order and order.state) == expected
