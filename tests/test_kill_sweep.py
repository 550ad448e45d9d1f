"""A sweep that is killed again and again, or done by two daemons at once, comes to what an undisturbed one comes to."""

from __future__ import annotations

import random

import pytest

from tests.kill_sweep import Ended, Left, killed, two_at_once, undisturbed

_SEED = 20261126
_MACHINES = 1300
"""Of which most are asked: three batches, and two places between them to be killed in."""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    return Left(tmp_path_factory.mktemp("sweep"), _MACHINES, _SEED)


@pytest.fixture(scope="module")
def straight(left: Left) -> Ended:
    """What an undisturbed sweep comes to."""
    found = undisturbed(left)
    assert found.asked > 1000
    assert all(found.story.values())
    return found


@pytest.mark.sqlite_file
def test_a_sweep_killed_in_the_middle_ends_as_an_undisturbed_one(left: Left, straight: Ended) -> None:
    again, in_the_middle = killed(left, 2, random.Random(_SEED))
    assert in_the_middle > 0
    assert again.differs_from(straight) == []


@pytest.mark.sqlite_file
def test_two_daemons_at_once_end_as_an_undisturbed_one(left: Left, straight: Ended) -> None:
    together, _ = two_at_once(left)
    assert together.differs_from(straight) == []
