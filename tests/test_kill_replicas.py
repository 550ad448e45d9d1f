"""Replicas are killed and held up, one after the other: nothing is lost, and nothing is done twice."""

from __future__ import annotations

from pathlib import Path

from tests.kill_replicas import kill_replicas


def test_replicas_that_are_killed_one_after_the_other_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    told = kill_replicas(tmp_path, kills=20, replicas=3, seed=20261127)

    print(told)
    assert not told.outcome.breaches, str(told)
    assert told.outcome.while_working > 10, str(told)
    assert told.pauses, str(told)
