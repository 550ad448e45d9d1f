"""A daemon that dies at any of its named points loses nothing and doubles nothing."""

from __future__ import annotations

from pathlib import Path

from tests.crash_points import crash_points
from tests.variants.dies_at_a_point import POINTS


def test_a_death_at_each_named_point_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = crash_points(tmp_path, times=1, seed=20261127)

    print(outcome)
    assert not outcome.breaches, str(outcome)
    assert set(outcome.deaths) == set(POINTS)
