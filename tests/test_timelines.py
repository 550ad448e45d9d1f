"""Every timeline through the product: what it expects holds, and an independent model comes to the same end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from daemon.main import run
from tests.model.random_histories import random_timeline
from tests.model.run import broken_promises, run_file, run_timeline

OURS = sorted(Path(__file__).with_name("timelines").glob("*.jsonl"))
GIVEN = sorted(Path(os.environ["TIMELINES"]).glob("*.jsonl")) if os.environ.get("TIMELINES") else []
SAME = ("work_orders", "machines", "readings", "failed_expectations")


def replayed(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `replay` makes of a timeline."""
    code = run(["replay", str(path), "--format", "json"])
    printed = capsys.readouterr()
    found: dict[str, Any] = json.loads(printed.out)
    assert code == (1 if found["failed_expectations"] else 0), printed.err
    return found


def common(result: dict[str, Any]) -> dict[str, Any]:
    """What the product and the model both tell, with refusals by their lines alone."""
    return {
        **{name: result[name] for name in SAME},
        "refused": [refused["line"] for refused in result["refused_commands"]],
    }


def test_there_are_timelines() -> None:
    assert len(OURS) >= 40
    assert GIVEN or not os.environ.get("TIMELINES")


@pytest.mark.parametrize("path", [*OURS, *GIVEN], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_timeline_comes_out_as_it_expects_and_as_the_model_says(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = replayed(path, capsys)

    assert result["failed_expectations"] == []
    assert broken_promises(path, result) == []
    assert common(result) == common(run_file(path))


@pytest.mark.parametrize("seed", range(8))
def test_the_model_comes_to_the_same_end_of_a_random_history(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps(line) for line in random_timeline(seed)]
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")

    assert common(replayed(file, capsys)) == common(run_timeline([json.loads(line) for line in lines]))
