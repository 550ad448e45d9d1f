"""Figures that take long are kept for a while; those of a small fleet are always of this moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from daemon.web.figures import Figures
from tests.support.waiting import until
from tests.web.conftest import Served


class Stopwatch:
    """Time that passes only when a count takes it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def stopwatch() -> Stopwatch:
    """At its beginning."""
    return Stopwatch()


def counts(stopwatch: Stopwatch, each_s: float) -> Iterator[int]:
    """1, 2, 3 …, each after so long."""
    for number in count(1):
        stopwatch.now_s += each_s
        yield number


def test_what_is_counted_quickly_is_counted_each_time(stopwatch: Stopwatch) -> None:
    figures, counted = Figures(stopwatch), counts(stopwatch, 0.1)

    assert [figures.of("fleet", lambda: next(counted), now_ms=5).value for _ in range(3)] == [1, 2, 3]


def test_what_takes_long_is_kept_for_sixty_times_as_long(stopwatch: Stopwatch) -> None:
    figures, counted = Figures(stopwatch), counts(stopwatch, 2)
    found = [figures.of("fleet", lambda: next(counted), now_ms) for now_ms in (0, 119_999, 120_000)]

    assert [(each.value, each.counted_ms) for each in found] == [(1, 0), (1, 0), (2, 120_000)]
    assert figures.of("centre", lambda: "its own", now_ms=120_000).value == "its own"


def test_nothing_is_kept_longer_than_ten_minutes_and_a_clock_that_is_set_back_is_no_hindrance(
    stopwatch: Stopwatch,
) -> None:
    figures, counted = Figures(stopwatch), counts(stopwatch, 3600)

    assert figures.of("fleet", lambda: next(counted), now_ms=1_000_000).value == 1
    assert figures.of("fleet", lambda: next(counted), now_ms=1_600_000).value == 2
    assert figures.of("fleet", lambda: next(counted), now_ms=1_599_999).value == 3


def test_the_figures_of_many_are_not_kept_for_ever(stopwatch: Stopwatch) -> None:
    figures, counted = Figures(stopwatch), counts(stopwatch, 3600)
    for number in range(2000):
        figures.of(number, lambda: next(counted), now_ms=0)

    assert figures.of(1999, lambda: next(counted), now_ms=1).value == 2000
    assert figures.of(0, lambda: next(counted), now_ms=1).value == 2001


def test_while_somebody_counts_others_see_what_was_counted_before(stopwatch: Stopwatch) -> None:
    figures, counted = Figures(stopwatch), counts(stopwatch, 1)
    figures.of("fleet", lambda: next(counted), now_ms=0)
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert may_end.wait(60)
        return "new"

    counting = threading.Thread(target=figures.of, args=("fleet", slow, 60_000))
    counting.start()
    until(begun.is_set, "one counts")
    other = figures.of("fleet", lambda: "never", now_ms=60_001)
    may_end.set()
    counting.join()

    assert other.value == 1


def test_the_summary_says_when_it_was_counted(served: Served) -> None:
    told = served.asked_by("manager").get("/api/v1/summary").json()

    assert told["counted_at"] == "2026-03-20T09:00:00+08:00"
    assert told["on"] == "2026-03-20"
