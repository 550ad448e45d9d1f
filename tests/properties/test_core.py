"""What holds for every history of a machine, however its readings come in and however often anybody asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schedules.assess import assess
from schedules.meter import Meter
from schedules.reading import Verdict
from schedules.work_order import Closing, Kind, OrderKey, State, WorkOrder
from tests.properties.core import World, rulebook
from tests.properties.events import Asks, Event, Sends
from tests.properties.histories import History, histories
from tests.properties.often import often

RANK = {State.UPCOMING: 0, State.DUE: 1, State.OVERDUE: 2}
FINAL = 3
ENTERED_LATE = frozenset({State.LAPSED, State.SUPERSEDED})
VERDICTS = frozenset(Verdict) - {Verdict.UNKNOWN_MACHINE, Verdict.VOIDED}
NO_READING = frozenset({Verdict.MALFORMED, Verdict.NOT_AVAILABLE, Verdict.OUT_OF_RANGE})


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
