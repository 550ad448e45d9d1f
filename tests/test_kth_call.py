"""Whichever call of the store fails, the end is the same; `make kth-call` lets every one fail, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kth_call import Fault, stores, sweep


@pytest.mark.sqlite_file
@pytest.mark.parametrize(("fault", "every"), [(Fault.FAILS, 67), (Fault.ANSWER_LOST, 17)])
def test_whichever_call_fails_the_end_is_the_same(tmp_path: Path, fault: Fault, every: int) -> None:
    with stores(tmp_path, "sqlite") as again:
        found = sweep(fault, every, again, first=7)

    print(found)
    assert found.runs > 2
    assert not found.wrong, str(found)


@pytest.mark.sqlite_file
def test_an_end_that_is_not_the_same_is_found_out(tmp_path: Path) -> None:
    with stores(tmp_path, "sqlite") as again:
        assert sweep(Fault.UNDONE, 20, again, first=3).wrong
