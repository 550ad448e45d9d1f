"""A hundred kills lose nothing and double nothing; wrong daemons are found out by the same loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill_controls import CONTROLS, control
from tests.kill_loop import kill_loop


def test_a_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    outcome = kill_loop(tmp_path, kills=100, seed=20261123)

    print(outcome)
    assert not outcome.breaches, str(outcome)
    assert outcome.while_working > 80, str(outcome)
    assert outcome.between_kills > 2_000, str(outcome)


@pytest.mark.parametrize("name", CONTROLS)
def test_the_loop_finds_out_a_daemon_that_is_wrong(tmp_path: Path, name: str) -> None:
    outcome, found = control(tmp_path, name, kills=12, seed=20261123)

    print(name, outcome)
    assert found, f"{name} passed: {outcome}"
