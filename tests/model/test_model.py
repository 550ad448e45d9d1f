from __future__ import annotations

import json
from pathlib import Path

import pytest

from .random_histories import random_timeline
from .run import broken_promises, run_file, run_timeline

TIMELINES = sorted(Path(__file__).parent.parent.joinpath("timelines").glob("*.jsonl"))


@pytest.mark.parametrize("path", TIMELINES, ids=lambda path: path.stem)
def test_the_model_keeps_every_timeline(path: Path) -> None:
    result = run_file(path)
    assert result["failed_expectations"] == []
    assert broken_promises(path, result) == []


@pytest.mark.parametrize("seed", range(40))
def test_random_histories_end_in_orders_whose_dates_run_forward(seed: int) -> None:
    timeline = random_timeline(seed)
    assert timeline == random_timeline(seed)
    result = run_timeline(json.loads(json.dumps(timeline)))
    for order in result["work_orders"]:
        dates = [order[name] for name in ("opens_on", "due_on", "overdue_on") if order[name] is not None]
        assert dates == sorted(dates)
        assert (order["closed_on"] is None) == (order["state"] in ("upcoming", "due", "overdue"))
        assert (order["superseded_by"] is None) == (order["state"] != "superseded")
