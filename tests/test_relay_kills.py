"""A few relays are killed in every run; `make relay-kills` kills two hundred."""

from __future__ import annotations

from pathlib import Path

from tests.relay_kills import POINTS, kill_loop

_SEED = 20261126


def test_letters_of_killed_relays_arrive_and_copies_are_explained(tmp_path: Path) -> None:
    outcome = kill_loop(tmp_path, len(POINTS), _SEED)

    assert not outcome, str(outcome)
    assert outcome.extra == outcome.in_the_window > 0


def test_a_relay_that_marks_before_it_sends_is_found_out(tmp_path: Path) -> None:
    assert kill_loop(tmp_path, 1, _SEED, hasty=True).lost
